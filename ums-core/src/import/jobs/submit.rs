//! Taking an import in.

use std::fs::File;
use std::sync::Arc;

use super::{Jobs, Ticket, WAITING};
use crate::access::{Action, Actor};
use crate::import::fingerprint;
use crate::import::job::{Checkpoint, Counts, FaultLog, Job, KeyUsed, Lease, Pending, Workbook};
use crate::import::plan::Phase;
use crate::import::running::Running;
use crate::import::{ImportOptions, ImportStatus};
use crate::model::ImportId;
use crate::record::ImportListing;
use crate::transaction::Transaction;
use crate::{Error, Kind, Result, keyspace};

use std::time::Duration;

/// How long a repeated request is known as one.
const KEY_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of a request for an import.
#[derive(Debug)]
pub(crate) enum Submitted {
    /// It is taken in.
    New(Ticket),
    /// It repeats an earlier one, whose import this is.
    Known(ImportId),
}

impl Jobs {
    /// Takes an import in: with its workbook kept, so that a crash from here on loses nothing of it.
    pub(crate) async fn submit(
        &self,
        actor: &Actor,
        workbook: File,
        options: &ImportOptions,
        key: Option<&str>,
        detached: bool,
    ) -> Result<Submitted> {
        if self.is_stopping() || self.all_running().len() >= WAITING {
            return Err(Error::Overloaded { retry_after: Duration::from_secs(10) });
        }
        let (workbook, measured) = fingerprint::measure(workbook).await?;
        let key = key.map(|key| self.keys.hash(actor, key));
        let organisation_id = actor.confined_to(Action::ReadImport)?.or(options.organisation_id);
        // Whoever goes on with it, or applies its plan, means the same organisation.
        let own = actor.confined_to(Action::Import).ok().flatten();
        let meant = ImportOptions { organisation_id: options.organisation_id.or(own), ..options.clone() };
        let id = ImportId::allotted(self.database.next_id(Kind::Import).await?)?;
        let job = &Job {
            id,
            status: ImportStatus::Queued,
            options: meant,
            actor_id: actor.user_id(),
            organisation_id,
            workbook: Workbook { kept: self.files.is_some(), ..measured.clone() },
            accepted: self.files.is_none(),
            detached,
            started_at: self.database.now(),
            finished_at: None,
            counts: Counts::default(),
            elsewhere: 0,
            nobody_suspended: false,
            suspended: 0,
            checkpoint: Checkpoint::default(),
            faults: FaultLog::default(),
            plan: None,
            phase: Phase::Whole,
            lease: Some(self.lease()),
            cancelled: false,
            attempts: 0,
            bytes_read: 0,
            key,
        };
        if let Some(first) = self.note(job, &fingerprint::of_request(options, &measured)?).await? {
            return Ok(Submitted::Known(first));
        }
        // From here on others who ask for the same wait for this one.
        let ticket = self.ticket(job, workbook);
        match self.keep(job, &ticket).await {
            Ok(()) => Ok(Submitted::New(ticket)),
            Err(error) => {
                self.discard(id).await?;
                Err(error)
            }
        }
    }

    /// Notes a job, unless its key leads to an earlier one, which is given back.
    async fn note(&self, job: &Job, fingerprint: &str) -> Result<Option<ImportId>> {
        self.database
            .transact(|transaction| async move {
                if let Some(first) = self.first_of_key(&transaction, job, fingerprint).await? {
                    return Ok(Some(first));
                }
                transaction.put(keyspace::import_job(job.id), job)?;
                transaction.put(keyspace::import_pending(job.id), &Pending {})?;
                let listing = ImportListing { organisation_id: job.organisation_id };
                transaction.put(keyspace::import_listed(job.id), &listing)?;
                Ok(None)
            })
            .await
    }

    async fn first_of_key(
        &self,
        transaction: &Transaction,
        job: &Job,
        fingerprint: &str,
    ) -> Result<Option<ImportId>> {
        let Some(hash) = &job.key else { return Ok(None) };
        let key = keyspace::import_key(hash);
        let used = transaction.read::<KeyUsed>(&key).await?.map(|found| found.data);
        if let Some(used) = used.filter(|used| used.expires_at > self.database.now()) {
            return if used.fingerprint == fingerprint {
                Ok(Some(used.import_id))
            } else {
                Err(Error::IdempotencyKeyReused)
            };
        }
        let expires_at = self.database.now().plus(KEY_KEPT);
        let used = KeyUsed { import_id: job.id, fingerprint: fingerprint.to_owned(), expires_at };
        transaction.put_expiring(key, &used, expires_at)?;
        Ok(None)
    }

    /// Keeps the workbook, and lets the job count.
    async fn keep(&self, job: &Job, ticket: &Ticket) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        let failed = |error| Error::internal(format!("a workbook can't be kept: {error}"));
        let workbook = ticket.workbook.try_clone().map_err(failed)?;
        let gone = || Error::Overloaded { retry_after: Duration::from_secs(5) };
        let kept = self.holding(job.id, files.keep(job.id, workbook)).await?;
        kept.map_err(|_| gone())?.map_err(failed)?;
        rewind(&ticket.workbook).map_err(failed)?;
        self.database
            .transact(|transaction| async move {
                // Another instance may have taken this one for dead.
                let held = self.held(&transaction, job.id).await?.map_err(|_| gone())?;
                let accepted = Job { accepted: true, lease: Some(self.lease()), ..held };
                transaction.put(keyspace::import_job(job.id), &accepted)
            })
            .await
    }

    /// Forgets a job that changed nothing, and its workbook; leaves one alone that another instance is at.
    pub(in crate::import) async fn discard(&self, id: ImportId) -> Result<()> {
        let forgotten = self
            .database
            .transact(|transaction| async move {
                let found = transaction.read::<Job>(&keyspace::import_job(id)).await?;
                let Some(job) = found.map(|found| found.data) else { return Ok(true) };
                let now = self.database.now();
                let is_others =
                    |lease: &Lease| lease.owner != self.owner && lease.until > now && !self.is_alone;
                if job.counts.rows() > 0 || job.lease.as_ref().is_some_and(is_others) {
                    return Ok(false);
                }
                if let Some(key) = job.key {
                    transaction.delete(keyspace::import_key(&key));
                }
                transaction.delete(keyspace::import_job(id));
                transaction.delete(keyspace::import_listed(id));
                transaction.delete(keyspace::import_pending(id));
                for chunk in 0..job.faults.chunks {
                    transaction.delete(keyspace::import_fault(id, chunk));
                }
                Ok(true)
            })
            .await?;
        if forgotten {
            self.remove_workbook(id).await;
        }
        Ok(())
    }

    pub(in crate::import) async fn remove_workbook(&self, id: ImportId) {
        let Some(files) = &self.files else { return };
        if let Err(error) = files.remove(id).await {
            tracing::warn!(import = %id, %error, "a workbook can't be removed");
        }
    }

    pub(super) fn ticket(&self, job: &Job, workbook: File) -> Ticket {
        let running = Arc::new(Running::new(job.workbook.bytes));
        self.all_running().insert(job.id, running.clone());
        Ticket { id: job.id, workbook, running, present: self.running.clone() }
    }
}

fn rewind(mut workbook: &File) -> std::io::Result<()> {
    std::io::Seek::rewind(&mut workbook)
}
