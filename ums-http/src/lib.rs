//! The HTTP interface of UMS: one axum router, with OpenAPI, Swagger UI and ReDoc.
//!
//! [`router`] takes the facade of `ums-core` and answers requests: HTTP in, one call of the facade, HTTP out. No rule
//! about users stands here. What a client may rely on is in the OpenAPI document, which is made from the handlers'
//! signatures and served at `/openapi.json`.

// What is served.
mod api;
mod docs;
mod router;
mod routes;

// What a handler reads and answers.
mod answer;
mod body;
mod caller;
mod describe;
mod entity_tag;
mod path;
mod query;

// What all of them have in common.
mod application;
mod client;
mod fields;
mod frame;
mod json;
mod limits;
mod openapi;
mod options;
mod problem;
mod request_id;

pub use options::{AllowedOrigin, HttpOptions, InvalidOrigin};
pub use router::router;
