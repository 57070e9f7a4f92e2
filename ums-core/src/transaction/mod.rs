//! The only door to the store: reads that note versions, writes that gather, and one checked commit at the end.
//!
//! Point reads in a transaction are serialisable: the commit expects every version that was read. A scan is not
//! tracked, so no rule may rest on one alone. Reads are no snapshot either: an error that rests on several of them is
//! answered once they are known to have held together.

mod commit;
mod database;
mod epochs;
mod ids;
mod pipeline;
mod rehearsal;

pub(crate) use database::Database;
pub(crate) use epochs::Epoch;
pub(crate) use pipeline::{Sealed, Sending};

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ums_store::{Commit, CommitId, Entry, Expect, Key, Op, Store, Version, Write};

use self::pipeline::Ahead;
use crate::index::{IndexEntry, Indexed};
use crate::record::{self, Found, Record};
use crate::{Result, Timestamp};

/// Reads and writes that become one commit. Clones are the same transaction.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    store: Arc<dyn Store>,
    id: CommitId,
    /// What commits under way will have written, where this transaction comes after them.
    ahead: Ahead,
    pending: Arc<Mutex<Pending>>,
}

#[derive(Debug, Default)]
struct Pending {
    keys: HashMap<Key, Known>,
    /// What stood among the writes before those since the last mark, where there is one.
    undo: Option<Vec<(Key, Option<Pend>)>>,
}

/// What a transaction knows of a key.
#[derive(Debug, Default)]
struct Known {
    /// What was found there, where that was looked for.
    read: Option<Option<Entry>>,
    /// The record that was found or written there, once it was asked for.
    parsed: Option<Arc<dyn Any + Send + Sync>>,
    write: Option<Pend>,
}

impl Known {
    /// What a transaction of this version sees, once it has looked.
    fn entry(&self, version: Version) -> Option<Entry> {
        match self.write.as_ref().map(|pend| &pend.write) {
            Some(Write::Put { value, expires_at }) => {
                Some(Entry { value: value.clone(), version, expires_at: *expires_at })
            }
            Some(Write::Delete) => None,
            Some(Write::Nothing) | None => self.read.clone().flatten(),
        }
    }

    /// What a commit does at the key.
    fn into_op(self, key: Key) -> Op {
        let expect = match (&self.read, &self.write) {
            (Some(entry), _) => expectation(entry.as_ref()),
            (None, Some(Pend { expect_absent: true, .. })) => Expect::Absent,
            (None, _) => Expect::Anything,
        };
        Op { key, expect, write: self.write.map_or(Write::Nothing, |pend| pend.write) }
    }
}

impl Pending {
    fn has_read(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(|known| known.read.is_some())
    }

    fn write(&mut self, key: Key, pend: Pend) {
        let noted = self.undo.is_some().then(|| key.clone());
        let known = self.keys.entry(key).or_default();
        known.parsed = None;
        let before = known.write.replace(pend);
        if let (Some(undo), Some(key)) = (&mut self.undo, noted) {
            undo.push((key, before));
        }
    }
}

#[derive(Debug)]
struct Pend {
    write: Write,
    expect_absent: bool,
}

impl Transaction {
    fn new(store: Arc<dyn Store>, id: CommitId) -> Self {
        Self { store, id, ahead: Ahead::default(), pending: Arc::default() }
    }

    /// The version that everything this transaction writes will have.
    pub(crate) fn version(&self) -> Version {
        self.id.into()
    }

    /// Reads a record; a second read of the same key answers the same, with what was written since.
    pub(crate) async fn read<T: Record>(&self, key: &Key) -> Result<Option<Found<T>>> {
        if let Some(parsed) = self.parsed(key) {
            return Ok(Some(parsed));
        }
        let Some(entry) = self.entry(key).await? else { return Ok(None) };
        let found = Found::<T>::read(&entry)?;
        if let Some(known) = self.pending().keys.get_mut(key) {
            known.parsed = Some(Arc::new(found.clone()));
        }
        Ok(Some(found))
    }

    fn parsed<T: Record>(&self, key: &Key) -> Option<Found<T>> {
        self.pending().keys.get(key)?.parsed.as_ref()?.downcast_ref::<Found<T>>().cloned()
    }

    /// Whether an entry of this version stands in the store, and not only in what this transaction or commits under way will
    /// have written.
    pub(crate) fn is_settled(&self, version: Version) -> bool {
        version != self.version() && !self.ahead.makes(version)
    }

    /// Reads the id that an index entry leads to.
    pub(crate) async fn lookup(&self, key: &Key) -> Result<Option<u64>> {
        let entry = self.entry(key).await?;
        entry.map(|entry| record::read_id(key, &entry.value)).transpose()
    }

    async fn entry(&self, key: &Key) -> Result<Option<Entry>> {
        if let Some(entry) = self.known(key) {
            return Ok(entry);
        }
        self.fetch(std::slice::from_ref(key)).await?;
        Ok(self.known(key).flatten())
    }

    /// Fetches keys in one request, so that later reads of them cost nothing.
    pub(crate) async fn fetch(&self, keys: &[Key]) -> Result<()> {
        let missing: Vec<Key> = {
            let pending = self.pending();
            keys.iter().filter(|key| !pending.has_read(key)).cloned().collect()
        };
        if missing.is_empty() {
            return Ok(());
        }
        let (mut found, mut absent) = (Vec::new(), missing);
        absent.retain(|key| match self.ahead.find(key) {
            Some(entry) => {
                found.push((key.clone(), entry));
                false
            }
            None => true,
        });
        if !absent.is_empty() {
            let entries = self.store.get(&absent).await?;
            found.extend(absent.into_iter().zip(entries));
        }
        let mut pending = self.pending();
        for (key, entry) in found {
            pending.keys.entry(key).or_default().read = Some(entry);
        }
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

    /// Marks a point to which what is written from here on can be taken back.
    pub(crate) fn mark(&self) {
        self.pending().undo = Some(Vec::new());
    }

    /// Takes back what was written since the mark. What was read stays read.
    pub(crate) fn take_back(&self) {
        let mut pending = self.pending();
        for (key, before) in pending.undo.take().into_iter().flatten().rev() {
            let known = pending.keys.entry(key).or_default();
            (known.parsed, known.write) = (None, before);
        }
    }

    /// Deletes what stands at a key.
    pub(crate) fn delete(&self, key: Key) {
        self.pending().write(key, Pend { write: Write::Delete, expect_absent: false });
    }

    /// Replaces one state of a record by another, with all the entries that lead to it. No old state makes a new
    /// record, no new one deletes it.
    pub(crate) fn replace<T: Indexed>(&self, key: Key, old: Option<&T>, new: Option<&T>) -> Result<()> {
        let before = old.map(Indexed::index).unwrap_or_default();
        let after = new.map(Indexed::index).unwrap_or_default();
        for gone in before.keys().filter(|key| !after.contains_key(*key)) {
            self.delete(gone.clone());
        }
        for (added, entry) in after {
            let earlier = before.get(&added);
            if earlier != Some(&entry) {
                self.put_index(added, &entry, earlier.is_some());
            }
        }
        match new {
            Some(record) => self.put_text(key, record::write(record, false)?, None, old.is_none()),
            None => self.delete(key),
        }
        Ok(())
    }

    fn put_index(&self, key: Key, entry: &IndexEntry, is_there: bool) {
        let expect_absent = entry.unique && !is_there;
        let write = Write::Put { value: entry.id.to_string().into(), expires_at: None };
        self.pending().write(key, Pend { write, expect_absent });
    }

    /// `expect_absent` counts where the key was not read: what was read is expected there in any case.
    fn put_text(&self, key: Key, value: String, expires_at: Option<u64>, expect_absent: bool) {
        let write = Write::Put { value: value.into(), expires_at };
        self.pending().write(key, Pend { write, expect_absent });
    }

    /// What the transaction sees at a key; `None` where it has not looked.
    fn known(&self, key: &Key) -> Option<Option<Entry>> {
        let pending = self.pending();
        let known = pending.keys.get(key).filter(|known| known.read.is_some())?;
        Some(known.entry(self.version()))
    }

    /// Whether everything that was read still is as it was read: then all of it held at once.
    async fn still_holds(&self) -> Result<bool> {
        let (keys, versions): (Vec<Key>, Vec<_>) = {
            let pending = self.pending();
            let read = pending.keys.iter().filter_map(|(key, known)| Some((key, known.read.as_ref()?)));
            read.map(|(key, entry)| (key.clone(), version(entry.as_ref()))).unzip()
        };
        if keys.len() < 2 {
            return Ok(true);
        }
        let found = self.store.get(&keys).await?;
        Ok(found.iter().map(|entry| version(entry.as_ref())).eq(versions))
    }

    /// The commit of everything read and written; `None` where nothing is written.
    fn into_commit(self) -> Option<Commit> {
        let Pending { keys, .. } = std::mem::take(&mut *self.pending());
        if keys.values().all(|known| known.write.is_none()) {
            return None;
        }
        // What was written and taken back, and never read, is left alone.
        let known = keys.into_iter().filter(|(_, known)| known.read.is_some() || known.write.is_some());
        let mut ops: Vec<Op> = known.map(|(key, known)| known.into_op(key)).collect();
        // An engine writes its tree best in the order of keys.
        ops.sort_unstable_by(|one, other| one.key.cmp(&other.key));
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
