//! Workbooks that go out.

use std::fs::File;

use tokio::sync::mpsc;

use super::Acting;
use super::audit::{Audited, Subject};
use crate::access::Action;
use crate::export::{ExportOptions, ExportedWorkbook, Exporter, failed_rows, template};
use crate::import::{ImportFault, reports};
use crate::model::ImportId;
use crate::{Conflict, Error, Result};

impl Audited for ExportedWorkbook {
    fn subject(&self) -> Subject {
        Subject::new("export")
            .field("organisations", self.organisations)
            .field("departments", self.departments)
            .field("users", self.users)
    }
}

impl Acting {
    /// The organisations, departments and users in sight as a workbook (`.xlsx`), which an import reads back to the
    /// same. It holds no password and no hash of one, so an account that is active here is invited where it is
    /// imported into another store.
    ///
    /// What is changed meanwhile may be in it or not. Memory stays the same however many rows there are; they are kept in
    /// temporary files.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`]; [`Error::Invalid`] for an organisation that
    /// is not there, and where there are more rows than a sheet holds; [`Error::Store`];
    /// [`Error::Internal`] where the temporary files can't be written.
    pub async fn export_users(&self, options: &ExportOptions) -> Result<ExportedWorkbook> {
        let parts = self.parts();
        let work = async {
            let exporter = Exporter::new(&parts.database, &parts.directory, &self.actor, options).await?;
            exporter.run().await
        };
        let subject = Subject::new("export").of_organisation(options.organisation_id);
        self.audited("export.run", subject, work).await
    }

    /// The rows of an import that failed, as a workbook (`.xlsx`) that says what is wrong with them: mended, it imports.
    /// Passwords are in it as they were sent, so it is for whoever asked for the import, administrators of everything and the
    /// embedding program. `None` where there is no such row: each was taken, or none was read.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is no such import, or it is out of sight; [`Error::Forbidden`] for others who may
    /// read its report; [`Conflict::ImportUnfinished`] before its end; [`Error::WorkbookExpired`] where rows failed and the workbook is not
    /// kept, or not any more; [`Error::Store`]; [`Error::Internal`] where it
    /// can't be written.
    pub async fn failed_rows(&self, id: ImportId) -> Result<Option<File>> {
        let sight = reports::see_rows(&self.parts().database, &self.actor, id);
        self.guarded("import.read", Subject::new(format!("import/{id}")), sight).await?;
        let report = self.import(id).await?;
        if report.finished_at.is_none() {
            return Err(Conflict::ImportUnfinished.into());
        }
        if report.errors.iter().all(ImportFault::is_of_the_import) {
            return Ok(None);
        }
        let workbook = self.imported_workbook(id).await?.ok_or(Error::WorkbookExpired)?;
        let limits = self.parts().jobs.limits().clone();
        let now = self.parts().database.now();
        let (sender, mut receiver) = mpsc::channel::<Result<Vec<ImportFault>>>(4);
        let writer = tokio::task::spawn_blocking(move || {
            let portions = std::iter::from_fn(|| receiver.blocking_recv());
            let faults = portions.flat_map(|portion| match portion {
                Ok(faults) => faults.into_iter().filter(|fault| !fault.is_of_the_import()).map(Ok).collect(),
                Err(error) => vec![Err(error)],
            });
            failed_rows(workbook, &limits, faults, now)
        });
        let mut after = None;
        loop {
            let portion = self.import_faults(id, after).await;
            let next = portion.as_ref().ok().and_then(|(_, next)| next.clone());
            // Where the writer has stopped, it says why.
            if sender.send(portion.map(|(faults, _)| faults)).await.is_err() || next.is_none() {
                break;
            }
            after = next;
        }
        drop(sender);
        writer.await.map_err(|error| Error::internal(format!("writing failed rows: {error}")))?
    }

    /// A workbook (`.xlsx`) to fill in and import: the headings, an example row, the allowed values. Imported as it is,
    /// it changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for those who may import nothing;
    /// [`Error::Internal`] where it can't be written.
    pub async fn import_template(&self) -> Result<Vec<u8>> {
        let work = async {
            self.actor.may_at_all(Action::Import)?;
            let now = self.parts().database.now();
            let written = tokio::task::spawn_blocking(move || template(now)).await;
            written.map_err(|error| Error::internal(format!("writing the template: {error}")))?
        };
        self.guarded("import.template", Subject::default(), work).await
    }
}
