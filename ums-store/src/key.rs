//! Where an entry stands.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The place of an entry: a partition, and a sort part that orders entries within it.
///
/// Ordered by partition, then by the UTF-8 bytes of the sort part; a backend promises only the latter. Clones share the
/// text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Both parts, one after the other: keys are made and cloned by the million, and this costs one allocation.
    text: Arc<str>,
    partition_bytes: usize,
}

impl Key {
    /// A key of these two parts. Whether it fits is looked at when it is used: a partition is not empty, and both
    /// parts together are at most [`Limits::key_bytes`](crate::Limits::key_bytes) long.
    pub fn new(partition: impl AsRef<str>, sort: impl AsRef<str>) -> Self {
        let (partition, sort) = (partition.as_ref(), sort.as_ref());
        Self { text: [partition, sort].concat().into(), partition_bytes: partition.len() }
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.parts().0
    }

    /// The part that orders entries within the partition; may be empty.
    #[must_use]
    pub fn sort(&self) -> &str {
        self.parts().1
    }

    /// The length of both parts together, in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.text.len()
    }

    fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.partition_bytes)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.partition_bytes == other.partition_bytes {
            // The parts meet at the same place, so that one comparison does for both.
            self.text.cmp(&other.text)
        } else {
            self.parts().cmp(&other.parts())
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {:?})", self.partition(), self.sort())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.partition(), self.sort())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_parts_meet_counts() {
        let (one, other) = (Key::new("ab", "c"), Key::new("a", "bc"));
        assert_ne!(one, other);
        assert_eq!((one.partition(), one.sort(), one.len_bytes()), ("ab", "c", 3));
        assert!(other < one);
        assert_eq!(one, Key::new("ab", "c"));
    }

    #[test]
    fn order_is_by_partition_and_then_by_bytes() {
        let keys = [Key::new("a", ""), Key::new("a", "z"), Key::new("a/b", "a"), Key::new("é", "")];
        assert!(keys.is_sorted());
        assert!(Key::new("a", "zz") < Key::new("ab", ""));
        assert!(Key::new("ab", "a") < Key::new("b", ""));
    }
}
