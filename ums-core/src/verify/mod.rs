//! Looking through the whole store for what can't be.
//!
//! Every id that was ever allotted is looked at, so that nothing hides in a partition that no index leads to; then every
//! index entry is followed to its record and back.

mod finding;
mod indexes;
mod records;

pub use finding::Finding;

use std::collections::BTreeSet;

use ums_store::{Item, Key, Scan};

use crate::keyspace::Partition;
use crate::model::{DepartmentId, OrganisationId, UserId};
use crate::record::Counter;
use crate::transaction::Database;
use crate::{Kind, Result, keyspace};

/// One pass over a store.
#[derive(Debug)]
pub(crate) struct Verifier<'a> {
    database: &'a Database,
    findings: Vec<Finding>,
    active_admins: u64,
    has_users: bool,
    closing: BTreeSet<Key>,
}

impl<'a> Verifier<'a> {
    pub(crate) fn new(database: &'a Database) -> Self {
        Self { database, findings: Vec::new(), active_admins: 0, has_users: false, closing: BTreeSet::new() }
    }

    pub(crate) async fn run(mut self) -> Result<Vec<Finding>> {
        for id in 1..self.next(Kind::Organisation).await? {
            self.organisation(OrganisationId::allotted(id)?).await?;
        }
        for id in 1..self.next(Kind::Department).await? {
            self.department(DepartmentId::allotted(id)?).await?;
        }
        for id in 1..self.next(Kind::User).await? {
            self.user(UserId::allotted(id)?).await?;
        }
        self.organisation_index(None).await?;
        self.index_of_users().await?;
        self.index_of_organisations().await?;
        self.admins().await?;
        self.closing_marks().await?;
        Ok(self.findings)
    }

    async fn next(&self, kind: Kind) -> Result<u64> {
        let counter = self.database.read::<Counter>(&keyspace::counter(kind)).await?;
        Ok(counter.map_or(1, |found| found.data.next))
    }

    fn find(&mut self, key: &Key, code: &'static str, message: impl Into<String>) {
        self.findings.push(Finding::new(key, code, message));
    }

    /// Every entry of a partition.
    async fn entries(&self, partition: &Partition) -> Result<Vec<Item>> {
        let mut scan = Scan::partition(partition.as_str()).limit(1_000);
        let mut items = Vec::new();
        loop {
            let page = self.database.scan(&scan).await?;
            items.extend(page.items);
            let Some(next) = page.next else { return Ok(items) };
            scan = scan.after(next);
        }
    }
}
