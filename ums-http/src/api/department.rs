//! Departments.

use serde::Deserialize;
use ums_core::access::Action;
use ums_core::model::{Department, DepartmentFields, DepartmentId, DepartmentPatch, OrganisationId, User};
use ums_core::{DepartmentFilter, UserFilter};
use utoipa::IntoParams;

use super::parameters::Deletion;
use crate::answer::{Created, Done, Found, List};
use crate::body::{Body, MergePatch};
use crate::caller::Caller;
use crate::entity_tag::IfMatch;
use crate::path::Id;
use crate::problem::{Cause, Problem};
use crate::query::{Everything, Listing, Query, parsed};
use crate::routes::{Route, Routes};

const NAME_TAKEN: &str =
    "`name_taken` where another department of the organisation has the name, without regard to case";
const NOT_EMPTY: &str = "`not_empty` while it has users or departments below it, unless `cascade` is `true`";

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    const PATH: &str = "/department/{id}";
    routes
        .section("Departments", "Parts of an organisation, perhaps below one another.")
        .requires(
            Action::ReadDepartment,
            Route::get("/department/", "list_departments", "List departments").problems(&[Cause::NotFound]),
            list,
        )
        .requires(
            Action::CreateDepartment,
            Route::post("/department/", "create_department", "Make a department").conflicts(&[NAME_TAKEN]),
            create,
        )
        .requires(Action::ReadDepartment, Route::get(PATH, "read_department", "Read a department"), read)
        .requires(
            Action::UpdateDepartment,
            Route::put(PATH, "replace_department", "Replace a department").conflicts(&[NAME_TAKEN]),
            replace,
        )
        .requires(
            Action::UpdateDepartment,
            Route::patch(PATH, "change_department", "Change a department").conflicts(&[NAME_TAKEN]),
            change,
        )
        .requires(
            Action::DeleteDepartment,
            Route::delete(PATH, "delete_department", "Delete a department").conflicts(&[NOT_EMPTY]),
            delete,
        )
        .requires(
            Action::ReadUser,
            Route::get("/department/{id}/users", "list_users_of_department", "List a department's users")
                .details("Those of the department itself, not of those below it."),
            users,
        );
}

/// Which departments to list.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DepartmentQuery {
    /// Only those of this organisation.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    organisation_id: Option<OrganisationId>,
}

async fn list(caller: Caller, listing: Listing<DepartmentQuery>) -> Result<List<Department>, Problem> {
    let mut filter = DepartmentFilter::default();
    filter.organisation_id = listing.filter.organisation_id;
    Ok(List(caller.departments(filter, &listing.page.into()).await?))
}

async fn create(
    caller: Caller,
    Body(fields): Body<DepartmentFields>,
) -> Result<Created<Department>, Problem> {
    Ok(Created(caller.create_department(&fields).await?))
}

async fn read(caller: Caller, Id(id): Id<DepartmentId>) -> Result<Found<Department>, Problem> {
    Ok(Found(caller.department(id).await?))
}

async fn replace(
    caller: Caller,
    Id(id): Id<DepartmentId>,
    if_match: IfMatch,
    Body(fields): Body<DepartmentFields>,
) -> Result<Found<Department>, Problem> {
    let expected = if_match.version(async || Ok(caller.department(id).await?.version)).await?;
    Ok(Found(caller.replace_department(id, &fields, expected).await?))
}

async fn change(
    caller: Caller,
    Id(id): Id<DepartmentId>,
    if_match: IfMatch,
    MergePatch(patch): MergePatch<DepartmentPatch>,
) -> Result<Found<Department>, Problem> {
    let expected = if_match.version(async || Ok(caller.department(id).await?.version)).await?;
    Ok(Found(caller.change_department(id, &patch, expected).await?))
}

async fn delete(
    caller: Caller,
    Id(id): Id<DepartmentId>,
    if_match: IfMatch,
    Query(deletion): Query<Deletion>,
) -> Result<Done, Problem> {
    let expected = if_match.version(async || Ok(caller.department(id).await?.version)).await?;
    caller.delete_department(id, expected, deletion.cascade()).await?;
    Ok(Done)
}

async fn users(
    caller: Caller,
    Id(id): Id<DepartmentId>,
    listing: Listing<Everything>,
) -> Result<List<User>, Problem> {
    let mut filter = UserFilter::default();
    filter.department_id = Some(id);
    Ok(List(caller.users(&filter, &listing.page.into()).await?))
}
