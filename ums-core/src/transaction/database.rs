//! The store, as the core sees it: records instead of text, transactions instead of commits.

use std::future::Future;
use std::sync::Arc;

use ums_store::{CommitId, Key, Limits, Page, Scan, Store};

use super::Transaction;
use super::commit::{Settled, settle};
use super::epochs::{Epoch, Epochs};
use super::ids::Ids;
use super::rehearsal::Rehearsal;
use crate::model::UserId;
use crate::record::{self, Found, Record};
use crate::{Clock, Conflict, Error, Kind, Random, Result, Timestamp, keyspace};

/// How often a transaction is tried before contention is admitted.
const ATTEMPTS: u32 = 24;

/// The store with what a transaction needs besides.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    ids: Arc<Ids>,
    pub(super) epochs: Arc<Epochs>,
}

impl Database {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { store, clock, random, ids: Arc::default(), epochs: Arc::default() }
    }

    /// The same database, but that nothing that is written to it stays.
    pub(crate) fn rehearsal(&self) -> Self {
        Self { store: Arc::new(Rehearsal::new(self.store.clone())), ids: Arc::default(), ..self.clone() }
    }

    /// How often something was committed to this user's partition so far: grows once a commit that changes it has ended,
    /// before who sent it gets its answer. Commits of other processes don't count.
    pub(crate) fn user_epoch(&self, id: UserId) -> Epoch {
        self.epochs.of(&keyspace::user(id))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    pub(crate) fn limits(&self) -> Limits {
        self.store.limits()
    }

    /// Reads a record outside any transaction.
    pub(crate) async fn read<T: Record>(&self, key: &Key) -> Result<Option<Found<T>>> {
        let found = self.read_all(std::slice::from_ref(key)).await?;
        Ok(found.into_iter().next().flatten())
    }

    /// Reads records of one kind, in the order asked, outside any transaction.
    pub(crate) async fn read_all<T: Record>(&self, keys: &[Key]) -> Result<Vec<Option<Found<T>>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.store.get(keys).await?;
        entries.iter().map(|entry| entry.as_ref().map(Found::read).transpose()).collect()
    }

    /// Reads the ids that index entries lead to, in the order asked.
    pub(crate) async fn lookup_all(&self, keys: &[Key]) -> Result<Vec<Option<u64>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.store.get(keys).await?;
        keys.iter()
            .zip(entries)
            .map(|(key, entry)| entry.map(|entry| record::read_id(key, &entry.value)).transpose())
            .collect()
    }

    /// Reads the id that an index entry leads to.
    pub(crate) async fn lookup(&self, key: &Key) -> Result<Option<u64>> {
        Ok(self.lookup_all(std::slice::from_ref(key)).await?.into_iter().next().flatten())
    }

    /// One page of a partition.
    pub(crate) async fn scan(&self, scan: &Scan) -> Result<Page> {
        Ok(self.store.scan(scan).await?)
    }

    /// Runs `work` in a transaction and commits what it wrote; again from the start where something it read has
    /// changed meanwhile. `work` must not act on anything outside the transaction.
    ///
    /// # Errors
    ///
    /// Those of `work`; [`Conflict::Contention`] after many tries; those of the store.
    pub(crate) async fn transact<T, F, R>(&self, work: F) -> Result<T>
    where
        F: Fn(Transaction) -> R + Send + Sync,
        R: Future<Output = Result<T>> + Send,
        T: Send,
    {
        for attempt in 0..ATTEMPTS {
            let transaction = Transaction::new(self.store.clone(), CommitId::from_u128(self.random.u128()));
            let answer = match work(transaction.clone()).await {
                Ok(answer) => answer,
                Err(error @ Error::Store(_)) => return Err(error),
                Err(error) => {
                    if transaction.still_holds().await? {
                        return Err(error);
                    }
                    self.pause(attempt).await;
                    continue;
                }
            };
            let Some(commit) = transaction.into_commit() else { return Ok(answer) };
            let ending = self.epochs.on_end_of(&commit);
            let settled = settle(&*self.store, &commit).await;
            drop(ending);
            match settled? {
                Settled::Applied => return Ok(answer),
                Settled::Refused => self.pause(attempt).await,
            }
        }
        Err(Conflict::Contention.into())
    }

    /// The next identifier of a kind.
    pub(crate) async fn next_id(&self, kind: Kind) -> Result<u64> {
        self.ids.next(self, kind).await
    }

    /// A run of identifiers of a kind: its first; none of them is ever allotted again.
    pub(crate) async fn reserve_ids(&self, kind: Kind, count: u64) -> Result<u64> {
        self.ids.reserve(self, kind, count).await
    }

    /// Waits a random while that grows with the attempts, so that those who collided don't collide again.
    async fn pause(&self, attempt: u32) {
        if attempt < 2 {
            tokio::task::yield_now().await;
        } else {
            let most = 1_u64 << attempt.min(7);
            let milliseconds = self.random.below(most) + 1;
            tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        }
    }
}
