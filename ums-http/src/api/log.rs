//! The event log.

use axum::BoxError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{StatusCode, header};
use serde::Deserialize;
use ums_core::access::Action;
use ums_core::log::{Level, LogEvent, LogQuery, Outcome};
use ums_core::model::UserId;
use ums_core::{Page, Timestamp};
use utoipa::IntoParams;

use crate::answer::List;
use crate::caller::Caller;
use crate::describe::{Description, Output};
use crate::problem::Problem;
use crate::query::{Listing, Query, parsed};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Logs", "What happened: who did what to what, and how it ended.")
        .requires(Action::ReadLogs, Route::get("/logs/", "list_logs", "List log events, newest first"), list)
        .requires(
            Action::ReadLogs,
            Route::get("/logs/export", "export_logs", "Export log events, newest first")
                .details("Every event that matches, one a line, streamed."),
            export,
        );
}

/// Which events to find.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Events of this level and above.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    level: Option<Level>,
    /// Events whose action begins with this, such as `auth.`.
    #[serde(default, deserialize_with = "parsed")]
    #[param(nullable = false)]
    action: Option<String>,
    /// Events done by this user.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    actor_id: Option<UserId>,
    /// Events done to exactly this, such as `user/12`.
    #[serde(default, deserialize_with = "parsed")]
    #[param(nullable = false)]
    target: Option<String>,
    /// Events that ended like this.
    #[serde(default, deserialize_with = "parsed")]
    #[param(inline, nullable = false)]
    outcome: Option<Outcome>,
    /// Events at or after this moment.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    since: Option<Timestamp>,
    /// Events before this moment.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, format = DateTime, nullable = false)]
    until: Option<Timestamp>,
    /// Events in which this text stands, without regard to case.
    #[serde(default, deserialize_with = "parsed")]
    #[param(nullable = false)]
    q: Option<String>,
}

impl From<Filter> for LogQuery {
    fn from(filter: Filter) -> Self {
        let mut query = Self::default();
        query.level = filter.level;
        query.action = filter.action;
        query.actor_id = filter.actor_id;
        query.target = filter.target;
        query.outcome = filter.outcome;
        query.since = filter.since;
        query.until = filter.until;
        query.q = filter.q;
        query
    }
}

async fn list(caller: Caller, listing: Listing<Filter>) -> Result<List<LogEvent>, Problem> {
    Ok(List(caller.logs(&listing.filter.into(), &listing.page.into()).await?))
}

/// The first page is read before the head of the answer goes out, so that a refusal still has a status.
async fn export(caller: Caller, Query(filter): Query<Filter>) -> Result<Export, Problem> {
    let query = filter.into();
    let first = caller.export_logs(&query, None).await?;
    Ok(Export(Body::from_stream(lines(caller, query, first))))
}

/// Lines of JSON, as long as there are more.
struct Export(Body);

const NDJSON: &str = "application/x-ndjson";

impl IntoResponse for Export {
    fn into_response(self) -> Response {
        let name = "attachment; filename=\"logs.ndjson\"";
        ([(header::CONTENT_TYPE, NDJSON), (header::CONTENT_DISPOSITION, name)], self.0).into_response()
    }
}

impl Output for Export {
    fn describe(description: &mut Description) {
        let schema = description.schema::<LogEvent>();
        description.answer(StatusCode::OK, "An event on each line.", Some((NDJSON, schema)), &[]);
    }
}

/// A chunk a page. An error ends the body short, which chunked encoding lets the client see.
fn lines(
    caller: Caller,
    query: LogQuery,
    first: Page<LogEvent>,
) -> impl Stream<Item = Result<Bytes, BoxError>> + Send {
    stream::try_unfold((caller, query, Some(first)), async |(caller, query, page)| {
        let Some(page) = page else { return Ok(None) };
        let mut text = Vec::new();
        for event in &page.items {
            event.write_line(&mut text)?;
        }
        let next = match page.next_cursor {
            Some(cursor) => Some(caller.export_logs(&query, Some(cursor)).await?),
            None => None,
        };
        Ok(Some((Bytes::from(text), (caller, query, next))))
    })
}
