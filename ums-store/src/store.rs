//! The trait that a backend implements.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan};

/// An ordered, partitioned map with an atomic, checked commit.
///
/// The [crate's page](crate) lists the ten promises that an implementation makes. There are no default methods:
/// what is not promised by the backend itself can't be left out by accident.
///
/// Implementations are handles: cheap to clone, and clones share the data.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// What one commit, value and key may measure. Constant over the store's life, and at least
    /// [`Limits::FLOOR`].
    fn limits(&self) -> Limits;

    /// Reads entries by key, answering in the order asked; `None` where there is none. Any number of keys.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a key past the limits, [`Error::Unavailable`] where the engine did not answer,
    /// [`Error::Corrupt`] where what it answered can't be what was written.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error>;

    /// Reads entries of one partition in order. A page may be shorter than asked, even empty, and still not be
    /// the last: only [`Page::next`] tells.
    ///
    /// # Errors
    ///
    /// As for [`get`](Self::get); also [`Error::Invalid`] where [`Scan::validate`] refuses.
    async fn scan(&self, scan: &Scan) -> Result<Page, Error>;

    /// Checks every expectation and, if all hold, does every write: all or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] before any I/O where [`Commit::validate`] refuses; [`Error::Unavailable`] where it did
    /// not happen; [`Error::Unknown`] where it may have happened.
    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error>;
}

#[async_trait]
impl<S: Store + ?Sized> Store for Arc<S> {
    fn limits(&self) -> Limits {
        (**self).limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        (**self).get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        (**self).scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        (**self).commit(commit).await
    }
}
