//! What people are told of what was done to their accounts, and which tokens that ends.

use super::place::{departments_above, expect_open};
use super::user_fields::no_user;
use super::users::target;
use super::{Directory, Versioned};
use crate::access::{Action, Actor};
use crate::model::{MessageKind, Status, User, UserId};
use crate::outbox::Intent;
use crate::parse::fold_email;
use crate::record::{TokenPurpose, TokenRecord, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Result, keyspace};

impl Directory {
    /// Sends an invitation again.
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
            self.outbox.put(&transaction, id, Intent::new(MessageKind::Invitation)).await?;
            Ok(Versioned { value: found.data.user, version: found.version })
        })
        .await
    }

    /// What follows from a change by somebody who administers the account. Tokens that were made for what has changed
    /// end, and its owner is told.
    pub(super) async fn tell_of_change(
        &self,
        transaction: &Transaction,
        old: &User,
        new: &User,
        has_new_password: bool,
    ) -> Result<()> {
        let id = new.id;
        let moved = fold_email(&old.email) != fold_email(&new.email);
        let suspended = new.status == Status::Suspended && old.status != Status::Suspended;
        // Asked before the token is gone: only who was invited by a message is invited again.
        let invite = moved && new.status == Status::Invited && {
            let token = keyspace::token(id, TokenPurpose::Invitation);
            transaction.read::<TokenRecord>(&token).await?.is_some()
        };
        if moved || suspended {
            self.outbox.revoke(transaction, id, &TokenPurpose::ALL);
        } else if has_new_password {
            self.outbox.revoke(transaction, id, &[TokenPurpose::PasswordReset, TokenPurpose::Invitation]);
        }
        if has_new_password && old.status != Status::Invited {
            self.outbox.put(transaction, id, Intent::new(MessageKind::PasswordChanged)).await?;
        }
        if !moved {
            return Ok(());
        }
        match new.status {
            Status::Invited if invite => {
                self.outbox.put(transaction, id, Intent::new(MessageKind::Invitation)).await
            }
            Status::Active | Status::Pending => {
                let notice = Intent::new(MessageKind::EmailChanged).to(old.email.as_str());
                self.outbox.put(transaction, id, notice).await?;
                self.outbox.put(transaction, id, Intent::new(MessageKind::EmailVerification)).await
            }
            Status::Invited | Status::Suspended => Ok(()),
        }
    }
}
