//! Reading a partition in order.

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
