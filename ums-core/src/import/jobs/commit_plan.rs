//! Having done what a dry run decided, and nothing else.

use super::{Halt, Jobs, Stop, Ticket, Tools};
use crate::access::{Action, Actor, Target};
use crate::directory::RightsChange;
use crate::import::feed;
use crate::import::importer::{Importer, Observer};
use crate::import::job::{Checkpoint, Job, Pending};
use crate::import::plan::Phase;
use crate::import::plan_reader::PlanReader;
use crate::import::{ImportOptions, ImportStatus, reports};
use crate::model::ImportId;
use crate::{Conflict, Error, Kind, Result, keyspace};

impl Jobs {
    /// Compares a whole plan with what would be decided now, and takes it on where they are the same.
    ///
    /// # Errors
    ///
    /// [`Error::PlanExpired`]; [`Conflict::PlanStale`]; [`Conflict::NotPlanned`] for what is no dry run that has ended.
    pub(crate) async fn take_plan(&self, tools: &Tools, actor: &Actor, id: ImportId) -> Result<Ticket> {
        reports::see(&self.database, actor, id).await?;
        let job = self.begin_to_look(actor, id).await?;
        let ticket = match self.workbook(id).await {
            Ok(Some(workbook)) => self.ticket(&job, workbook),
            missing => {
                self.end(id, None, None).await?;
                return Err(missing.err().unwrap_or(Error::PlanExpired));
            }
        };
        let taken = self.look(tools, actor, &ticket).await;
        match taken {
            Ok(()) => Ok(ticket),
            Err(error) => {
                // As it was: a plan.
                let ended = self.end(id, None, None).await;
                drop(ticket);
                ended.and(Err(error))
            }
        }
    }

    async fn look(&self, tools: &Tools, actor: &Actor, ticket: &Ticket) -> Result<()> {
        let id = ticket.id;
        let turn = self.holding(id, self.slots.acquire()).await?.map_err(stopped)?;
        let turn = turn.map_err(|_| stopped(Stop::Stopping))?;
        let (job, actor) = self.begin(tools, actor, id).await?.map_err(stopped)?;
        let again = |error| Error::internal(format!("a workbook can't be read: {error}"));
        let workbook = ticket.workbook.try_clone().map_err(again)?;
        let opening =
            feed::open(self.database.clock(), workbook, self.limits.clone(), ticket.running.clone());
        let reader = self.holding(id, opening).await?.map_err(stopped)???;
        let tools = &Tools { directory: tools.directory.rehearsal(), ..tools.clone() };
        let plan = Some(PlanReader::new(id, job.plan.unwrap_or_default()));
        let importer = Importer::new(self, tools, &actor, &job, plan, &ticket.running, &Unobserved);
        match importer.run(reader, Checkpoint::default()).await? {
            Ok(()) => {}
            Err(Halt::Stop(stop)) => return Err(stopped(stop)),
            Err(Halt::Unreadable(error)) => return Err(error.into()),
        }
        drop(turn);
        self.begin_to_apply(id).await
    }

    async fn begin_to_look(&self, actor: &Actor, id: ImportId) -> Result<Job> {
        self.database
            .transact(|transaction| async move {
                let key = keyspace::import_job(id);
                let found = transaction.read::<Job>(&key).await?;
                let mut job = found.ok_or(Error::NotFound(Kind::Import))?.data;
                let target = Target { organisation_id: job.organisation_id, ..Target::default() };
                actor.may(Action::Import, &target)?;
                let now = self.database.now();
                let came_to_its_end =
                    matches!(job.status, ImportStatus::Succeeded | ImportStatus::SucceededWithErrors);
                let Some(plan) = job.plan.filter(|_| job.options.dry_run && came_to_its_end) else {
                    return Err(Conflict::NotPlanned.into());
                };
                if !job.workbook.kept || plan.expires_at.is_none_or(|expires_at| expires_at <= now) {
                    return Err(Error::PlanExpired);
                }
                job.phase = Phase::Looking;
                job.attempts = 0;
                job.status = ImportStatus::Queued;
                // What is done is done for whoever asks for it now.
                job.actor_id = actor.user_id();
                job.lease = Some(self.lease());
                transaction.put(keyspace::import_pending(id), &Pending {})?;
                transaction.put(key, &job)?;
                Ok(job)
            })
            .await
    }

    async fn begin_to_apply(&self, id: ImportId) -> Result<()> {
        self.database
            .transact(|transaction| async move {
                let mut job = self.held(&transaction, id).await?.map_err(stopped)?;
                job.phase = Phase::Applying;
                job.attempts = 0;
                job.options.dry_run = false;
                job.status = ImportStatus::Queued;
                job.attempts = 0;
                job.finished_at = None;
                job.begin_anew();
                transaction.put(keyspace::import_job(id), &job)
            })
            .await
    }
}

/// A look changes nothing that there is to tell of.
struct Unobserved;

impl Observer for Unobserved {
    fn begun(&self, _: ImportId, _: &ImportOptions) {}

    fn rights_changed(&self, _: &[RightsChange]) {}
}

fn stopped(stop: Stop) -> Error {
    match stop {
        Stop::Stale => Conflict::PlanStale.into(),
        Stop::Refused(error) => error,
        Stop::Cancelled | Stop::Lost => Conflict::PlanStale.into(),
        Stop::Stopping => Error::Overloaded { retry_after: std::time::Duration::from_secs(5) },
    }
}
