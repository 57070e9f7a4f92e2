//! The HTTP interface of UMS: one axum router, with OpenAPI, Swagger UI and ReDoc.
//!
//! [`router()`] takes the facade of `ums-core` and answers requests: HTTP in, one call of the facade, HTTP out. No rule
//! about users stands here. What a client may rely on is in the OpenAPI document, which is made from the handlers'
//! signatures and served at `/openapi.json`.
//!
//! ```no_run
//! use std::net::SocketAddr;
//! use std::sync::Arc;
//!
//! use ums_core::{SecretKey, UserManagement};
//! use ums_http::{HttpOptions, router};
//! use ums_store_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = SecretKey::new(*b"thirty-two bytes from a vault...")?;
//! let ums = UserManagement::builder(Arc::new(MemoryStore::new()), secret).open().await?;
//! let router = router(ums, HttpOptions::new());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What a request meets, in order
//!
//! 1. Its id, its span and, at the end, the headers that every answer has and the body of a problem.
//! 2. CORS, where origins are allowed; a net for panics.
//! 3. The route, with an optional slash at the end of its path. Only one way leads to a route, and it asks who may use
//!    it and what the document says of it.
//! 4. The limits of time and of bytes.
//! 5. Who calls; only then parameters, conditions and the body, which is read last.
//! 6. One call of the facade, which decides what the caller may do.

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
mod spreadsheet;

// What all of them have in common.
mod application;
mod client;
mod fields;
mod frame;
mod json;
mod limits;
mod metrics;
mod openapi;
mod options;
mod problem;
mod request_id;

pub use metrics::Metrics;
pub use options::{AllowedOrigin, HttpOptions, InvalidOrigin};
pub use router::{metrics_router, router};
