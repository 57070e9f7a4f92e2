//! The ten promises by name.

use std::fmt;

/// One of the ten promises on the [crate's page](crate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Within a partition, keys order by the UTF-8 bytes of their sort part.
    Order,
    /// Reads see every commit that finished before they began.
    Freshness,
    /// A read is no snapshot, but each single entry is whole.
    NoSnapshot,
    /// A commit is all or nothing, serialisable, and durable.
    Atomicity,
    /// A refusal names what did not hold, and nothing was written.
    Refusal,
    /// What is more than the limits grant is invalid, before any I/O.
    Limits,
    /// What is said of a commit that failed is true.
    Candour,
    /// A refusal is never retried; conflicts of the engine are.
    Retries,
    /// An entry is dropped after its time, never before.
    Expiry,
    /// Dropping a future tears no commit, and clones share the data.
    Cancellation,
}

impl Rule {
    /// All ten, in order.
    pub const ALL: [Self; 10] = [
        Self::Order,
        Self::Freshness,
        Self::NoSnapshot,
        Self::Atomicity,
        Self::Refusal,
        Self::Limits,
        Self::Candour,
        Self::Retries,
        Self::Expiry,
        Self::Cancellation,
    ];

    /// The rule's number on the crate's page, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }
}

impl fmt::Display for Rule {
    /// Number and name: `rule 1, order`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Order => "order",
            Self::Freshness => "freshness",
            Self::NoSnapshot => "no snapshot",
            Self::Atomicity => "atomicity",
            Self::Refusal => "refusal",
            Self::Limits => "limits",
            Self::Candour => "candour",
            Self::Retries => "retries",
            Self::Expiry => "expiry",
            Self::Cancellation => "cancellation",
        };
        write!(f, "rule {}, {name}", self.number())
    }
}
