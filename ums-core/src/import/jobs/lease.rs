//! Who is at a job.

use futures_util::future::{Either, select};

use super::{Jobs, LEASE, SIGN, Stop};
use crate::import::ImportStatus;
use crate::import::job::{Job, Lease};
use crate::model::ImportId;
use crate::transaction::Transaction;
use crate::{Result, keyspace};

impl Jobs {
    /// Reads a job that this instance is at, within the transaction that goes on with it.
    pub(in crate::import) async fn held(
        &self,
        transaction: &Transaction,
        id: ImportId,
    ) -> Result<Result<Job, Stop>> {
        let found = transaction.read::<Job>(&keyspace::import_job(id)).await?;
        let Some(job) = found.map(|found| found.data) else { return Ok(Err(Stop::Lost)) };
        let ours = job.lease.as_ref().is_some_and(|lease| lease.owner == self.owner);
        Ok(if job.is_over() || !ours {
            Err(Stop::Lost)
        } else if job.cancelled {
            Err(Stop::Cancelled)
        } else if self.is_stopping() {
            Err(Stop::Stopping)
        } else {
            Ok(job)
        })
    }

    /// Whether somebody is at a job.
    pub(super) fn is_held(&self, job: &Job) -> bool {
        job.lease.as_ref().is_some_and(|lease| {
            let is_gone = self.is_alone && lease.owner != self.owner;
            !is_gone && lease.until > self.database.now()
        })
    }

    pub(in crate::import) fn lease(&self) -> Lease {
        Lease { owner: self.owner.clone(), until: self.database.now().plus(LEASE) }
    }

    /// Does what takes a while, and gives signs meanwhile that somebody is at the job. Leaves it where the job is called off
    /// here.
    pub(in crate::import) async fn holding<T>(
        &self,
        id: ImportId,
        work: impl Future<Output = T> + Send,
    ) -> Result<Result<T, Stop>> {
        let running = self.running(id);
        let mut cancelled = std::pin::pin!(async {
            match &running {
                Some(running) => running.cancelled().await,
                None => std::future::pending().await,
            }
        });
        let mut work = std::pin::pin!(work);
        loop {
            match tokio::time::timeout(SIGN, select(&mut work, &mut cancelled)).await {
                Ok(Either::Left((done, _))) => return Ok(Ok(done)),
                Ok(Either::Right(((), _))) => return Ok(Err(Stop::Cancelled)),
                Err(_) => {
                    if let Err(stop) = self.give_sign(id).await? {
                        return Ok(Err(stop));
                    }
                }
            }
        }
    }

    /// Gives a sign that somebody is at the job, where the last one is old enough.
    pub(in crate::import) async fn give_sign(&self, id: ImportId) -> Result<Result<(), Stop>> {
        self.database
            .transact(|transaction| async move {
                match self.held(&transaction, id).await? {
                    Ok(job) if job.lease.as_ref().is_some_and(|lease| self.is_fresh(lease)) => Ok(Ok(())),
                    Ok(mut job) => {
                        job.lease = Some(self.lease());
                        transaction.put(keyspace::import_job(id), &job).map(Ok)
                    }
                    Err(stop) => Ok(Err(stop)),
                }
            })
            .await
    }

    fn is_fresh(&self, lease: &Lease) -> bool {
        lease.until > self.database.now().plus(LEASE - SIGN)
    }

    /// Leaves a job for whoever comes next.
    pub(in crate::import) async fn release(&self, id: ImportId) -> Result<()> {
        self.database
            .transact(|transaction| async move {
                let key = keyspace::import_job(id);
                let Some(found) = transaction.read::<Job>(&key).await? else { return Ok(()) };
                let mut job = found.data;
                if !job.is_over() && job.lease.as_ref().is_some_and(|lease| lease.owner == self.owner) {
                    job.lease = None;
                    transaction.put(key, &job)?;
                }
                Ok(())
            })
            .await
    }

    /// Ends a job in the transaction: its counts say how, or `otherwise` does.
    pub(in crate::import) fn close(
        &self,
        transaction: &Transaction,
        job: &mut Job,
        otherwise: Option<ImportStatus>,
    ) -> Result<()> {
        job.end(otherwise, self.database.now(), self.kept_until());
        transaction.delete(keyspace::import_pending(job.id));
        transaction.put(keyspace::import_job(job.id), job)
    }
}
