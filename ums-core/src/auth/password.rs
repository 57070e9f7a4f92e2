//! Changing one's own password, and confirming who acts by it.

use super::{Auth, PasswordChange, Principal};
use crate::model::{MessageKind, User};
use crate::outbox::Intent;
use crate::record::{Credential, Found, UserRecord};
use crate::throttle::{Attempt, Tally};
use crate::{Error, Origin, Password, Result, keyspace};

/// An account whose owner has shown its password.
pub(super) struct Confirmed {
    pub(super) user: User,
    pub(super) credential: Found<Credential>,
    pub(super) attempt: Attempt,
}

impl Auth {
    /// Sets a new password in place of the current one; every other session of the account ends.
    pub(crate) async fn change_password(
        &self,
        principal: &Principal,
        change: &PasswordChange,
        origin: &Origin,
        tally: &Tally,
    ) -> Result<()> {
        let confirmed = self.confirm_password(principal, &change.current_password, origin, tally).await?;
        let changed = self.replace_password(principal, change, &confirmed).await;
        confirmed.attempt.or_take_back(changed).await
    }

    /// Takes the attempt back with the commit of the change.
    async fn replace_password(
        &self,
        principal: &Principal,
        change: &PasswordChange,
        confirmed: &Confirmed,
    ) -> Result<()> {
        let Confirmed { user, credential: verified, attempt } = confirmed;
        let id = principal.user_id();
        self.new_password_faults(user, &change.new_password, "new_password").await?.into_result()?;
        let password_hash = &self.hasher.hash(&change.new_password).await?;
        let now = self.database.now();
        self.database
            .transact(|transaction| async move {
                self.sessions.keep_alone(&transaction, id, principal.session_id()).await?;
                let key = keyspace::credential(id);
                let credential = transaction.read::<Credential>(&key).await?;
                if credential.is_none_or(|found| found.version != verified.version) {
                    return Err(Error::WrongPassword);
                }
                attempt.take_back(&transaction).await?;
                let credential = Credential { password_hash: password_hash.clone(), changed_at: now };
                transaction.put(key, &credential)?;
                let account = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
                let email = account.ok_or(Error::InvalidAccessToken)?.data.user.email;
                let notice = Intent::new(MessageKind::PasswordChanged).to(email);
                self.outbox.put(&transaction, id, notice).await
            })
            .await
    }

    /// The account that acts, where this is its password. A wrong one counts like a log-in that fails; a right one clears
    /// nothing of what others tried, and its attempt is to be taken back.
    pub(super) async fn confirm_password(
        &self,
        principal: &Principal,
        password: &Password,
        origin: &Origin,
        tally: &Tally,
    ) -> Result<Confirmed> {
        let id = principal.user_id();
        let profile = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let user = profile.ok_or(Error::InvalidAccessToken)?.data.user;
        let found = self.database.read::<Credential>(&keyspace::credential(id)).await?;
        let password_since = found.as_ref().map(|found| found.data.changed_at);
        let attempt = self.throttle.attempt(&user.email, origin.ip, password_since, tally).await?;
        let hash = found.as_ref().map(|found| &found.data.password_hash);
        let begun = attempt.begun();
        let verdict = attempt.or_take_back(self.hasher.verify(password, hash, &begun).await).await?;
        match found.filter(|_| verdict.matches) {
            Some(credential) => Ok(Confirmed { user, credential, attempt }),
            None => {
                attempt.fail().await;
                Err(Error::WrongPassword)
            }
        }
    }
}
