//! Workbooks that go out: the template, and what the store holds.

use serde::Deserialize;
use ums_core::access::Action;
use ums_core::export::ExportOptions;
use ums_core::model::{ImportId, OrganisationId};
use utoipa::IntoParams;

use crate::caller::Caller;
use crate::path::Id;
use crate::problem::{Cause, Problem};
use crate::query::{Query, parsed};
use crate::routes::{Route, Routes};
use crate::spreadsheet::Spreadsheet;

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Workbooks", "Excel workbooks that go out: a template to fill in, and an export that imports again.")
        .requires(
            Action::Import,
            Route::get("/import/template.xlsx", "read_import_template", "Take a template to fill in").details(
                "A workbook with the headings of each sheet, an example row, lists of the allowed values, and a sheet that \
                 explains them. Imported as it is, it changes nothing: the example rows are passed over.",
            ),
            template,
        )
        .requires(
            Action::ReadImport,
            Route::get("/import/{id}/errors.xlsx", "read_import_errors", "Take the rows that an import did not take")
                .details(
                    "Each as it was sent, passwords among it, under the headings of its sheet, with a column that says what is \
                     wrong: mend it and send it again. For whoever asked for the import and for admins; to others who may read \
                     its report it is `403`. `404 no_failed_rows` where there is none, `410` where the workbook is not kept \
                     any more, a day after the end.",
                )
                .conflicts(&["`import_unfinished` before its end"])
                .problems(&[Cause::Gone])
                .patient(),
            errors,
        )
        .requires(
            Action::Export,
            Route::get("/export/users.xlsx", "export_users", "Export what one sees as a workbook")
                .details(
                    "The organisations, departments and users in sight, as three sheets that an import reads back to the \
                     same. There is no password in it and no hash of one, so an account that is active here is invited \
                     where it is imported into another store. A text that a spreadsheet could take for a formula has a \
                     `'` before it, which an import takes off again.",
                )
                .patient(),
            users,
        );
}

/// What to export.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Only what belongs to this organisation.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    organisation_id: Option<OrganisationId>,
}

async fn template(caller: Caller) -> Result<Spreadsheet, Problem> {
    Ok(Spreadsheet::from_bytes("import-template.xlsx", caller.import_template().await?))
}

async fn errors(caller: Caller, Id(id): Id<ImportId>) -> Result<Spreadsheet, Problem> {
    let failed = caller.failed_rows(id).await?.ok_or_else(Problem::no_failed_rows)?;
    Spreadsheet::from_file(&format!("import-{id}-errors.xlsx"), failed).await
}

async fn users(caller: Caller, Query(query): Query<ExportQuery>) -> Result<Spreadsheet, Problem> {
    let options = ExportOptions::new().organisation_id(query.organisation_id);
    let exported = caller.export_users(&options).await?;
    Spreadsheet::from_file("users.xlsx", exported.file).await
}
