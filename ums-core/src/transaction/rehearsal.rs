//! A store whose commits change nothing: for finding out what would happen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Item, Key, Limits, Outcome, Page, Scan, Store, Version, Write};

use crate::keyspace;

/// Reads what another store holds, and keeps what is written to itself in memory.
#[derive(Clone, Debug)]
pub(crate) struct Rehearsal {
    store: Arc<dyn Store>,
    written: Arc<Mutex<BTreeMap<Key, Option<Entry>>>>,
}

impl Rehearsal {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, written: Arc::default() }
    }

    fn written(&self) -> MutexGuard<'_, BTreeMap<Key, Option<Entry>>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for Rehearsal {
    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        let mut entries = self.store.get(keys).await?;
        let written = self.written();
        for (key, entry) in keys.iter().zip(&mut entries) {
            if let Some(rehearsed) = written.get(key) {
                entry.clone_from(rehearsed);
            }
        }
        Ok(entries)
    }

    /// What a rehearsal writes to a partition is scanned after what the store holds of it: an import scans only to look
    /// for members, where order does not matter.
    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        let mut page = self.store.scan(scan).await?;
        let written = self.written();
        page.items.retain(|item| !written.contains_key(&keyspace::found_by(scan, &item.sort)));
        if page.next.is_none() {
            let added = written
                .iter()
                .filter(|(key, _)| key.partition() == scan.partition && key.sort().starts_with(&scan.prefix));
            page.items.extend(added.filter_map(|(key, entry)| {
                entry.clone().map(|entry| Item { sort: key.sort().to_owned(), entry })
            }));
        }
        Ok(page)
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        commit.validate(&self.limits())?;
        let keys: Vec<Key> = commit.ops().iter().map(|op| op.key.clone()).collect();
        let found = self.get(&keys).await?;
        let version = Version::from(commit.id());
        let failed: Vec<usize> = commit
            .ops()
            .iter()
            .zip(&found)
            .enumerate()
            .filter(|(_, (op, entry))| !op.expect.holds(entry.as_ref().map(|entry| entry.version)))
            .map(|(index, _)| index)
            .collect();
        if !failed.is_empty() {
            return Ok(Outcome::Refused { failed });
        }
        let mut written = self.written();
        for op in commit.ops() {
            match &op.write {
                // Of users nothing is asked again: no file has two rows for one.
                Write::Put { .. } if keyspace::leads_to_user(&op.key) => {}
                Write::Put { value, expires_at } => {
                    let entry = Entry { value: value.clone(), version, expires_at: *expires_at };
                    written.insert(op.key.clone(), Some(entry));
                }
                Write::Delete => {
                    written.insert(op.key.clone(), None);
                }
                Write::Nothing => {}
            }
        }
        Ok(Outcome::Applied)
    }
}
