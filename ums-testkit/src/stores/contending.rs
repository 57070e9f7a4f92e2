//! A store where somebody else is always faster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use async_trait::async_trait;
use ums_store::{Commit, CommitId, Entry, Error, Expect, Key, Limits, Op, Outcome, Page, Scan, Store};

/// A store that lets commits lose: before each, as many times as told, somebody puts the entries again whose version
/// the commit expects, with the value they have. The refusal that follows is true. A commit that expects no version
/// is left alone. Clones share what is left to lose.
#[derive(Clone, Debug)]
pub struct ContendingStore<S> {
    inner: S,
    left: Arc<AtomicUsize>,
    ids: Arc<AtomicU64>,
}

impl<S> ContendingStore<S> {
    /// A store where nobody contends yet.
    pub fn new(inner: S) -> Self {
        Self { inner, left: Arc::default(), ids: Arc::default() }
    }

    /// Lets the next commits that expect a version lose, so many of them.
    pub fn contend(&self, commits: usize) {
        self.left.store(commits, Ordering::SeqCst);
    }

    /// How many commits are still to lose.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }

    fn id(&self) -> CommitId {
        // Far from what a seeded source of randomness makes.
        CommitId::from_u128(u128::MAX - u128::from(self.ids.fetch_add(1, Ordering::SeqCst)))
    }
}

impl<S: Store> ContendingStore<S> {
    async fn be_faster(&self, commit: &Commit) -> Result<(), Error> {
        let expects = |op: &&Op| matches!(op.expect, Expect::At(_));
        let keys: Vec<Key> = commit.ops().iter().filter(expects).map(|op| op.key.clone()).collect();
        if keys.is_empty() || self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_err() {
            return Ok(());
        }
        let entries = self.inner.get(&keys).await?;
        let again = keys.into_iter().zip(entries).filter_map(|(key, entry)| {
            let entry = entry?;
            let put = Op::put(key, entry.value).expect_version(entry.version);
            Some(entry.expires_at.map_or(put.clone(), |seconds| put.expires_at(seconds)))
        });
        let again: Vec<Op> = again.collect();
        if !again.is_empty() {
            // Refused where yet another was faster, which serves as well.
            self.inner.commit(&Commit::new(self.id(), again)).await?;
        }
        Ok(())
    }
}

fn one_less(left: usize) -> Option<usize> {
    left.checked_sub(1)
}

#[async_trait]
impl<S: Store> Store for ContendingStore<S> {
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
        self.be_faster(commit).await?;
        self.inner.commit(commit).await
    }
}
