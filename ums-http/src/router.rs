//! The whole interface, assembled.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{Method, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use ums_core::UserManagement;

use crate::application::Application;
use crate::options::HttpOptions;
use crate::problem::Problem;
use crate::request_id::X_REQUEST_ID;
use crate::routes::Routes;
use crate::{api, docs, frame};

/// The HTTP interface of `ums`, to be served as it is or nested under a path of another router.
///
/// The host should serve it with [`axum::extract::ConnectInfo`] of `SocketAddr`: without, no address of a client
/// is known to the log and to the throttles.
///
/// # Panics
///
/// Never: the routes are the same whatever is passed, and a test builds them.
pub fn router(ums: UserManagement, options: HttpOptions) -> Router {
    let mut routes = Routes::new(&options);
    api::add_to(&mut routes);
    if options.docs {
        docs::add_to(&mut routes);
    }
    let (router, document) = routes.finish();
    let cors = (!options.origins.is_empty()).then(|| cors(&options));
    let metrics = options.metrics.clone();
    let application = Application { ums, options: Arc::new(options), document: Arc::new(document) };

    let router = router
        .fallback(frame::route_not_found)
        .method_not_allowed_fallback(frame::method_not_allowed)
        .with_state(application)
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(frame::panicked));
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
    .layer(from_fn_with_state(metrics, frame::frame))
}

/// `GET /metrics` alone, for anybody who reaches it: to be served on an address that only the monitoring reaches, for a
/// router with the same [`HttpOptions::metrics`].
pub fn metrics_router(ums: UserManagement, options: &HttpOptions) -> Router {
    let metrics = options.metrics.clone();
    let page = async move || match ums.system().figures() {
        Ok(figures) => metrics.page(figures).into_response(),
        Err(error) => Problem::from(error).into_response(),
    };
    Router::new().route("/metrics", get(page))
}

/// Tokens travel in a header and never in a cookie, so no credentials are allowed.
fn cors(options: &HttpOptions) -> CorsLayer {
    let origins = options.origins.iter().map(crate::AllowedOrigin::header);
    let idempotency_key = http::HeaderName::from_static("idempotency-key");
    let prefer = http::HeaderName::from_static("prefer");
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            X_REQUEST_ID.clone(),
            idempotency_key,
            prefer,
        ])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER, X_REQUEST_ID.clone()])
        .max_age(std::time::Duration::from_secs(3600))
}
