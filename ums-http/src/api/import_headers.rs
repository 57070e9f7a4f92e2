//! The headers that say how an import is to be answered.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use ums_core::Faults;

use crate::describe::{Description, Input};
use crate::problem::{Cause, Problem};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const PREFER: &str = "Prefer";

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): marks a repeated request as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl IdempotencyKey {
    const MOST: usize = 255;

    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(HeaderName::from_static("idempotency-key")).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        // A string of a structured field (RFC 9651); what many clients send has no quotes.
        let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let is_plain = key.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && !matches!(byte, b'"' | b'\\'));
        if values.next().is_none() && is_plain && (1..=Self::MOST).contains(&key.len()) {
            return Ok(Self(Some(key.to_owned())));
        }
        let mut faults = Faults::default();
        let message = format!(
            "must be given once, with 1 to {} visible ASCII characters, no quote or backslash among them",
            Self::MOST
        );
        faults.add(IDEMPOTENCY_KEY, "invalid_value", message);
        Err(faults.into())
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl Input for IdempotencyKey {
    fn describe(description: &mut Description) {
        description.header(
            IDEMPOTENCY_KEY,
            "Any text of your own choice. Sent again with the same key within a day, the same workbook and options \
             answer with the first request's import; another workbook or other options are \
             `422 idempotency_key_reused`.",
        );
        description.problem(Cause::Invalid);
    }
}

/// Whether `Prefer` (RFC 7240) asks for an answer before the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RespondAsync(pub(crate) bool);

impl RespondAsync {
    pub(crate) const NAME: &str = "respond-async";

    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(HeaderName::from_static("prefer")).iter();
        let mut preferences = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        Self(preferences.any(|preference| {
            let name = preference.split([';', '=']).next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case(Self::NAME)
        }))
    }
}

impl<S: Sync> FromRequestParts<S> for RespondAsync {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.headers))
    }
}

impl Input for RespondAsync {
    fn describe(description: &mut Description) {
        description.header(PREFER, "`respond-async` answers with `202` as soon as the workbook has come in.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_a_string_with_or_without_quotes() {
        let key = |values: &[&str]| IdempotencyKey::of(&headers("idempotency-key", values)).ok();
        assert_eq!(key(&[]), Some(IdempotencyKey(None)));
        for value in ["8e03978e-40d5", "\"8e03978e-40d5\"", " 8e03978e-40d5 "] {
            assert_eq!(key(&[value]), Some(IdempotencyKey(Some("8e03978e-40d5".into()))), "{value}");
        }
        let long = "x".repeat(256);
        for values in [&["a", "b"][..], &[""], &["\"\""], &["a b"], &["a\"b"], &["ä"], &[&long]] {
            assert_eq!(key(values), None, "{values:?}");
        }
    }

    #[test]
    fn a_preference_stands_among_others() {
        let asked = |values: &[&str]| RespondAsync::of(&headers("prefer", values)).0;
        for values in
            [&["respond-async"][..], &["wait=10, Respond-Async"], &["return=minimal", "respond-async; x=1"]]
        {
            assert!(asked(values), "{values:?}");
        }
        for values in [&[][..], &["wait=10"], &["respond-asynchronously"], &["x=respond-async"]] {
            assert!(!asked(values), "{values:?}");
        }
    }
}
