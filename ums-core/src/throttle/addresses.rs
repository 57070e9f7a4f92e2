//! What a client's address may do, whoever calls from there.

use std::net::IpAddr;
use std::time::Duration;

use super::bucket::BucketRecord;
use super::{CONTENDED, Throttle, refusal};
use crate::{Conflict, Error, Result, keyspace};

/// What is limited for each address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressLimit {
    /// Registering accounts.
    Registrations,
    /// Messages that anybody may ask for, whosever address they go to.
    Messages,
    /// Log-ins that fail, whosever account they were for.
    FailedLogins,
}

impl AddressLimit {
    fn name(self) -> &'static str {
        match self {
            Self::Registrations => "registrations",
            Self::Messages => "messages",
            Self::FailedLogins => "failed-logins",
        }
    }
}

impl Throttle {
    /// Lets an address do something once more. Calls that come from no address, such as those of the embedding program,
    /// are not limited.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] where it has done so too often.
    pub(crate) async fn admit_address(&self, limit: AddressLimit, ip: Option<IpAddr>) -> Result<()> {
        match self.take_token(limit, ip).await {
            Ok(wait) if wait.is_zero() => Ok(()),
            Ok(wait) => Err(refusal(wait)),
            Err(Error::Conflict(Conflict::Contention)) => Err(refusal(CONTENDED)),
            Err(error) => Err(error),
        }
    }

    /// Takes a token from an address's bucket, or says how long until one is there.
    pub(super) async fn take_token(&self, limit: AddressLimit, ip: Option<IpAddr>) -> Result<Duration> {
        let Some(ip) = ip else { return Ok(Duration::ZERO) };
        let hash = self.0.keys.address(ip);
        let (key, burst) = (&keyspace::throttled_address(&hash, limit.name()), self.burst(limit));
        let _turn = self.0.addresses.take(&hash).await;
        self.0
            .database
            .transact(|transaction| async move {
                let now = self.0.database.now();
                let found = transaction.read::<BucketRecord>(key).await?;
                let bucket = found.map_or_else(|| BucketRecord::full(now), |found| found.data);
                let bucket = bucket.refilled(now, burst);
                let wait = bucket.wait(burst);
                if wait.is_zero() {
                    let bucket = bucket.less_one(burst);
                    transaction.put_expiring(key.clone(), &bucket, bucket.full_at(burst))?;
                }
                Ok(wait)
            })
            .await
    }

    /// Looks whether an address's bucket has a token left, and takes none.
    pub(super) async fn expect_token(&self, limit: AddressLimit, ip: Option<IpAddr>) -> Result<()> {
        let Some(ip) = ip else { return Ok(()) };
        let key = keyspace::throttled_address(&self.0.keys.address(ip), limit.name());
        let Some(found) = self.0.database.read::<BucketRecord>(&key).await? else { return Ok(()) };
        let burst = self.burst(limit);
        let wait = found.data.refilled(self.0.database.now(), burst).wait(burst);
        if wait.is_zero() { Ok(()) } else { Err(refusal(wait)) }
    }

    fn burst(&self, limit: AddressLimit) -> u32 {
        match limit {
            AddressLimit::Registrations => self.0.rates.registrations,
            AddressLimit::Messages => self.0.rates.messages,
            AddressLimit::FailedLogins => self.0.rates.failed_logins,
        }
    }
}
