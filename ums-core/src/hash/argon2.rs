//! Argon2: what a hash costs, and computing it.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::password::Password;
use super::stored::UnusableHash;
use crate::{Error, Result};

/// The most memory that a hash may ask for, in KiB: 1 GiB.
pub(super) const MAXIMUM_MEMORY: u32 = 1 << 20;
/// The most passes that a hash may ask for.
pub(super) const MAXIMUM_ITERATIONS: u32 = 10;
/// The most lanes that a hash may ask for.
pub(super) const MAXIMUM_PARALLELISM: u32 = 64;
/// Below 128 bits, an output is too easily hit by chance.
const MINIMUM_OUTPUT: usize = 16;
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// In KiB.
    pub(super) memory: u32,
    pub(super) iterations: u32,
    pub(super) parallelism: u32,
}

impl Cost {
    fn of(parameters: &ParamsString) -> Result<Self, UnusableHash> {
        let (mut memory, mut iterations, mut parallelism) = (None, None, None);
        for (name, value) in parameters.iter() {
            let slot = match name.as_str() {
                "m" => &mut memory,
                "t" => &mut iterations,
                "p" => &mut parallelism,
                _ => return Err(UnusableHash::Malformed),
            };
            let number = value.decimal().map_err(|_| UnusableHash::Malformed)?;
            if slot.replace(number).is_some() {
                return Err(UnusableHash::Malformed);
            }
        }
        let (Some(memory), Some(iterations), Some(parallelism)) = (memory, iterations, parallelism) else {
            return Err(UnusableHash::Malformed);
        };
        Self { memory, iterations, parallelism }.bounded()
    }

    fn bounded(self) -> Result<Self, UnusableHash> {
        let fits = (1..=MAXIMUM_PARALLELISM).contains(&self.parallelism)
            && (1..=MAXIMUM_ITERATIONS).contains(&self.iterations)
            && (8 * self.parallelism..=MAXIMUM_MEMORY).contains(&self.memory);
        if fits { Ok(self) } else { Err(UnusableHash::OutOfBounds) }
    }

    fn parameters(self, output_length: usize) -> Result<Params> {
        Params::new(self.memory, self.iterations, self.parallelism, Some(output_length)).map_err(failed)
    }
}

/// One argon2 hash, taken apart; its cost is within bounds.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Salt,
    output: Output,
}

impl Argon2Hash {
    /// The hash of this PHC string; `None` where it is no argon2 hash at all.
    pub(super) fn parse(hash: &PasswordHash) -> Option<Result<Self, UnusableHash>> {
        let algorithm = Algorithm::new(hash.algorithm.as_str()).ok()?;
        Some(Self::of(algorithm, hash))
    }

    fn of(algorithm: Algorithm, hash: &PasswordHash) -> Result<Self, UnusableHash> {
        // Strings from before version 1.3 say nothing of a version.
        let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| UnusableHash::UnknownScheme)?;
        let cost = Cost::of(&hash.params)?;
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else { return Err(UnusableHash::Malformed) };
        if salt.len() < Salt::MIN_LENGTH || output.len() < MINIMUM_OUTPUT {
            return Err(UnusableHash::OutOfBounds);
        }
        Ok(Self { algorithm, version, cost, salt, output })
    }

    /// The hash of this password.
    pub(super) fn make(
        password: &Password,
        cost: Cost,
        salt: &[u8; SALT_LENGTH],
        memory: &mut [Block],
    ) -> Result<Self> {
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        let mut output = Zeroizing::new([0; OUTPUT_LENGTH]);
        Argon2::new(algorithm, version, cost.parameters(OUTPUT_LENGTH)?)
            .hash_password_into_with_memory(password.expose().as_bytes(), salt, output.as_mut_slice(), memory)
            .map_err(failed)?;
        Self::new(cost, salt, &output)
    }

    /// A hash of no password that anybody knows.
    pub(super) fn decoy(cost: Cost, random: &dyn crate::Random) -> Result<Self> {
        let (mut salt, mut output) = ([0; SALT_LENGTH], [0; OUTPUT_LENGTH]);
        random.fill(&mut salt);
        random.fill(&mut output);
        Self::new(cost, &salt, &output)
    }

    fn new(cost: Cost, salt: &[u8; SALT_LENGTH], output: &[u8; OUTPUT_LENGTH]) -> Result<Self> {
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost,
            salt: Salt::new(salt).map_err(failed)?,
            output: Output::new(output).map_err(failed)?,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether a hash made at this cost would be better.
    pub(super) fn falls_short_of(&self, cost: Cost) -> bool {
        // More lanes at the same memory and passes are the same work, so parallelism says nothing of strength.
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || self.cost.memory < cost.memory
            || self.cost.iterations < cost.iterations
            || self.salt.len() < SALT_LENGTH
            || self.output.len() < OUTPUT_LENGTH
    }

    /// Whether this is the password's hash. Takes the same time whether it is or not.
    pub(super) fn matches(&self, password: &Password, memory: &mut [Block]) -> Result<bool> {
        let mut computed = Zeroizing::new([0; Output::MAX_LENGTH]);
        let computed = computed.get_mut(..self.output.len()).unwrap_or_default();
        Argon2::new(self.algorithm, self.version, self.cost.parameters(self.output.len())?)
            .hash_password_into_with_memory(password.expose().as_bytes(), &self.salt, computed, memory)
            .map_err(failed)?;
        Ok(computed.ct_eq(self.output.as_bytes()).into())
    }

    pub(super) fn to_phc(&self) -> Result<String> {
        let hash = PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(self.cost.parameters(self.output.len())?).map_err(failed)?,
            salt: Some(self.salt),
            hash: Some(self.output),
        };
        Ok(hash.to_string())
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: &str = "c29tZXNhbHRzb21lc2FsdA";
    const OUTPUT: &str = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

    fn falls_short(text: &str) -> bool {
        let hash = PasswordHash::new(text).unwrap();
        let today = Cost { memory: 64, iterations: 2, parallelism: 1 };
        Argon2Hash::parse(&hash).unwrap().unwrap().falls_short_of(today)
    }

    #[test]
    fn falls_short_by_algorithm_version_memory_passes_salt_or_output() {
        for (text, expected) in [
            (format!("$argon2id$v=19$m=64,t=2,p=1${SALT}${OUTPUT}"), false),
            (format!("$argon2id$v=19$m=65,t=3,p=1${SALT}${OUTPUT}"), false),
            (format!("$argon2id$v=19$m=64,t=2,p=4${SALT}${OUTPUT}"), false),
            (format!("$argon2i$v=19$m=64,t=2,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2d$v=19$m=64,t=2,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2id$v=16$m=64,t=2,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2id$m=64,t=2,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2id$v=19$m=63,t=9,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2id$v=19$m=640,t=1,p=1${SALT}${OUTPUT}"), true),
            (format!("$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2Fs${OUTPUT}"), true),
            (format!("$argon2id$v=19$m=64,t=2,p=1${SALT}$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGiw"), true),
        ] {
            assert_eq!(falls_short(&text), expected, "{text}");
        }
    }
}
