//! Taking an import in.

use std::fs::File;
use std::sync::Arc;

use super::{Jobs, Ticket, WAITING};
use crate::access::{Action, Actor};
use crate::import::fingerprint;
use crate::import::job::{Checkpoint, Counts, FaultLog, Job, KeyUsed, Pending, Workbook};
use crate::import::plan::Phase;
use crate::import::running::Running;
use crate::import::{ImportOptions, ImportStatus};
use crate::model::{ImportId, OrganisationId};
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
        let id = ImportId::allotted(self.database.next_id(Kind::Import).await?)?;
        let job = &Job {
            id,
            status: ImportStatus::Queued,
            options: options.clone(),
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
        match self.keep(job, &ticket, organisation_id).await {
            Ok(()) => Ok(Submitted::New(ticket)),
            Err(error) => {
                self.discard(id).await?;
                self.leave(&ticket);
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
                if job.accepted {
                    list(&transaction, job.id, job.organisation_id)?;
                }
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
    async fn keep(&self, job: &Job, ticket: &Ticket, organisation_id: Option<OrganisationId>) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        let failed = |error| Error::internal(format!("a workbook can't be kept: {error}"));
        let workbook = ticket.workbook.try_clone().map_err(failed)?;
        files.keep(job.id, workbook).await.map_err(failed)?;
        rewind(&ticket.workbook).map_err(failed)?;
        self.database
            .transact(|transaction| async move {
                let accepted = Job { accepted: true, lease: Some(self.lease()), ..job.clone() };
                transaction.read::<Job>(&keyspace::import_job(job.id)).await?;
                transaction.put(keyspace::import_job(job.id), &accepted)?;
                list(&transaction, job.id, organisation_id)
            })
            .await
    }

    /// Forgets a job that changed nothing, and its workbook.
    pub(in crate::import) async fn discard(&self, id: ImportId) -> Result<()> {
        self.database
            .transact(|transaction| async move {
                let found = transaction.read::<Job>(&keyspace::import_job(id)).await?;
                if let Some(key) = found.and_then(|found| found.data.key) {
                    transaction.delete(keyspace::import_key(&key));
                }
                transaction.delete(keyspace::import_job(id));
                transaction.delete(keyspace::import_listed(id));
                transaction.delete(keyspace::import_pending(id));
                Ok(())
            })
            .await?;
        self.remove_workbook(id).await;
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
        Ticket { id: job.id, workbook, running }
    }

    pub(super) fn leave(&self, ticket: &Ticket) {
        self.all_running().remove(&ticket.id);
        ticket.running.end();
    }
}

fn list(transaction: &Transaction, id: ImportId, organisation_id: Option<OrganisationId>) -> Result<()> {
    transaction.put(keyspace::import_listed(id), &ImportListing { organisation_id })
}

fn rewind(mut workbook: &File) -> std::io::Result<()> {
    std::io::Seek::rewind(&mut workbook)
}
