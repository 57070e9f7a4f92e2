//! Carrying a job out.

use std::sync::Arc;

use super::{Jobs, Stop, Ticket};
use crate::access::{Action, Actor, Target};
use crate::directory::Directory;
use crate::hash::{Hasher, PasswordPolicy};
use crate::import::importer::{Importer, Observer};
use crate::import::job::Job;
use crate::import::plan::Phase;
use crate::import::plan_reader::PlanReader;
use crate::import::{ImportReport, ImportStatus, WorkbookError, feed};
use crate::model::ImportId;
use crate::transaction::Transaction;
use crate::{Error, Result, keyspace};

use std::time::Duration;

/// What a job is carried out with.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    pub(crate) directory: Directory,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) policy: PasswordPolicy,
}

/// How a job stopped here, other than at its end.
#[derive(Debug)]
pub(in crate::import) enum Halt {
    Stop(Stop),
    /// The workbook can't be read, or not to its end.
    Unreadable(WorkbookError),
}

impl Jobs {
    /// Carries a job out to its end, and gives its report.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableWorkbook`] where nothing was changed and somebody waits for it, and then there is no such job
    /// any more; [`Error::Overloaded`] where this instance ends meanwhile; those of the store, and then the job goes on
    /// once its lease has run out.
    pub(crate) async fn run(
        &self,
        tools: &Tools,
        actor: &Actor,
        ticket: Ticket,
        observer: &dyn Observer,
    ) -> Result<ImportReport> {
        let id = ticket.id;
        let halted = self.carry_out(tools, actor, &ticket, observer).await;
        let settled = self.settle(id, halted).await;
        drop(ticket);
        match settled {
            Ok(()) => self.ended(id).await,
            Err(error) => Err(error),
        }
    }

    async fn settle(&self, id: ImportId, halted: Result<Result<(), Halt>>) -> Result<()> {
        match halted {
            Ok(Ok(())) => self.end(id, None, None).await,
            // Only a look at a plan stops for that, and that is none of this.
            Ok(Err(Halt::Stop(Stop::Lost | Stop::Stale))) => Ok(()),
            Ok(Err(Halt::Stop(Stop::Cancelled))) => self.end(id, Some(ImportStatus::Cancelled), None).await,
            Ok(Err(Halt::Stop(Stop::Stopping))) => {
                self.release(id).await?;
                Err(Error::Overloaded { retry_after: Duration::from_secs(5) })
            }
            Ok(Err(Halt::Stop(Stop::Refused(error)))) => {
                let message = format!("whoever asked for it may not import any more: {error}");
                self.fail(id, error.code(), &message).await
            }
            Ok(Err(Halt::Unreadable(error))) => {
                let found = self.database.read::<Job>(&keyspace::import_job(id)).await?;
                if found.is_some_and(|found| found.data.detached || found.data.counts.rows() > 0) {
                    return self.fail(id, "unreadable_workbook", &error.to_string()).await;
                }
                self.discard(id).await?;
                Err(error.into())
            }
            Err(error @ Error::Store(_)) if self.files.is_some() => Err(error),
            Err(error) => {
                // The first error is the one to tell.
                drop(self.fail(id, "interrupted", "it was interrupted; send the workbook again").await);
                Err(error)
            }
        }
    }

    async fn carry_out(
        &self,
        tools: &Tools,
        actor: &Actor,
        ticket: &Ticket,
        observer: &dyn Observer,
    ) -> Result<Result<(), Halt>> {
        let id = ticket.id;
        let turn = match self.holding(id, self.slots.acquire()).await? {
            Ok(Ok(turn)) => turn,
            // Closed, since this instance ends.
            Ok(Err(_)) => return Ok(Err(Halt::Stop(Stop::Stopping))),
            Err(stop) => return Ok(Err(Halt::Stop(stop))),
        };
        if ticket.running.is_cancelled() {
            return Ok(Err(Halt::Stop(Stop::Cancelled)));
        }
        let (job, actor) = match self.begin(tools, actor, id).await? {
            Ok(begun) => begun,
            Err(stop) => return Ok(Err(Halt::Stop(stop))),
        };
        let workbook = ticket.workbook.try_clone();
        let workbook =
            workbook.map_err(|error| Error::internal(format!("a workbook can't be read: {error}")))?;
        let opening =
            feed::open(self.database.clock(), workbook, self.limits.clone(), ticket.running.clone());
        let reader = match self.holding(id, opening).await? {
            Ok(opened) => match opened? {
                Ok(reader) => reader,
                Err(error) => return Ok(Err(Halt::Unreadable(error))),
            },
            Err(stop) => return Ok(Err(Halt::Stop(stop))),
        };
        observer.begun(id, &job.options);
        ticket.running.note_read(job.counts.rows());
        ticket.running.note_done(job.counts.rows());
        let tools = if job.options.dry_run {
            &Tools { directory: tools.directory.rehearsal(), ..tools.clone() }
        } else {
            tools
        };
        let mut plan = None;
        if job.phase == Phase::Applying {
            let mut reader = PlanReader::new(id, job.plan.unwrap_or_default());
            reader.skip(&self.database, job.counts.rows()).await?;
            plan = Some(reader);
        }
        let importer = Importer::new(self, tools, &actor, &job, plan, &ticket.running, observer);
        let done = importer.run(reader, job.checkpoint).await;
        drop(turn);
        done
    }

    pub(super) async fn begin(
        &self,
        tools: &Tools,
        actor: &Actor,
        id: ImportId,
    ) -> Result<Result<(Job, Actor), Stop>> {
        self.database
            .transact(|transaction| async move {
                let mut job = match self.held(&transaction, id).await? {
                    Ok(job) => job,
                    Err(stop) => return Ok(Err(stop)),
                };
                let actor = match tools.confirm(&transaction, actor, &job).await? {
                    Ok(actor) => actor,
                    Err(error) => return Ok(Err(Stop::Refused(error))),
                };
                job.status = ImportStatus::Running;
                job.attempts += 1;
                job.lease = Some(self.lease());
                transaction.put(keyspace::import_job(id), &job)?;
                Ok(Ok((job, actor)))
            })
            .await
    }
}

impl Tools {
    /// Whoever asked for a job, as they are now: whether they may still do what they asked for.
    pub(in crate::import) async fn confirm(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        job: &Job,
    ) -> Result<Result<Actor, Error>> {
        let actor = match self.directory.confirm(transaction, actor).await {
            Ok(actor) => actor,
            Err(error @ Error::InvalidAccessToken) => return Ok(Err(error)),
            Err(error) => return Err(error),
        };
        let own = actor.confined_to(Action::Import).unwrap_or_default();
        let organisation_id = job.options.organisation_id.or(job.organisation_id).or(own);
        let target = Target { organisation_id, ..Target::default() };
        Ok(actor.may(Action::Import, &target).map(|()| actor))
    }
}
