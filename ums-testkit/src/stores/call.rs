//! A call as a wrapper sees it.

use ums_store::{Commit, Key, Scan};

/// What a store was asked for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Call<'a> {
    /// Entries by key.
    Get(&'a [Key]),
    /// A page.
    Scan(&'a Scan),
    /// A commit.
    Commit(&'a Commit),
}

impl Call<'_> {
    /// Whether it is a commit.
    #[must_use]
    pub fn is_commit(&self) -> bool {
        matches!(self, Self::Commit(_))
    }
}
