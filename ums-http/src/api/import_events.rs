//! What an import tells on its way, as server-sent events (WHATWG HTML, section 9.2).

use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{HeaderName, StatusCode, header};
use serde::Serialize;
use ums_core::import::{ImportProgress, ImportReport};
use ums_core::model::ImportId;
use ums_core::{ImportEvent, ImportEvents};

use crate::caller::Caller;
use crate::describe::{Description, Output};
use crate::path::Id;
use crate::problem::Problem;

/// How long nothing is said at most: proxies end connections on which nothing moves.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

const EVENT_STREAM: &str = "text/event-stream";

/// Events until the import ends, or the client goes.
pub(super) struct EventStream(Body);

pub(super) async fn follow(caller: Caller, Id(id): Id<ImportId>) -> Result<EventStream, Problem> {
    Ok(EventStream(Body::from_stream(texts(caller.follow_import(id).await?))))
}

fn texts(events: ImportEvents) -> impl Stream<Item = Result<Bytes, BoxError>> + Send {
    stream::try_unfold(events, async |mut events| {
        let text = match tokio::time::timeout(SIGN_OF_LIFE, events.next()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(next) => match next? {
                Some(ImportEvent::Progress(progress)) => text("progress", &progress)?,
                Some(ImportEvent::Finished(report)) => text("finished", &report)?,
                None => return Ok(None),
            },
        };
        Ok(Some((Bytes::from(text), events)))
    })
}

/// JSON has no line break outside of its strings, and none within them.
fn text(name: &str, data: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(format!("event: {name}\ndata: {}\n\n", serde_json::to_string(data)?))
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        // The second keeps nginx from holding events back.
        let buffering = HeaderName::from_static("x-accel-buffering");
        let headers =
            [(header::CONTENT_TYPE, EVENT_STREAM), (header::CACHE_CONTROL, "no-store"), (buffering, "no")];
        (headers, self.0).into_response()
    }
}

impl Output for EventStream {
    fn describe(description: &mut Description) {
        description.schema::<ImportReport>();
        let schema = description.schema::<ImportProgress>();
        let text = "Events `progress`, each with how far the import is, and one `finished` with its report.";
        description.answer(StatusCode::OK, text, Some((EVENT_STREAM, schema)), &[]);
    }
}
