//! Organisations.

use ums_core::access::Action;
use ums_core::model::{
    Department, Organisation, OrganisationFields, OrganisationId, OrganisationPatch, User,
};
use ums_core::{DepartmentFilter, UserFilter};

use super::parameters::Deletion;
use crate::answer::{Created, Done, Found, List};
use crate::body::{Body, MergePatch};
use crate::caller::Caller;
use crate::entity_tag::IfMatch;
use crate::path::Id;
use crate::problem::Problem;
use crate::query::{Everything, Listing, Query};
use crate::routes::{Route, Routes};

const NAME_TAKEN: &str = "`name_taken` where another organisation has the name, without regard to case";
const NOT_EMPTY: &str = "`not_empty` while it has departments or users, unless `cascade` is `true`";

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    const PATH: &str = "/organisation/{id}";
    routes
        .section("Organisations", "Bodies that have departments and users.")
        .requires(
            Action::ReadOrganisation,
            Route::get("/organisation/", "list_organisations", "List organisations by name"),
            list,
        )
        .requires(
            Action::CreateOrganisation,
            Route::post("/organisation/", "create_organisation", "Make an organisation")
                .conflicts(&[NAME_TAKEN]),
            create,
        )
        .requires(
            Action::ReadOrganisation,
            Route::get(PATH, "read_organisation", "Read an organisation"),
            read,
        )
        .requires(
            Action::UpdateOrganisation,
            Route::put(PATH, "replace_organisation", "Replace an organisation").conflicts(&[NAME_TAKEN]),
            replace,
        )
        .requires(
            Action::UpdateOrganisation,
            Route::patch(PATH, "change_organisation", "Change an organisation").conflicts(&[NAME_TAKEN]),
            change,
        )
        .requires(
            Action::DeleteOrganisation,
            Route::delete(PATH, "delete_organisation", "Delete an organisation").conflicts(&[NOT_EMPTY]),
            delete,
        )
        .requires(
            Action::ReadDepartment,
            Route::get(
                "/organisation/{id}/departments",
                "list_departments_of_organisation",
                "List an organisation's departments",
            ),
            departments,
        )
        .requires(
            Action::ReadUser,
            Route::get(
                "/organisation/{id}/users",
                "list_users_of_organisation",
                "List an organisation's users",
            ),
            users,
        );
}

async fn list(caller: Caller, listing: Listing<Everything>) -> Result<List<Organisation>, Problem> {
    Ok(List(caller.organisations(&listing.page.into()).await?))
}

async fn create(
    caller: Caller,
    Body(fields): Body<OrganisationFields>,
) -> Result<Created<Organisation>, Problem> {
    Ok(Created(caller.create_organisation(&fields).await?))
}

async fn read(caller: Caller, Id(id): Id<OrganisationId>) -> Result<Found<Organisation>, Problem> {
    Ok(Found(caller.organisation(id).await?))
}

async fn replace(
    caller: Caller,
    Id(id): Id<OrganisationId>,
    if_match: IfMatch,
    Body(fields): Body<OrganisationFields>,
) -> Result<Found<Organisation>, Problem> {
    let expected = if_match.version(async || Ok(caller.organisation(id).await?.version)).await?;
    Ok(Found(caller.replace_organisation(id, &fields, expected).await?))
}

async fn change(
    caller: Caller,
    Id(id): Id<OrganisationId>,
    if_match: IfMatch,
    MergePatch(patch): MergePatch<OrganisationPatch>,
) -> Result<Found<Organisation>, Problem> {
    let expected = if_match.version(async || Ok(caller.organisation(id).await?.version)).await?;
    Ok(Found(caller.change_organisation(id, &patch, expected).await?))
}

async fn delete(
    caller: Caller,
    Id(id): Id<OrganisationId>,
    if_match: IfMatch,
    Query(deletion): Query<Deletion>,
) -> Result<Done, Problem> {
    let expected = if_match.version(async || Ok(caller.organisation(id).await?.version)).await?;
    caller.delete_organisation(id, expected, deletion.cascade()).await?;
    Ok(Done)
}

async fn departments(
    caller: Caller,
    Id(id): Id<OrganisationId>,
    listing: Listing<Everything>,
) -> Result<List<Department>, Problem> {
    let filter = DepartmentFilter::organisation(id);
    Ok(List(caller.departments(filter, &listing.page.into()).await?))
}

async fn users(
    caller: Caller,
    Id(id): Id<OrganisationId>,
    listing: Listing<Everything>,
) -> Result<List<User>, Problem> {
    let mut filter = UserFilter::default();
    filter.organisation_id = Some(id);
    Ok(List(caller.users(&filter, &listing.page.into()).await?))
}
