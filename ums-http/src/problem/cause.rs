//! Which failure has which status.

use http::{HeaderName, StatusCode, header};

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
    Gone,
    Stale,
    TooLarge,
    MediaType,
    Invalid,
    TooMany,
    Internal,
    Unavailable,
}

impl Cause {
    pub(crate) const ALL: [Self; 15] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::Gone,
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
            Self::Gone => StatusCode::GONE,
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
            Self::Gone => "It was there, and is not kept any more.",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_a_status_of_its_own() {
        let mut statuses = Cause::ALL.map(Cause::status).to_vec();
        statuses.dedup();
        assert_eq!(statuses.len(), Cause::ALL.len());
        assert!(statuses.iter().all(|status| status.is_client_error() || status.is_server_error()));
    }
}
