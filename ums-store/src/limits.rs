//! What a store grants.

use crate::{Error, InvalidReason, Key};

/// What one commit, value and key may measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Operations in a commit.
    pub operations: usize,
    /// Keys and values of a commit together, in bytes.
    pub commit_bytes: usize,
    /// One value, in bytes.
    pub value_bytes: usize,
    /// Both parts of a key together, in bytes.
    pub key_bytes: usize,
}

impl Limits {
    /// What every backend grants: 100 operations and 4 MB a commit, 300 KiB a value, 1 KiB a key.
    pub const FLOOR: Self =
        Self { operations: 100, commit_bytes: 4_000_000, value_bytes: 300 * 1024, key_bytes: 1024 };

    /// Grants this many operations a commit.
    #[must_use]
    pub const fn with_operations(self, operations: usize) -> Self {
        Self { operations, ..self }
    }

    /// Grants a commit of this many bytes.
    #[must_use]
    pub const fn with_commit_bytes(self, commit_bytes: usize) -> Self {
        Self { commit_bytes, ..self }
    }

    /// Grants values of this many bytes.
    #[must_use]
    pub const fn with_value_bytes(self, value_bytes: usize) -> Self {
        Self { value_bytes, ..self }
    }

    /// Grants keys of this many bytes.
    #[must_use]
    pub const fn with_key_bytes(self, key_bytes: usize) -> Self {
        Self { key_bytes, ..self }
    }

    /// Looks whether a key is one that a store of these limits may be asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an empty partition or a key that is too long.
    pub fn validate_key(&self, key: &Key) -> Result<(), Error> {
        self.validate_parts(key.partition(), key.len_bytes())
    }

    pub(crate) fn validate_parts(&self, partition: &str, len_bytes: usize) -> Result<(), Error> {
        let reason = if partition.is_empty() {
            InvalidReason::EmptyPartition
        } else if len_bytes > self.key_bytes {
            InvalidReason::KeyBytes { most: self.key_bytes, found: len_bytes }
        } else {
            return Ok(());
        };
        Err(Error::Invalid { reason })
    }
}
