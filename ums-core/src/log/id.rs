//! The identifier of an event.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::InvalidId;
use crate::{Random, Timestamp};

/// Which event: its time in milliseconds and 64 random bits, written as 12 and 16 lower-case hexadecimal digits.
///
/// Ids order by time, as values and as text. Two events of one millisecond stand in no particular order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "01a20b12fcc06f0c9d3e5b7a8142"))]
pub struct LogEventId(u128);

impl LogEventId {
    const TAIL_BITS: u32 = 64;
    const DIGITS: usize = 28;

    /// A new id of an event of this moment; moments before 1970 count as 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn new(moment: Timestamp, random: &dyn Random) -> Self {
        let mut tail = [0; 8];
        random.fill(&mut tail);
        let milliseconds = u128::try_from(moment.unix_milliseconds()).unwrap_or(0);
        Self((milliseconds << Self::TAIL_BITS) | u128::from(u64::from_be_bytes(tail)))
    }

    /// When the event happened.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_unix_milliseconds(i64::try_from(self.milliseconds()).unwrap_or(i64::MAX))
    }

    fn milliseconds(self) -> u128 {
        self.0 >> Self::TAIL_BITS
    }
}

impl FromStr for LogEventId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if text.len() != Self::DIGITS || !digits {
            return Err(InvalidId);
        }
        let id = u128::from_str_radix(text, 16).map(Self).map_err(|_| InvalidId)?;
        let within_years = u128::try_from(id.timestamp().unix_milliseconds()) == Ok(id.milliseconds());
        if within_years { Ok(id) } else { Err(InvalidId) }
    }
}

impl fmt::Display for LogEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:028x}", self.0)
    }
}

impl fmt::Debug for LogEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogEventId({self})")
    }
}

impl Serialize for LogEventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LogEventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn writes_time_then_tail_and_reads_it_back() {
        let moment = "2026-11-24T01:02:03.456Z".parse().unwrap();
        let id = LogEventId::new(moment, &Fixed(0xab));
        assert_eq!(id.to_string(), "01a20b12fcc0abababababababab");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.timestamp(), moment);
    }

    #[test]
    fn orders_by_time_as_value_and_as_text() {
        let times = [-1, 0, 1, 255, 256, 1_795_482_123_456, 253_402_300_799_999];
        let ids: Vec<_> = times
            .iter()
            .enumerate()
            .map(|(index, &time)| {
                let tail = u8::try_from(200 - index).unwrap();
                LogEventId::new(Timestamp::from_unix_milliseconds(time), &Fixed(tail))
            })
            .collect();
        assert!(ids[1..].is_sorted());
        assert!(ids[1..].iter().map(ToString::to_string).is_sorted());
        assert_eq!(ids[0].timestamp(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "01a20acb6840",
            "01A20ACB6840ABABABABABABABAB",
            "01a20acb6840ababababababababa",
            "ffffffffffffabababababababab",
            "+1a20acb6840abababababababab",
            "1a20acb6840é0abababababababa",
        ] {
            assert_eq!(text.parse::<LogEventId>(), Err(InvalidId), "{text}");
        }
    }
}
