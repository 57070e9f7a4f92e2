//! What the server counts of itself.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;
use ums_http::{HttpOptions, Metrics, metrics_router};
use ums_testkit::PASSWORD;

use crate::support::{Server, registration};

async fn page(server: &Server, token: &str) -> String {
    let answer = server.get("/metrics").token(token).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text().into_owned()
}

/// The value of a series that is there.
#[track_caller]
fn value(page: &str, series: &str) -> u64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} in\n{page}")).parse().unwrap()
}

fn requests(route: &str, method: &str, status: &str) -> String {
    format!("ums_http_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}")
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let (server, token) = Server::with_admin().await;
    for path in ["/organisation", "/organisation/", "/organisation/?limit=3"] {
        server.get(path).token(&token).send().await;
    }
    for id in 1..=50 {
        server.get(&format!("/user/{id}")).token(&token).send().await;
        server.get(&format!("/no/such/{id}")).send().await;
    }
    let before = page(&server, &token).await;
    assert_eq!(value(&before, &requests("/organisation", "GET", "2xx")), 3);
    assert_eq!(value(&before, &requests("/user/{id}", "GET", "2xx")), 1);
    assert_eq!(value(&before, &requests("/user/{id}", "GET", "4xx")), 49);
    assert_eq!(value(&before, &requests("none", "GET", "4xx")), 50);
    let seconds = "ums_http_request_seconds_count{route=\"/user/{id}\",method=\"GET\"}";
    assert_eq!(value(&before, seconds), 50);
    for number in 0..200 {
        server.get(&format!("/another/{number}?q={number}")).send().await;
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        server.call(method, "/none").send().await;
    }
    let after = page(&server, &token).await;
    // One series for all the methods that nobody knows, and one for this page itself, each with its histogram.
    let series = |page: &str| page.lines().filter(|line| line.starts_with("ums_http_requests")).count();
    assert_eq!(series(&after), series(&before) + 2, "{after}");
    assert_eq!(value(&after, &requests("none", "other", "4xx")), 200);
}

#[tokio::test]
async fn what_the_core_counts_is_there() {
    let (server, token) = Server::with_admin().await;
    for password in [PASSWORD, "Wrong Password 123456", PASSWORD] {
        let body = json!({ "email": "ada@example.com", "password": password });
        server.post("/auth/login").json(&body).send().await;
    }
    let tokens = server.fixture.login("ada@example.com").await;
    for token in [tokens.refresh_token.as_str(), "nonsense"] {
        server.post("/auth/refresh").json(&json!({ "refresh_token": token })).send().await;
    }
    let text = page(&server, &token).await;
    // With those that made the token and the pair.
    assert_eq!(value(&text, "ums_logins_total{outcome=\"done\"}"), 4);
    assert_eq!(value(&text, "ums_logins_total{outcome=\"refused\"}"), 1);
    assert_eq!(value(&text, "ums_token_refreshes_total{outcome=\"done\"}"), 1);
    assert_eq!(value(&text, "ums_token_refreshes_total{outcome=\"refused\"}"), 1);
    for (series, least) in [
        ("ums_hashes_running", 0),
        ("ums_hashes_waiting", 0),
        ("ums_hashes_refused_total", 0),
        ("ums_imports_running", 0),
        ("ums_imported_rows_total", 0),
        ("ums_log_events_total", 8),
        ("ums_log_events_dropped_total", 0),
    ] {
        assert!(value(&text, series) >= least, "{series}");
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(value(&text, &format!("ums_build_info{{version=\"{version}\"}}")), 1);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(
            line.starts_with("ums_") && line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(),
            "{line}"
        );
    }
    assert!(!text.contains("ada") && !text.contains(&token) && !text.contains(&tokens.refresh_token));
}

#[tokio::test]
async fn it_is_for_administrators_but_where_it_is_served_apart() {
    let metrics = Metrics::new();
    let options = HttpOptions::new().metrics(metrics);
    let server = Server::with(options.clone()).await;
    server.post("/auth/register").json(&registration("ada@example.com")).send().await;
    server.post("/auth/register").json(&registration("grace@example.com")).send().await;
    let token = server.token("grace@example.com").await;
    server.get("/metrics").token(&token).send().await.problem(403, "forbidden");
    server.get("/metrics").send().await.problem(401, "invalid_access_token");

    let apart = metrics_router(server.fixture.ums.clone(), &options);
    let ask = |path: &str| apart.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
    let answer = ask("/metrics").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let text = std::str::from_utf8(&bytes).unwrap();
    assert_eq!(value(text, &requests("/auth/register", "POST", "2xx")), 2);
    // Nothing else is served there.
    for path in ["/", "/user/", "/openapi.json", "/healthz"] {
        assert_eq!(ask(path).await.unwrap().status(), StatusCode::NOT_FOUND, "{path}");
    }
}
