//! Whether the server is there and can work.

use axum::extract::State;
use serde::Serialize;
use ums_core::UserManagement;
use ums_core::access::Action;
use utoipa::ToSchema;

use crate::answer::Answer;
use crate::application::Application;
use crate::caller::{Caller, Visitor};
use crate::metrics::Exposition;
use crate::problem::Problem;
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Operation", "For those who run the server.")
        .open(Route::get("/healthz", "health", "Whether the process answers"), health)
        .open(Route::get("/readyz", "readiness", "Whether the store answers, too"), readiness)
        .requires(
            Action::ReadMetrics,
            Route::get("/metrics", "metrics", "Read what the server counts")
                .details("For Prometheus, in its text format. Of this instance alone, since it was started."),
            metrics,
        );
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

async fn metrics(caller: Caller, State(application): State<Application>) -> Result<Exposition, Problem> {
    Ok(application.options.metrics.page(caller.figures()?))
}

async fn readiness(_: Visitor, State(ums): State<UserManagement>) -> Result<Answer<Health>, Problem> {
    ums.ready().await?;
    Ok(Answer(OK))
}
