//! Changing one's own password.

use super::{Auth, PasswordChange, Principal};
use crate::model::{User, UserFields};
use crate::record::{Credential, Found, UserRecord};
use crate::throttle::{Attempt, Tally};
use crate::{Error, Fault, Faults, Origin, Result, keyspace};

impl Auth {
    /// Sets a new password in place of the current one; every other session of the account ends. A wrong current one
    /// counts like a log-in that fails; a right one clears nothing of what others tried.
    pub(crate) async fn change_password(
        &self,
        principal: &Principal,
        change: &PasswordChange,
        origin: &Origin,
        tally: &Tally,
    ) -> Result<()> {
        let id = principal.user_id();
        let profile = self.database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let profile = profile.ok_or(Error::InvalidAccessToken)?;
        let user = &profile.data.user;
        let found = self.database.read::<Credential>(&keyspace::credential(id)).await?;
        let password_since = found.as_ref().map(|found| found.data.changed_at);
        let attempt = self.throttle.attempt(&user.email, origin.ip, password_since, tally).await?;
        let hash = found.as_ref().map(|found| &found.data.password_hash);
        let verdict = attempt.or_take_back(self.hasher.verify(&change.current_password, hash).await).await?;
        let Some(verified) = found.filter(|_| verdict.matches) else {
            attempt.fail().await;
            return Err(Error::WrongPassword);
        };
        let changed = self.replace_password(principal, user, change, &verified, &attempt).await;
        attempt.or_take_back(changed).await
    }

    /// Takes the attempt back with the commit of the change.
    async fn replace_password(
        &self,
        principal: &Principal,
        user: &User,
        change: &PasswordChange,
        verified: &Found<Credential>,
        attempt: &Attempt,
    ) -> Result<()> {
        let id = principal.user_id();
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
                transaction.put(key, &credential)
            })
            .await
    }
}
