//! bcrypt: as OpenBSD, PHP, Python and Node write it, and Django's two ways.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{BCRYPT_BASE64, number};
use crate::hash::password::Password;
use crate::hash::stored::UnusableHash;

/// The logarithm of the rounds. The least is bcrypt's own.
const COSTS: std::ops::RangeInclusive<u32> = 4..=15;
/// What bcrypt takes of a password, in bytes.
const WINDOW: usize = 72;
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 23;
/// The characters of these in base64.
const SALT_TEXT: usize = 22;
const OUTPUT_TEXT: usize = 31;

/// A bcrypt hash, taken apart; its cost is within bounds.
///
/// bcrypt sees at most 72 bytes, and systems that use it take any password that begins alike. Here a longer password
/// never matches: nothing near a password may pass for it, and what is typed at log-in becomes the account's password to
/// the last character, so that a slip behind byte 72 would lock its owner out for good. Who has such a password sets a
/// new one.
#[derive(Clone)]
pub(in crate::hash) struct BcryptHash {
    prepared: Prepared,
    cost: u32,
    salt: [u8; SALT_LENGTH],
    output: [u8; OUTPUT_LENGTH],
}

/// What bcrypt is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prepared {
    AsIs,
    /// The password's SHA-256 in hexadecimal.
    Hashed,
}

impl BcryptHash {
    /// The hash of a text that begins with `$2`.
    pub(in crate::hash) fn parse(text: &str) -> Result<Self, UnusableHash> {
        Self::of(text, Prepared::AsIs)
    }

    /// The hash of what follows Django's `bcrypt_sha256$`.
    pub(in crate::hash) fn parse_of_digest(text: &str) -> Result<Self, UnusableHash> {
        Self::of(text, Prepared::Hashed)
    }

    fn of(text: &str, prepared: Prepared) -> Result<Self, UnusableHash> {
        // `2x` marks hashes of a faulty implementation, and `2` is older than all the fixes. Between the others nothing
        // differs for passwords that can match here.
        let known = ["$2a$", "$2b$", "$2y$"].iter().find_map(|version| text.strip_prefix(version));
        let rest = known.ok_or(UnusableHash::UnknownScheme)?;
        let (cost, rest) = rest.split_once('$').ok_or(UnusableHash::Malformed)?;
        let (salt, output) = rest.split_at_checked(SALT_TEXT).ok_or(UnusableHash::Malformed)?;
        if cost.len() != 2 || output.len() != OUTPUT_TEXT {
            return Err(UnusableHash::Malformed);
        }
        let cost = number(cost)?;
        if !COSTS.contains(&cost) {
            return Err(UnusableHash::OutOfBounds);
        }
        Ok(Self { prepared, cost, salt: decode(salt)?, output: decode(output)? })
    }

    /// Whether this is the password's hash. Takes the same time whether it is or not.
    pub(in crate::hash) fn matches(&self, password: &Password) -> bool {
        let bytes = Zeroizing::new(match self.prepared {
            Prepared::AsIs => password.expose().as_bytes().to_vec(),
            Prepared::Hashed => hexadecimal(digest(&SHA256, password.expose().as_bytes()).as_ref()),
        });
        let whole = bytes.len() <= WINDOW;
        // Ends with a NUL where there is room.
        let mut key = Zeroizing::new([0; WINDOW]);
        key.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
        let used = key.get(..(bytes.len() + 1).min(WINDOW)).unwrap_or(key.as_slice());
        let computed = ::bcrypt::bcrypt(self.cost, self.salt, used);
        let same = computed.get(..OUTPUT_LENGTH).unwrap_or_default().ct_eq(&self.output);
        bool::from(same) && whole
    }

    #[cfg(test)]
    pub(in crate::hash) fn cost(&self) -> u32 {
        self.cost
    }
}

fn decode<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], UnusableHash> {
    let bytes = BCRYPT_BASE64.decode(text).map_err(|_| UnusableHash::Malformed)?;
    bytes.try_into().map_err(|_| UnusableHash::Malformed)
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
