//! Requests from pages of other origins.

use http::{Method, StatusCode};
use ums_http::HttpOptions;

use crate::support::Server;

const APP: &str = "https://app.example.com";

#[tokio::test]
async fn no_origin_is_allowed_unless_configured() {
    let server = Server::new().await;
    let answer = server.get("/healthz").header("origin", APP).send().await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
    let preflight = server.call(Method::OPTIONS, "/auth/login").header("origin", APP);
    let preflight = preflight.header("access-control-request-method", "POST").send().await;
    preflight.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn configured_origins_are_allowed_and_others_not() {
    let server = Server::with(HttpOptions::new().allow_origin(APP.parse().unwrap())).await;
    let preflight = server.call(Method::OPTIONS, "/user/1").header("origin", APP);
    let preflight = preflight.header("access-control-request-method", "PATCH").send().await;
    assert_eq!(preflight.status, StatusCode::OK);
    assert_eq!(preflight.header("access-control-allow-origin"), APP);
    assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
    assert!(preflight.header("access-control-allow-headers").contains("authorization"));
    assert!(!preflight.headers.contains_key("access-control-allow-credentials"));

    let refused = server.get("/auth/me").header("origin", APP).send().await;
    refused.problem(401, "invalid_access_token");
    assert_eq!(refused.header("access-control-allow-origin"), APP);
    assert!(refused.header("access-control-expose-headers").contains("etag"));

    let other = server.get("/healthz").header("origin", "https://evil.example.com").send().await;
    assert!(!other.headers.contains_key("access-control-allow-origin"));
}
