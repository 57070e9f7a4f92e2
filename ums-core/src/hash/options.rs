//! What hashing costs, and how much of it happens at once.

use std::thread::available_parallelism;

use super::argon2::{Cost, MAXIMUM_ITERATIONS, MAXIMUM_MEMORY, MAXIMUM_PARALLELISM};
use crate::{Faults, Result};

/// How passwords are hashed with argon2id, and how many at once.
///
/// The defaults are OWASP's first choice (19 MiB, 2 iterations, 1 lane), as many hashes at once as the machine has
/// cores, and 256 waiting. Memory for hashing is `memory_kibibytes` × `concurrency` at most, and kept for reuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashOptions {
    pub(super) cost: Cost,
    pub(super) concurrency: usize,
    pub(super) queue: usize,
}

impl Default for HashOptions {
    fn default() -> Self {
        Self {
            cost: Cost { memory: 19_456, iterations: 2, parallelism: 1 },
            concurrency: available_parallelism().map_or(1, usize::from),
            queue: 256,
        }
    }
}

impl HashOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Memory that one hash fills, in KiB: 8 for each lane to 1,048,576 (1 GiB). 19,456 by default.
    #[must_use]
    pub fn memory_kibibytes(mut self, memory: u32) -> Self {
        self.cost.memory = memory;
        self
    }

    /// Passes over the memory: 1 to 10. 2 by default.
    #[must_use]
    pub fn iterations(mut self, iterations: u32) -> Self {
        self.cost.iterations = iterations;
        self
    }

    /// Lanes: 1 to 64. 1 by default. One thread computes them all, one after the other.
    #[must_use]
    pub fn parallelism(mut self, parallelism: u32) -> Self {
        self.cost.parallelism = parallelism;
        self
    }

    /// Hashes computed at once: 1 to 1,024. By default as many as the machine has cores.
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Hashes that may wait for their turn: 0 to 1,000,000; past it callers get
    /// [`Error::Overloaded`](crate::Error::Overloaded). 256 by default.
    #[must_use]
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }

    /// # Errors
    ///
    /// [`Error::Invalid`](crate::Error::Invalid) with every option that is out of its bounds.
    pub(super) fn check(&self) -> Result<()> {
        let Cost { memory, iterations, parallelism } = self.cost;
        let mut faults = Faults::default();
        let mut bound = |name: &str, value: u64, least: u64, most: u64| {
            if !(least..=most).contains(&value) {
                faults.add(name, "out_of_range", format!("must be {least} to {most}"));
            }
        };
        let least_memory = 8 * u64::from(parallelism.clamp(1, MAXIMUM_PARALLELISM));
        bound("memory_kibibytes", memory.into(), least_memory, MAXIMUM_MEMORY.into());
        bound("iterations", iterations.into(), 1, MAXIMUM_ITERATIONS.into());
        bound("parallelism", parallelism.into(), 1, MAXIMUM_PARALLELISM.into());
        bound("concurrency", self.concurrency as u64, 1, 1024);
        bound("queue", self.queue as u64, 0, 1_000_000);
        faults.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn defaults_are_owasps() {
        let options = HashOptions::new();
        assert_eq!(options.cost, Cost { memory: 19_456, iterations: 2, parallelism: 1 });
        assert_eq!(options.concurrency, available_parallelism().unwrap().get());
        assert!(options.check().is_ok());
    }

    #[test]
    fn names_every_option_out_of_bounds() {
        let options = HashOptions::new()
            .memory_kibibytes(7)
            .iterations(0)
            .parallelism(65)
            .concurrency(0)
            .queue(1 << 40);
        let Err(Error::Invalid(faults)) = options.check() else { panic!("accepted") };
        let fields: Vec<_> = faults.as_slice().iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["memory_kibibytes", "iterations", "parallelism", "concurrency", "queue"]);
    }

    #[test]
    fn bounds_are_taken() {
        let least =
            HashOptions::new().memory_kibibytes(8).iterations(1).parallelism(1).concurrency(1).queue(0);
        assert!(least.check().is_ok());
        let most =
            HashOptions::new().memory_kibibytes(1 << 20).iterations(10).parallelism(64).concurrency(1024);
        assert!(most.check().is_ok());
        assert!(HashOptions::new().memory_kibibytes((1 << 20) + 1).check().is_err());
        assert!(HashOptions::new().memory_kibibytes(31).parallelism(4).check().is_err());
    }
}
