//! What handlers answer with where they succeed.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use serde::Serialize;
use ums_core::model::{Department, Organisation, User};
use ums_core::{Page, Versioned};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};

use crate::describe::{Description, Output};
use crate::entity_tag;

const JSON: &str = "application/json";
const ETAG: (HeaderName, &str) = (header::ETAG, "The version, for `If-Match` and `If-None-Match`");
const LOCATION: (HeaderName, &str) = (header::LOCATION, "The path of what was made");

/// Something without a version: `200`.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) T);

/// A single resource: `200` with its `ETag`.
#[derive(Debug)]
pub(crate) struct Found<T>(pub(crate) Versioned<T>);

/// A resource that was made: `201` with its path and its `ETag`.
#[derive(Debug)]
pub(crate) struct Created<T>(pub(crate) Versioned<T>);

/// A page of a list.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Page<T>);

/// Done, and nothing to say: `204`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done;

/// Taken on, and done later: `202`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted;

/// A resource with a path of its own.
pub(crate) trait Resource {
    fn path(&self) -> String;
}

impl Resource for Organisation {
    fn path(&self) -> String {
        format!("/organisation/{}", self.id)
    }
}

impl Resource for Department {
    fn path(&self) -> String {
        format!("/department/{}", self.id)
    }
}

impl Resource for User {
    fn path(&self) -> String {
        format!("/user/{}", self.id)
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

impl<T: Serialize> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, entity_tag::of(self.0.version))], Json(self.0.value)).into_response()
    }
}

impl<T: Serialize + Resource> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let location = self.0.value.path();
        (StatusCode::CREATED, [(header::LOCATION, location)], Found(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        Json(self.0).into_response()
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

impl<T: ToSchema> Output for Answer<T> {
    fn describe(description: &mut Description) {
        let schema = description.schema::<T>();
        description.answer(StatusCode::OK, "Done.", Some((JSON, schema)), &[]);
    }
}

impl<T: ToSchema> Output for Found<T> {
    fn describe(description: &mut Description) {
        let schema = description.schema::<T>();
        description.answer(StatusCode::OK, "The resource as it is now.", Some((JSON, schema)), &[ETAG]);
    }
}

impl<T: ToSchema> Output for Created<T> {
    fn describe(description: &mut Description) {
        let schema = description.schema::<T>();
        description.answer(StatusCode::CREATED, "It was made.", Some((JSON, schema)), &[LOCATION, ETAG]);
    }
}

impl<T: ToSchema> Output for List<T> {
    fn describe(description: &mut Description) {
        let items = ArrayBuilder::new().items(description.schema::<T>());
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("What to pass as `cursor` for the next page; `null` on the last one."));
        let page = ObjectBuilder::new()
            .property("items", items)
            .property("next_cursor", cursor)
            .required("items")
            .required("next_cursor");
        description.answer(StatusCode::OK, "A page of the list.", Some((JSON, page.build().into())), &[]);
    }
}

impl Output for Done {
    fn describe(description: &mut Description) {
        description.answer(StatusCode::NO_CONTENT, "Done.", None, &[]);
    }
}

impl Output for Accepted {
    fn describe(description: &mut Description) {
        description.answer(StatusCode::ACCEPTED, "It will be done.", None, &[]);
    }
}
