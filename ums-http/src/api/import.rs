//! Import of workbooks.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use ums_core::access::Action;
use ums_core::import::{ImportOptions, ImportReport, OnExisting, OnMissing};
use ums_core::model::{ImportId, OrganisationId};
use utoipa::IntoParams;

use super::import_events;
use super::import_headers::{IdempotencyKey, RespondAsync};
use super::upload::Upload;
use crate::answer::{Answer, Done, List};
use crate::caller::Caller;
use crate::describe::{Description, Output};
use crate::path::Id;
use crate::problem::{Cause, Problem};
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
                     `422 unreadable_workbook`, and nothing is changed then.\n\nWith `Prefer: respond-async` the answer \
                     comes as soon as the workbook has; its report then tells how far the import is. Without, a client \
                     that goes away calls the import off: it stops before its next batch of rows, what is imported by \
                     then stays, and sending the workbook again does the rest.",
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
        )
        .requires(
            Action::ReadImport,
            Route::get("/import/{id}/events", "follow_import", "Follow an import to its end"),
            import_events::follow,
        )
        .requires(
            Action::Import,
            Route::post("/import/{id}/commit", "commit_import", "Do what a dry run decided")
                .details(
                    "From the workbook that it was given, under the same id. The whole plan is compared with what would \
                     be decided now before anything is applied; a row of which something else would become after that \
                     is left alone and reported as `changed_meanwhile`. A plan is kept for an hour.",
                )
                .conflicts(&[
                    "`plan_stale` where the store has changed so that something would be decided otherwise",
                    "`not_planned` for what is no dry run that has ended",
                ])
                .patient()
                .problems(&[Cause::Gone]),
            commit,
        )
        .requires(
            Action::Import,
            Route::delete("/import/{id}", "cancel_import", "Call an import off")
                .details(
                    "It stops before its next batch of rows; its report then has the status `cancelled`. What is \
                     imported by then stays.",
                )
                .conflicts(&["`import_finished` where it has ended already"]),
            cancel,
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
    /// What happens to users of the organisation that the workbook does not name; `keep` where left out. `suspend` needs an
    /// organisation, and suspends nobody where a row fails.
    #[serde(default, deserialize_with = "given")]
    #[param(inline, nullable = false)]
    on_missing: Option<OnMissing>,
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
            .on_missing(query.on_missing.unwrap_or_default())
            .create_departments(given(query.create_departments, true))
            .organisation_id(query.organisation_id)
            .invite(given(query.invite, false))
    }
}

/// What an import answers with: its report, once it is done, or where to look for that.
enum Imported {
    Done(Box<ImportReport>),
    Accepted(Box<ImportReport>),
}

impl IntoResponse for Imported {
    fn into_response(self) -> Response {
        match self {
            Self::Done(report) => Json(report).into_response(),
            Self::Accepted(report) => {
                let applied = (PREFERENCE_APPLIED, RespondAsync::NAME.to_owned());
                let location = (header::LOCATION, format!("/import/{}", report.id));
                (StatusCode::ACCEPTED, [location, applied], Json(report)).into_response()
            }
        }
    }
}

impl Output for Imported {
    fn describe(description: &mut Description) {
        const JSON: &str = "application/json";
        let schema = description.schema::<ImportReport>();
        description.answer(StatusCode::OK, "It has ended.", Some((JSON, schema.clone())), &[]);
        let headers = [(header::LOCATION, "The path of its report"), (PREFERENCE_APPLIED, "`respond-async`")];
        description.answer(StatusCode::ACCEPTED, "It is taken in.", Some((JSON, schema)), &headers);
    }
}

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

async fn import(
    caller: Caller,
    Query(query): Query<ImportQuery>,
    IdempotencyKey(key): IdempotencyKey,
    RespondAsync(respond_async): RespondAsync,
    Upload(workbook): Upload,
) -> Result<Imported, Problem> {
    let (options, key) = (query.into(), key.as_deref());
    if respond_async {
        let started = caller.start_import(workbook, &options, key).await?;
        return Ok(Imported::Accepted(Box::new(caller.import(started.id).await?)));
    }
    Ok(Imported::Done(Box::new(caller.import_once(workbook, &options, key).await?)))
}

async fn commit(
    caller: Caller,
    Id(id): Id<ImportId>,
    RespondAsync(respond_async): RespondAsync,
) -> Result<Imported, Problem> {
    if respond_async {
        caller.start_commit(id).await?;
        return Ok(Imported::Accepted(Box::new(caller.import(id).await?)));
    }
    Ok(Imported::Done(Box::new(caller.commit_import(id).await?)))
}

async fn cancel(caller: Caller, Id(id): Id<ImportId>) -> Result<Done, Problem> {
    caller.cancel_import(id).await?;
    Ok(Done)
}

async fn list(caller: Caller, listing: Listing<Everything>) -> Result<List<ImportReport>, Problem> {
    Ok(List(caller.imports(&listing.page.into()).await?))
}

async fn read(caller: Caller, Id(id): Id<ImportId>) -> Result<Answer<ImportReport>, Problem> {
    Ok(Answer(caller.import(id).await?))
}
