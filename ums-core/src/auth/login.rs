//! Logging in.

use super::{Auth, Credentials};
use crate::model::{Status, User, UserId};
use crate::parse::Email;
use crate::record::{Credential, Found, UserRecord};
use crate::sessions::TokenPair;
use crate::throttle::Tally;
use crate::{Error, Origin, Result, Timestamp, keyspace};

impl Auth {
    /// Begins a session of the account that has the e-mail address. The attempt is counted before anything is verified.
    /// Whatever is wrong, the answer is the same, after the same one verification.
    pub(crate) async fn login(
        &self,
        account: Option<Account>,
        credentials: &Credentials,
        origin: &Origin,
        tally: &Tally,
    ) -> Result<(User, TokenPair)> {
        let password_since = account.as_ref().and_then(Account::password_since);
        let attempt = self.throttle.attempt(&credentials.email, origin.ip, password_since, tally).await?;
        let hash = account.as_ref().and_then(|account| account.credential.as_ref());
        let hash = hash.map(|credential| &credential.data.password_hash);
        let begun = attempt.begun();
        let verdict =
            attempt.or_take_back(self.hasher.verify(&credentials.password, hash, &begun).await).await?;
        let (profile, credential) = match account {
            Some(Account { profile, credential: Some(credential) })
                if verdict.matches && may_log_in(&profile) =>
            {
                (profile, credential)
            }
            _ => {
                attempt.fail().await;
                return Err(Error::InvalidCredentials);
            }
        };
        let renewed = match verdict.outdated {
            true => Some(attempt.or_take_back(self.hasher.hash(&credentials.password).await).await?),
            false => None,
        };
        let id = profile.data.user.id;
        let session = self.sessions.new_id();
        let (verified, renewed, attempt) = (&credential, &renewed, &attempt);
        let pair = self
            .database
            .transact(|transaction| async move {
                let (profile_key, key) = (keyspace::user_profile(id), keyspace::credential(id));
                transaction.fetch(&[profile_key.clone(), key.clone(), attempt.key().clone()]).await?;
                let profile = transaction.read::<UserRecord>(&profile_key).await?;
                let profile = profile.filter(may_log_in).ok_or(Error::InvalidCredentials)?;
                let credential = transaction.read::<Credential>(&key).await?;
                let credential = credential.ok_or(Error::InvalidCredentials)?;
                if credential.data.password_hash != verified.data.password_hash {
                    return Err(Error::InvalidCredentials);
                }
                if let Some(password_hash) = renewed {
                    let password_hash = password_hash.clone();
                    transaction.put(key, &Credential { password_hash, ..credential.data })?;
                }
                attempt.succeed(&transaction).await?;
                self.sessions.begin(&transaction, &profile.data, session, origin)
            })
            .await?;
        Ok((profile.data.user, pair))
    }

    /// The account that has an e-mail address. Text that is none belongs to no account. As much is read where there is
    /// none, so that the time says nothing, on a store across a network either.
    pub(crate) async fn account(&self, email: &str) -> Result<Option<Account>> {
        let id = match email.parse::<Email>() {
            Ok(email) => self.directory.user_id_by_email(&email).await?,
            Err(_) => self.database.lookup(&keyspace::user_by_email("")).await?.and(None),
        };
        let read = id.map_or_else(|| UserId::allotted(NOBODY), Ok)?;
        let profile = self.database.read::<UserRecord>(&keyspace::user_profile(read)).await?;
        let credential = self.database.read::<Credential>(&keyspace::credential(read)).await?;
        Ok(profile.filter(|_| id.is_some()).map(|profile| Account { profile, credential }))
    }
}

/// The last id that there can be, which is not allotted before all others are.
const NOBODY: u64 = 999_999_999_999;

/// An account, with how it proves itself.
#[derive(Debug)]
pub(crate) struct Account {
    profile: Found<UserRecord>,
    credential: Option<Found<Credential>>,
}

impl Account {
    pub(crate) fn user(&self) -> &User {
        &self.profile.data.user
    }

    fn password_since(&self) -> Option<Timestamp> {
        self.credential.as_ref().map(|credential| credential.data.changed_at)
    }
}

fn may_log_in(profile: &Found<UserRecord>) -> bool {
    !profile.closing && profile.data.user.status == Status::Active
}
