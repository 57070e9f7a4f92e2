//! Ids in paths.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use ums_core::Kind;
use ums_core::model::{DepartmentId, ImportId, OrganisationId, SessionId, UserId};
use utoipa::PartialSchema;

use crate::describe::{Description, Input};
use crate::problem::{Cause, Problem};

/// The id of the thing at hand. What can't be one is absent, like an id that nothing has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id<T>(pub(crate) T);

/// A type of ids that stand in paths.
pub(crate) trait Identifier: FromStr + Display + PartialSchema + Send {
    const KIND: Kind;
}

impl Identifier for OrganisationId {
    const KIND: Kind = Kind::Organisation;
}

impl Identifier for DepartmentId {
    const KIND: Kind = Kind::Department;
}

impl Identifier for UserId {
    const KIND: Kind = Kind::User;
}

impl Identifier for SessionId {
    const KIND: Kind = Kind::Session;
}

impl Identifier for ImportId {
    const KIND: Kind = Kind::Import;
}

impl<T: Identifier, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await.ok().map(|Path(text)| text);
        let id = text.and_then(|text| text.parse::<T>().ok().filter(|id| id.to_string() == text));
        id.map(Self).ok_or_else(|| Problem::not_found(T::KIND))
    }
}

impl<T: Identifier> Input for Id<T> {
    fn describe(description: &mut Description) {
        description.path_id(&format!("Which {}.", T::KIND), T::schema());
        description.problem(Cause::NotFound);
    }
}
