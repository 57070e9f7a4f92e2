//! Problem details (RFC 9457): the one place where a failure gets its status.

mod cause;
mod core_error;
mod details;
mod known;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ums_core::Fault;

pub(crate) use cause::Cause;
pub(crate) use details::ProblemDetails;

use crate::request_id::RequestId;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A failure on its way to the client.
///
/// [`IntoResponse`] only notes it in the response's extensions: the [frame](crate::frame) knows the request's id,
/// renders the body and logs what the client is not told.
#[derive(Clone)]
pub(crate) struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    cause: Cause,
    code: &'static str,
    detail: Cow<'static, str>,
    faults: Vec<Fault>,
    headers: HeaderMap,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Problem {
    fn new(cause: Cause, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            cause,
            code,
            detail: detail.into(),
            faults: Vec::new(),
            headers: HeaderMap::new(),
            source: None,
        }))
    }

    fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.cause.status()
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// What the log is told and the client is not: the errors beneath, each after what it caused.
    pub(crate) fn private_detail(&self) -> Option<String> {
        let mut source: Option<&dyn StdError> =
            self.0.source.as_deref().map(|source| source as &dyn StdError);
        let mut chain = Vec::new();
        while let Some(error) = source {
            chain.push(error.to_string());
            source = error.source();
        }
        (!chain.is_empty()).then(|| chain.join(": "))
    }

    /// Puts the body and its headers on the response that notes this problem.
    pub(crate) fn render(self, response: &mut Response, request_id: &RequestId) {
        let Inner { cause, code, detail, faults, headers, .. } = *self.0;
        let faults = (cause == Cause::Invalid).then_some(faults);
        let body = ProblemDetails::new(cause.status(), code, detail.into_owned(), request_id, faults);
        *response.status_mut() = cause.status();
        response.headers_mut().extend(headers);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .finish_non_exhaustive()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
