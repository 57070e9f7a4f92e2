//! What every request and every answer has in common, whichever route it takes.

use std::any::Any;

use axum::extract::{MatchedPath, OriginalUri, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use tracing::Instrument;

use crate::entity_tag;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::request_id::{RequestId, X_REQUEST_ID};

/// Names the request, opens its span, and completes its answer: headers, problem, `304`.
pub(crate) async fn frame(State(metrics): State<Metrics>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let span =
        tracing::info_span!("request", method = %request.method(), route = route.as_str(), request_id = %id);
    let counted = metrics.begin(&route, request.method());
    let asked = Asked::of(&request);
    async move {
        let mut response = next.run(request).await;
        asked.complete(&mut response);
        settle_problem(&mut response, &id);
        common_headers(response.headers_mut(), &id);
        counted.end(response.status());
        tracing::debug!(status = response.status().as_u16(), "answered");
        response
    }
    .instrument(span)
    .await
}

/// What a panicked handler answers.
#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    Problem::panicked(text).into_response()
}

pub(crate) async fn route_not_found() -> Problem {
    Problem::route_not_found()
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}

/// What of the request its answer depends on at the very end.
struct Asked {
    if_none_match: Option<HeaderValue>,
    mounted_at: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let if_none_match = request.headers().get(header::IF_NONE_MATCH).filter(|_| reads).cloned();
        let original = request.extensions().get::<OriginalUri>();
        let mounted_at = original.map(|original| mount_point(original, request.uri()));
        Self { if_none_match, mounted_at: mounted_at.unwrap_or_default() }
    }

    fn complete(&self, response: &mut Response) {
        let headers = response.headers_mut();
        let location = headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        if let Some(Ok(location)) =
            location.map(|path| HeaderValue::from_str(&format!("{}{path}", self.mounted_at)))
        {
            headers.insert(header::LOCATION, location);
        }
        let unchanged = self.if_none_match.as_ref().zip(headers.get(header::ETAG));
        if unchanged.is_some_and(|(known, current)| entity_tag::is_among(current, known))
            && response.status() == StatusCode::OK
        {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = axum::body::Body::empty();
            response.headers_mut().remove(header::CONTENT_TYPE);
        }
    }
}

/// The path that the router is nested under in its host, empty where it is not.
pub(crate) fn mount_point(OriginalUri(original): &OriginalUri, uri: &Uri) -> String {
    original.path().strip_suffix(uri.path()).unwrap_or_default().to_owned()
}

fn settle_problem(response: &mut Response, id: &RequestId) {
    let noted = response.extensions_mut().remove::<Problem>();
    let Some(problem) = noted.or_else(|| Problem::of_bare_status(response.status())) else {
        return;
    };
    match problem.private_detail() {
        Some(detail) => tracing::error!(code = problem.code(), error = detail, "the request failed"),
        None => tracing::debug!(code = problem.code(), "the request was refused"),
    }
    problem.render(response, id);
}

/// Sets what holds for every answer, and defaults for what a handler may set otherwise.
fn common_headers(headers: &mut HeaderMap, id: &RequestId) {
    const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(value);
    }
    headers.insert(X_REQUEST_ID.clone(), id.header());
}
