//! Imports, and what leads to them.

use ums_store::{Entry, Key};

use super::{Pages, Standing, Verifier};
use crate::Result;
use crate::import::{Counts, FaultChunk, Job, KeyUsed, PlanChunk};
use crate::keyspace::{self, FAULT, JOB, PLAN};
use crate::model::ImportId;
use crate::record::{Found, ImportListing};

impl Verifier<'_> {
    pub(super) async fn import(&mut self, id: ImportId) -> Result<()> {
        let key = keyspace::import_job(id);
        let job = self.standing::<Job>(&key).await?;
        let is_there = !matches!(job, Standing::Nothing);
        let mut pages = Pages::of(keyspace::import(id));
        while let Some(entries) = self.page(&mut pages).await? {
            for (key, entry) in &entries {
                self.part_of_import(key, entry);
                if !is_there {
                    self.find(key, "orphan", "there is no such import");
                }
            }
        }
        let (pending, listed) = (keyspace::import_pending(id), keyspace::import_listed(id));
        let is_pending = self.is_there(&pending).await?;
        let is_listed = self.is_there(&listed).await?;
        let job = match job {
            Standing::Record(found) => found.data,
            Standing::Unreadable => return Ok(()),
            Standing::Nothing => {
                for key in [(is_pending, &pending), (is_listed, &listed)] {
                    if key.0 {
                        self.find(key.1, "dangling", "there is no such import");
                    }
                }
                return Ok(());
            }
        };
        if job.id != id {
            self.find(&key, "misplaced", "the record has another id than its key");
        }
        if is_pending == job.is_over() {
            self.find(&pending, "not_indexed", format!("it does not say whether {key} has ended"));
        }
        if !is_listed {
            self.find(&listed, "not_indexed", format!("it does not list {key}"));
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

    fn part_of_import(&mut self, key: &Key, entry: &Entry) {
        let readable = match key.sort() {
            JOB => Found::<Job>::read(entry).is_ok(),
            sort if sort.starts_with(PLAN) => Found::<PlanChunk>::read(entry).is_ok(),
            sort if sort.starts_with(FAULT) => Found::<FaultChunk>::read(entry).is_ok(),
            _ => return self.find(key, "unknown", "nothing is kept under such a key"),
        };
        if !readable {
            self.find(key, "unreadable", "the record can't be read");
        }
    }

    pub(super) async fn import_keys(&mut self) -> Result<()> {
        let mut pages = Pages::of(keyspace::import_keys());
        while let Some(entries) = self.page(&mut pages).await? {
            for (key, entry) in &entries {
                let Ok(found) = Found::<KeyUsed>::read(entry) else {
                    self.find(key, "unreadable", "the record can't be read");
                    continue;
                };
                let job = keyspace::import_job(found.data.import_id);
                if matches!(self.standing::<Job>(&job).await?, Standing::Nothing) {
                    self.find(key, "dangling", format!("{job} is not there"));
                }
            }
        }
        Ok(())
    }

    async fn is_there(&self, key: &Key) -> Result<bool> {
        // Whatever stands there counts: what can be read of it is told elsewhere.
        Ok(!matches!(self.standing::<ImportListing>(key).await?, Standing::Nothing))
    }
}
