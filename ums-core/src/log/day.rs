//! A day in UTC.

use std::fmt;
use std::str::FromStr;

use crate::Timestamp;

/// A day in UTC, written `2026-11-24`; of the years that [`Timestamp`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Day(i64);

const MILLISECONDS: i64 = 86_400_000;

impl Day {
    pub(super) fn of(moment: Timestamp) -> Self {
        Self(moment.unix_milliseconds().div_euclid(MILLISECONDS))
    }

    /// The day this many days earlier.
    pub(super) fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(i64::from(days)))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Timestamp::from_unix_milliseconds(self.0.saturating_mul(MILLISECONDS)).date())
    }
}

/// A text that is no day, or not written as days are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidDay;

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let midnight: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| InvalidDay)?;
        let day = Self::of(midnight);
        if day.to_string() == text { Ok(day) } else { Err(InvalidDay) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written_and_in_no_other_way() {
        for text in ["2026-11-24", "2024-02-29", "1970-01-01", "0000-01-01", "9998-12-31"] {
            assert_eq!(text.parse::<Day>().map(|day| day.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "2026-11-24 ",
            "20261124",
            "2026-2-3",
            "2026-02-30",
            "+2026-11-24",
            "../../etc/passwd",
            "2026-11-24\0",
            "2026-11-24T00:00:00Z[UTC]",
            "-000001-01-01",
            "10000-01-01",
        ] {
            assert_eq!(text.parse::<Day>(), Err(InvalidDay), "{text:?}");
        }
    }

    #[test]
    fn ends_at_midnight_utc() {
        let day = |text: &str| Day::of(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-11-24T23:59:59.999Z"), "2026-11-24");
        assert_eq!(day("2026-11-25T00:00:00.000Z"), "2026-11-25");
        assert_eq!(day("1969-12-31T23:59:59.999Z"), "1969-12-31");
        assert_eq!(Day::of("2026-03-01T12:00:00Z".parse().unwrap()).minus(1).to_string(), "2026-02-28");
    }
}
