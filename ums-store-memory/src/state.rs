//! What the store holds: a sorted map per partition, and who expires when.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use ums_store::{Commit, Direction, Entry, Item, Key, Outcome, Page, Scan, Write};

#[derive(Default)]
pub(crate) struct State {
    partitions: HashMap<Box<str>, BTreeMap<Box<str>, Entry>>,
    expiries: BTreeSet<(u64, Key)>,
}

impl State {
    pub(crate) fn entries(&self) -> usize {
        self.partitions.values().map(BTreeMap::len).sum()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Entry> {
        self.partitions.get(key.partition())?.get(key.sort())
    }

    pub(crate) fn scan(&self, scan: &Scan) -> Page {
        let Some(partition) = self.partitions.get(scan.partition.as_str()) else {
            return Page::default();
        };
        let (lower, upper) = scan.bounds();
        let range = partition.range::<str, _>((as_str(&lower), as_str(&upper)));
        match scan.direction {
            Direction::Ascending => page(range, scan.limit),
            Direction::Descending => page(range.rev(), scan.limit),
        }
    }

    pub(crate) fn commit(&mut self, commit: &Commit) -> Outcome {
        let found = |key| self.get(key).map(|entry| entry.version);
        let failed: Vec<usize> = (0..)
            .zip(commit.ops())
            .filter(|(_, op)| !op.expect.holds(found(&op.key)))
            .map(|(index, _)| index)
            .collect();
        if !failed.is_empty() {
            return Outcome::Refused { failed };
        }
        for op in commit.ops() {
            match &op.write {
                Write::Put { value, expires_at } => {
                    let version = commit.id().into();
                    self.put(&op.key, Entry { value: value.clone(), version, expires_at: *expires_at });
                }
                Write::Delete => self.delete(&op.key),
                Write::Nothing => {}
            }
        }
        Outcome::Applied
    }

    /// Drops what has expired by now, at most this many.
    pub(crate) fn sweep(&mut self, now: u64, most: usize) {
        for _ in 0..most {
            let Some((expires_at, key)) =
                self.expiries.first().filter(|(expires_at, _)| *expires_at <= now).cloned()
            else {
                return;
            };
            self.expiries.remove(&(expires_at, key.clone()));
            self.delete(&key);
        }
    }

    fn put(&mut self, key: &Key, entry: Entry) {
        let expires_at = entry.expires_at;
        let partition = self.partitions.entry(key.partition().into()).or_default();
        let replaced = partition.insert(key.sort().into(), entry);
        self.forget_expiry(key, replaced.as_ref());
        if let Some(expires_at) = expires_at {
            self.expiries.insert((expires_at, key.clone()));
        }
    }

    fn delete(&mut self, key: &Key) {
        let Some(partition) = self.partitions.get_mut(key.partition()) else {
            return;
        };
        let removed = partition.remove(key.sort());
        if partition.is_empty() {
            self.partitions.remove(key.partition());
        }
        self.forget_expiry(key, removed.as_ref());
    }

    fn forget_expiry(&mut self, key: &Key, entry: Option<&Entry>) {
        if let Some(expires_at) = entry.and_then(|entry| entry.expires_at) {
            self.expiries.remove(&(expires_at, key.clone()));
        }
    }
}

fn as_str(bound: &Bound<String>) -> Bound<&str> {
    bound.as_ref().map(String::as_str)
}

fn page<'a>(mut entries: impl Iterator<Item = (&'a Box<str>, &'a Entry)>, limit: usize) -> Page {
    let items: Vec<Item> = entries
        .by_ref()
        .take(limit)
        .map(|(sort, entry)| Item { sort: sort.to_string(), entry: entry.clone() })
        .collect();
    let more = entries.next().is_some();
    let next = items.last().filter(|_| more).map(|item| item.sort.clone());
    Page { items, next }
}
