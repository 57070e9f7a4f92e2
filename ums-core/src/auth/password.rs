//! Changing one's own password.

use super::{Auth, PasswordChange, Principal};
use crate::model::UserFields;
use crate::record::{Credential, UserRecord};
use crate::{Error, Fault, Faults, Result, keyspace};

impl Auth {
    /// Sets a new password in place of the current one; every other session of the account ends.
    pub(crate) async fn change_password(&self, principal: &Principal, change: &PasswordChange) -> Result<()> {
        let id = principal.user_id();
        let found = self.database.read::<Credential>(&keyspace::credential(id)).await?;
        let hash = found.as_ref().map(|found| &found.data.password_hash);
        let verdict = self.hasher.verify(&change.current_password, hash).await?;
        let Some(verified) = found.filter(|_| verdict.matches) else { return Err(Error::WrongPassword) };

        let profile = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let profile = profile.ok_or(Error::InvalidAccessToken)?;
        let user = &profile.data.user;
        let fields = UserFields {
            email: user.email.clone(),
            organisation_id: user.organisation_id,
            ..UserFields::default()
        };
        let faults = self.password_faults(principal.actor(), &change.new_password, &fields).await?;
        let named = faults.as_slice().iter();
        let named = named.map(|fault| Fault::new("new_password", fault.code, fault.message.clone()));
        named.collect::<Faults>().into_result()?;
        let password_hash = &self.hasher.hash(&change.new_password).await?;
        let now = self.database.now();
        let verified = &verified;
        self.database
            .transact(|transaction| async move {
                self.sessions.keep_alone(&transaction, id, principal.session_id()).await?;
                let key = keyspace::credential(id);
                let credential = transaction.read::<Credential>(&key).await?;
                if credential.is_none_or(|found| found.version != verified.version) {
                    return Err(Error::WrongPassword);
                }
                let credential = Credential { password_hash: password_hash.clone(), changed_at: now };
                transaction.put(key, &credential)
            })
            .await
    }
}
