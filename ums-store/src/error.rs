//! What can go wrong, by cause.

use std::error::Error as StdError;

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request is one that no store of these limits may be asked for: a mistake in the caller. Nothing happened.
    #[error("invalid request to the store: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: InvalidReason,
    },
    /// The engine did not do it: **it did not happen**, and may be tried again.
    #[error("the store is unavailable")]
    Unavailable {
        /// The engine's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The engine's answer got lost: **it may have happened**. Reading a key that the commit put tells.
    #[error("the outcome of a commit is unknown")]
    Unknown {
        /// The engine's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// What was read can't be what was written. Never said of a commit.
    #[error("the store is corrupt")]
    Corrupt {
        /// The engine's own error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// [`Error::Unavailable`] for this cause.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable { source: source.into() }
    }

    /// [`Error::Unknown`] for this cause.
    pub fn unknown(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unknown { source: source.into() }
    }

    /// [`Error::Corrupt`] for this cause.
    pub fn corrupt(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Corrupt { source: source.into() }
    }

    /// A stable name for the kind of error, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::Unavailable { .. } => "unavailable",
            Self::Unknown { .. } => "unknown",
            Self::Corrupt { .. } => "corrupt",
        }
    }
}

/// Why a request is [`Error::Invalid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidReason {
    /// A commit without operations.
    #[error("a commit has no operations")]
    EmptyCommit,
    /// Two operations on one key.
    #[error("operations {first} and {second} are on the same key")]
    DuplicateKey {
        /// Index of the first.
        first: usize,
        /// Index of the second.
        second: usize,
    },
    /// An operation that neither expects nor writes anything.
    #[error("operation {index} neither expects nor writes anything")]
    IdleOperation {
        /// Its index.
        index: usize,
    },
    /// More operations than the store grants.
    #[error("a commit has {found} operations, at most {most} are granted")]
    Operations {
        /// The limit.
        most: usize,
        /// How many there were.
        found: usize,
    },
    /// More bytes than the store grants a commit.
    #[error("a commit has {found} bytes, at most {most} are granted")]
    CommitBytes {
        /// The limit.
        most: usize,
        /// How many there were.
        found: usize,
    },
    /// More bytes than the store grants a value.
    #[error("a value has {found} bytes, at most {most} are granted")]
    ValueBytes {
        /// The limit.
        most: usize,
        /// How many there were.
        found: usize,
    },
    /// More bytes than the store grants a key.
    #[error("a key has {found} bytes, at most {most} are granted")]
    KeyBytes {
        /// The limit.
        most: usize,
        /// How many there were.
        found: usize,
    },
    /// A key without a partition.
    #[error("a key's partition is empty")]
    EmptyPartition,
    /// A scan for no entries at all.
    #[error("a scan's limit is 0")]
    ScanLimit,
    /// A scan that begins outside its own prefix.
    #[error("a scan's `after` does not begin with its prefix")]
    ScanAfter,
}
