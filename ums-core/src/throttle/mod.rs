//! How often somebody may try: kept in the store, so that it holds from the first request, over restarts and across
//! instances.
//!
//! Attempts at an account's password are counted by its e-mail address, whether there is an account or not; what costs
//! more than it should, by the client's address. What is counted, and what follows from it, is pure (`account`,
//! `bucket`, `schedule`); the rest brings it to the store.

mod account;
mod addresses;
mod attempt;
mod bucket;
mod keys;
mod messages;
mod options;
mod schedule;
mod tally;
mod turns;

pub(crate) use addresses::AddressLimit;
pub(crate) use attempt::Attempt;
pub use options::ThrottleOptions;
pub(crate) use tally::Tally;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use account::AccountRecord;
use bucket::Rates;
use keys::Keys;
use schedule::Schedule;
use turns::Turns;
use ums_store::Key;

use crate::record::Found;
use crate::transaction::{Database, Transaction};
use crate::{Error, Result, SecretKey};

/// When to try again where many instances count the same thing at the same time, so that counting fails.
const CONTENDED: Duration = Duration::from_secs(1);

/// Throttling over a store. Clones are handles to the same.
#[derive(Clone, Debug)]
pub(crate) struct Throttle(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    database: Database,
    keys: Keys,
    schedule: Schedule,
    rates: Rates,
    accounts: Turns,
    addresses: Turns,
}

impl Throttle {
    /// # Errors
    ///
    /// [`Error::Invalid`] with every option that is out of its bounds.
    pub(crate) fn new(database: Database, secret: &SecretKey, options: &ThrottleOptions) -> Result<Self> {
        options.check()?;
        Ok(Self(Arc::new(Parts {
            database,
            keys: Keys::new(secret),
            schedule: options.schedule,
            rates: options.rates,
            accounts: Turns::default(),
            addresses: Turns::default(),
        })))
    }

    /// Clears what was counted for an account, and makes the address the one from which its owner has been let in: for who
    /// registers, or has proved to own the e-mail address, with the commit of what they did.
    pub(crate) async fn forgive(
        &self,
        transaction: &Transaction,
        email: &str,
        ip: Option<IpAddr>,
    ) -> Result<()> {
        let account = self.0.keys.account(email);
        let address = ip.map(|ip| self.0.keys.known_address(&account, ip));
        let now = self.0.database.now();
        self.change(transaction, account.key(), |record| record.forgive(address.as_deref(), now)).await
    }

    /// Drops all that is kept by an e-mail address, with the commit in which its account loses it.
    pub(crate) fn forget(&self, transaction: &Transaction, email: &str) {
        transaction.delete(self.0.keys.account(email).into_key());
    }

    /// Where what is counted for an e-mail address stands, if it can't be read.
    pub(crate) async fn unreadable(&self, email: &str) -> Result<Option<Key>> {
        let key = self.0.keys.account(email).into_key();
        match self.0.database.read::<AccountRecord>(&key).await {
            Ok(_) => Ok(None),
            Err(Error::Internal(_)) => Ok(Some(key)),
            Err(error) => Err(error),
        }
    }

    /// Changes an account's record as it stands now, and writes it only where something has changed.
    async fn change(
        &self,
        transaction: &Transaction,
        key: &Key,
        change: impl FnOnce(&mut AccountRecord),
    ) -> Result<()> {
        let found = transaction.read::<AccountRecord>(key).await?;
        let mut record = found.as_ref().map(|found| found.data.clone()).unwrap_or_default();
        record.settle(self.0.database.now(), None, &self.0.schedule);
        change(&mut record);
        self.put(transaction, key, found.as_ref(), &record)
    }

    fn put(
        &self,
        transaction: &Transaction,
        key: &Key,
        found: Option<&Found<AccountRecord>>,
        record: &AccountRecord,
    ) -> Result<()> {
        if found.map(|found| &found.data) == Some(record) {
            return Ok(());
        }
        match (record.expires_at(&self.0.schedule), found) {
            (Some(expires_at), _) => transaction.put_expiring(key.clone(), record, expires_at),
            (None, Some(_)) => {
                transaction.delete(key.clone());
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}

/// What somebody is told who has to wait: whole seconds, rounded up, as `Retry-After` says it.
fn refusal(wait: Duration) -> Error {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Error::TooManyRequests { retry_after: Duration::from_secs(seconds.max(1)) }
}

#[cfg(test)]
mod tests;
