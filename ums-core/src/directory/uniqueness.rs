//! Whose an e-mail address or an external id is.

use super::Directory;
use super::place::Place;
use super::user_fields::UserDraft;
use crate::model::{User, UserId};
use crate::parse::{Email, fold_email};
use crate::record::UserRecord;
use crate::transaction::Transaction;
use crate::{Conflict, Result, keyspace};

impl Directory {
    /// Whether nobody but the record's own account has its e-mail address and external id.
    pub(super) async fn expect_free(
        &self,
        transaction: &Transaction,
        draft: &UserDraft,
        place: &Place,
        old: Option<&User>,
    ) -> Result<()> {
        let email = draft.email.canonical();
        if old.is_none_or(|old| fold_email(&old.email) != email) {
            let holder = transaction.lookup(&keyspace::user_by_email(email)).await?;
            self.expect_no_holder(transaction, holder, Conflict::EmailTaken).await?;
        }
        if let Some(external_id) = &draft.external_id {
            let key = keyspace::organisation_external_id(place.organisation_id, external_id.as_str());
            let kept = old.is_some_and(|old| {
                old.organisation_id == place.organisation_id
                    && old.external_id.as_deref() == Some(external_id.as_str())
            });
            if !kept {
                let holder = transaction.lookup(&key).await?;
                self.expect_no_holder(transaction, holder, Conflict::ExternalIdTaken).await?;
            }
        }
        Ok(())
    }

    /// Looks that nobody has an address, ahead of what costs more; the commit looks again.
    pub(crate) async fn expect_free_address(&self, email: &Email) -> Result<()> {
        self.write(|transaction| async move {
            let holder = transaction.lookup(&keyspace::user_by_email(email.canonical())).await?;
            self.expect_no_holder(&transaction, holder, Conflict::EmailTaken).await
        })
        .await
    }

    /// Whether nobody but this user has an address.
    pub(crate) async fn expect_address_free_for(
        &self,
        transaction: &Transaction,
        email: &Email,
        user: &User,
    ) -> Result<()> {
        let holder = transaction.lookup(&keyspace::user_by_email(email.canonical())).await?;
        let holder = holder.filter(|id| *id != user.id.as_u64());
        self.expect_no_holder(transaction, holder, Conflict::EmailTaken).await
    }

    async fn expect_no_holder(
        &self,
        transaction: &Transaction,
        holder: Option<u64>,
        conflict: Conflict,
    ) -> Result<()> {
        let Some(id) = holder else { return Ok(()) };
        let key = keyspace::user_profile(UserId::allotted(id)?);
        // A deletion that a crash left half done holds no address.
        let closing = transaction.read::<UserRecord>(&key).await?.is_some_and(|holder| holder.closing);
        Err(if closing { Conflict::Closing } else { conflict }.into())
    }
}
