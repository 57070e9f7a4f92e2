//! Users.

use serde::Deserialize;
use ums_core::UserFilter;
use ums_core::access::Action;
use ums_core::model::{DepartmentId, OrganisationId, Role, Status, User, UserFields, UserId, UserPatch};
use utoipa::IntoParams;

use super::recovery::NO_NOTIFIER;
use crate::answer::{Accepted, Created, Done, Found, List};
use crate::body::{Body, MergePatch};
use crate::caller::Caller;
use crate::entity_tag::IfMatch;
use crate::path::Id;
use crate::problem::{Cause, Problem};
use crate::query::{Listing, parsed};
use crate::routes::{Route, Routes};

const TAKEN: [&str; 2] = [
    "`email_taken` where an account with this address exists",
    "`external_id_taken` where another user of the organisation has the external id",
];
const LAST_ADMIN: &str = "`last_admin` where no administrator would be left";

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    const PATH: &str = "/user/{id}";
    const CHANGE: &[&str] = &[TAKEN[0], TAKEN[1], LAST_ADMIN];
    routes
        .section("Users", "People's accounts.")
        .requires(
            Action::ReadUser,
            Route::get("/user/", "list_users", "List users").problems(&[Cause::NotFound]),
            list,
        )
        .requires(
            Action::CreateUser,
            Route::post("/user/", "create_user", "Make a user")
                .details(
                    "Without a password the account is `invited`, and an invitation is sent. Nobody gives a role above \
                     their own.",
                )
                .conflicts(&TAKEN),
            create,
        )
        .requires(Action::ReadUser, Route::get(PATH, "read_user", "Read a user"), read)
        .requires(
            Action::UpdateUser,
            Route::put(PATH, "replace_user", "Replace a user")
                .details(
                    "Suspending a user ends every session of theirs. One's own password and e-mail address are changed with the \
                     current password alone: `/auth/password`, `/auth/email`.",
                )
                .conflicts(CHANGE),
            replace,
        )
        .requires(
            Action::UpdateUser,
            Route::patch(PATH, "change_user", "Change a user")
                .details(
                    "Suspending a user ends every session of theirs. One's own password and e-mail address are changed with the \
                     current password alone: `/auth/password`, `/auth/email`.",
                )
                .conflicts(CHANGE),
            change,
        )
        .requires(
            Action::DeleteUser,
            Route::delete(PATH, "delete_user", "Delete a user")
                .details("Every session of theirs ends.")
                .conflicts(&[LAST_ADMIN]),
            delete,
        )
        .requires(
            Action::UpdateUser,
            Route::delete("/user/{id}/sessions", "end_user_sessions", "End every session of a user")
                .details("For a device that was lost. Their tokens are refused from then on."),
            end_sessions,
        )
        .requires(
            Action::UpdateUser,
            Route::post("/user/{id}/invitation", "invite_user", "Send an invitation again")
                .details(
                    "An older invitation is good no more once the new one is sent. It may be asked for once a minute and                      five times an hour for the same address.",
                )
                .problems(&[Cause::TooMany])
                .conflicts(&["`not_invited` where the account is not `invited`", NO_NOTIFIER]),
            invite,
        );
}

/// Which users to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct UserQuery {
    /// Only those of this organisation.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    organisation_id: Option<OrganisationId>,
    /// Only those of this department.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    department_id: Option<DepartmentId>,
    /// Only those of this role.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    role: Option<Role>,
    /// Only those of this status.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    status: Option<Status>,
    /// Only those whose e-mail address, or a word of whose name, begins with this, without regard to case.
    #[serde(default, deserialize_with = "parsed")]
    #[param(nullable = false)]
    q: Option<String>,
}

impl From<UserQuery> for UserFilter {
    fn from(query: UserQuery) -> Self {
        let mut filter = Self::default();
        filter.organisation_id = query.organisation_id;
        filter.department_id = query.department_id;
        filter.role = query.role;
        filter.status = query.status;
        filter.q = query.q;
        filter
    }
}

async fn list(caller: Caller, listing: Listing<UserQuery>) -> Result<List<User>, Problem> {
    Ok(List(caller.users(&listing.filter.into(), &listing.page.into()).await?))
}

async fn create(caller: Caller, Body(fields): Body<UserFields>) -> Result<Created<User>, Problem> {
    Ok(Created(caller.create_user(&fields).await?))
}

async fn read(caller: Caller, Id(id): Id<UserId>) -> Result<Found<User>, Problem> {
    Ok(Found(caller.user(id).await?))
}

async fn replace(
    caller: Caller,
    Id(id): Id<UserId>,
    if_match: IfMatch,
    Body(fields): Body<UserFields>,
) -> Result<Found<User>, Problem> {
    let expected = if_match.version(async || Ok(caller.user(id).await?.version)).await?;
    Ok(Found(caller.replace_user(id, &fields, expected).await?))
}

async fn change(
    caller: Caller,
    Id(id): Id<UserId>,
    if_match: IfMatch,
    MergePatch(patch): MergePatch<UserPatch>,
) -> Result<Found<User>, Problem> {
    let expected = if_match.version(async || Ok(caller.user(id).await?.version)).await?;
    Ok(Found(caller.change_user(id, &patch, expected).await?))
}

async fn delete(caller: Caller, Id(id): Id<UserId>, if_match: IfMatch) -> Result<Done, Problem> {
    let expected = if_match.version(async || Ok(caller.user(id).await?.version)).await?;
    caller.delete_user(id, expected).await?;
    Ok(Done)
}

async fn end_sessions(caller: Caller, Id(id): Id<UserId>) -> Result<Done, Problem> {
    caller.end_sessions(id).await?;
    Ok(Done)
}

async fn invite(caller: Caller, Id(id): Id<UserId>) -> Result<Accepted, Problem> {
    caller.invite(id).await?;
    Ok(Accepted)
}
