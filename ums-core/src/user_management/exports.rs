//! Workbooks that go out.

use super::Acting;
use super::audit::{Audited, Subject};
use crate::Result;
use crate::access::Action;
use crate::export::{ExportOptions, ExportedWorkbook, Exporter, template};

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
    /// [`Error::Forbidden`](crate::Error::Forbidden); [`Error::Invalid`](crate::Error::Invalid) for an organisation that
    /// is not there, and where there are more rows than a sheet holds; [`Error::Store`](crate::Error::Store);
    /// [`Error::Internal`](crate::Error::Internal) where the temporary files can't be written.
    pub async fn export_users(&self, options: &ExportOptions) -> Result<ExportedWorkbook> {
        let parts = self.parts();
        let work = async {
            let exporter = Exporter::new(&parts.database, &parts.directory, &self.actor, options).await?;
            exporter.run().await
        };
        let subject = Subject::new("export").of_organisation(options.organisation_id);
        self.audited("export.run", subject, work).await
    }

    /// A workbook (`.xlsx`) to fill in and import: the headings, an example row, the allowed values. Imported as it is,
    /// it changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`](crate::Error::Forbidden) for those who may import nothing;
    /// [`Error::Internal`](crate::Error::Internal) where it can't be written.
    pub async fn import_template(&self) -> Result<Vec<u8>> {
        let work = async {
            self.actor.may_at_all(Action::Import)?;
            let now = self.parts().database.now();
            let written = tokio::task::spawn_blocking(move || template(now)).await;
            written.map_err(|error| crate::Error::internal(format!("writing the template: {error}")))?
        };
        self.guarded("import.template", Subject::default(), work).await
    }
}
