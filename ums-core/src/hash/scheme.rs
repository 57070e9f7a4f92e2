//! How a stored hash was made: told by its text, in any of the spellings that are known.

use argon2::Block;
use argon2::password_hash::phc::PasswordHash;

use super::argon2::{Argon2Hash, Cost};
use super::foreign::{BcryptHash, Pbkdf2Hash, ScryptHash};
use super::password::Password;
use super::stored::UnusableHash;
use crate::Result;

/// How a stored hash was made; what it costs is within bounds.
#[derive(Clone)]
pub(super) enum Scheme {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
    Pbkdf2(Pbkdf2Hash),
}

impl Scheme {
    /// The scheme of a hash. PHC strings and crypt's begin with a dollar sign, Django's with a name of its own.
    pub(super) fn parse(text: &str) -> Result<Self, UnusableHash> {
        let Some(marked) = text.strip_prefix('$') else { return Self::parse_django(text) };
        let (name, rest) = marked.split_once('$').ok_or(UnusableHash::Malformed)?;
        match name {
            _ if name.starts_with("argon2") => Self::parse_argon2(text),
            _ if name.starts_with('2') => BcryptHash::parse(text).map(Self::Bcrypt),
            "scrypt" => ScryptHash::parse_phc(rest).map(Self::Scrypt),
            _ => Pbkdf2Hash::parse_phc(name, rest).map(Self::Pbkdf2),
        }
    }

    fn parse_django(text: &str) -> Result<Self, UnusableHash> {
        let (name, rest) = text.split_once('$').ok_or(UnusableHash::Malformed)?;
        match name {
            "argon2" => Self::parse_argon2(&format!("${rest}")),
            "bcrypt" => BcryptHash::parse(rest).map(Self::Bcrypt),
            "bcrypt_sha256" => BcryptHash::parse_of_digest(rest).map(Self::Bcrypt),
            "scrypt" => ScryptHash::parse_django(rest).map(Self::Scrypt),
            _ => Pbkdf2Hash::parse_django(name, rest).map(Self::Pbkdf2),
        }
    }

    fn parse_argon2(text: &str) -> Result<Self, UnusableHash> {
        let hash = PasswordHash::new(text).map_err(|_| UnusableHash::Malformed)?;
        match Argon2Hash::parse(&hash) {
            Some(argon2) => Ok(Self::Argon2(argon2?)),
            None => Err(UnusableHash::UnknownScheme),
        }
    }

    /// The memory that verifying takes, in KiB.
    pub(super) fn memory(&self) -> u32 {
        match self {
            Self::Argon2(hash) => hash.cost().memory,
            Self::Scrypt(hash) => hash.memory(),
            Self::Bcrypt(_) | Self::Pbkdf2(_) => 0,
        }
    }

    /// Whether a hash made at this cost would be better.
    pub(super) fn falls_short_of(&self, cost: Cost) -> bool {
        match self {
            Self::Argon2(hash) => hash.falls_short_of(cost),
            Self::Bcrypt(_) | Self::Scrypt(_) | Self::Pbkdf2(_) => true,
        }
    }

    /// Whether this is the password's hash. Takes the same time whether it is or not.
    pub(super) fn matches(&self, password: &Password, memory: &mut [Block]) -> Result<bool> {
        match self {
            Self::Argon2(hash) => hash.matches(password, memory),
            Self::Bcrypt(hash) => Ok(hash.matches(password) && is_told_apart(password)),
            Self::Scrypt(hash) => Ok(hash.matches(password, memory) && is_told_apart(password)),
            Self::Pbkdf2(hash) => Ok(hash.matches(password) && is_told_apart(password)),
        }
    }
}

/// Whether a hash other than argon2's stands for this password and not for another with or without a NUL as well: HMAC,
/// on which PBKDF2 and scrypt rest, fills its key with NULs, and bcrypt in C ends at the first.
fn is_told_apart(password: &Password) -> bool {
    !password.expose().contains('\0')
}
