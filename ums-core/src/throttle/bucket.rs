//! Token buckets: so many at once, refilled evenly over an hour. Whole numbers, so that nothing is lost by rounding.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::record::Record;

/// What a token weighs: a bucket of `burst` tokens regains `burst` units each millisecond, a token in an hour's
/// `burst`th part.
const TOKEN: u64 = 3_600_000;

/// How many tokens the buckets of an address hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) registrations: u32,
    pub(super) messages: u32,
    pub(super) failed_logins: u32,
}

/// What has been taken from a bucket and not been refilled yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BucketRecord {
    taken: u64,
    at: Timestamp,
}

impl Record for BucketRecord {}

impl BucketRecord {
    /// A full bucket.
    pub(super) fn full(now: Timestamp) -> Self {
        Self { taken: 0, at: now }
    }

    /// The bucket as it is now. A clock that was set back refills nothing, and takes nothing away.
    pub(super) fn refilled(&self, now: Timestamp, burst: u32) -> Self {
        let elapsed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let refilled = elapsed.saturating_mul(burst.into());
        Self { taken: self.taken.saturating_sub(refilled).min(capacity(burst)), at: now }
    }

    /// How long until a token is there; nothing where one is.
    pub(super) fn wait(&self, burst: u32) -> Duration {
        let missing = self.taken.saturating_add(TOKEN).saturating_sub(capacity(burst));
        Duration::from_millis(missing.div_ceil(u64::from(burst).max(1)))
    }

    /// The bucket with one token less, or empty.
    pub(super) fn less_one(self, burst: u32) -> Self {
        Self { taken: self.taken.saturating_add(TOKEN).min(capacity(burst)), ..self }
    }

    /// When it is full again, so that nothing has to be kept of it.
    pub(super) fn full_at(&self, burst: u32) -> Timestamp {
        self.at.plus(Duration::from_millis(self.taken.div_ceil(u64::from(burst).max(1))))
    }
}

fn capacity(burst: u32) -> u64 {
    u64::from(burst).saturating_mul(TOKEN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: u64 = 3_600_000;

    fn take(bucket: &mut BucketRecord, now: Timestamp, burst: u32) -> Result<(), Duration> {
        let refilled = bucket.refilled(now, burst);
        let wait = refilled.wait(burst);
        if wait.is_zero() {
            *bucket = refilled.less_one(burst);
            Ok(())
        } else {
            Err(wait)
        }
    }

    #[test]
    fn a_burst_passes_and_then_one_for_each_part_of_the_hour() {
        let mut now = Timestamp::UNIX_EPOCH;
        let mut bucket = BucketRecord::full(now);
        for _ in 0..100 {
            assert_eq!(take(&mut bucket, now, 100), Ok(()));
        }
        assert_eq!(take(&mut bucket, now, 100), Err(Duration::from_secs(36)));
        assert_eq!(bucket.full_at(100), now.plus(Duration::from_secs(3600)));
        now = now.plus(Duration::from_millis(35_999));
        assert_eq!(take(&mut bucket, now, 100), Err(Duration::from_millis(1)));
        now = now.plus(Duration::from_millis(1));
        assert_eq!(take(&mut bucket, now, 100), Ok(()));
        assert_eq!(take(&mut bucket, now, 100), Err(Duration::from_secs(36)));
    }

    #[test]
    fn a_clock_that_is_set_back_takes_nothing_away() {
        let now = Timestamp::UNIX_EPOCH.plus(Duration::from_secs(1000));
        let bucket = BucketRecord::full(now).less_one(2);
        assert_eq!(bucket.refilled(Timestamp::UNIX_EPOCH, 2).taken, TOKEN);
    }

    proptest! {
        #[test]
        fn no_hour_and_burst_lets_more_through(
            burst in 1..200_u32,
            pauses in proptest::collection::vec(0..200_000_u64, 1..600),
        ) {
            let mut now = Timestamp::UNIX_EPOCH;
            let mut bucket = BucketRecord::full(now);
            let (mut passed, mut elapsed) = (0_u64, 0_u64);
            for pause in pauses {
                now = now.plus(Duration::from_millis(pause));
                elapsed += pause;
                match take(&mut bucket, now, burst) {
                    Ok(()) => passed += 1,
                    Err(wait) => {
                        let then = now.plus(wait);
                        prop_assert_eq!(bucket.refilled(then, burst).wait(burst), Duration::ZERO);
                        let before = then.minus(Duration::from_millis(1));
                        prop_assert!(!bucket.refilled(before, burst).wait(burst).is_zero());
                    }
                }
                prop_assert!(passed <= u64::from(burst) + elapsed * u64::from(burst) / HOUR);
            }
        }
    }
}
