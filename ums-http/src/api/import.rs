//! Import of workbooks.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;
use serde::Deserialize;
use ums_core::Faults;
use ums_core::access::Action;
use ums_core::import::{ImportOptions, ImportReport, OnExisting};
use ums_core::model::{ImportId, OrganisationId};
use utoipa::IntoParams;

use super::upload::Upload;
use crate::answer::{Answer, List};
use crate::caller::Caller;
use crate::describe::{Description, Input};
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{Everything, Listing, Query, Switch, given, parsed};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Import", "Organisations, departments and users from an Excel workbook.")
        .requires(
            Action::Import,
            Route::post("/import/excel", "import_workbook", "Import a workbook")
                .details(
                    "The field `file` holds an `.xlsx` workbook. A bad row never stops the others: the report names \
                     each, with its sheet, row and column. A workbook that can't be read at all is \
                     `422 unreadable_workbook`, and nothing is changed then.",
                )
                .upload(),
            import,
        )
        .requires(
            Action::ReadImport,
            Route::get("/import/", "list_imports", "List the reports of imports, newest first"),
            list,
        )
        .requires(
            Action::ReadImport,
            Route::get("/import/{id}", "read_import", "Read the report of an import"),
            read,
        );
}

/// What an import does with what it reads.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    /// Whether everything is decided and nothing written.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<bool>, default = false, nullable = false)]
    dry_run: Option<Switch>,
    /// What happens to a row whose user, department or organisation is there already; `skip` where left out.
    #[serde(default, deserialize_with = "given")]
    #[param(inline, nullable = false)]
    on_existing: Option<OnExisting>,
    /// What happens to users that the workbook does not name: nothing.
    #[serde(default, deserialize_with = "parsed", rename = "on_missing")]
    #[param(inline, value_type = Option<OnMissing>, nullable = false)]
    _on_missing: Option<OnMissing>,
    /// Whether departments that a users sheet names, and that are not there, are made.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<bool>, default = true, nullable = false)]
    create_departments: Option<Switch>,
    /// Whether accounts that are made without a password get an invitation.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<bool>, default = false, nullable = false)]
    invite: Option<Switch>,
    /// The organisation of rows that name none.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    organisation_id: Option<OrganisationId>,
}

impl From<ImportQuery> for ImportOptions {
    fn from(query: ImportQuery) -> Self {
        let given = |switch: Option<Switch>, default| switch.map_or(default, |Switch(on)| on);
        Self::new()
            .dry_run(given(query.dry_run, false))
            .on_existing(query.on_existing.unwrap_or_default())
            .create_departments(given(query.create_departments, true))
            .organisation_id(query.organisation_id)
            .invite(given(query.invite, false))
    }
}

/// What happens to users that a workbook does not name.
#[derive(Clone, Copy, Debug, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
enum OnMissing {
    /// They stay as they are.
    Keep,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("must be keep; suspend is not served yet")]
struct InvalidOnMissing;

impl FromStr for OnMissing {
    type Err = InvalidOnMissing;

    fn from_str(text: &str) -> Result<Self, InvalidOnMissing> {
        if text == "keep" { Ok(Self::Keep) } else { Err(InvalidOnMissing) }
    }
}

/// Refuses an `Idempotency-Key`: a client that sends one relies on it, and it is not served yet.
struct NoIdempotencyKey;

impl<S: Sync> FromRequestParts<S> for NoIdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const NAME: HeaderName = HeaderName::from_static("idempotency-key");
        if !parts.headers.contains_key(NAME) {
            return Ok(Self);
        }
        let mut faults = Faults::default();
        faults.add("Idempotency-Key", "not_supported", "this header is not served yet; leave it out");
        Err(faults.into())
    }
}

impl Input for NoIdempotencyKey {
    fn describe(_: &mut Description) {}
}

async fn import(
    caller: Caller,
    Query(query): Query<ImportQuery>,
    _: NoIdempotencyKey,
    Upload(workbook): Upload,
) -> Result<Answer<ImportReport>, Problem> {
    Ok(Answer(caller.import_workbook(workbook, &query.into()).await?))
}

async fn list(caller: Caller, listing: Listing<Everything>) -> Result<List<ImportReport>, Problem> {
    Ok(List(caller.imports(&listing.page.into()).await?))
}

async fn read(caller: Caller, Id(id): Id<ImportId>) -> Result<Answer<ImportReport>, Problem> {
    Ok(Answer(caller.import(id).await?))
}
