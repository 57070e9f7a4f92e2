//! The name of one request, in its answer, its problem and the log.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use ums_core::{Random, SystemRandom};

pub(crate) static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// 1 to 128 characters of `A-Z a-z 0-9 . _ -`: the client's own where it sent a sane one, else 128 random bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The one that the client sent, or a new one.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent =
            headers.get(&X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_sane(text));
        sent.map_or_else(Self::random, |text| Self(text.into()))
    }

    fn random() -> Self {
        let random: &dyn Random = &SystemRandom;
        Self(format!("{:032x}", random.u128()).into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static("invalid"))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_sane(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
