//! Whether the server is there and can work.

use axum::extract::State;
use serde::Serialize;
use ums_core::UserManagement;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::caller::Visitor;
use crate::problem::Problem;
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Operation", "For those who run the server.")
        .open(Route::get("/healthz", "health", "Whether the process answers"), health)
        .open(Route::get("/readyz", "readiness", "Whether the store answers, too"), readiness);
}

/// All is well.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Health = Health { status: "ok" };

async fn health(_: Visitor) -> Answer<Health> {
    Answer(OK)
}

async fn readiness(_: Visitor, State(ums): State<UserManagement>) -> Result<Answer<Health>, Problem> {
    ums.ready().await?;
    Ok(Answer(OK))
}
