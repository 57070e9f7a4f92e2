//! A store that counts what it is asked for.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

/// What a store was asked for so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of `get`.
    pub gets: u64,
    /// Keys that they asked for.
    pub keys: u64,
    /// Calls of `scan`.
    pub scans: u64,
    /// Entries that they found.
    pub items: u64,
    /// Calls of `commit`, whatever became of them.
    pub commits: u64,
    /// Operations in them.
    pub operations: u64,
    /// Commits that were refused.
    pub refused: u64,
}

/// A store that counts. Clones share the counts.
#[derive(Clone, Debug)]
pub struct CountingStore<S> {
    inner: S,
    counts: Arc<Mutex<Counts>>,
}

impl<S> CountingStore<S> {
    /// A store with all counts at 0.
    pub fn new(inner: S) -> Self {
        Self { inner, counts: Arc::default() }
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counts so far; begins again at 0.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl<S: Store> Store for CountingStore<S> {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.count(|counts| {
            counts.gets += 1;
            counts.keys += keys.len() as u64;
        });
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.count(|counts| counts.scans += 1);
        let page = self.inner.scan(scan).await?;
        self.count(|counts| counts.items += page.items.len() as u64);
        Ok(page)
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        self.count(|counts| {
            counts.commits += 1;
            counts.operations += commit.ops().len() as u64;
        });
        let outcome = self.inner.commit(commit).await?;
        self.count(|counts| counts.refused += u64::from(matches!(outcome, Outcome::Refused { .. })));
        Ok(outcome)
    }
}
