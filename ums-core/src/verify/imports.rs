//! Imports, and what leads to them.

use super::{Standing, Verifier};
use crate::Result;
use crate::import::{Counts, FaultChunk, Job, KeyUsed, PlanChunk};
use crate::keyspace::{self, FAULT, JOB, PLAN};
use crate::model::ImportId;
use crate::record::{Found, ImportListing};

impl Verifier<'_> {
    pub(super) async fn import(&mut self, id: ImportId) -> Result<()> {
        let partition = keyspace::import(id);
        let items = self.entries(&partition).await?;
        let mut job = None;
        for item in &items {
            let key = partition.key(&item.sort);
            if item.sort == JOB {
                job = Found::<Job>::read(&item.entry).ok().map(|found| found.data);
                if job.is_none() {
                    self.find(&key, "unreadable", "the record can't be read");
                }
            } else if item.sort.starts_with(PLAN) {
                if Found::<PlanChunk>::read(&item.entry).is_err() {
                    self.find(&key, "unreadable", "the record can't be read");
                }
            } else if !item.sort.starts_with(FAULT) {
                self.find(&key, "unknown", "nothing is kept under such a key");
            } else if Found::<FaultChunk>::read(&item.entry).is_err() {
                self.find(&key, "unreadable", "the record can't be read");
            }
        }
        let (pending, listed) = (keyspace::import_pending(id), keyspace::import_listed(id));
        let is_pending = self.is_there(&pending).await?;
        let is_listed = self.is_there(&listed).await?;
        let key = keyspace::import_job(id);
        let Some(job) = job else {
            if !items.iter().any(|item| item.sort == JOB) {
                for item in &items {
                    self.find(&partition.key(&item.sort), "orphan", "there is no such import");
                }
                for key in [(is_pending, &pending), (is_listed, &listed)] {
                    if key.0 {
                        self.find(key.1, "dangling", "there is no such import");
                    }
                }
            }
            return Ok(());
        };
        if job.id != id {
            self.find(&key, "misplaced", "the record has another id than its key");
        }
        if is_pending == job.is_over() {
            self.find(&pending, "not_indexed", format!("it does not say whether {key} has ended"));
        }
        if is_listed != job.accepted {
            self.find(&listed, "not_indexed", format!("it does not say whether {key} counts"));
        }
        let Counts { users, departments, organisations } = &job.counts;
        // Departments are made for rows of users, too.
        let adds_up = users.done() == users.read
            && organisations.done() == organisations.read
            && departments.done() >= departments.read;
        if !adds_up {
            self.find(
                &key,
                "miscounted",
                "the rows that were read and those that were done are not the same",
            );
        }
        Ok(())
    }

    pub(super) async fn import_keys(&mut self) -> Result<()> {
        let partition = keyspace::import_keys();
        for item in self.entries(&partition).await? {
            let key = partition.key(&item.sort);
            match Found::<KeyUsed>::read(&item.entry) {
                Err(_) => self.find(&key, "unreadable", "the record can't be read"),
                Ok(found) => {
                    let job = keyspace::import_job(found.data.import_id);
                    if matches!(self.standing::<Job>(&job).await?, Standing::Nothing) {
                        self.find(&key, "dangling", format!("{job} is not there"));
                    }
                }
            }
        }
        Ok(())
    }

    async fn is_there(&self, key: &ums_store::Key) -> Result<bool> {
        // Whatever stands there counts: what can be read of it is told elsewhere.
        Ok(!matches!(self.standing::<ImportListing>(key).await?, Standing::Nothing))
    }
}
