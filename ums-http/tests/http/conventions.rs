//! What holds for every request and every answer.

use http::{Method, StatusCode, header};
use serde_json::json;
use ums_http::{HttpOptions, router};

use crate::support::Server;

#[tokio::test]
async fn a_slash_at_the_end_is_optional_and_never_a_redirect() {
    let (server, token) = Server::with_admin().await;
    for path in ["/organisation", "/auth/me", "/healthz", "/logs", "/docs", "/redoc", "/import", "/user"] {
        let bare = server.get(path).token(&token).send().await;
        let slashed = server.get(&format!("{path}/")).token(&token).send().await;
        assert_eq!((bare.status, slashed.status), (StatusCode::OK, StatusCode::OK), "{path}");
    }
    let made = server.post("/organisation").token(&token).json(&json!({ "name": "Tech Corp" })).send().await;
    made.expect(StatusCode::CREATED);
    server.get("/organisation/1/").token(&token).send().await.expect(StatusCode::OK);
    server.get("/organisation//").token(&token).send().await.problem(404, "not_found");
    server.get("//healthz").send().await.problem(404, "route_not_found");
}

#[tokio::test]
async fn a_path_that_is_not_there_is_absent_for_everybody() {
    let (server, token) = Server::with_admin().await;
    for path in
        ["/", "/nothing", "/auth", "/organisation/1/nothing", "/docs/a/b", "/healthz/x", "/Healthz", "/%00"]
    {
        server.get(path).send().await.problem(404, "route_not_found");
        server.get(path).token(&token).send().await.problem(404, "route_not_found");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_the_path_has() {
    let server = Server::new().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/organisation/", &["GET", "HEAD", "POST"][..]),
        (Method::POST, "/organisation/1", &["GET", "HEAD", "PUT", "PATCH", "DELETE"]),
        (Method::TRACE, "/auth/login", &["POST"]),
        (Method::TRACE, "/healthz/", &["GET", "HEAD"]),
        (Method::OPTIONS, "/healthz", &["GET", "HEAD"]),
        (Method::GET, "/auth/login", &["POST"]),
        (Method::from_bytes(b"BREW").unwrap(), "/auth/me", &["GET", "HEAD", "PATCH"]),
    ] {
        let answer = server.call(method.clone(), path).send().await;
        answer.problem(405, "method_not_allowed");
        let mut found: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        let mut allowed = allowed.to_vec();
        found.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(found, allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let server = Server::new().await;
    let get = server.get("/healthz").send().await;
    let head = server.call(Method::HEAD, "/healthz").send().await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), get.bytes.len().to_string());
    assert_eq!(head.header("content-type"), get.header("content-type"));
    let refused = server.call(Method::HEAD, "/auth/me").send().await;
    assert_eq!((refused.status, refused.bytes.len()), (StatusCode::UNAUTHORIZED, 0));
}

#[tokio::test]
async fn a_sane_request_id_is_echoed_and_any_other_replaced() {
    let server = Server::new().await;
    let longest = "x".repeat(128);
    for sane in ["a", "Trace-1_2.3", longest.as_str()] {
        let answer = server.get("/nothing").header("x-request-id", sane).send().await;
        assert_eq!(answer.header("x-request-id"), sane);
        assert_eq!(answer.problem(404, "route_not_found")["request_id"], sane);
    }
    let too_long = "x".repeat(129);
    for insane in ["", "a b", "a/b", "\"a\"", "a,b", "<script>", too_long.as_str()] {
        let answer = server.get("/healthz").header("x-request-id", insane).send().await;
        let made = answer.header("x-request-id");
        assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{insane}: {made}");
    }
    let (one, other) = (server.get("/healthz").send().await, server.get("/healthz").send().await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn every_answer_carries_the_safe_headers() {
    let (server, token) = Server::with_admin().await;
    for path in [
        "/auth/me",
        "/organisation/",
        "/healthz",
        "/nothing",
        "/docs",
        "/redoc/initializer.js",
        "/auth/login",
    ] {
        let answer = server.get(path).token(&token).send().await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
        let cache = if path.contains("doc") { "no-cache" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), cache, "{path}");
    }
}

#[tokio::test]
async fn ids_that_are_none_are_absent() {
    let (server, token) = Server::with_admin().await;
    for id in
        ["0", "-1", "1.0", "+1", "01", "abc", "1e0", "%31%20", "999999999999999999999", "%ff", "%C2%B9", "42"]
    {
        for path in ["/organisation/", "/department/", "/user/", "/import/", "/auth/sessions/"] {
            let method = if path == "/auth/sessions/" { Method::DELETE } else { Method::GET };
            let answer = server.call(method, &format!("{path}{id}")).token(&token).send().await;
            answer.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_503_and_its_secrets_stay_here() {
    let server = Server::new().await;
    server.get("/readyz").send().await.expect(StatusCode::OK);
    assert_eq!(server.get("/healthz").send().await.expect(StatusCode::OK), json!({ "status": "ok" }));
}

#[tokio::test]
async fn nested_under_a_path_it_names_its_places_in_full() {
    let (server, token) = Server::with_admin().await;
    let ums = server.fixture.ums.clone();
    let nested = axum::Router::new().nest("/api/ums", router(ums, HttpOptions::new()));
    let server = Server { router: nested, fixture: server.fixture };
    let fields = json!({ "name": "Tech Corp" });
    let made = server.post("/api/ums/organisation/").token(&token).json(&fields).send().await;
    made.expect(StatusCode::CREATED);
    assert_eq!(made.header("location"), "/api/ums/organisation/1");
    server.get(made.header("location")).token(&token).send().await.expect(StatusCode::OK);
    let document = server.get("/api/ums/openapi.json").send().await.expect(StatusCode::OK);
    assert_eq!(document["servers"], json!([{ "url": "/api/ums" }]));
    server.get("/api/ums/docs/swagger-ui.css").send().await.status.is_success().then_some(()).unwrap();
    server.get("/api/ums/nothing").send().await.problem(404, "route_not_found");
    server.delete("/api/ums/healthz").send().await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn parameters_are_refused_where_none_are_read() {
    let (server, token) = Server::with_admin().await;
    let answer = server.get("/auth/me?user_id=2").token(&token).send().await;
    assert_eq!(answer.faults(), [("user_id".into(), "unknown_parameter".into())]);
    server.get("/auth/me?user_id=2").send().await.problem(401, "invalid_access_token");
    let answer = server.post("/auth/login?x=1&x=2").json(&json!({})).send().await;
    assert_eq!(answer.faults().len(), 2);
    server
        .get("/auth/me?")
        .token(&token)
        .header(header::ACCEPT, "text/html")
        .send()
        .await
        .expect(StatusCode::OK);
}
