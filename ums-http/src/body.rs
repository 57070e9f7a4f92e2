//! JSON bodies of requests.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::describe::{Description, Input};
use crate::fields::{self, Place};
use crate::json;
use crate::limits::BodyLimit;
use crate::problem::{Cause, Problem};

/// A JSON object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// A merge patch (RFC 7396), under its own media type or as plain JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergePatch<T>(pub(crate) T);

const JSON: &str = "application/json";
const JSON_OR_MERGE_PATCH: &str = "application/merge-patch+json, application/json";

const PLACE: Place = Place {
    unknown: "unknown_field",
    unknown_message: "there is no such field here; take it out or mend its name",
};

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request, JSON).await.map(Self)
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for MergePatch<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request, JSON_OR_MERGE_PATCH).await.map(Self)
    }
}

impl<T: ToSchema> Input for Body<T> {
    fn describe(description: &mut Description) {
        describe::<T>(description, &[JSON]);
    }
}

impl<T: ToSchema> Input for MergePatch<T> {
    fn describe(description: &mut Description) {
        describe::<T>(description, &["application/merge-patch+json", JSON]);
    }
}

fn describe<T: ToSchema>(description: &mut Description, media_types: &[&str]) {
    description.body::<T>(media_types);
    for cause in [Cause::Malformed, Cause::TooLarge, Cause::MediaType, Cause::Invalid] {
        description.problem(cause);
    }
}

/// Whether the body is being waited for: tells a slow client from a slow server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn goes_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What reading a body ran into.
pub(crate) fn unreadable(error: impl Into<Box<dyn StdError + Send + Sync>>, limit: BodyLimit) -> Problem {
    let error = error.into();
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&*error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Problem::too_large(limit.0);
        }
        cause = error.source();
    }
    Problem::malformed_body("the body broke off, or is not well-formed")
}

async fn read<T: DeserializeOwned>(request: Request, expected: &'static str) -> Result<T, Problem> {
    if !is_of(request.headers(), expected) {
        return Err(Problem::media_type(expected));
    }
    let bytes = collect(request).await?;
    let object = json::object(&bytes).map_err(|wrong| {
        Problem::malformed_body(format!("the body is not a well-formed JSON object: {wrong}"))
    })?;
    let members: Vec<(&str, &Value)> = object.iter().map(|(name, value)| (name.as_str(), value)).collect();
    Ok(fields::read(&members, PLACE)?)
}

async fn collect(request: Request) -> Result<Bytes, Problem> {
    let limit = request.extensions().get::<BodyLimit>().copied().unwrap_or_default();
    let waiting = request.extensions().get::<Waiting>().cloned().unwrap_or_default();
    waiting.begin();
    let bytes = request.into_body().collect().await.map_err(|error| unreadable(error, limit))?.to_bytes();
    waiting.end();
    Ok(bytes)
}

/// Whether the content is of one of the media types, which are divided by commas, in UTF-8 and not compressed.
fn is_of(headers: &HeaderMap, expected: &str) -> bool {
    let Some(sent) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = sent.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let plain = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    utf8 && plain && expected.split(", ").any(|media_type| media_type.eq_ignore_ascii_case(essence))
}
