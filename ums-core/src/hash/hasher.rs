//! Hashing and verifying passwords.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::argon2::{Argon2Hash, Cost};
use super::gate::{Gate, HashLoad};
use super::options::HashOptions;
use super::password::Password;
use super::scheme::Scheme;
use super::stored::StoredHash;
use crate::{Random, Result};

/// Hashes passwords and verifies them, a bounded number at once. Needs a Tokio runtime.
#[derive(Debug)]
pub(crate) struct Hasher {
    cost: Cost,
    decoy: StoredHash,
    gate: Gate,
    random: Arc<dyn Random>,
}

/// What came of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether it is the account's password.
    pub(crate) matches: bool,
    /// Whether it is, and its hash falls short of today's parameters: hash it again and store that.
    pub(crate) outdated: bool,
}

impl Hasher {
    /// A hasher with these options.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) with every option that is out of its bounds.
    pub(crate) fn new(options: &HashOptions, random: Arc<dyn Random>) -> Result<Self> {
        options.check()?;
        Ok(Self {
            cost: options.cost,
            decoy: StoredHash::try_from(&Argon2Hash::decoy(options.cost, &*random)?)?,
            gate: Gate::new(options.concurrency, options.queue, options.cost.memory),
            random,
        })
    }

    /// The password's hash, with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`](crate::Error::Overloaded) where too many wait already.
    pub(crate) async fn hash(&self, password: &Password) -> Result<StoredHash> {
        let mut salt = [0; 16];
        self.random.fill(&mut salt);
        let (cost, password) = (self.cost, password.clone());
        let hash = self
            .gate
            .run(cost.memory, move |memory| Argon2Hash::make(&password, cost, &salt, memory))
            .await??;
        StoredHash::try_from(&hash)
    }

    /// Whether this is the account's password.
    ///
    /// `None` stands for an account that is not there, has no password or may not log in: it matches nothing and costs
    /// one verification at today's parameters all the same, so that the time says nothing of the account. So does a
    /// stored hash that can't be used, which is also logged as an error. `begun` is set once the verification can't be
    /// stopped any more, by dropping the future neither.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`](crate::Error::Overloaded) where too many wait already.
    pub(crate) async fn verify(
        &self,
        password: &Password,
        stored: Option<&StoredHash>,
        begun: &AtomicBool,
    ) -> Result<Verdict> {
        let usable = stored.and_then(|hash| match hash.scheme() {
            Ok(scheme) => Some(scheme),
            Err(error) => {
                tracing::error!(%error, "a stored password hash can't be used; its account needs a new password");
                None
            }
        });
        let outdated = usable.as_ref().is_some_and(|scheme| scheme.falls_short_of(self.cost));
        let known = usable.is_some();
        let scheme = match usable {
            Some(scheme) => scheme,
            None => self.decoy_scheme()?,
        };
        let password = password.clone();
        let matches = self
            .gate
            .run_noting(begun, scheme.memory(), move |memory| scheme.matches(&password, memory))
            .await??;
        let matches = matches && known;
        Ok(Verdict { matches, outdated: matches && outdated })
    }

    /// How busy hashing is.
    pub(crate) fn load(&self) -> HashLoad {
        self.gate.load()
    }

    /// What tests look at.
    #[cfg(test)]
    pub(crate) fn probe(&self) -> &super::gate::probe::Probe {
        &self.gate.probe
    }

    /// Lets everything wait as long as it is held.
    #[cfg(test)]
    pub(crate) fn hold(&self) -> impl Drop {
        self.gate.hold()
    }

    /// How many wait or are computed.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> usize {
        self.gate.places_taken()
    }

    fn decoy_scheme(&self) -> Result<Scheme> {
        self.decoy.scheme().map_err(|error| crate::Error::internal(format!("the decoy hash: {error}")))
    }
}

#[cfg(test)]
mod tests;
