//! From a workbook to the directory: rows in batches, each batch one commit.

use std::fs::File;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::progress::Progress;
use super::{
    ImportLimits, ImportOptions, ImportReport, SheetEvent, SheetKind, SheetRow, WorkbookReader, reports,
};
use crate::access::{Action, Actor, Target};
use crate::directory::{Directory, Existing, RightsChange};
use crate::hash::{Hasher, PasswordPolicy};
use crate::model::ImportId;
use crate::transaction::Database;
use crate::{Error, Kind, Result};

use super::OnExisting;

/// How many events go from the reader to the importer at a time, and how many such messages may wait.
const EVENTS: usize = 256;
const MESSAGES: usize = 4;

/// What a row costs at most in operations of a commit, with what is read for it.
const OPERATIONS_PER_ROW: usize = 25;
/// The most rows of a commit: more saves nothing.
const ROWS: usize = 2_000;

/// Imports workbooks into a directory.
pub(crate) struct Importer<'a> {
    pub(super) database: &'a Database,
    pub(super) directory: Directory,
    pub(super) hasher: &'a Arc<Hasher>,
    pub(super) policy: &'a PasswordPolicy,
    pub(super) actor: &'a Actor,
    pub(super) options: &'a ImportOptions,
    pub(super) observer: &'a dyn Observer,
}

/// Who is told how an import goes on.
pub(crate) trait Observer: Send + Sync {
    /// It has begun, and nothing is changed yet.
    fn begun(&self, id: ImportId);

    /// These changes of rights are committed.
    fn rights_changed(&self, changes: &[RightsChange]);
}

impl<'a> Importer<'a> {
    /// An importer that does as the options say; for a dry run one whose directory keeps nothing.
    pub(crate) fn new(
        database: &'a Database,
        directory: &Directory,
        hasher: &'a Arc<Hasher>,
        policy: &'a PasswordPolicy,
        actor: &'a Actor,
        options: &'a ImportOptions,
        observer: &'a dyn Observer,
    ) -> Self {
        let directory = if options.dry_run { directory.rehearsal() } else { directory.clone() };
        Self { database, directory, hasher, policy, actor, options, observer }
    }

    /// Imports a workbook to its end. A row that is wrong does not stop the others.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableWorkbook`] before anything is changed; those of the store.
    pub(crate) async fn run(&self, workbook: File, limits: ImportLimits) -> Result<ImportReport> {
        self.expect_allowed().await?;
        let mut events = read(workbook, limits, self.options.clone()).await?;
        let id = ImportId::allotted(self.database.next_id(Kind::Import).await?)?;
        self.observer.begun(id);
        let report = ImportReport::new(id, self.options.dry_run, self.database.now());
        let mut progress = Progress::new(report);
        let mut batch = Vec::new();
        while let Some(message) = events.recv().await {
            for event in message? {
                self.take(event, &mut batch, &mut progress).await?;
            }
        }
        self.apply(&mut batch, &mut progress).await?;
        self.finish_departments(&mut progress).await?;
        let mut report = progress.into_report();
        report.finish(self.database.now());
        let organisation_id = self.actor.confined_to(Action::ReadImport)?.or(self.options.organisation_id);
        reports::store(self.database, &report, organisation_id).await?;
        Ok(report)
    }

    async fn expect_allowed(&self) -> Result<()> {
        let own = self.actor.confined_to(Action::Import).unwrap_or_default();
        let organisation_id = self.options.organisation_id.or(own);
        self.actor.may(Action::Import, &Target { organisation_id, ..Target::default() })?;
        match organisation_id {
            Some(id) => self.directory.expect_place(self.actor, Some(id), None).await,
            None => Ok(()),
        }
    }

    async fn take(
        &self,
        event: SheetEvent,
        batch: &mut Vec<SheetRow>,
        progress: &mut Progress,
    ) -> Result<()> {
        match event {
            SheetEvent::Row(row) => {
                let kind = kind(&row);
                if batch.len() >= self.rows_per_commit()
                    || batch.last().is_some_and(|last| self::kind(last) != kind)
                {
                    self.apply(batch, progress).await?;
                }
                if kind == SheetKind::Users {
                    self.finish_departments(progress).await?;
                }
                progress.read(kind);
                batch.push(row);
            }
            SheetEvent::Faulty(kind, faults) => {
                progress.read(kind);
                progress.fail(kind, faults);
            }
            SheetEvent::Sheet(fault) => progress.error(fault),
            SheetEvent::Warning(fault) => progress.warning(fault),
        }
        Ok(())
    }

    async fn apply(&self, batch: &mut Vec<SheetRow>, progress: &mut Progress) -> Result<()> {
        let (mut organisations, mut departments, mut users) = (Vec::new(), Vec::new(), Vec::new());
        for row in batch.drain(..) {
            match row {
                SheetRow::Organisation(row) => organisations.push(row),
                SheetRow::Department(row) => departments.push(row),
                SheetRow::User(row) => users.push(row),
            }
        }
        self.organisations(organisations, progress).await?;
        self.departments(departments, progress).await?;
        self.users(users, progress).await
    }

    fn rows_per_commit(&self) -> usize {
        (self.database.limits().operations / OPERATIONS_PER_ROW).clamp(1, ROWS)
    }

    pub(super) fn existing(&self) -> Existing {
        match self.options.on_existing {
            OnExisting::Skip => Existing::Skip,
            OnExisting::Update => Existing::Update,
            OnExisting::Fail => Existing::Fail,
        }
    }
}

fn kind(row: &SheetRow) -> SheetKind {
    match row {
        SheetRow::Organisation(_) => SheetKind::Organisations,
        SheetRow::Department(_) => SheetKind::Departments,
        SheetRow::User(_) => SheetKind::Users,
    }
}

type Message = Result<Vec<SheetEvent>>;

/// Reads a workbook on a thread of its own, once it has been looked at and found sound.
async fn read(
    workbook: File,
    limits: ImportLimits,
    options: ImportOptions,
) -> Result<mpsc::Receiver<Message>> {
    let opened = tokio::task::spawn_blocking(move || WorkbookReader::open(workbook, &limits)).await;
    let mut reader = opened.map_err(|error| Error::internal(format!("reading a workbook: {error}")))??;
    let (sender, receiver) = mpsc::channel::<Message>(MESSAGES);
    tokio::task::spawn_blocking(move || {
        let mut events = Vec::with_capacity(EVENTS);
        let read = reader.read(&options, |event| {
            events.push(event);
            if events.len() < EVENTS {
                return ControlFlow::Continue(());
            }
            // Nobody listens any more where the import was called off.
            match sender.blocking_send(Ok(std::mem::replace(&mut events, Vec::with_capacity(EVENTS)))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        let last = read.map(|_| events).map_err(Error::from);
        drop(sender.blocking_send(last));
    });
    Ok(receiver)
}
