//! The store with a flaw.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use async_trait::async_trait;
use tokio::sync::Mutex;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

use super::Flaw;
use super::commits::Remembered;
use super::reads::Answered;

/// A sound store with one flaw laid over it. Grants [`Limits::FLOOR`].
#[derive(Debug)]
pub struct BrokenStore<S> {
    pub(super) flaw: Flaw,
    pub(super) inner: S,
    make: fn() -> S,
    pub(super) notes: Arc<Notes>,
}

/// What a flaw remembers from one call to the next.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) answered: Mutex<Answered>,
    pub(super) remembered: Mutex<Remembered>,
    pub(super) calls: AtomicU64,
    pub(super) busy: AtomicBool,
    /// Held by commits that a flaw does in several steps.
    pub(super) turn: Mutex<()>,
}

impl<S: Store + Clone> BrokenStore<S> {
    /// A new store of this flaw over a new sound store, which should grant far more than the floor: what is beyond
    /// that is refused here, unless the flaw says otherwise.
    pub fn new(flaw: Flaw, make: fn() -> S) -> Self {
        Self { flaw, inner: make(), make, notes: Arc::default() }
    }
}

impl<S: Store + Clone> Clone for BrokenStore<S> {
    fn clone(&self) -> Self {
        if self.flaw == Flaw::ClonesApart {
            return Self::new(self.flaw, self.make);
        }
        Self { flaw: self.flaw, inner: self.inner.clone(), make: self.make, notes: Arc::clone(&self.notes) }
    }
}

#[async_trait]
impl<S: Store + Clone> Store for BrokenStore<S> {
    fn limits(&self) -> Limits {
        match self.flaw {
            Flaw::LimitsBelowFloor => Limits::FLOOR.with_operations(50),
            _ => Limits::FLOOR,
        }
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        if self.flaw != Flaw::LimitsIgnored {
            keys.iter().try_for_each(|key| self.limits().validate_key(key))?;
        }
        self.flawed_get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        if self.flaw != Flaw::LimitsIgnored {
            scan.validate(&self.limits())?;
        }
        self.flawed_scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        if !matches!(self.flaw, Flaw::LimitsIgnored | Flaw::DuplicatesAccepted) {
            commit.validate(&self.limits())?;
        }
        self.flawed_commit(commit).await
    }
}
