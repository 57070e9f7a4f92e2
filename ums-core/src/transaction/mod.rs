//! The only door to the store: reads that note versions, writes that gather, and one checked commit at the end.
//!
//! Point reads in a transaction are serialisable: the commit expects every version that was read. A scan is not
//! tracked, so no rule may rest on one alone. Reads are no snapshot either: an error that rests on several of them is
//! answered once they are known to have held together.

mod commit;
mod database;
mod epochs;
mod ids;
mod rehearsal;

pub(crate) use database::Database;
pub(crate) use epochs::Epoch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ums_store::{Commit, CommitId, Entry, Expect, Key, Op, Store, Version, Write};

use crate::index::{IndexEntry, Indexed};
use crate::record::{self, Found, Record};
use crate::{Result, Timestamp};

/// Reads and writes that become one commit. Clones are the same transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    store: Arc<dyn Store>,
    id: CommitId,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Debug, Default)]
struct Pending {
    reads: BTreeMap<Key, Option<Entry>>,
    writes: BTreeMap<Key, Pend>,
}

#[derive(Debug)]
struct Pend {
    write: Write,
    expect_absent: bool,
}

impl Transaction {
    fn new(store: Arc<dyn Store>, id: CommitId) -> Self {
        Self { store, id, pending: Arc::default() }
    }

    /// The version that everything this transaction writes will have.
    pub(crate) fn version(&self) -> Version {
        self.id.into()
    }

    /// Reads a record; a second read of the same key answers the same, with what was written since.
    pub(crate) async fn read<T: Record>(&self, key: &Key) -> Result<Option<Found<T>>> {
        self.fetch(std::slice::from_ref(key)).await?;
        let entry = self.known(key);
        entry.as_ref().map(Found::read).transpose()
    }

    /// Reads the id that an index entry leads to.
    pub(crate) async fn lookup(&self, key: &Key) -> Result<Option<u64>> {
        self.fetch(std::slice::from_ref(key)).await?;
        self.known(key).map(|entry| record::read_id(key, &entry.value)).transpose()
    }

    /// Fetches keys in one request, so that later reads of them cost nothing.
    pub(crate) async fn fetch(&self, keys: &[Key]) -> Result<()> {
        let missing: Vec<Key> = {
            let pending = self.pending();
            keys.iter().filter(|key| !pending.reads.contains_key(*key)).cloned().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let entries = self.store.get(&missing).await?;
        self.pending().reads.extend(missing.into_iter().zip(entries));
        Ok(())
    }

    /// Puts a record that nothing is found by.
    pub(crate) fn put<T: Record>(&self, key: Key, record: &T) -> Result<()> {
        self.put_text(key, record::write(record, false)?, None, false);
        Ok(())
    }

    /// Puts a record that the store may drop after a while; a new one where none was read.
    pub(crate) fn put_expiring<T: Record>(&self, key: Key, record: &T, expires_at: Timestamp) -> Result<()> {
        self.put_text(key, record::write(record, false)?, Some(expiry(expires_at)), true);
        Ok(())
    }

    /// Puts a record that the store may drop after a while, in the place of whatever is there.
    pub(crate) fn put_replacing<T: Record>(&self, key: Key, record: &T, expires_at: Timestamp) -> Result<()> {
        self.put_text(key, record::write(record, false)?, Some(expiry(expires_at)), false);
        Ok(())
    }

    /// Puts a record whose deletion has begun, or has been taken back.
    pub(crate) fn put_closing<T: Record>(&self, key: Key, record: &T, closing: bool) -> Result<()> {
        self.put_text(key, record::write(record, closing)?, None, false);
        Ok(())
    }

    /// Deletes what stands at a key.
    pub(crate) fn delete(&self, key: Key) {
        self.pending().writes.insert(key, Pend { write: Write::Delete, expect_absent: false });
    }

    /// Replaces one state of a record by another, with all the entries that lead to it. No old state makes a new
    /// record, no new one deletes it.
    pub(crate) fn replace<T: Indexed>(&self, key: Key, old: Option<&T>, new: Option<&T>) -> Result<()> {
        let before = old.map(Indexed::index).unwrap_or_default();
        let after = new.map(Indexed::index).unwrap_or_default();
        for gone in before.keys().filter(|key| !after.contains_key(*key)) {
            self.delete(gone.clone());
        }
        for (added, entry) in after.into_iter().filter(|(key, entry)| before.get(key) != Some(entry)) {
            self.put_index(added, &entry, &before);
        }
        match new {
            Some(record) => self.put_text(key, record::write(record, false)?, None, old.is_none()),
            None => self.delete(key),
        }
        Ok(())
    }

    fn put_index(&self, key: Key, entry: &IndexEntry, before: &BTreeMap<Key, IndexEntry>) {
        let expect_absent = entry.unique && !before.contains_key(&key);
        let write = Write::Put { value: entry.id.to_string().into(), expires_at: None };
        self.pending().writes.insert(key, Pend { write, expect_absent });
    }

    /// `expect_absent` counts where the key was not read: what was read is expected there in any case.
    fn put_text(&self, key: Key, value: String, expires_at: Option<u64>, expect_absent: bool) {
        let write = Write::Put { value: value.into(), expires_at };
        self.pending().writes.insert(key, Pend { write, expect_absent });
    }

    /// What the transaction sees at a key that it has fetched.
    fn known(&self, key: &Key) -> Option<Entry> {
        let pending = self.pending();
        match pending.writes.get(key).map(|pend| &pend.write) {
            Some(Write::Put { value, expires_at }) => {
                Some(Entry { value: value.clone(), version: self.version(), expires_at: *expires_at })
            }
            Some(Write::Delete) => None,
            Some(Write::Nothing) | None => pending.reads.get(key).cloned().flatten(),
        }
    }

    /// Whether everything that was read still is as it was read: then all of it held at once.
    async fn still_holds(&self) -> Result<bool> {
        let (keys, versions): (Vec<Key>, Vec<_>) = {
            let pending = self.pending();
            pending.reads.iter().map(|(key, entry)| (key.clone(), version(entry.as_ref()))).unzip()
        };
        if keys.len() < 2 {
            return Ok(true);
        }
        let found = self.store.get(&keys).await?;
        Ok(found.iter().map(|entry| version(entry.as_ref())).eq(versions))
    }

    /// The commit of everything read and written; `None` where nothing is written.
    fn into_commit(self) -> Option<Commit> {
        let mut pending = self.pending();
        let Pending { mut reads, writes } = std::mem::take(&mut *pending);
        if writes.is_empty() {
            return None;
        }
        let mut ops: Vec<Op> = writes
            .into_iter()
            .map(|(key, Pend { write, expect_absent })| {
                let expect = match reads.remove(&key) {
                    Some(entry) => expectation(entry.as_ref()),
                    None if expect_absent => Expect::Absent,
                    None => Expect::Anything,
                };
                Op { key, expect, write }
            })
            .collect();
        ops.extend(reads.into_iter().map(|(key, entry)| Op {
            key,
            expect: expectation(entry.as_ref()),
            write: Write::Nothing,
        }));
        Some(Commit::new(self.id, ops))
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded up: the store may drop it from then on, and never earlier.
fn expiry(expires_at: Timestamp) -> u64 {
    expires_at.unix_seconds().saturating_add(1)
}

fn version(entry: Option<&Entry>) -> Option<Version> {
    entry.map(|entry| entry.version)
}

fn expectation(entry: Option<&Entry>) -> Expect {
    entry.map_or(Expect::Absent, |entry| Expect::At(entry.version))
}
