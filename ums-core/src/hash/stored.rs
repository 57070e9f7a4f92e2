//! A hash as it stands in the store.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::argon2::Argon2Hash;
use super::scheme::Scheme;
use crate::Result;

/// A password's hash: those made here are PHC strings of argon2id; others may be as another system wrote them. Never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct StoredHash(String);

impl StoredHash {
    /// Stands for a hash that nobody will verify against, where what is written is forgotten.
    pub(crate) fn rehearsed() -> Self {
        Self(String::new())
    }

    /// The hash of this text, for hashes that come from elsewhere.
    ///
    /// # Errors
    ///
    /// Why no password could be verified against it.
    pub(crate) fn parse(text: impl Into<String>) -> Result<Self, UnusableHash> {
        let hash = Self(text.into());
        hash.scheme()?;
        Ok(hash)
    }

    pub(super) fn scheme(&self) -> Result<Scheme, UnusableHash> {
        Scheme::parse(&self.0)
    }
}

impl TryFrom<&Argon2Hash> for StoredHash {
    type Error = crate::Error;

    fn try_from(hash: &Argon2Hash) -> Result<Self> {
        hash.to_phc().map(Self)
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredHash(…)")
    }
}

/// Why no password can be verified against a hash. Says nothing of the hash itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnusableHash {
    /// Not in any of the known forms, or with a part missing, twice or of the wrong kind.
    #[error("not a complete hash in a known form, such as $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>")]
    Malformed,
    /// A way of hashing that is not known here.
    #[error(
        "made by an algorithm or version that is not supported; argon2id, argon2i, argon2d, bcrypt (2a, 2b, 2y), scrypt \
         and PBKDF2 (SHA-1, SHA-256, SHA-512) are"
    )]
    UnknownScheme,
    /// Parameters that would cost too much to obey, or protect too little.
    #[error(
        "its parameters are out of bounds: argon2 at most 1 GiB of memory, 10 iterations and 64 lanes; scrypt N at most \
         2^17 and 256 MiB; PBKDF2 at most 10,000,000 iterations; bcrypt a cost of 4 to 15; at least 8 bytes of salt and \
         16 of hash"
    )]
    OutOfBounds,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SALT: &str = "c29tZXNhbHQ";
    const HASH: &str = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    fn refusal(text: &str) -> Option<UnusableHash> {
        StoredHash::parse(text).err()
    }

    #[test]
    fn bounds_parameters_before_they_are_obeyed() {
        for (parameters, expected) in [
            ("m=256,t=2,p=1", None),
            ("m=1048576,t=10,p=64", None),
            ("m=1048577,t=2,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=4294967295,t=2,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=256,t=11,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=256,t=4294967295,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=256,t=0,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=1048576,t=2,p=65", Some(UnusableHash::OutOfBounds)),
            ("m=256,t=2,p=4294967295", Some(UnusableHash::OutOfBounds)),
            ("m=256,t=2,p=0", Some(UnusableHash::OutOfBounds)),
            ("m=7,t=2,p=1", Some(UnusableHash::OutOfBounds)),
            ("m=15,t=2,p=2", Some(UnusableHash::OutOfBounds)),
            ("m=4294967296,t=2,p=1", Some(UnusableHash::Malformed)),
            ("m=-1,t=2,p=1", Some(UnusableHash::Malformed)),
            ("m=256,t=2", Some(UnusableHash::Malformed)),
            ("m=256,m=256,t=2,p=1", Some(UnusableHash::Malformed)),
            ("m=256,t=2,p=1,x=1", Some(UnusableHash::Malformed)),
        ] {
            assert_eq!(
                refusal(&format!("$argon2id$v=19${parameters}${SALT}${HASH}")),
                expected,
                "{parameters}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_within_bounds(
            text in r"\$argon2(i|d|id)(\$v=(16|19))?\$m=[0-9]{1,10},t=[0-9]{1,2},p=[0-9]{1,2}\$[A-Za-z0-9+/]{0,70}\$[A-Za-z0-9+/]{0,90}|[$a-z0-9=,+/]{0,200}|.{0,50}",
        ) {
            if let Ok(Scheme::Argon2(hash)) = StoredHash(text).scheme() {
                prop_assert!((8..=1 << 20).contains(&hash.cost().memory));
                prop_assert!((1..=10).contains(&hash.cost().iterations));
                prop_assert!((1..=64).contains(&hash.cost().parallelism));
            }
        }
    }

    #[test]
    fn refuses_what_it_cannot_verify() {
        for (text, expected) in [
            ("", UnusableHash::Malformed),
            ("secret", UnusableHash::Malformed),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ", UnusableHash::Malformed),
            ("$argon2id$v=19$m=256,t=2,p=1", UnusableHash::Malformed),
            (
                "$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                UnusableHash::UnknownScheme,
            ),
            ("$6$rounds=5000$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4", UnusableHash::UnknownScheme),
            ("$7$CU..../....2Q9obwLhin8qvQl6sisAO/$sc7UPfBJRWK5Nl2W2lHn", UnusableHash::UnknownScheme),
            ("md5$c29tZXNhbHQ$0123456789abcdef0123456789abcdef", UnusableHash::UnknownScheme),
            ("$", UnusableHash::Malformed),
            ("$argon2id", UnusableHash::Malformed),
            ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4", UnusableHash::OutOfBounds),
            (
                "$argon2id$v=19$m=256,t=2,p=1$c29tZXNh$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
                UnusableHash::Malformed,
            ),
        ] {
            assert_eq!(refusal(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn reads_back_what_it_writes_and_shows_nothing() {
        let text = format!("$argon2id$v=19$m=256,t=2,p=1${SALT}${HASH}");
        let hash = StoredHash::parse(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&hash).unwrap(), serde_json::Value::from(text.clone()));
        assert_eq!(serde_json::from_value::<StoredHash>(text.clone().into()).unwrap(), hash);
        let Ok(Scheme::Argon2(parsed)) = hash.scheme() else { panic!("another scheme") };
        assert_eq!(StoredHash::try_from(&parsed).unwrap(), hash);
        assert_eq!(format!("{hash:?}"), "StoredHash(…)");
    }
}
