//! scrypt (RFC 7914): PHC strings, which passlib writes alike, and Django's.

use argon2::Block;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{Digest, MAXIMUM_OUTPUT, number, parameters, parts};
use super::romix::scrypt;
use crate::hash::password::Password;
use crate::hash::stored::UnusableHash;

/// The most that a hash may ask for: N = 2^17.
const MAXIMUM_LOG_N: u32 = 17;
const MAXIMUM_R: u32 = 32;
const MAXIMUM_P: u32 = 16;
/// The most memory, in KiB: twice that of N = 2^17 with r = 8, OWASP's first choice.
pub(in crate::hash) const MAXIMUM_MEMORY: u32 = 1 << 18;
/// The most work, N × r × p: four times that of OWASP's first choice.
const MAXIMUM_WORK: u64 = 1 << 22;

/// A scrypt hash, taken apart; its cost is within bounds.
#[derive(Clone)]
pub(in crate::hash) struct ScryptHash {
    cost: Cost,
    digest: Digest,
}

#[derive(Clone, Copy)]
struct Cost {
    log_n: u8,
    r: u32,
    p: u32,
}

impl Cost {
    fn bounded(log_n: u32, r: u32, p: u32) -> Result<Self, UnusableHash> {
        let each = (1..=MAXIMUM_LOG_N).contains(&log_n)
            && (1..=MAXIMUM_R).contains(&r)
            && (1..=MAXIMUM_P).contains(&p);
        let log_n = u8::try_from(log_n).map_err(|_| UnusableHash::OutOfBounds)?;
        let cost = Self { log_n, r, p };
        if each && cost.memory() <= MAXIMUM_MEMORY && cost.work() <= MAXIMUM_WORK {
            Ok(cost)
        } else {
            Err(UnusableHash::OutOfBounds)
        }
    }

    /// In KiB, rounded up: 128 bytes for each of N × r.
    fn memory(self) -> u32 {
        (self.r << self.log_n).div_ceil(8)
    }

    fn work(self) -> u64 {
        (u64::from(self.r) * u64::from(self.p)) << self.log_n
    }
}

impl ScryptHash {
    /// The hash of what follows `$scrypt$`.
    pub(in crate::hash) fn parse_phc(text: &str) -> Result<Self, UnusableHash> {
        let [cost, salt, output] = parts(text)?;
        let [Some(log_n), Some(r), Some(p)] = parameters(cost, ["ln", "r", "p"])? else {
            return Err(UnusableHash::Malformed);
        };
        Ok(Self { cost: Cost::bounded(log_n, r, p)?, digest: Digest::encoded(salt, output)? })
    }

    /// The hash of what follows Django's `scrypt$`.
    pub(in crate::hash) fn parse_django(text: &str) -> Result<Self, UnusableHash> {
        let [n, salt, r, p, output] = parts(text)?;
        let n = number(n)?;
        if !n.is_power_of_two() {
            return Err(UnusableHash::OutOfBounds);
        }
        let cost = Cost::bounded(n.ilog2(), number(r)?, number(p)?)?;
        Ok(Self { cost, digest: Digest::textual(salt, output)? })
    }

    /// The memory that verifying takes, in KiB.
    pub(in crate::hash) fn memory(&self) -> u32 {
        self.cost.memory()
    }

    /// Whether this is the password's hash. Takes the same time whether it is or not.
    pub(in crate::hash) fn matches(&self, password: &Password, memory: &mut [Block]) -> bool {
        let Cost { log_n, r, p } = self.cost;
        let mut computed = Zeroizing::new([0; MAXIMUM_OUTPUT]);
        let computed = computed.get_mut(..self.digest.output.len()).unwrap_or_default();
        let cost = (log_n, r as usize, p as usize);
        scrypt(password.expose().as_bytes(), &self.digest.salt, cost, memory, computed);
        computed.ct_eq(&self.digest.output).into()
    }

    #[cfg(test)]
    pub(in crate::hash) fn cost(&self) -> (u32, u32, u32) {
        (self.cost.log_n.into(), self.cost.r, self.cost.p)
    }
}
