//! The handle, and the trait on it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

use crate::state::State;

/// A store in memory. Clones share the data; it is gone with the last of them.
///
/// By default it grants [`Limits::FLOOR`] and no more, so that what works in a test works on every other store,
/// and drops expired entries by the wall clock. A test that lives by a clock of its own gives it to
/// [`with_clock`](Self::with_clock) too: otherwise what expires in the test's future may lie in the past.
#[derive(Clone)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    state: RwLock<State>,
}

impl MemoryStore {
    /// An empty store with the limits that every backend grants.
    ///
    /// ```
    /// use ums_store::{Limits, Store};
    ///
    /// assert_eq!(ums_store_memory::MemoryStore::new().limits(), Limits::FLOOR);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Limits::FLOOR)
    }

    /// An empty store with these limits. Below [`Limits::FLOOR`] it keeps no backend's promise.
    ///
    /// ```
    /// use ums_store::{Limits, Store};
    /// use ums_store_memory::MemoryStore;
    ///
    /// let store = MemoryStore::with_limits(Limits::FLOOR.with_operations(10_000));
    /// assert_eq!(store.limits().operations, 10_000);
    /// ```
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self::with_limits_and_clock(limits, wall_clock)
    }

    /// An empty store that drops expired entries by this clock, which tells seconds since 1970-01-01 UTC.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// let now = Arc::new(AtomicU64::new(1_700_000_000));
    /// let clock = Arc::clone(&now);
    /// let store = ums_store_memory::MemoryStore::with_clock(move || clock.load(Ordering::Relaxed));
    /// ```
    pub fn with_clock(clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::with_limits_and_clock(Limits::FLOOR, clock)
    }

    /// An empty store with these limits that drops expired entries by this clock, which tells seconds since
    /// 1970-01-01 UTC.
    pub fn with_limits_and_clock(limits: Limits, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { shared: Arc::new(Shared { limits, clock: Box::new(clock), state: RwLock::default() }) }
    }

    /// How many entries stand in the store, expired ones that were not dropped yet among them.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.read().entries()
    }

    // A panic can't leave the state half changed: nothing in `State` panics between two changes. So the data behind
    // a poisoned lock is sound.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.shared.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn limits(&self) -> Limits {
        self.shared.limits
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        for key in keys {
            self.shared.limits.validate_key(key)?;
        }
        let state = self.read();
        Ok(keys.iter().map(|key| state.get(key).cloned()).collect())
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        scan.validate(&self.shared.limits)?;
        Ok(self.read().scan(scan))
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        commit.validate(&self.shared.limits)?;
        let now = (self.shared.clock)();
        let mut state = self.write();
        // Twice as many as the commit adds, so that expired entries can't pile up behind the sweep.
        state.sweep(now, 2 * commit.ops().len());
        Ok(state.commit(commit))
    }
}

#[expect(clippy::disallowed_methods, reason = "the default of a clock that every caller can replace")]
fn wall_clock() -> u64 {
    // A clock before 1970 drops nothing.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
