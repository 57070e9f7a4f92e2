//! The caller's own account.

use ums_core::access::Action;
use ums_core::model::{Session, SessionId, User};
use ums_core::{MePatch, PasswordChange};

use crate::answer::{Done, Found, List};
use crate::body::{Body, MergePatch};
use crate::caller::Caller;
use crate::entity_tag::IfMatch;
use crate::path::Id;
use crate::problem::{Cause, Problem};
use crate::query::{Everything, Listing};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Account", "The caller's own account and sessions.")
        .requires(Action::OwnAccount, Route::get("/auth/me", "read_me", "Read one's own account"), read)
        .requires(
            Action::OwnAccount,
            Route::patch("/auth/me", "change_me", "Change one's own account"),
            change,
        )
        .requires(
            Action::OwnAccount,
            Route::post("/auth/password", "change_password", "Change one's own password")
                .details("Every other session ends. `403 wrong_password` where the current one is wrong, which counts like a \
                     log-in that fails.")
                .problems(&[Cause::TooMany]),
            change_password,
        )
        .requires(
            Action::OwnAccount,
            Route::get("/auth/sessions", "list_sessions", "List one's own sessions"),
            sessions,
        )
        .requires(
            Action::OwnAccount,
            Route::delete("/auth/sessions/{id}", "end_session", "End one of one's own sessions"),
            end_session,
        );
}

async fn read(caller: Caller) -> Result<Found<User>, Problem> {
    Ok(Found(caller.me().await?))
}

async fn change(
    caller: Caller,
    if_match: IfMatch,
    MergePatch(patch): MergePatch<MePatch>,
) -> Result<Found<User>, Problem> {
    let expected = if_match.version(async || Ok(caller.me().await?.version)).await?;
    Ok(Found(caller.change_me(&patch, expected).await?))
}

async fn change_password(caller: Caller, Body(change): Body<PasswordChange>) -> Result<Done, Problem> {
    caller.change_password(&change).await?;
    Ok(Done)
}

async fn sessions(caller: Caller, listing: Listing<Everything>) -> Result<List<Session>, Problem> {
    Ok(List(caller.sessions(&listing.page.into()).await?))
}

async fn end_session(caller: Caller, Id(id): Id<SessionId>) -> Result<Done, Problem> {
    caller.end_session(id).await?;
    Ok(Done)
}
