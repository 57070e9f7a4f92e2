//! Reading a partition in order.

use std::ops::Bound;

use crate::{Entry, Error, InvalidReason, Limits};

/// A question for the entries of one partition whose sort part begins with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The partition.
    pub partition: String,
    /// What the sort parts begin with; empty for all.
    pub prefix: String,
    /// Only entries past this sort part, in the scan's direction; it need not exist, but begins with the prefix.
    pub after: Option<String>,
    /// Which way.
    pub direction: Direction,
    /// How many entries at most; at least 1.
    pub limit: usize,
}

impl Scan {
    /// All entries of a partition, lowest first, 100 a page.
    pub fn partition(partition: impl Into<String>) -> Self {
        Self {
            partition: partition.into(),
            prefix: String::new(),
            after: None,
            direction: Direction::Ascending,
            limit: 100,
        }
    }

    /// Only entries whose sort part begins with this.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Only entries past this sort part, in the scan's direction: [`Page::next`] of the page before.
    #[must_use]
    pub fn after(self, after: impl Into<String>) -> Self {
        Self { after: Some(after.into()), ..self }
    }

    /// Highest first.
    #[must_use]
    pub fn descending(self) -> Self {
        Self { direction: Direction::Descending, ..self }
    }

    /// At most this many entries a page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Looks whether the scan is one that a store of these limits may be asked for. Every backend calls this first.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an empty partition, a limit of 0, a key that is too long, or an `after` that does
    /// not begin with the prefix.
    pub fn validate(&self, limits: &Limits) -> Result<(), Error> {
        let longest = self.prefix.len().max(self.after.as_ref().map_or(0, String::len));
        limits.validate_parts(&self.partition, self.partition.len() + longest)?;
        let reason = if self.limit == 0 {
            InvalidReason::ScanLimit
        } else if self.after.as_ref().is_some_and(|after| !after.starts_with(&self.prefix)) {
            InvalidReason::ScanAfter
        } else {
            return Ok(());
        };
        Err(Error::Invalid { reason })
    }

    /// The sort parts that the scan may find, as a range in order of bytes: from the prefix or past `after`, to the
    /// end of the prefix. For backends whose engine reads ranges; meant for a scan that [`validate`](Self::validate)
    /// accepted, whose range is never inverted.
    #[must_use]
    pub fn bounds(&self) -> (Bound<String>, Bound<String>) {
        let mut lower = Bound::Included(self.prefix.clone());
        let mut upper = end_of_prefix(&self.prefix).map_or(Bound::Unbounded, Bound::Excluded);
        if let Some(after) = &self.after {
            match self.direction {
                Direction::Ascending => lower = Bound::Excluded(after.clone()),
                Direction::Descending => upper = Bound::Excluded(after.clone()),
            }
        }
        (lower, upper)
    }
}

/// The lowest text above every text that begins with the prefix; `None` where there is none. UTF-8 orders by code
/// point, so the last character that has a successor gets it.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// Which way a scan goes. Exhaustive: there are two.
#[allow(clippy::exhaustive_enums)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lowest sort part first.
    Ascending,
    /// Highest sort part first.
    Descending,
}

/// Some entries, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries found; at most as many as asked, perhaps fewer, perhaps none.
    pub items: Vec<Item>,
    /// Where the next page begins, for [`Scan::after`]; `None` where there is certainly nothing more.
    pub next: Option<String>,
}

/// An entry with the sort part it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The sort part of the entry's key.
    pub sort: String,
    /// The entry.
    pub entry: Entry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_where_the_next_character_begins() {
        assert_eq!(end_of_prefix(""), None);
        assert_eq!(end_of_prefix("a"), Some("b".into()));
        assert_eq!(end_of_prefix("a\u{7f}"), Some("a\u{80}".into()));
        assert_eq!(end_of_prefix("a\u{D7FF}"), Some("a\u{E000}".into()));
        assert_eq!(end_of_prefix("a\u{10FFFF}"), Some("b".into()));
        assert_eq!(end_of_prefix("\u{10FFFF}\u{10FFFF}"), None);
    }

    #[test]
    fn bounds_of_a_descending_scan_past_its_own_prefix_are_empty() {
        let scan = Scan::partition("p").prefix("a").after("a").descending();
        assert_eq!(scan.bounds(), (Bound::Included("a".into()), Bound::Excluded("a".into())));
    }
}
