//! What a client is told.

use http::StatusCode;
use serde::Serialize;
use ums_core::Fault;
use utoipa::ToSchema;

use crate::request_id::RequestId;

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

impl ProblemDetails {
    pub(super) fn new(
        status: StatusCode,
        code: &str,
        detail: String,
        request_id: &RequestId,
        errors: Option<Vec<Fault>>,
    ) -> Self {
        Self {
            kind: format!("urn:ums:problem:{code}"),
            title: title(code),
            status: status.as_u16(),
            detail,
            code: code.into(),
            request_id: request_id.as_str().into(),
            errors,
        }
    }
}

fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_the_codes_in_words() {
        assert_eq!(title("email_taken"), "Email taken");
    }
}
