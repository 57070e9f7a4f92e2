//! Imports as jobs: taken in, carried out by one instance at a time, called off, and taken up again after a crash.
//!
//! A job stands in the store from before its workbook is kept until long after its end. Whoever is at it holds a lease,
//! which each batch renews in its own commit; every write expects the job as this instance left it, so that one whose
//! lease ran out and was taken up by another writes nothing more.

mod commit_plan;
mod lease;
mod submit;
mod take_over;
mod work;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::PlanChunk;
use super::files::WorkbookFiles;
use super::fingerprint::KeyHasher;
use super::job::Job;
use super::running::{ImportProgress, Running};
use super::tally::Tally;
use super::{ImportLimits, reports};
use crate::access::{Action, Actor};
use crate::model::ImportId;
use crate::transaction::{Database, Transaction};
use crate::{Conflict, Error, Kind, Result, SecretKey, Timestamp, keyspace};

pub(crate) use submit::Submitted;
pub(super) use work::Halt;
pub(crate) use work::Tools;

/// How long an instance may be at a job without giving a sign.
const LEASE: Duration = Duration::from_secs(60);
/// How often it gives one where there is nothing to commit.
const SIGN: Duration = Duration::from_secs(15);
/// How many jobs an instance carries out at once, and how many wait for their turn there.
const SLOTS: usize = 2;
const WAITING: usize = 64;
/// How long the store keeps a plan, from when it is made: longer than it may be committed.
const PLAN_IN_STORE: Duration = Duration::from_secs(3 * 60 * 60);
/// How long an import may take before faults that were kept at its beginning go before its workbook does.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often another instance's job is asked after.
const POLL: Duration = Duration::from_millis(500);

/// The jobs of this instance, and those in the store.
pub(crate) struct Jobs {
    database: Database,
    files: Option<Arc<dyn WorkbookFiles>>,
    limits: ImportLimits,
    keys: KeyHasher,
    /// What this instance calls itself.
    owner: String,
    /// Whether nobody else can be at a job in this store.
    is_alone: bool,
    slots: Semaphore,
    running: Present,
    stopping: AtomicBool,
}

/// The jobs that an instance has taken on.
type Present = Arc<Mutex<BTreeMap<ImportId, Arc<Running>>>>;

/// A job that this instance has taken on, and its workbook. The instance is at it as long as this is there, whatever
/// becomes of whoever holds it.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) id: ImportId,
    pub(super) workbook: std::fs::File,
    pub(super) running: Arc<Running>,
    present: Present,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut present = lock(&self.present);
        if present.get(&self.id).is_some_and(|running| Arc::ptr_eq(running, &self.running)) {
            present.remove(&self.id);
        }
        drop(present);
        self.running.end();
    }
}

/// Why a job does not go on here.
#[derive(Debug)]
pub(super) enum Stop {
    /// It was called off.
    Cancelled,
    /// Another instance is at it, or it has ended.
    Lost,
    /// Something would be decided otherwise than its plan says.
    Stale,
    /// This instance ends; whoever comes next goes on.
    Stopping,
    /// Whoever asked for it may not any more.
    Refused(Error),
}

impl Jobs {
    /// How large a workbook may be.
    pub(crate) fn limits(&self) -> &ImportLimits {
        &self.limits
    }

    pub(crate) fn new(
        database: Database,
        files: Option<Arc<dyn WorkbookFiles>>,
        limits: ImportLimits,
        secret: &SecretKey,
    ) -> Self {
        let owner = format!("{:032x}", database.random().u128());
        Self {
            database,
            files,
            limits,
            keys: KeyHasher::new(secret),
            owner,
            is_alone: false,
            slots: Semaphore::new(SLOTS),
            running: Present::default(),
            stopping: AtomicBool::default(),
        }
    }

    pub(crate) fn only_instance(self, is_alone: bool) -> Self {
        Self { is_alone, ..self }
    }

    /// Calls a job off: it stops before its next batch, or never begins.
    pub(crate) async fn cancel(&self, actor: &Actor, id: ImportId) -> Result<()> {
        reports::see(&self.database, actor, id).await?;
        let ended = self
            .database
            .transact(|transaction| async move {
                let key = keyspace::import_job(id);
                let found = transaction.read::<Job>(&key).await?;
                let mut job = found.ok_or(Error::NotFound(Kind::Import))?.data;
                let target = crate::access::Target {
                    organisation_id: job.organisation_id,
                    ..crate::access::Target::default()
                };
                actor.may(Action::Import, &target)?;
                if job.is_over() {
                    return Err(Conflict::ImportFinished.into());
                }
                job.cancelled = true;
                let nobody = !self.is_held(&job);
                if nobody {
                    self.close(&transaction, &mut job, Some(super::ImportStatus::Cancelled))?;
                } else {
                    transaction.put(key, &job)?;
                }
                Ok(nobody)
            })
            .await?;
        self.cancel_here(id);
        tracing::debug!(import = %id, ended, "an import was called off");
        Ok(())
    }

    /// Calls a job off that this instance is at, as far as it is at it.
    pub(crate) fn cancel_here(&self, id: ImportId) {
        if let Some(running) = self.running(id) {
            running.cancel();
        }
    }

    /// The workbook of a job, where it is kept.
    pub(crate) async fn workbook(&self, id: ImportId) -> Result<Option<std::fs::File>> {
        let Some(files) = &self.files else { return Ok(None) };
        match files.open(id).await {
            Ok(workbook) => Ok(Some(workbook)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::internal(format!("a workbook can't be read: {error}"))),
        }
    }

    /// Waits for a job's end, whoever is at it.
    pub(crate) async fn ended(&self, id: ImportId) -> Result<super::ImportReport> {
        loop {
            match self.running(id) {
                Some(running) => {
                    let mut watch = running.watch();
                    // An error says that it is gone, and so ended.
                    drop(watch.wait_for(|ended| *ended).await);
                }
                None => {
                    let found = self.database.read::<Job>(&keyspace::import_job(id)).await?;
                    let job = found.ok_or(Error::NotFound(Kind::Import))?.data;
                    if job.is_over() {
                        return reports::report(&self.database, job).await;
                    }
                    tokio::time::sleep(POLL).await;
                }
            }
        }
    }

    /// How far a job is, and whether it has ended.
    pub(crate) async fn progress(&self, id: ImportId) -> Result<(ImportProgress, bool)> {
        if let Some(running) = self.running(id) {
            return Ok((running.progress(), false));
        }
        let found = self.database.read::<Job>(&keyspace::import_job(id)).await?;
        let job = found.ok_or(Error::NotFound(Kind::Import))?.data;
        Ok((job.progress(), job.is_over()))
    }

    /// Waits until there is more to say of a job's progress.
    pub(crate) async fn stir(&self, id: ImportId) {
        match self.running(id) {
            Some(running) => {
                let mut watch = running.watch();
                drop(tokio::time::timeout(POLL, watch.changed()).await);
            }
            None => tokio::time::sleep(POLL).await,
        }
    }

    /// Has every job of this instance stop before its next batch, for whoever comes next to go on, and waits for that.
    pub(crate) async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.slots.close();
        loop {
            let next = self.all_running().values().next().cloned();
            let Some(running) = next else { return };
            drop(running.watch().wait_for(|ended| *ended).await);
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Adds what a batch came to, and keeps what was wrong in it.
    pub(super) fn keep_tally(&self, transaction: &Transaction, job: &mut Job, tally: Tally) -> Result<()> {
        // Counted from the end of the import, which is not known yet.
        let expires_at = self.kept_until().plus(LONGEST);
        tally.settle(transaction, job, self.limits.faults, expires_at)
    }

    /// Keeps what was decided of a batch, where that is all that is to come of it.
    pub(super) fn keep_plan(
        &self,
        transaction: &Transaction,
        job: &mut Job,
        decisions: Vec<String>,
    ) -> Result<()> {
        if !job.options.dry_run {
            return Ok(());
        }
        let mut plan = job.plan.unwrap_or_default();
        let expires_at = self.database.now().plus(PLAN_IN_STORE);
        if !decisions.is_empty() {
            let key = keyspace::import_plan(job.id, plan.chunks);
            transaction.put_expiring(key, &PlanChunk { decisions }, expires_at)?;
            plan.chunks += 1;
        }
        job.plan = Some(plan);
        Ok(())
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn running(&self, id: ImportId) -> Option<Arc<Running>> {
        self.all_running().get(&id).cloned()
    }

    fn all_running(&self) -> MutexGuard<'_, BTreeMap<ImportId, Arc<Running>>> {
        lock(&self.running)
    }

    fn kept_until(&self) -> Timestamp {
        self.database.now().plus(self.limits.kept_for)
    }
}

fn lock(present: &Present) -> MutexGuard<'_, BTreeMap<ImportId, Arc<Running>>> {
    present.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jobs").field("files", &self.files).field("owner", &self.owner).finish_non_exhaustive()
    }
}
