//! The problems that the core's errors are.

use std::time::Duration;

use http::{HeaderValue, header};
use ums_core::{Error, Fault, Faults, store};

use super::{Cause, Problem};

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
            // A field of the body, as any other: the token proves no caller, so there is nothing to challenge.
            Error::InvalidToken => {
                let mut problem = Self::new(Cause::Invalid, code, detail.clone());
                problem.0.faults = vec![Fault::new("token", code, detail)];
                problem
            }
            Error::WrongPassword | Error::Forbidden => Self::new(Cause::Forbidden, code, detail),
            Error::NotFound(_) => Self::new(Cause::NotFound, code, detail),
            Error::Conflict(_) => Self::new(Cause::Conflict, code, detail),
            Error::PlanExpired | Error::WorkbookExpired => Self::new(Cause::Gone, code, detail),
            Error::PreconditionFailed(_) => Self::new(Cause::Stale, code, detail),
            Error::TooManyRequests { retry_after } => {
                Self::new(Cause::TooMany, code, detail).retry_after(retry_after)
            }
            Error::Overloaded { retry_after } => {
                Self::new(Cause::Unavailable, code, detail).retry_after(retry_after)
            }
            Error::UnreadableWorkbook { .. } | Error::IdempotencyKeyReused => {
                Self::new(Cause::Invalid, code, detail)
            }
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

#[cfg(test)]
mod tests {
    use axum::response::Response;
    use http::HeaderMap;
    use ums_core::{Conflict, Kind};

    use super::*;
    use crate::request_id::RequestId;

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
            (Error::PlanExpired, 410, "plan_expired"),
            (Error::WorkbookExpired, 410, "workbook_expired"),
            (Conflict::ImportUnfinished.into(), 409, "import_unfinished"),
            (Error::IdempotencyKeyReused, 422, "idempotency_key_reused"),
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
}
