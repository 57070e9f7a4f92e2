//! A new password for who has forgotten the old one.

use super::{Auth, ForgottenPassword, PasswordReset};
use crate::access::Actor;
use crate::directory::NewCredential;
use crate::model::{MessageKind, User, UserFields};
use crate::outbox::{Intent, live_token};
use crate::parse::Email;
use crate::record::{TokenPurpose, UserRecord};
use crate::throttle::AddressLimit;
use crate::tokens::{SingleUseClaims, SingleUseToken};
use crate::{Fault, Faults, Origin, Password, Result, keyspace};

impl Auth {
    /// Means a message to whoever has the address. Whether anybody has is looked up when it is sent: the work is the
    /// same here, and takes as long, whatever the answer.
    pub(crate) async fn forgot_password(&self, forgotten: &ForgottenPassword, origin: &Origin) -> Result<()> {
        self.throttle.admit_address(AddressLimit::Messages, origin.ip).await?;
        // Text that is no address belongs to nobody, as everybody can see.
        let Ok(email) = &forgotten.email.parse::<Email>() else { return Ok(()) };
        let request_id = origin.request_id.as_deref();
        self.database
            .transact(|transaction| async move {
                match self.throttle.admit_message(&transaction, email.as_given()).await? {
                    true => self.outbox.put_forgotten(&transaction, email, request_id).await,
                    false => Ok(()),
                }
            })
            .await
    }

    /// Sets a new password by a token that is good once; every session ends. Whoever has the token has read what was sent
    /// to the address, so that counts as verified.
    pub(crate) async fn reset_password(
        &self,
        claims: &SingleUseClaims,
        reset: &PasswordReset,
        origin: &Origin,
    ) -> Result<User> {
        // Looked at before the costly hash; the commit looks again.
        let user = self.user_of(claims).await?;
        self.new_password_faults(&user, &reset.new_password, "new_password").await?.into_result()?;
        let credential: &NewCredential = &Some(self.hasher.hash(&reset.new_password).await?);
        self.directory
            .write(|transaction| async move {
                let (found, _) = live_token(&transaction, claims, self.database.now()).await?;
                let mut record = UserRecord {
                    session_epoch: found.data.session_epoch.saturating_add(1),
                    ..found.data.clone()
                };
                record.user.email_verified = true;
                record.user.updated_at = self.database.now();
                self.directory.write_account(&transaction, &found.data, &record, credential).await?;
                self.throttle.forgive(&transaction, &record.user.email, origin.ip).await?;
                transaction.delete(keyspace::token(claims.user, claims.purpose));
                let notice = Intent::new(MessageKind::PasswordChanged).to(found.data.user.email.as_str());
                self.outbox.put(&transaction, claims.user, notice).await?;
                Ok(record.user)
            })
            .await
    }

    /// What a single-use token says. Whether it is live, its record says.
    pub(crate) fn parse_token(
        &self,
        purpose: TokenPurpose,
        token: &SingleUseToken,
    ) -> Result<SingleUseClaims> {
        self.tokens.parse_single_use(purpose, token, self.database.now())
    }

    /// The user that a live token is for.
    pub(super) async fn user_of(&self, claims: &SingleUseClaims) -> Result<User> {
        self.database
            .transact(|transaction| async move {
                let (found, _) = live_token(&transaction, claims, self.database.now()).await?;
                Ok(found.data.user)
            })
            .await
    }

    /// What is wrong with a new password for a user, as faults of this field.
    pub(super) async fn new_password_faults(
        &self,
        user: &User,
        password: &Password,
        field: &str,
    ) -> Result<Faults> {
        let fields = UserFields {
            email: user.email.clone(),
            organisation_id: user.organisation_id,
            ..UserFields::default()
        };
        let faults = self.password_faults(&Actor::System, password, &fields).await?;
        let named = faults.as_slice().iter();
        Ok(named.map(|fault| Fault::new(field, fault.code, fault.message.clone())).collect())
    }
}
