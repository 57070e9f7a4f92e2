//! The one way to write: operations that hold together or not at all.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::{Error, InvalidReason, Key, Limits, Version};

/// Operations on distinct keys, applied all together or not at all. Clones share the operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    id: CommitId,
    ops: Arc<[Op]>,
}

impl Commit {
    /// A commit of these operations. The caller makes the id, at random, and uses it for this commit alone; every
    /// entry that the commit puts carries it as its [`Version`].
    pub fn new(id: CommitId, ops: impl IntoIterator<Item = Op>) -> Self {
        Self { id, ops: ops.into_iter().collect() }
    }

    /// The caller's id for this commit.
    #[must_use]
    pub fn id(&self) -> CommitId {
        self.id
    }

    /// The operations, in the order given; [`Outcome::Refused`] counts in this order.
    #[must_use]
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Keys and values together, in bytes: what [`Limits::commit_bytes`] bounds.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.ops.iter().map(Op::len_bytes).sum()
    }

    /// Looks whether the commit is one that a store of these limits may be asked for. Every backend calls this first.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a commit without operations, with two operations on one key, with an operation that
    /// neither expects nor writes anything, or with more than the limits grant.
    pub fn validate(&self, limits: &Limits) -> Result<(), Error> {
        let invalid = |reason| Err(Error::Invalid { reason });
        if self.ops.is_empty() {
            return invalid(InvalidReason::EmptyCommit);
        }
        if self.ops.len() > limits.operations {
            return invalid(InvalidReason::Operations { most: limits.operations, found: self.ops.len() });
        }
        // Keys in ascending order, as the core gives them, are distinct; others are looked up.
        let ascending = self.ops.is_sorted_by(|one, other| one.key < other.key);
        let mut seen = HashMap::new();
        for (index, op) in self.ops.iter().enumerate() {
            limits.validate_key(&op.key)?;
            if let Write::Put { value, .. } = &op.write {
                if value.len() > limits.value_bytes {
                    return invalid(InvalidReason::ValueBytes {
                        most: limits.value_bytes,
                        found: value.len(),
                    });
                }
            } else if op.write == Write::Nothing && op.expect == Expect::Anything {
                return invalid(InvalidReason::IdleOperation { index });
            }
            if !ascending && let Some(first) = seen.insert(&op.key, index) {
                return invalid(InvalidReason::DuplicateKey { first, second: index });
            }
        }
        let bytes = self.len_bytes();
        if bytes > limits.commit_bytes {
            return invalid(InvalidReason::CommitBytes { most: limits.commit_bytes, found: bytes });
        }
        Ok(())
    }
}

/// A commit's id: 128 random bits, made by the caller, never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(u128);

impl CommitId {
    /// The id of this number. Take the number from a source of randomness.
    #[must_use]
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({:032x})", self.0)
    }
}

/// What one commit does with one key: a check, a write, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// The key.
    pub key: Key,
    /// What must hold of the key for the commit to apply.
    pub expect: Expect,
    /// What is done to the key when it applies.
    pub write: Write,
}

impl Op {
    /// Puts a value, whatever stands there.
    pub fn put(key: Key, value: impl Into<Arc<str>>) -> Self {
        Self { key, expect: Expect::Anything, write: Write::Put { value: value.into(), expires_at: None } }
    }

    /// Deletes what stands there, if anything does.
    #[must_use]
    pub fn delete(key: Key) -> Self {
        Self { key, expect: Expect::Anything, write: Write::Delete }
    }

    /// Writes nothing; to be joined with an expectation.
    #[must_use]
    pub fn check(key: Key) -> Self {
        Self { key, expect: Expect::Anything, write: Write::Nothing }
    }

    /// Expects that nothing stands at the key.
    #[must_use]
    pub fn expect_absent(self) -> Self {
        Self { expect: Expect::Absent, ..self }
    }

    /// Expects that the key's entry still has this version.
    #[must_use]
    pub fn expect_version(self, version: Version) -> Self {
        Self { expect: Expect::At(version), ..self }
    }

    /// Lets the backend drop what is put, from this time on (seconds since 1970-01-01 UTC). Without effect on
    /// operations that put nothing.
    #[must_use]
    pub fn expires_at(mut self, seconds: u64) -> Self {
        if let Write::Put { expires_at, .. } = &mut self.write {
            *expires_at = Some(seconds);
        }
        self
    }

    fn len_bytes(&self) -> usize {
        let value = if let Write::Put { value, .. } = &self.write { value.len() } else { 0 };
        self.key.len_bytes() + value
    }
}

/// What must hold of a key for a commit to apply. Exhaustive: a backend handles each.
#[allow(clippy::exhaustive_enums)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is asked.
    Anything,
    /// Nothing stands there.
    Absent,
    /// An entry of this version stands there.
    At(Version),
}

impl Expect {
    /// Whether the expectation holds of a key where an entry of this version stands, or none.
    #[must_use]
    pub fn holds(self, found: Option<Version>) -> bool {
        match self {
            Self::Anything => true,
            Self::Absent => found.is_none(),
            Self::At(version) => found == Some(version),
        }
    }
}

/// What a commit does to a key. Exhaustive: a backend handles each.
#[allow(clippy::exhaustive_enums)]
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Replaces what stands there.
    Put {
        /// The new value.
        value: Arc<str>,
        /// From when on the backend may drop it, in seconds since 1970-01-01 UTC; `None` for never.
        expires_at: Option<u64>,
    },
    /// Removes what stands there; no error where nothing does.
    Delete,
    /// Leaves the key alone.
    Nothing,
}

impl fmt::Debug for Write {
    /// Leaves the value out: it may hold a password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Put { value, expires_at } => f
                .debug_struct("Put")
                .field("value", &format_args!("{} bytes", value.len()))
                .field("expires_at", expires_at)
                .finish(),
            Self::Delete => f.write_str("Delete"),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// How a commit ended. Exhaustive: contention has no third answer.
#[allow(clippy::exhaustive_enums)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every expectation held; every write is done and durable.
    Applied,
    /// At least one expectation did not hold; nothing was written.
    Refused {
        /// Indexes, in the commit's order, of operations that did not hold: at least one, not always all.
        failed: Vec<usize>,
    },
}
