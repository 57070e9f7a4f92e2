//! Changing one's own password.

use super::{Auth, PasswordChange, Principal};
use crate::model::MessageKind;
use crate::outbox::{ENDED_BY_PASSWORD, Intent};
use crate::record::{Credential, Found, UserRecord};
use crate::{Error, Password, Result, keyspace};

impl Auth {
    /// Sets a new password in place of the current one; every other session of the account ends.
    pub(crate) async fn change_password(&self, principal: &Principal, change: &PasswordChange) -> Result<()> {
        let id = principal.user_id();
        let verified = &self.confirm_password(principal, &change.current_password).await?;
        let profile = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let profile = profile.ok_or(Error::InvalidAccessToken)?;
        let user = &profile.data.user;
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
                let credential = Credential { password_hash: password_hash.clone(), changed_at: now };
                transaction.put(key, &credential)?;
                self.outbox.revoke(&transaction, id, &ENDED_BY_PASSWORD);
                self.outbox.put(&transaction, id, Intent::new(MessageKind::PasswordChanged)).await
            })
            .await
    }

    /// The account's credential, where this is its password: what confirms that its owner acts.
    pub(super) async fn confirm_password(
        &self,
        principal: &Principal,
        password: &Password,
    ) -> Result<Found<Credential>> {
        let found = self.database.read::<Credential>(&keyspace::credential(principal.user_id())).await?;
        let hash = found.as_ref().map(|found| &found.data.password_hash);
        let verdict = self.hasher.verify(password, hash).await?;
        found.filter(|_| verdict.matches).ok_or(Error::WrongPassword)
    }
}
