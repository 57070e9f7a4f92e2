//! A store whose answers take turns, so that tasks meet in orders that no fast store shows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

/// A store that lets other tasks go first, before and after each call, as often as a seed says. No time passes.
/// Clones go on with one sequence.
#[derive(Clone, Debug)]
pub struct DelayingStore<S> {
    inner: S,
    state: Arc<AtomicU64>,
}

impl<S: Sync> DelayingStore<S> {
    /// A store of this seed. On one thread, the same seed gives the same order.
    pub fn new(inner: S, seed: u64) -> Self {
        Self { inner, state: Arc::new(AtomicU64::new(seed)) }
    }

    async fn delay(&self) {
        for _ in 0..self.next() % 4 {
            tokio::task::yield_now().await;
        }
    }

    /// SplitMix64, of which the high bits are the better ones.
    fn next(&self) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut mixed = self.state.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed >> 32
    }
}

#[async_trait]
impl<S: Store> Store for DelayingStore<S> {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.delay().await;
        let found = self.inner.get(keys).await;
        self.delay().await;
        found
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.delay().await;
        let page = self.inner.scan(scan).await;
        self.delay().await;
        page
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        self.delay().await;
        let outcome = self.inner.commit(commit).await;
        self.delay().await;
        outcome
    }
}
