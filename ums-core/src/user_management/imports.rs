//! Imports and their reports.

use std::fs::File;

use super::Acting;
use super::audit::{Audited, Subject};
use crate::Result;
use crate::directory::RightsChange;
use crate::import::{ImportCounts, ImportOptions, ImportReport, Importer, Observer, reports};
use crate::model::ImportId;
use crate::page::{Page, PageRequest};

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

/// An import whose course the log is told of.
struct Watched<'a> {
    acting: &'a Acting,
    options: &'a ImportOptions,
}

impl Observer for Watched<'_> {
    fn begun(&self, id: ImportId) {
        let subject = Subject::new(format!("import/{id}"))
            .of_organisation(self.options.organisation_id)
            .field("dry_run", self.options.dry_run);
        self.acting.tell("import.start", subject, None);
    }

    fn rights_changed(&self, changes: &[RightsChange]) {
        if !self.options.dry_run {
            changes.iter().for_each(|change| self.acting.tell_rights(change));
        }
    }
}

impl Acting {
    /// Imports a workbook (`.xlsx`) and answers when that is done. A row that is wrong is reported and does not stop the
    /// others.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableWorkbook`](crate::Error::UnreadableWorkbook), and nothing was changed;
    /// [`Error::Forbidden`](crate::Error::Forbidden); [`Error::Invalid`](crate::Error::Invalid) for an organisation
    /// that is not there; [`Error::Store`](crate::Error::Store) where the store fails on the way: what was imported by
    /// then stays, and importing the same file again does the rest.
    pub async fn import_workbook(&self, workbook: File, options: &ImportOptions) -> Result<ImportReport> {
        let parts = self.parts();
        let auth = &parts.auth;
        let _running = parts.counters.import();
        let watched = Watched { acting: self, options };
        let importer = Importer::new(
            &parts.database,
            &parts.directory,
            &auth.hasher,
            &auth.policy,
            &self.actor,
            options,
            &watched,
        );
        let work = Box::pin(importer.run(workbook, parts.import_limits.clone()));
        let subject = Subject::default().of_organisation(options.organisation_id);
        let report = self.audited("import.run", subject, work).await;
        // Also where it broke off: what was imported by then may be invited.
        parts.outbox.wake();
        let report = report?;
        let counts = [&report.organisations, &report.departments, &report.users];
        parts.counters.rows_imported(counts.into_iter().map(|counts| counts.read).sum());
        Ok(report)
    }

    /// The report of an import.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where there is none, or it is out of sight.
    pub async fn import(&self, id: ImportId) -> Result<ImportReport> {
        let work = reports::read(&self.parts().database, &self.actor, id);
        self.guarded("import.read", Subject::new(format!("import/{id}")), work).await
    }

    /// The reports of imports in sight, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`](crate::Error::Forbidden), [`Error::InvalidCursor`](crate::Error::InvalidCursor).
    pub async fn imports(&self, request: &PageRequest) -> Result<Page<ImportReport>> {
        let parts = self.parts();
        let work = reports::list(&parts.database, &parts.cursors, &self.actor, request);
        self.guarded("import.list", Subject::default(), work).await
    }
}
