//! How long to wait after how many failures.

use std::time::Duration;

/// The delays, and the bounds of what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// Failures that cost no delay.
    pub(super) free: u32,
    /// The delay after the first failure beyond these; each further one doubles it.
    pub(super) first_delay: Duration,
    /// The longest delay.
    pub(super) longest_delay: Duration,
    /// Failures in a row, from wherever, after which no more are verified.
    pub(super) most: u32,
    /// How many of these are kept from the addresses that the account has not been let in from, and from each that it has.
    pub(super) reserved: u32,
    /// How long failures count after the last one.
    pub(super) window: Duration,
}

impl Schedule {
    /// How long after the last of this many failures the next attempt is verified.
    pub(super) fn delay(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free.saturating_add(1)) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_delay.saturating_mul(factor).min(self.longest_delay)
    }

    /// How many failures are verified from one known address, and how many from all that are not known.
    pub(super) fn most_of_one(&self) -> u32 {
        self.most.saturating_sub(self.reserved)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ThrottleOptions;

    #[test]
    fn delays_double_up_to_the_longest() {
        let schedule = ThrottleOptions::new().schedule;
        let seconds: Vec<u64> = (0..=18).map(|failures| schedule.delay(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(schedule.most_of_one(), 80);
    }

    proptest! {
        #[test]
        fn delays_never_shrink_and_never_pass_the_longest(
            free in 0..50_u32,
            first in 1..60_u64,
            longest in 60..3600_u64,
            failures in 0..u32::MAX,
        ) {
            let (first_delay, longest_delay) = (Duration::from_secs(first), Duration::from_secs(longest));
            let schedule = Schedule { free, first_delay, longest_delay, ..ThrottleOptions::new().schedule };
            let (delay, next) = (schedule.delay(failures), schedule.delay(failures + 1));
            prop_assert_eq!(delay.is_zero(), failures <= free);
            prop_assert!(delay <= next && next <= longest_delay);
            prop_assert!(next <= (delay * 2).max(first_delay));
        }
    }
}
