//! How much a request may send and how long it may take.

use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body::Waiting;
use crate::problem::Problem;
use crate::query::NoQuery;

/// The most bytes of the body at hand, for the problem that says so.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// What one route grants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) body: usize,
    pub(crate) time: Duration,
    /// Whether the route reads query parameters.
    pub(crate) query: bool,
}

/// Answers in the handler's place where the time is over. The bytes are counted by tower-http's layer, inside.
pub(crate) async fn within(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let waiting = Waiting::default();
    request.extensions_mut().insert(BodyLimit(limits.body));
    request.extensions_mut().insert(waiting.clone());
    if !limits.query {
        request.extensions_mut().insert(NoQuery);
    }
    if request.body().size_hint().lower() > limits.body as u64 {
        return Problem::too_large(limits.body).into_response();
    }
    match tokio::time::timeout(limits.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) if waiting.goes_on() => Problem::body_too_slow().into_response(),
        Err(_) => Problem::timed_out().into_response(),
    }
}
