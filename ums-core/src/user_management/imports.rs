//! Imports and their reports.

use std::fs::File;

use tokio::task::JoinHandle;

use super::Acting;
use super::audit::{Audited, Subject};
use super::waiting::Waiting;
use crate::access::{Action, Target};
use crate::directory::RightsChange;
use crate::import::{
    ImportCounts, ImportFault, ImportOptions, ImportProgress, ImportReport, Observer, OnMissing, Submitted,
    Ticket, Tools, reports,
};
use crate::model::ImportId;
use crate::page::{Page, PageRequest};
use crate::{Error, Result};

impl Audited for ImportReport {
    fn subject(&self) -> Subject {
        let sum = |count: fn(&ImportCounts) -> u64| {
            [&self.organisations, &self.departments, &self.users].into_iter().map(count).sum::<u64>()
        };
        Subject::new(format!("import/{}", self.id))
            .field("read", sum(|counts| counts.read))
            .field("created", sum(|counts| counts.created))
            .field("updated", sum(|counts| counts.updated))
            .field("failed", sum(|counts| counts.failed))
            .field("dry_run", self.dry_run)
    }
}

/// What an import answered with at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportStarted {
    /// Which import.
    pub id: ImportId,
    /// Whether an earlier request with the same `Idempotency-Key` began it.
    pub repeated: bool,
}

/// An import whose course the log is told of.
struct Watched<'a>(&'a Acting);

impl Observer for Watched<'_> {
    fn begun(&self, id: ImportId, options: &ImportOptions) {
        let subject = Subject::new(format!("import/{id}"))
            .of_organisation(options.organisation_id)
            .field("dry_run", options.dry_run);
        self.0.tell("import.start", subject, None);
    }

    fn rights_changed(&self, changes: &[RightsChange]) {
        changes.iter().for_each(|change| self.0.tell_rights(change));
    }
}

impl Acting {
    /// Imports a workbook (`.xlsx`) and answers when that is done. A row that is wrong is reported and does not stop the
    /// others. Dropping the future calls the import off: it stops before its next batch, and what was imported by then
    /// stays.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableWorkbook`], and nothing was changed; [`Error::Forbidden`]; [`Error::Invalid`] for an
    /// organisation that is not there; [`Error::Overloaded`] where too many wait already, or where this instance is told
    /// to [stop](super::UserManagement::stop_imports) meanwhile; [`Error::Store`] where the store fails on the way: what was
    /// imported by then stays, and the import goes on by itself once the store answers, where
    /// [workbooks are kept](super::Builder::import_files). Else importing the same file again does the rest.
    pub async fn import_workbook(&self, workbook: File, options: &ImportOptions) -> Result<ImportReport> {
        self.import_once(workbook, options, None).await
    }

    /// The same under a key that marks a repeated request as one: asked again within a day with the same key, options and
    /// workbook, it answers with what the first one came to, and waits for that where it is not done.
    ///
    /// # Errors
    ///
    /// As for [`import_workbook`](Self::import_workbook); [`Error::IdempotencyKeyReused`] where the key came with another
    /// workbook or other options before.
    pub async fn import_once(
        &self,
        workbook: File,
        options: &ImportOptions,
        key: Option<&str>,
    ) -> Result<ImportReport> {
        let again = workbook
            .try_clone()
            .map_err(|error| Error::internal(format!("a workbook can't be read: {error}")))?;
        match self.import_first(workbook, options, key).await {
            // Nothing came of the first one, as of a workbook that can't be read, so this one is the first now.
            Err(Error::NotFound(_)) => self.import_first(again, options, key).await,
            ended => ended,
        }
    }

    async fn import_first(
        &self,
        workbook: File,
        options: &ImportOptions,
        key: Option<&str>,
    ) -> Result<ImportReport> {
        let waiting = Waiting::new(self);
        let waited_for = waiting.share();
        let (acting, options, key) = (self.clone(), options.clone(), key.map(str::to_owned));
        // Taken in to its end, whoever goes meanwhile: else nobody would be at it until its lease has run out.
        let began: JoinHandle<Result<_>> = tokio::spawn(async move {
            match acting.submit(workbook, &options, key.as_deref(), false).await? {
                Submitted::Known(id) => Ok(Err(id)),
                Submitted::New(ticket) => {
                    waited_for.begun(&acting, ticket.id);
                    Ok(Ok(acting.spawn(ticket)))
                }
            }
        });
        let broke_off = |error| Error::internal(format!("an import broke off: {error}"));
        let report = match began.await.map_err(broke_off)?? {
            Ok(running) => running.await.map_err(broke_off)?,
            Err(id) => self.ended(id).await,
        };
        waiting.done();
        report
    }

    /// The report of an import that was begun before, once it has ended, for whom it is in sight.
    async fn ended(&self, id: ImportId) -> Result<ImportReport> {
        reports::see(&self.parts().database, &self.actor, id).await?;
        self.parts().jobs.ended(id).await
    }

    async fn wait_for(&self, ticket: Ticket) -> Result<ImportReport> {
        let waiting = Waiting::new(self);
        waiting.share().begun(self, ticket.id);
        let report = self.spawn(ticket).await;
        waiting.done();
        report.map_err(|error| Error::internal(format!("an import broke off: {error}")))?
    }

    /// Begins to import a workbook, and answers at once. The [report](Self::import) tells how far it is.
    ///
    /// # Errors
    ///
    /// As for [`import_once`](Self::import_once), but that a workbook that can't be read is told by the report.
    pub async fn start_import(
        &self,
        workbook: File,
        options: &ImportOptions,
        key: Option<&str>,
    ) -> Result<ImportStarted> {
        let (acting, options, key) = (self.clone(), options.clone(), key.map(str::to_owned));
        let began = tokio::spawn(async move {
            Ok(match acting.submit(workbook, &options, key.as_deref(), true).await? {
                Submitted::Known(id) => ImportStarted { id, repeated: true },
                Submitted::New(ticket) => {
                    let id = ticket.id;
                    drop(acting.spawn(ticket));
                    ImportStarted { id, repeated: false }
                }
            })
        });
        began.await.map_err(|error| Error::internal(format!("an import broke off: {error}")))?
    }

    /// Does what a dry run decided, under its id, and answers when that is done: the whole plan is compared with what would
    /// be decided now, and then applied. A row of which something else would become after that is left alone and reported
    /// as `changed_meanwhile`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, or it is out of sight; [`Conflict::NotPlanned`](crate::Conflict::NotPlanned)
    /// for what is no dry run that has ended; [`Conflict::PlanStale`](crate::Conflict::PlanStale), and nothing was changed;
    /// [`Error::PlanExpired`] an hour after the dry run, and where workbooks are not kept.
    pub async fn commit_import(&self, id: ImportId) -> Result<ImportReport> {
        let ticket = self.take_plan(id).await?;
        self.wait_for(ticket).await
    }

    /// The same, but for answering as soon as the plan was compared.
    ///
    /// # Errors
    ///
    /// As for [`commit_import`](Self::commit_import).
    pub async fn start_commit(&self, id: ImportId) -> Result<()> {
        let ticket = self.take_plan(id).await?;
        drop(self.spawn(ticket));
        Ok(())
    }

    async fn take_plan(&self, id: ImportId) -> Result<Ticket> {
        let taken = self.parts().jobs.take_plan(&self.tools(), &self.actor, id).await;
        if let Err(error) = &taken {
            self.tell("import.run", Subject::new(format!("import/{id}")), Some(error));
        }
        taken
    }

    /// Calls an import off: it stops before its next batch, and what was imported by then stays.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, or it is out of sight;
    /// [`Conflict::ImportFinished`](crate::Conflict::ImportFinished).
    pub async fn cancel_import(&self, id: ImportId) -> Result<()> {
        let work = self.parts().jobs.cancel(&self.actor, id);
        self.audited("import.cancel", Subject::new(format!("import/{id}")), work).await
    }

    /// The report of an import, as far as it is.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, or it is out of sight.
    pub async fn import(&self, id: ImportId) -> Result<ImportReport> {
        let work = reports::read(&self.parts().database, &self.actor, id);
        self.guarded("import.read", Subject::new(format!("import/{id}")), work).await
    }

    /// The reports of imports in sight, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`], [`Error::InvalidCursor`].
    pub async fn imports(&self, request: &PageRequest) -> Result<Page<ImportReport>> {
        let parts = self.parts();
        let work = reports::list(&parts.database, &parts.cursors, &self.actor, request);
        self.guarded("import.list", Subject::default(), work).await
    }

    /// Follows an import to its end, whichever instance is at it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none, or it is out of sight.
    pub async fn follow_import(&self, id: ImportId) -> Result<ImportEvents> {
        let work = reports::see(&self.parts().database, &self.actor, id);
        self.guarded("import.read", Subject::new(format!("import/{id}")), work).await?;
        Ok(ImportEvents { acting: self.clone(), id, last: None, ended: false })
    }

    /// What was wrong in an import, a portion at a time: `after` is what the portion before said. Of organisations and of
    /// users in the order of rows. All of it as long as the workbook is kept, and the first 1,000 from then on.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such import, or it is out of sight.
    pub async fn import_faults(
        &self,
        id: ImportId,
        after: Option<String>,
    ) -> Result<(Vec<ImportFault>, Option<String>)> {
        let database = &self.parts().database;
        let work = async {
            reports::see(database, &self.actor, id).await?;
            reports::faults(database, id, after).await
        };
        self.guarded("import.read", Subject::new(format!("import/{id}")), work).await
    }

    /// The workbook of an import, at its beginning; `None` where it is not kept, or not any more. For whoever asked for the
    /// import, administrators of everything and the embedding program.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such import, or it is out of sight; [`Error::Forbidden`] for others who may
    /// read its report.
    pub async fn imported_workbook(&self, id: ImportId) -> Result<Option<File>> {
        let parts = self.parts();
        let work = async {
            reports::see_rows(&parts.database, &self.actor, id).await?;
            parts.jobs.workbook(id).await
        };
        self.guarded("import.read", Subject::new(format!("import/{id}")), work).await
    }

    async fn submit(
        &self,
        workbook: File,
        options: &ImportOptions,
        key: Option<&str>,
        detached: bool,
    ) -> Result<Submitted> {
        let parts = self.parts();
        let work = async {
            self.expect_import_allowed(options).await?;
            parts.jobs.submit(&self.actor, workbook, options, key, detached).await
        };
        let submitted = work.await;
        if let Err(error) = &submitted {
            let subject = Subject::default().of_organisation(options.organisation_id);
            self.tell("import.run", subject, Some(error));
        }
        submitted
    }

    async fn expect_import_allowed(&self, options: &ImportOptions) -> Result<()> {
        let own = self.actor.confined_to(Action::Import).unwrap_or_default();
        let organisation_id = options.organisation_id.or(own);
        self.actor.may(Action::Import, &Target { organisation_id, ..Target::default() })?;
        if options.on_missing == OnMissing::Suspend && organisation_id.is_none() {
            let message = "is required where those whom the workbook does not name are to be suspended";
            return Err(Error::invalid("organisation_id", "required", message));
        }
        match organisation_id {
            Some(id) => self.parts().directory.expect_place(&self.actor, Some(id), None).await,
            None => Ok(()),
        }
    }

    fn tools(&self) -> Tools {
        let parts = self.parts();
        Tools {
            directory: parts.directory.clone(),
            hasher: parts.auth.hasher.clone(),
            policy: parts.auth.policy,
        }
    }

    /// Carries an import out, on its own: whoever waits for it may go.
    pub(super) fn spawn(&self, ticket: Ticket) -> JoinHandle<Result<ImportReport>> {
        let acting = self.clone();
        tokio::spawn(async move {
            let (parts, tools) = (acting.parts(), acting.tools());
            let _running = parts.counters.import();
            let watched = Watched(&acting);
            // Large, and moved about otherwise.
            let work = Box::pin(parts.jobs.run(&tools, &acting.actor, ticket, &watched));
            let report = acting.audited("import.run", Subject::default(), work).await;
            // Also where it broke off: what was imported by then may be invited.
            parts.outbox.wake();
            let report = report?;
            let counts = [&report.organisations, &report.departments, &report.users];
            parts.counters.rows_imported(counts.into_iter().map(|counts| counts.read).sum());
            Ok(report)
        })
    }
}

/// What there is to say of an import on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum ImportEvent {
    /// It has come on.
    Progress(ImportProgress),
    /// It has ended.
    Finished(Box<ImportReport>),
}

/// Follows an import.
#[derive(Debug)]
pub struct ImportEvents {
    acting: Acting,
    id: ImportId,
    last: Option<ImportProgress>,
    ended: bool,
}

impl ImportEvents {
    /// Waits for the next event: progress a few times a second, at once the first time, and then the end; `None` after
    /// that. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] where the store does not answer; [`Error::NotFound`] where the import is gone, as one whose
    /// workbook could not be read; [`Error::InvalidAccessToken`] once the session has ended of whoever follows it.
    pub async fn next(&mut self) -> Result<Option<ImportEvent>> {
        let jobs = &self.acting.parts().jobs;
        while !self.ended {
            self.expect_sight().await?;
            let (progress, ended) = jobs.progress(self.id).await?;
            if self.last != Some(progress) {
                self.last = Some(progress);
                return Ok(Some(ImportEvent::Progress(progress)));
            }
            if ended {
                self.ended = true;
                let report =
                    reports::read(&self.acting.parts().database, &self.acting.actor, self.id).await?;
                return Ok(Some(ImportEvent::Finished(Box::new(report))));
            }
            jobs.stir(self.id).await;
        }
        Ok(None)
    }

    /// Whoever follows an import may do so as long as their session lasts and they see it.
    async fn expect_sight(&self) -> Result<()> {
        let Ok(principal) = self.acting.principal() else { return Ok(()) };
        let parts = self.acting.parts();
        let standing = parts.auth.sessions.standing(principal.user_id(), principal.session_id()).await?;
        let standing = standing.ok_or(Error::InvalidAccessToken)?;
        reports::see(&parts.database, &standing.account.actor(), self.id).await
    }
}
