//! Query parameters.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::value::{CowStrDeserializer, Error as ValueError};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use ums_core::{Faults, PageLimit, PageRequest};
use utoipa::IntoParams;

use crate::describe::{Description, Input};
use crate::fields::{self, Place};
use crate::problem::{Cause, Problem};

/// The parameters of a request, none of them unknown, none given twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// The parameters of a list: what it is narrowed to, and which page of it.
#[derive(Clone, Debug)]
pub(crate) struct Listing<T> {
    pub(crate) filter: T,
    pub(crate) page: Page,
}

/// A list that can't be narrowed.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Everything {}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Page {
    /// The most items in the answer.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50, nullable = false)]
    pub(crate) limit: Option<PageLimit>,
    /// The `next_cursor` of the page before; the list's other parameters have to be the same.
    #[serde(default, deserialize_with = "parsed")]
    #[param(min_length = 1, nullable = false)]
    pub(crate) cursor: Option<String>,
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch(pub(crate) bool);

/// A text that is neither.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("must be true or false")]
pub(crate) struct InvalidSwitch;

impl FromStr for Switch {
    type Err = InvalidSwitch;

    fn from_str(text: &str) -> Result<Self, InvalidSwitch> {
        text.parse().map(Self).map_err(|_| InvalidSwitch)
    }
}

/// For `#[serde(deserialize_with)]`: a parameter that is given reads as its type does.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: Display,
{
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

impl From<Page> for PageRequest {
    fn from(page: Page) -> Self {
        Self::new(page.limit.unwrap_or_default(), page.cursor)
    }
}

/// For `#[serde(deserialize_with)]`: a parameter that is given reads as its type does from JSON.
pub(crate) fn given<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

const PLACE: Place = Place {
    unknown: "unknown_parameter",
    unknown_message: "there is no such query parameter here; take it out or mend its name",
};

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let parameters = parameters(parts.uri.query(), &mut faults);
        let value = read(&parameters, &mut faults);
        value.filter(|_| faults.is_empty()).map(Self).ok_or_else(|| faults.into())
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Listing<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let parameters = parameters(parts.uri.query(), &mut faults);
        let (page, filter): (Vec<_>, Vec<_>) =
            parameters.into_iter().partition(|(name, _)| matches!(&**name, "limit" | "cursor"));
        let (page, filter) = (read(&page, &mut faults), read(&filter, &mut faults));
        let both = page.zip(filter).filter(|_| faults.is_empty());
        both.map(|(page, filter)| Self { filter, page }).ok_or_else(|| faults.into())
    }
}

impl<T: IntoParams> Input for Query<T> {
    fn describe(description: &mut Description) {
        description.query::<T>();
        description.problem(Cause::Invalid);
    }
}

impl<T: IntoParams> Input for Listing<T> {
    fn describe(description: &mut Description) {
        description.query::<T>();
        description.query::<Page>();
        description.problem(Cause::Malformed);
        description.problem(Cause::Invalid);
    }
}

/// Of a route that reads no parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoQuery;

/// Refuses parameters where the route reads none. Who calls is found out first, and then this.
pub(crate) fn refuse_stray(parts: &Parts) -> Result<(), Problem> {
    if parts.extensions.get::<NoQuery>().is_none() {
        return Ok(());
    }
    let mut faults = Faults::default();
    let parameters = parameters(parts.uri.query(), &mut faults);
    let nothing = read::<Everything>(&parameters, &mut faults).filter(|_| faults.is_empty());
    nothing.map(|_| ()).ok_or_else(|| faults.into())
}

type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

fn parameters<'a>(query: Option<&'a str>, faults: &mut Faults) -> Vec<Parameter<'a>> {
    let mut names = HashSet::new();
    let mut parameters = Vec::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if names.insert(name.clone()) {
            parameters.push((name, value));
        } else {
            faults.add(name, "duplicate", "may be given once only");
        }
    }
    parameters
}

fn read<T: DeserializeOwned>(parameters: &[Parameter<'_>], faults: &mut Faults) -> Option<T> {
    let fields: Vec<(&str, Text<'_>)> =
        parameters.iter().map(|(name, value)| (&**name, Text(value))).collect();
    fields::read(&fields, PLACE).map_err(|found| faults.append(found)).ok()
}

#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl<'a> IntoDeserializer<'a, ValueError> for Text<'a> {
    type Deserializer = CowStrDeserializer<'a, ValueError>;

    fn into_deserializer(self) -> Self::Deserializer {
        CowStrDeserializer::new(Cow::Borrowed(self.0))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http::Request;

    use super::*;

    fn page(query: &str) -> Result<Page, Problem> {
        let request = Request::builder().uri(format!("/?{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let listing = Listing::<Everything>::from_request_parts(&mut parts, &()).now_or_never();
        listing.unwrap().map(|listing| listing.page)
    }

    #[test]
    fn limits_are_whole_numbers_from_1_to_200() {
        assert_eq!(page("limit=1").unwrap().limit.unwrap().as_usize(), 1);
        assert_eq!(page("limit=200").unwrap().limit, Some(PageLimit::MAXIMUM));
        assert_eq!(page("").unwrap().limit, None);
        for wrong in ["0", "-1", "201", "18446744073709551616", "1e3", "1.0", "", "+5", "%205", "0x10", "ten"]
        {
            assert_eq!(page(&format!("limit={wrong}")).unwrap_err().status().as_u16(), 422, "{wrong}");
        }
    }

    #[test]
    fn texts_are_decoded_once() {
        assert_eq!(page("cursor=a%252Bb+c").unwrap().cursor.as_deref(), Some("a%2Bb c"));
    }
}
