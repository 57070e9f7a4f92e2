//! Entity tags (RFC 9110, section 8.8.3) from versions, and the conditions that clients make of them.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use ums_core::store::Version;

use crate::describe::{Description, Input};
use crate::problem::{Cause, Problem};

/// The strong tag of a version.
pub(crate) fn of(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names this tag: `*`, or by the weak comparison.
pub(crate) fn is_among(current: &HeaderValue, if_none_match: &HeaderValue) -> bool {
    let opaque = |text: &str| text.trim_start_matches("W/").to_owned();
    match (current.to_str(), if_none_match.to_str()) {
        (Ok(_), Ok("*")) => true,
        (Ok(current), Ok(tags)) => split(tags).any(|tag| opaque(tag) == opaque(current)),
        _ => false,
    }
}

/// What `If-Match` asks of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// No header, or `*`: the resource has to be there, which a change asks anyway.
    Anything,
    /// One of these. A weak tag never matches, and neither does one that is not ours, so they are left out.
    OneOf(Vec<Version>),
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::IF_MATCH);
        let texts: Vec<&str> = values.iter().map(|value| value.to_str().unwrap_or_default()).collect();
        if texts.iter().all(|text| text.trim() == "*") {
            return Self::Anything;
        }
        Self::OneOf(texts.into_iter().flat_map(split).filter_map(version).collect())
    }

    /// The one version that the change is to expect; `current` is asked only where several would do.
    pub(crate) async fn version(
        self,
        current: impl AsyncFnOnce() -> Result<Version, ums_core::Error>,
    ) -> Result<Option<Version>, ums_core::Error> {
        match self {
            Self::Anything => Ok(None),
            Self::OneOf(versions) => match versions.as_slice() {
                [] => Ok(Some(NOBODYS)),
                [one] => Ok(Some(*one)),
                several => {
                    let current = current().await?;
                    Ok(Some(if several.contains(&current) { current } else { NOBODYS }))
                }
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(&parts.headers))
    }
}

impl Input for IfMatch {
    fn describe(description: &mut Description) {
        description.header(
            "If-Match",
            "The `ETag` of the version that the change is meant for, `*`, or several tags; left out, any version.",
        );
        description.problem(Cause::Stale);
    }
}

/// Versions are random, so nothing ever has this one. The core refuses it like any other stale version, after it has
/// looked whether the caller may know of the resource at all.
const NOBODYS: Version = Version::from_u128(0);

/// The tags of a list; a comma within quotes does not divide.
fn split(tags: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    tags.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    })
    .map(str::trim)
}

fn version(tag: &str) -> Option<Version> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let canonical =
        digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(digits, 16).ok().filter(|_| canonical).map(Version::from_u128)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const A: Version = Version::from_u128(10);
    const B: Version = Version::from_u128(11);

    fn if_match(values: &[&str]) -> IfMatch {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, value.parse().unwrap());
        }
        IfMatch::of(&headers)
    }

    fn expected(if_match: IfMatch, current: Version) -> Option<Version> {
        if_match.version(async || Ok(current)).now_or_never().unwrap().unwrap()
    }

    #[test]
    fn conditions_name_the_version_to_expect() {
        let (a, b) = (format!("\"{A}\""), format!("\"{B}\""));
        let both = format!("{a} , {b}");
        let weak = format!("W/{a}");
        assert_eq!(expected(if_match(&[]), A), None);
        assert_eq!(expected(if_match(&["*"]), A), None);
        assert_eq!(expected(if_match(&[&a]), A), Some(A));
        assert_eq!(expected(if_match(&[&a]), B), Some(A));
        assert_eq!(expected(if_match(&[&both]), A), Some(A));
        assert_eq!(expected(if_match(&[&both]), B), Some(B));
        assert_eq!(expected(if_match(&[&a, &b]), B), Some(B));
        assert_eq!(expected(if_match(&[&both]), Version::from_u128(12)), Some(NOBODYS));
        for nothing in
            [&*weak, "", "\"x,y\"", "nonsense", "\"", "\"0A\"", "\"+0000000000000000000000000000000a\""]
        {
            assert_eq!(expected(if_match(&[nothing]), A), Some(NOBODYS), "{nothing}");
        }
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let current = of(A);
        let cases = [
            ("*", true),
            (&*format!("\"{A}\""), true),
            (&*format!("W/\"{A}\""), true),
            (&*format!("\"{B}\", \"{A}\""), true),
            (&*format!("\"{B}\""), false),
            (&*format!("\"{B},{A}\""), false),
            ("", false),
        ];
        for (header, found) in cases {
            assert_eq!(is_among(&current, &header.parse().unwrap()), found, "{header}");
        }
    }
}
