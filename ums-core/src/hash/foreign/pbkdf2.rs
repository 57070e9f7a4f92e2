//! PBKDF2 (RFC 8018): PHC strings, passlib's and Django's.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512, derive};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{Digest, MAXIMUM_OUTPUT, number, parameters, parts};
use crate::hash::password::Password;
use crate::hash::stored::UnusableHash;

/// The most iterations, over all blocks of the output: each block costs all of them again.
const MAXIMUM_ITERATIONS: u32 = 10_000_000;

/// A PBKDF2 hash, taken apart; its cost is within bounds.
#[derive(Clone)]
pub(in crate::hash) struct Pbkdf2Hash {
    function: Function,
    iterations: NonZeroU32,
    digest: Digest,
}

/// The hash function that HMAC rests on.
#[derive(Clone, Copy)]
enum Function {
    Sha1,
    Sha256,
    Sha512,
}

impl Function {
    /// Passlib's `pbkdf2` says nothing of a function and means SHA-1.
    fn phc(name: &str) -> Option<Self> {
        match name {
            "pbkdf2" | "pbkdf2-sha1" => Some(Self::Sha1),
            "pbkdf2-sha256" => Some(Self::Sha256),
            "pbkdf2-sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn django(name: &str) -> Option<Self> {
        match name {
            "pbkdf2_sha1" => Some(Self::Sha1),
            "pbkdf2_sha256" => Some(Self::Sha256),
            "pbkdf2_sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => PBKDF2_HMAC_SHA1,
            Self::Sha256 => PBKDF2_HMAC_SHA256,
            Self::Sha512 => PBKDF2_HMAC_SHA512,
        }
    }

    /// Its output, in bytes.
    fn block(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl Pbkdf2Hash {
    /// The hash of a PHC string's or passlib's algorithm and what follows it.
    pub(in crate::hash) fn parse_phc(name: &str, text: &str) -> Result<Self, UnusableHash> {
        let function = Function::phc(name).ok_or(UnusableHash::UnknownScheme)?;
        let [cost, salt, output] = parts(text)?;
        if !cost.contains('=') {
            // Passlib's base64 has a full stop in place of the plus sign.
            let (salt, output) = (salt.replace('.', "+"), output.replace('.', "+"));
            return Self::new(function, number(cost)?, Digest::encoded(&salt, &output)?);
        }
        let [Some(iterations), length] = parameters(cost, ["i", "l"])? else {
            return Err(UnusableHash::Malformed);
        };
        let digest = Digest::encoded(salt, output)?;
        if length.is_some_and(|length| length as usize != digest.output.len()) {
            return Err(UnusableHash::Malformed);
        }
        Self::new(function, iterations, digest)
    }

    /// The hash of Django's algorithm and what follows it.
    pub(in crate::hash) fn parse_django(name: &str, text: &str) -> Result<Self, UnusableHash> {
        let function = Function::django(name).ok_or(UnusableHash::UnknownScheme)?;
        let [iterations, salt, output] = parts(text)?;
        Self::new(function, number(iterations)?, Digest::textual(salt, output)?)
    }

    fn new(function: Function, iterations: u32, digest: Digest) -> Result<Self, UnusableHash> {
        let iterations = NonZeroU32::new(iterations).ok_or(UnusableHash::OutOfBounds)?;
        let hash = Self { function, iterations, digest };
        if hash.work() > u64::from(MAXIMUM_ITERATIONS) { Err(UnusableHash::OutOfBounds) } else { Ok(hash) }
    }

    /// The iterations over all blocks.
    pub(in crate::hash) fn work(&self) -> u64 {
        let blocks = self.digest.output.len().div_ceil(self.function.block());
        u64::from(self.iterations.get()) * blocks as u64
    }

    /// Whether this is the password's hash. Takes the same time whether it is or not.
    pub(in crate::hash) fn matches(&self, password: &Password) -> bool {
        let mut computed = Zeroizing::new([0; MAXIMUM_OUTPUT]);
        let computed = computed.get_mut(..self.digest.output.len()).unwrap_or_default();
        let password = password.expose().as_bytes();
        derive(self.function.algorithm(), self.iterations, &self.digest.salt, password, computed);
        computed.ct_eq(&self.digest.output).into()
    }
}
