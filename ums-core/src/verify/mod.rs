//! Looking through the whole store for what can't be.
//!
//! Every id that was ever allotted is looked at, so that nothing hides in a partition that no index leads to; then every
//! index entry is followed to its record and back. Each entry is read a bounded number of times, and a page of them at most
//! is held at once.

mod finding;
mod imports;
mod indexes;
mod outbox;
mod records;

pub use finding::Finding;

use std::collections::{BTreeMap, BTreeSet};

use ums_store::{Entry, Key, Scan};

use crate::keyspace::Partition;
use crate::model::{DepartmentId, ImportId, OrganisationId, UserId};
use crate::record::{Counter, Found, Record};
use crate::throttle::Throttle;
use crate::transaction::Database;
use crate::{Error, Kind, Result, keyspace};

/// One pass over a store.
#[derive(Debug)]
pub(crate) struct Verifier<'a> {
    database: &'a Database,
    throttle: &'a Throttle,
    findings: Vec<Finding>,
    /// The id of each kind that has not been allotted yet.
    next: BTreeMap<Kind, u64>,
    /// `None` once a user's record can't be read, which might be an administrator's.
    active_admins: Option<u64>,
    has_users: bool,
    closing: BTreeSet<Key>,
}

/// What stands at a key.
enum Standing<T> {
    Nothing,
    /// Something that can't be read. That is a finding of its own, where its partition is looked through; nothing more can
    /// be said by what leads there.
    Unreadable,
    Record(Found<T>),
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(database: &'a Database, throttle: &'a Throttle) -> Self {
        Self {
            database,
            throttle,
            findings: Vec::new(),
            next: BTreeMap::new(),
            active_admins: Some(0),
            has_users: false,
            closing: BTreeSet::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Result<Vec<Finding>> {
        for kind in [Kind::Organisation, Kind::Department, Kind::User, Kind::Import] {
            self.counter(kind).await?;
        }
        for id in 1..self.next(Kind::Organisation) {
            self.organisation(OrganisationId::allotted(id)?).await?;
        }
        for id in 1..self.next(Kind::Department) {
            self.department(DepartmentId::allotted(id)?).await?;
        }
        for id in 1..self.next(Kind::User) {
            self.user(UserId::allotted(id)?).await?;
        }
        for id in 1..self.next(Kind::Import) {
            self.import(ImportId::allotted(id)?).await?;
        }
        self.import_keys().await?;
        self.organisation_index(None).await?;
        self.index_of_users().await?;
        self.index_of_organisations().await?;
        self.admins().await?;
        self.keys_in_use().await?;
        self.closing_marks().await?;
        self.outbox().await?;
        Ok(self.findings)
    }

    async fn counter(&mut self, kind: Kind) -> Result<()> {
        let key = keyspace::counter(kind);
        match self.standing::<Counter>(&key).await? {
            Standing::Nothing => {}
            Standing::Unreadable => self.find(&key, "unreadable", "the record can't be read"),
            Standing::Record(found) => drop(self.next.insert(kind, found.data.next)),
        }
        Ok(())
    }

    fn next(&self, kind: Kind) -> u64 {
        self.next.get(&kind).copied().unwrap_or(1)
    }

    async fn standing<T: Record>(&self, key: &Key) -> Result<Standing<T>> {
        match self.database.read(key).await {
            Ok(Some(found)) => Ok(Standing::Record(found)),
            Ok(None) => Ok(Standing::Nothing),
            Err(Error::Internal(_)) => Ok(Standing::Unreadable),
            Err(error) => Err(error),
        }
    }

    /// The ids that entries hold; none for one that holds no id, which following it tells.
    async fn ids(&self, keys: &[Key]) -> Result<Vec<Option<u64>>> {
        match self.database.lookup_all(keys).await {
            Err(Error::Internal(_)) => {}
            ids => return ids,
        }
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            ids.push(match self.database.lookup(key).await {
                Err(Error::Internal(_)) => None,
                id => id?,
            });
        }
        Ok(ids)
    }

    fn find(&mut self, key: &Key, code: &'static str, message: impl Into<String>) {
        self.findings.push(Finding::new(key, code, message));
    }

    /// What stands at keys of one kind of record, in the order asked.
    async fn standings<T: Record>(&self, keys: &[Key]) -> Result<Vec<Standing<T>>> {
        match self.database.read_all(keys).await {
            Err(Error::Internal(_)) => {}
            found => {
                let found = found?.into_iter();
                return Ok(found.map(|found| found.map_or(Standing::Nothing, Standing::Record)).collect());
            }
        }
        let mut standings = Vec::with_capacity(keys.len());
        for key in keys {
            standings.push(self.standing(key).await?);
        }
        Ok(standings)
    }

    /// The next entries of a partition; `None` past the last.
    async fn page(&self, pages: &mut Pages) -> Result<Option<Vec<(Key, Entry)>>> {
        let Some(scan) = pages.next.take() else { return Ok(None) };
        let page = self.database.scan(&scan).await?;
        let key = |sort: &str| pages.partition.key(sort);
        let entries = page.items.into_iter().map(|item| (key(&item.sort), item.entry)).collect();
        pages.next = page.next.map(|next| scan.after(next));
        Ok(Some(entries))
    }
}

/// Goes through a partition, however large, in pages of a size that the store can bear.
struct Pages {
    partition: Partition,
    next: Option<Scan>,
}

impl Pages {
    fn of(partition: Partition) -> Self {
        let next = Some(Scan::partition(partition.as_str()).limit(1_000));
        Self { partition, next }
    }
}
