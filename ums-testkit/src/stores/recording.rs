//! A store that remembers what was committed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

/// A store that keeps every commit that was applied, in order. Clones keep them together.
#[derive(Clone, Debug)]
pub struct RecordingStore<S> {
    inner: S,
    commits: Arc<Mutex<Vec<Commit>>>,
}

impl<S> RecordingStore<S> {
    /// A store that has seen no commit yet.
    pub fn new(inner: S) -> Self {
        Self { inner, commits: Arc::default() }
    }

    /// Every commit that was applied so far.
    #[must_use]
    pub fn commits(&self) -> Vec<Commit> {
        self.recorded().clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Vec<Commit>> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl<S: Store> Store for RecordingStore<S> {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.inner.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let outcome = self.inner.commit(commit).await?;
        if outcome == Outcome::Applied {
            self.recorded().push(commit.clone());
        }
        Ok(outcome)
    }
}
