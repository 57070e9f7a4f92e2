//! What stands at a key.

use std::fmt;
use std::sync::Arc;

use crate::CommitId;

/// A value with the version that its last commit gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The text that was put; the core puts JSON.
    pub value: Arc<str>,
    /// The [`CommitId`] of the commit that put it.
    pub version: Version,
    /// From when on the backend may drop the entry, in seconds since 1970-01-01 UTC; `None` for never.
    pub expires_at: Option<u64>,
}

impl fmt::Debug for Entry {
    /// Leaves the value out: it may hold a password's hash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("value", &format_args!("{} bytes", self.value.len()))
            .field("version", &self.version)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// Which commit put an entry. Since ids of commits are random and never repeated, an entry that was deleted and put
/// again never looks unchanged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u128);

impl Version {
    /// The version of this number: for backends, which store it.
    #[must_use]
    pub const fn from_u128(number: u128) -> Self {
        Self(number)
    }

    /// The number, as stored.
    #[must_use]
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl From<CommitId> for Version {
    fn from(id: CommitId) -> Self {
        Self(id.as_u128())
    }
}

impl fmt::Display for Version {
    /// 32 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({self})")
    }
}
