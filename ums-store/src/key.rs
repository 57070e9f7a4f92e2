//! Where an entry stands.

use std::fmt;

/// The place of an entry: a partition, and a sort part that orders entries within it.
///
/// Ordered by partition, then by the UTF-8 bytes of the sort part; a backend promises only the latter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    partition: Box<str>,
    sort: Box<str>,
}

impl Key {
    /// A key of these two parts. Whether it fits is looked at when it is used: a partition is not empty, and both
    /// parts together are at most [`Limits::key_bytes`](crate::Limits::key_bytes) long.
    pub fn new(partition: impl Into<Box<str>>, sort: impl Into<Box<str>>) -> Self {
        Self { partition: partition.into(), sort: sort.into() }
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The part that orders entries within the partition; may be empty.
    #[must_use]
    pub fn sort(&self) -> &str {
        &self.sort
    }

    /// The length of both parts together, in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.partition.len() + self.sort.len()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {:?})", self.partition, self.sort)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.partition, self.sort)
    }
}
