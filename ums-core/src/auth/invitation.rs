//! Accepting an invitation.

use super::{Auth, InvitationAcceptance};
use crate::directory::NewCredential;
use crate::model::{Status, User};
use crate::outbox::live_token;
use crate::parse::{Checker, FullName};
use crate::record::UserRecord;
use crate::sessions::TokenPair;
use crate::tokens::SingleUseClaims;
use crate::{Origin, Result, keyspace};

impl Auth {
    /// Gives an invited account its first password by a token that is good once, and begins a session. Whoever has the
    /// token has read what was sent to the address, so that counts as verified.
    pub(crate) async fn accept_invitation(
        &self,
        claims: &SingleUseClaims,
        acceptance: &InvitationAcceptance,
        origin: &Origin,
    ) -> Result<(User, TokenPair)> {
        // Looked at before the costly hash; the commit looks again.
        let user = self.user_of(claims).await?;
        let mut checker = Checker::default();
        let full_name = &checker.optional::<FullName>("full_name", acceptance.full_name.as_deref());
        let mut faults = checker.into_faults();
        faults.append(self.new_password_faults(&user, &acceptance.password, "password").await?);
        faults.into_result()?;
        let credential: &NewCredential = &Some(self.hasher.hash(&acceptance.password).await?);
        let session = self.sessions.new_id();
        self.directory
            .write(|transaction| async move {
                let (found, _) = live_token(&transaction, claims, self.database.now()).await?;
                let mut record: UserRecord = found.data.clone();
                record.user.status = Status::Active;
                record.user.email_verified = true;
                record.user.updated_at = self.database.now();
                if let Some(full_name) = full_name {
                    record.user.full_name = full_name.as_str().to_owned();
                }
                self.directory.write_account(&transaction, &found.data, &record, credential).await?;
                transaction.delete(keyspace::token(claims.user, claims.purpose));
                self.throttle.forgive(&transaction, &record.user.email, origin.ip).await?;
                let pair = self.sessions.begin(&transaction, &record, session, origin)?;
                Ok((record.user, pair))
            })
            .await
    }
}
