//! Identifiers: one type each, so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text or number that is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 999999999999")]
pub struct InvalidId;

/// Identifiers are below this, so that they have 12 digits at most in a key.
const BOUND: u64 = 1_000_000_000_000;

/// What an id in a key is filled up from.
const ZEROS: &str = "000000000000";

macro_rules! numbered {
    ($(#[$doc:meta] $name:ident;)+) => {$(
        #[$doc]
        ///
        /// A positive number below 10^12, allotted from 1 and never used again.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "u64", into = "u64")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = u64, minimum = 1, maximum = 999_999_999_999_u64, example = 1))]
        pub struct $name(u64);

        impl $name {
            /// The number.
            #[must_use]
            pub const fn as_u64(self) -> u64 {
                self.0
            }

            /// The id of a number that was just allotted.
            pub(crate) fn allotted(number: u64) -> crate::Result<Self> {
                Self::try_from(number).map_err(|_| {
                    crate::Error::internal(format!("no {} is left to allot after {number}", stringify!($name)))
                })
            }

            /// The number with leading zeros, 12 digits: as it stands in keys, whose order is then the ids' order.
            pub(crate) fn key(self) -> String {
                let digits = self.0.to_string();
                [ZEROS.get(digits.len()..).unwrap_or_default(), &digits].concat()
            }
        }

        impl TryFrom<u64> for $name {
            type Error = InvalidId;

            fn try_from(number: u64) -> Result<Self, InvalidId> {
                if (1..BOUND).contains(&number) { Ok(Self(number)) } else { Err(InvalidId) }
            }
        }

        impl From<$name> for u64 {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = if digits { text.parse::<u64>().map_err(|_| InvalidId)? } else { 0 };
                Self::try_from(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

numbered! {
    /// Which user.
    UserId;
    /// Which organisation.
    OrganisationId;
    /// Which department.
    DepartmentId;
    /// Which import.
    ImportId;
}

/// A text that is no session's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 lower-case hexadecimal digits")]
pub struct InvalidSessionId;

/// Which session: 128 random bits, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "5f3c9a0e7b1d4c2f8a6e0d9b3c7f1a24"))]
pub struct SessionId(u128);

impl SessionId {
    /// The id of this number. Take the number from a source of randomness.
    #[must_use]
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        let canonical =
            text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if canonical {
            u128::from_str_radix(text, 16).map(Self).map_err(|_| InvalidSessionId)
        } else {
            Err(InvalidSessionId)
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_width_and_keep_order() {
        let ids = [1, 9, 10, 999_999_999_999].map(|number| UserId::try_from(number).unwrap().key());
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|key| key.len() == 12));
        assert_eq!(ids[2], "000000000010");
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in ["", "0", "-1", "+1", "1.0", " 1", "1000000000000", "99999999999999999999999", "١"] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
        assert_eq!("7".parse::<UserId>().map(UserId::as_u64), Ok(7));
        assert!("5F3C9A0E7B1D4C2F8A6E0D9B3C7F1A24".parse::<SessionId>().is_err());
    }
}
