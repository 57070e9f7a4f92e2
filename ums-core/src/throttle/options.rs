//! How often somebody may try.

use std::time::Duration;

use super::bucket::Rates;
use super::schedule::Schedule;
use crate::{Faults, Result};

/// How attempts at passwords are slowed down, and how often a client's address may do what costs.
///
/// The defaults: five failures for nothing, then delays of 1 s, 2 s, 4 s and so on up to 15 min; at most 100 failures
/// in a row (NIST SP 800-63B-4, section 3.2.2), 80 of them from addresses from which the account has not been let in, and
/// 80 from each from which it has; failures count for 24 h after the last one. An address may register 100 accounts at once and as many an
/// hour, and fail to log in 1,000 times an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleOptions {
    pub(super) schedule: Schedule,
    pub(super) rates: Rates,
}

impl Default for ThrottleOptions {
    fn default() -> Self {
        Self {
            schedule: Schedule {
                free: 5,
                first_delay: Duration::from_secs(1),
                longest_delay: Duration::from_secs(15 * 60),
                most: 100,
                reserved: 20,
                window: Duration::from_secs(24 * 3600),
            },
            rates: Rates { registrations: 100, messages: 100, failed_logins: 1000 },
        }
    }
}

impl ThrottleOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Failures that cost no delay: 0 to 99. 5 by default.
    #[must_use]
    pub fn free_failures(mut self, failures: u32) -> Self {
        self.schedule.free = failures;
        self
    }

    /// The delay after the first failure beyond the free ones, doubled by each further one: 1 s to 1 h. 1 s by default.
    #[must_use]
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.schedule.first_delay = delay;
        self
    }

    /// The longest delay: the first one to 1 h. 15 min by default.
    #[must_use]
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.schedule.longest_delay = delay;
        self
    }

    /// Failures in a row after which no more passwords are verified until the window has passed: 10 to 100. 100 by
    /// default.
    #[must_use]
    pub fn most_failures(mut self, failures: u32) -> Self {
        self.schedule.most = failures;
        self
    }

    /// How many of these are kept for others: from all addresses together from which the account has not been let in before,
    /// and from each from which it has, so many fewer are verified. 1 to half of them; 20 by default.
    #[must_use]
    pub fn reserved_failures(mut self, failures: u32) -> Self {
        self.schedule.reserved = failures;
        self
    }

    /// How long failures count after the last one: 1 h to 30 days. 24 h by default.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.schedule.window = window;
        self
    }

    /// Accounts that one address may register at once, and in an hour: 1 to 1,000,000. 100 by default.
    #[must_use]
    pub fn registrations_an_hour(mut self, registrations: u32) -> Self {
        self.rates.registrations = registrations;
        self
    }

    /// Messages that one address may ask for, such as those that reset a password, at once and in an hour: 1 to
    /// 1,000,000. 100 by default.
    #[must_use]
    pub fn messages_an_hour(mut self, messages: u32) -> Self {
        self.rates.messages = messages;
        self
    }

    /// Log-ins that may fail from one address, whosever accounts they were, at once and in an hour: 1 to 1,000,000.
    /// 1,000 by default.
    #[must_use]
    pub fn failed_logins_an_hour(mut self, failed: u32) -> Self {
        self.rates.failed_logins = failed;
        self
    }

    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) with every option that is out of its bounds.
    pub(super) fn check(&self) -> Result<()> {
        let Schedule { free, first_delay, longest_delay, most, reserved, window } = self.schedule;
        let Rates { registrations, messages, failed_logins } = self.rates;
        let mut faults = Faults::default();
        let mut count = |name: &str, value: u32, least: u32, greatest: u32| {
            if !(least..=greatest).contains(&value) {
                faults.add(name, "out_of_range", format!("must be {least} to {greatest}"));
            }
        };
        count("free_failures", free, 0, 99);
        count("most_failures", most, 10, 100);
        count("reserved_failures", reserved, 1, most.clamp(10, 100) / 2);
        count("registrations_an_hour", registrations, 1, 1_000_000);
        count("messages_an_hour", messages, 1, 1_000_000);
        count("failed_logins_an_hour", failed_logins, 1, 1_000_000);
        let mut time = |name: &str, value: Duration, least: Duration, greatest: Duration| {
            if !(least..=greatest).contains(&value) {
                let (least, greatest) = (least.as_secs(), greatest.as_secs());
                faults.add(name, "out_of_range", format!("must be {least} s to {greatest} s"));
            }
        };
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        time("first_delay", first_delay, second, hour);
        time("longest_delay", longest_delay, first_delay.clamp(second, hour), hour);
        time("window", window, hour, hour * 24 * 30);
        faults.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn defaults_are_nists() {
        let options = ThrottleOptions::new();
        assert!(options.check().is_ok());
        assert_eq!(options.schedule.most, 100);
    }

    #[test]
    fn names_every_option_out_of_bounds() {
        let day = Duration::from_secs(24 * 3600);
        let options = ThrottleOptions::new()
            .free_failures(100)
            .most_failures(101)
            .reserved_failures(51)
            .registrations_an_hour(0)
            .messages_an_hour(0)
            .failed_logins_an_hour(1_000_001)
            .first_delay(Duration::ZERO)
            .longest_delay(day)
            .window(day * 31);
        let Err(Error::Invalid(faults)) = options.check() else { panic!("accepted") };
        let fields: Vec<_> = faults.as_slice().iter().map(|fault| fault.field.as_str()).collect();
        let expected = [
            "free_failures",
            "most_failures",
            "reserved_failures",
            "registrations_an_hour",
            "messages_an_hour",
            "failed_logins_an_hour",
            "first_delay",
            "longest_delay",
            "window",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn the_longest_delay_is_no_shorter_than_the_first() {
        let minute = Duration::from_secs(60);
        let options = ThrottleOptions::new().first_delay(minute);
        assert!(options.clone().longest_delay(minute).check().is_ok());
        assert!(options.longest_delay(Duration::from_secs(59)).check().is_err());
    }
}
