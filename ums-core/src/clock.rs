//! Time and chance, as parameters.
//!
//! Nothing else in the crate reads a clock or the system's randomness, so that a test states exact results.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in UTC, with a resolution of one millisecond, from the year 0 to the
/// 30th of December 9999.
///
/// Written and read as RFC 3339 with milliseconds, `2026-11-24T01:02:03.456Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00.000Z.
    pub const UNIX_EPOCH: Self = Self(0);
    const EARLIEST: i64 = -62_167_219_200_000;
    const LATEST: i64 = 253_402_207_199_999;

    /// The moment this many milliseconds after 1970-01-01 UTC; held to the bounds.
    #[must_use]
    pub fn from_unix_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds.clamp(Self::EARLIEST, Self::LATEST))
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix_milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down; 0 for earlier moments.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0.div_euclid(1000)).unwrap_or(0)
    }

    /// The moment this much later, held to the bounds.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_milliseconds(self.0.saturating_add(milliseconds))
    }

    /// The moment this much earlier, held to the bounds.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_milliseconds(self.0.saturating_sub(milliseconds))
    }

    /// How long after `earlier` this is; zero where it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC, `2026-11-24`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// The moment as mail has it (RFC 5322, section 3.3): `Tue, 24 Nov 2026 01:02:03 -0000`.
    pub(crate) fn rfc_2822(self) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_string(&moment).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

/// A text that is not a moment as [`Timestamp`] reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time such as 2026-11-24T01:02:03.456Z")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        let milliseconds = moment.as_millisecond();
        if (Self::EARLIEST..=Self::LATEST).contains(&milliseconds) {
            Ok(Self(milliseconds))
        } else {
            Err(InvalidTimestamp)
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Tells the time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::UNIX_EPOCH.plus(since)
    }
}

/// A source of unpredictable bytes.
pub trait Random: fmt::Debug + Send + Sync + 'static {
    /// Fills the whole slice.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Random {
    /// 128 random bits.
    pub fn u128(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// A number below `bound`, nearly evenly; 0 where `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes).checked_rem(bound).unwrap_or(0)
    }
}

/// The operating system's cryptographic randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    ///
    /// Where the operating system has no randomness to give: nothing secret could be made then.
    #[expect(
        clippy::expect_used,
        reason = "going on without randomness would make secrets that can be guessed"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_milliseconds() {
        let moment = Timestamp::from_unix_milliseconds(1_795_482_123_456);
        assert_eq!(moment.to_string(), "2026-11-24T01:02:03.456Z");
        assert_eq!("2026-11-24T01:02:03.456Z".parse(), Ok(moment));
        assert_eq!("2026-11-24T02:02:03.456+01:00".parse(), Ok(moment));
        assert_eq!(moment.date(), "2026-11-24");
        assert_eq!(Timestamp::UNIX_EPOCH.to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in ["", "2026-11-24", "2026-11-24T01:02:03", "now", "2026-13-01T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn stays_within_its_years() {
        assert_eq!(Timestamp::from_unix_milliseconds(i64::MAX).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(Timestamp::from_unix_milliseconds(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::UNIX_EPOCH.minus(Duration::from_secs(1)).unix_seconds(), 0);
    }
}
