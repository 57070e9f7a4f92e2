//! Problem details (RFC 9457): the one place where a failure gets its status.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use ums_core::{Error, Fault, Faults, Kind, store};
use utoipa::ToSchema;

use crate::request_id::RequestId;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Why requests are refused or fail: what a status stands for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    Stale,
    TooLarge,
    MediaType,
    Invalid,
    TooMany,
    Internal,
    Unavailable,
}

impl Cause {
    pub(crate) const ALL: [Self; 14] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::Stale,
        Self::TooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
    ];

    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the OpenAPI document says of such an answer.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Malformed => {
                "The body is not well-formed, or the cursor is not one that this list gave out."
            }
            Self::Unauthenticated => "What was shown to prove who calls is missing, expired or wrong.",
            Self::Forbidden => "The caller may not do this.",
            Self::NotFound => "There is no such thing, or it is outside the caller's sight.",
            Self::MethodNotAllowed => "The path does not have this method; `Allow` names those it has.",
            Self::RequestTimeout => "The body did not arrive in time.",
            Self::Conflict => "Something else stands in the way.",
            Self::Stale => "The resource has changed since the version in `If-Match`.",
            Self::TooLarge => "The body is larger than allowed.",
            Self::MediaType => "The body is not of the media type that is expected here; `Accept` names it.",
            Self::Invalid => "Fields or query parameters break rules; `errors` lists every fault found.",
            Self::TooMany => "The caller asks too often; `Retry-After` says when to try again.",
            Self::Internal => "The server failed; its log tells more under the request id.",
            Self::Unavailable => "The server is overloaded, or its store does not answer; try again later.",
        }
    }

    /// What such an answer carries besides the problem.
    pub(crate) const fn header(self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::Unauthenticated => {
                Some((header::WWW_AUTHENTICATE, "`Bearer`, with what was wrong (RFC 6750)"))
            }
            Self::MethodNotAllowed => Some((header::ALLOW, "The methods that the path has")),
            Self::MediaType => Some((header::ACCEPT, "The media types that are expected here")),
            Self::TooMany | Self::Unavailable => {
                Some((header::RETRY_AFTER, "Seconds to wait before trying again"))
            }
            _ => None,
        }
    }
}

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

    pub(crate) fn malformed_body(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Cause::Malformed, "malformed_body", detail)
    }

    /// No `Authorization: Bearer`: no `error` in the challenge then (RFC 6750, section 3.1).
    pub(crate) fn token_missing() -> Self {
        Self::new(
            Cause::Unauthenticated,
            Error::InvalidAccessToken.code(),
            "this needs an access token; log in, then send it as `Authorization: Bearer …`",
        )
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub(crate) fn route_not_found() -> Self {
        Self::new(Cause::NotFound, "route_not_found", "there is nothing at this path; see /openapi.json")
    }

    pub(crate) fn not_found(kind: Kind) -> Self {
        Error::NotFound(kind).into()
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            Cause::MethodNotAllowed,
            "method_not_allowed",
            "this path does not have this method; `Allow` names those it has",
        )
    }

    /// The client was too slow; RFC 9110, section 15.5.9, asks to close the connection.
    pub(crate) fn body_too_slow() -> Self {
        Self::new(
            Cause::RequestTimeout,
            "request_timeout",
            "the body did not arrive in time; send it again, faster",
        )
        .with_header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// We were too slow.
    pub(crate) fn timed_out() -> Self {
        Self::new(
            Cause::Unavailable,
            "timeout",
            "the server could not answer in time; look whether it was done, then try again",
        )
        .retry_after(Duration::from_secs(1))
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            Cause::TooLarge,
            "too_large",
            format!("the body is larger than {limit} bytes, the most allowed here"),
        )
    }

    /// `expected` are the media types that would have been taken.
    pub(crate) fn media_type(expected: &'static str) -> Self {
        Self::new(
            Cause::MediaType,
            "unsupported_media_type",
            format!("the `Content-Type` must be {expected}, without `Content-Encoding`"),
        )
        .with_header(header::ACCEPT, HeaderValue::from_static(expected))
    }

    pub(crate) fn panicked() -> Self {
        Self::internal("a handler panicked")
    }

    pub(crate) fn internal(private: &'static str) -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Private(&'static str);
        Self::unexpected(Private(private))
    }

    pub(crate) fn unexpected(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Cause::Internal, "internal", "the server failed; its log tells more under this request id")
            .caused_by(source)
    }

    /// For an answer that a library beneath us refused with a bare status.
    pub(crate) fn of_bare_status(status: StatusCode) -> Option<Self> {
        if !status.is_client_error() && !status.is_server_error() {
            return None;
        }
        Some(match Cause::ALL.into_iter().find(|cause| cause.status() == status) {
            Some(Cause::Internal) | None => Self::internal("a layer answered with a bare status"),
            Some(Cause::TooLarge) => {
                Self::new(Cause::TooLarge, "too_large", "the body is larger than allowed here")
            }
            Some(cause) => Self::new(cause, "refused", cause.description()),
        })
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
        let body = ProblemDetails {
            kind: format!("urn:ums:problem:{code}"),
            title: title(code),
            status: cause.status().as_u16(),
            detail: detail.into_owned(),
            code: code.into(),
            request_id: request_id.as_str().into(),
            errors: (cause == Cause::Invalid).then_some(faults),
        };
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        let detail = error.to_string();
        match error {
            Error::Invalid(faults) => faults.into(),
            Error::InvalidCursor => Self::new(Cause::Malformed, code, detail),
            Error::InvalidAccessToken => Self::new(Cause::Unauthenticated, code, detail).with_header(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer error=\"invalid_token\""),
            ),
            Error::InvalidCredentials | Error::InvalidRefreshToken | Error::RefreshTokenReused => {
                Self::new(Cause::Unauthenticated, code, detail)
                    .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            Error::WrongPassword | Error::Forbidden => Self::new(Cause::Forbidden, code, detail),
            Error::NotFound(_) => Self::new(Cause::NotFound, code, detail),
            Error::Conflict(_) => Self::new(Cause::Conflict, code, detail),
            Error::PreconditionFailed(_) => Self::new(Cause::Stale, code, detail),
            Error::TooManyRequests { retry_after } => {
                Self::new(Cause::TooMany, code, detail).retry_after(retry_after)
            }
            Error::Overloaded { retry_after } => {
                Self::new(Cause::Unavailable, code, detail).retry_after(retry_after)
            }
            Error::UnreadableWorkbook { .. } => Self::new(Cause::Invalid, code, detail),
            Error::Store(source @ (store::Error::Unavailable { .. } | store::Error::Unknown { .. })) => {
                Self::new(Cause::Unavailable, code, detail)
                    .retry_after(Duration::from_secs(1))
                    .caused_by(source)
            }
            Error::Store(source) => Self::unexpected(source),
            Error::Internal(source) => Self::unexpected(source),
            other => Self::unexpected(other),
        }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let detail = match faults.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            several => format!("{} faults were found; `errors` lists them", several.len()),
        };
        let mut problem = Self::new(Cause::Invalid, "invalid", detail);
        problem.0.faults = faults.as_slice().to_vec();
        problem
    }
}

/// What is wrong, as RFC 9457 lays it out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDetails {
    /// `urn:ums:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:ums:problem:invalid")]
    kind: String,
    /// The code in words.
    #[schema(example = "Invalid")]
    title: String,
    /// The status of the answer.
    #[schema(example = 422)]
    status: u16,
    /// What is wrong here and what to do about it.
    #[schema(example = "name: is required")]
    detail: String,
    /// A stable name for the cause: what a program decides on.
    #[schema(example = "invalid")]
    code: String,
    /// The request's id, which finds it in the log.
    #[schema(example = "5f3c9a0e7b1d4c2f8a6e0d9b3c7f1a24")]
    request_id: String,
    /// With `422`: every fault found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    errors: Option<Vec<Fault>>,
}

fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use ums_core::Conflict;

    use super::*;

    #[test]
    fn every_cause_has_a_status_of_its_own() {
        let mut statuses = Cause::ALL.map(Cause::status).to_vec();
        statuses.dedup();
        assert_eq!(statuses.len(), Cause::ALL.len());
        assert!(statuses.iter().all(|status| status.is_client_error() || status.is_server_error()));
    }

    #[test]
    fn the_core_s_errors_get_the_contract_s_statuses() {
        let second = Duration::from_secs(1);
        let cases = [
            (Error::invalid("name", "required", "is required"), 422, "invalid"),
            (Error::InvalidCursor, 400, "invalid_cursor"),
            (Error::InvalidCredentials, 401, "invalid_credentials"),
            (Error::InvalidAccessToken, 401, "invalid_access_token"),
            (Error::InvalidRefreshToken, 401, "invalid_refresh_token"),
            (Error::RefreshTokenReused, 401, "refresh_token_reused"),
            (Error::WrongPassword, 403, "wrong_password"),
            (Error::Forbidden, 403, "forbidden"),
            (Error::NotFound(Kind::User), 404, "not_found"),
            (Conflict::EmailTaken.into(), 409, "email_taken"),
            (Conflict::LastAdmin.into(), 409, "last_admin"),
            (Error::PreconditionFailed(Kind::User), 412, "precondition_failed"),
            (Error::TooManyRequests { retry_after: second }, 429, "too_many_requests"),
            (Error::Overloaded { retry_after: second }, 503, "overloaded"),
            (Error::UnreadableWorkbook { cause: "no sheets".into() }, 422, "unreadable_workbook"),
            (store::Error::unavailable("disk").into(), 503, "store_unavailable"),
            (store::Error::unknown("disk").into(), 503, "store_unavailable"),
            (store::Error::corrupt("disk").into(), 500, "internal"),
        ];
        for (error, status, code) in cases {
            let problem = Problem::from(error);
            assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
            let waits = problem.0.headers.contains_key(header::RETRY_AFTER);
            assert_eq!(waits, matches!(status, 429 | 503), "{code}");
            assert_eq!(problem.0.headers.contains_key(header::WWW_AUTHENTICATE), status == 401, "{code}");
        }
    }

    #[test]
    fn waits_are_rounded_up_to_whole_seconds() {
        for (wait, seconds) in [(0, "1"), (1000, "1"), (1001, "2"), (59_999, "60")] {
            let retry_after = Duration::from_millis(wait);
            let problem = Problem::from(Error::TooManyRequests { retry_after });
            assert_eq!(problem.0.headers.get(header::RETRY_AFTER).unwrap(), seconds);
        }
    }

    #[test]
    fn the_log_is_told_the_whole_chain_and_the_client_none_of_it() {
        let problem = Problem::from(Error::from(store::Error::unavailable("disk 7 is on fire")));
        assert_eq!(problem.private_detail().unwrap(), "the store is unavailable: disk 7 is on fire");
        let mut response = Response::default();
        problem.render(&mut response, &RequestId::of(&HeaderMap::new()));
        let body = futures_util::FutureExt::now_or_never(axum::body::to_bytes(response.into_body(), 10_000));
        let body = String::from_utf8(body.unwrap().unwrap().to_vec()).unwrap();
        assert!(body.contains("store_unavailable") && !body.contains("fire"), "{body}");
    }

    #[test]
    fn titles_are_the_codes_in_words() {
        assert_eq!(title("email_taken"), "Email taken");
    }
}
