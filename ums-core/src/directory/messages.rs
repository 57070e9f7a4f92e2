//! What people are told of what was done to their accounts, and which tokens that ends.

use super::place::{departments_above, expect_open};
use super::user_fields::no_user;
use super::users::target;
use super::{Directory, Versioned};
use crate::access::{Action, Actor};
use crate::model::{MessageKind, Status, User, UserId};
use crate::outbox::Intent;
use crate::parse::fold_email;
use crate::record::{OutboxRecord, TokenPurpose, TokenRecord, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Result, keyspace};

impl Directory {
    /// Sends an invitation again, as often as one may ask for a message to the same address.
    pub(crate) async fn invite(&self, actor: &Actor, id: UserId) -> Result<Versioned<User>> {
        self.write(|transaction| async move {
            let actor = self.confirm(&transaction, actor).await?;
            let found = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
            let found = found.ok_or_else(no_user)?;
            let user = &found.data.user;
            let above = departments_above(&transaction, user.department_id).await?;
            actor.may(Action::UpdateUser, &target(user, user.role, above))?;
            expect_open(&found)?;
            if user.status != Status::Invited {
                return Err(Conflict::NotInvited.into());
            }
            self.outbox.expect_notifier()?;
            self.throttle.admit_account_message(&transaction, &user.email).await??;
            self.outbox.put(&transaction, id, Intent::new(MessageKind::Invitation)).await?;
            Ok(Versioned { value: found.data.user, version: found.version })
        })
        .await
    }

    /// Tells the owner of what somebody who administers the account has changed, once that is written. Tokens that were made
    /// for what has changed are good no more by then: they are bound to the account's epochs.
    pub(super) async fn tell_of_change(
        &self,
        transaction: &Transaction,
        old: &User,
        new: &User,
        has_new_password: bool,
    ) -> Result<()> {
        let id = new.id;
        let moved = fold_email(&old.email) != fold_email(&new.email);
        if has_new_password && old.status != Status::Invited {
            let notice = Intent::new(MessageKind::PasswordChanged).to(old.email.as_str());
            self.outbox.put(transaction, id, notice).await?;
        }
        if !moved {
            return Ok(());
        }
        // From a suspended account, too: suspending it first must not keep it from its owner.
        if new.status != Status::Invited {
            let notice = Intent::new(MessageKind::EmailChanged).to(old.email.as_str());
            self.outbox.put(transaction, id, notice).await?;
        }
        match new.status {
            // Whom nobody has sent an invitation gets none by this.
            Status::Invited if self.is_being_invited(transaction, id).await? => {
                self.outbox.put(transaction, id, Intent::new(MessageKind::Invitation)).await
            }
            Status::Active | Status::Pending => {
                self.outbox.put(transaction, id, Intent::new(MessageKind::EmailVerification)).await
            }
            Status::Invited | Status::Suspended => Ok(()),
        }
    }

    /// Whether an invitation was sent, or is to be.
    async fn is_being_invited(&self, transaction: &Transaction, id: UserId) -> Result<bool> {
        let (token, message) =
            (keyspace::token(id, TokenPurpose::Invitation), keyspace::message(id, MessageKind::Invitation));
        transaction.fetch(&[token.clone(), message.clone()]).await?;
        let was_sent = transaction.read::<TokenRecord>(&token).await?.is_some();
        Ok(was_sent || transaction.read::<OutboxRecord>(&message).await?.is_some())
    }
}
