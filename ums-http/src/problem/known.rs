//! The problems of the interface itself.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use ums_core::{Error, Kind};

use super::{Cause, Problem};

impl Problem {
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

    pub(crate) fn no_failed_rows() -> Self {
        Self::new(
            Cause::NotFound,
            "no_failed_rows",
            "there is nothing to mend: no row of this import failed, or none could be read; its report tells",
        )
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

    /// `message` is for the log.
    pub(crate) fn panicked(message: &str) -> Self {
        Self::internal(format!("a handler panicked: {message}"))
    }

    fn internal(private: impl Into<String>) -> Self {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Private(String);
        Self::unexpected(Private(private.into()))
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
}
