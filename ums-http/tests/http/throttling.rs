//! Who tries too often is told when to come back, and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use http::StatusCode;
use serde_json::{Value, json};
use ums_http::HttpOptions;
use ums_testkit::PASSWORD;

use crate::support::{Answer, Server, registration};

const PROXY: &str = "127.0.0.1:1234";

async fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    let credentials = json!({ "email": email, "password": password });
    server.post("/auth/login").json(&credentials).header("x-request-id", "same").send().await
}

/// A registration that a proxy passes on, for a client that says it comes from elsewhere.
async fn register(server: &Server, number: usize, client: &str) -> Answer {
    let peer: SocketAddr = PROXY.parse().unwrap();
    let call = server.post("/auth/register").json(&registration(&format!("user{number}@example.com")));
    let forwarded = format!("203.0.113.{}, {client}", number % 200);
    call.header("x-forwarded-for", &forwarded).extension(ConnectInfo(peer)).send().await
}

#[tokio::test]
async fn too_many_attempts_are_answered_alike_with_and_without_an_account() {
    let (server, _) = Server::with_admin().await;
    let mut told = Vec::new();
    for email in ["ada@example.com", "nobody@example.com", "no address"] {
        for _ in 0..7 {
            log_in(&server, email, "WrongPassword1234").await;
        }
        let answer = log_in(&server, email, PASSWORD).await;
        answer.problem(429, "too_many_requests");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        headers.sort_by_key(|(name, _)| name.to_string());
        told.push((answer.bytes, headers));
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    server.fixture.clock.advance(Duration::from_secs(1));
    log_in(&server, "ada@example.com", PASSWORD).await.expect(StatusCode::OK);
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_current_password_is_no_easier_to_guess() {
    let (server, token) = Server::with_admin().await;
    let change = json!({ "current_password": "WrongPassword1234", "new_password": "AnotherPassword123" });
    for _ in 0..6 {
        server.post("/auth/password").token(&token).json(&change).send().await.problem(403, "wrong_password");
    }
    let refused = server.post("/auth/password").token(&token).json(&change).send().await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "1");
    log_in(&server, "ADA@example.com", PASSWORD).await.problem(429, "too_many_requests");
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_client_is_told_by_what_its_proxy_says_of_it() {
    let server = Server::with(HttpOptions::new().trust_proxies(|peer| peer.is_loopback())).await;
    for number in 0..100 {
        register(&server, number, "2001:db8::1").await.expect(StatusCode::CREATED);
    }
    // Whatever a client writes into the header, and whichever address of its network it takes.
    let refused = register(&server, 100, "2001:db8::ffff:1").await;
    refused.problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "36");
    register(&server, 100, "2001:db8:0:1::1").await.expect(StatusCode::CREATED);
    server.fixture.verify().await;
}

#[tokio::test]
async fn the_document_says_where() {
    let server = Server::new().await;
    let document = server.get("/openapi.json").send().await.expect(StatusCode::OK);
    let mut throttled = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut answer = &operation["responses"]["429"];
            if *answer != Value::Null {
                if let Some(reference) = answer["$ref"].as_str() {
                    answer = document.pointer(reference.trim_start_matches('#')).unwrap();
                }
                let headers = answer["headers"].as_object().unwrap();
                assert!(headers.keys().any(|name| name.eq_ignore_ascii_case("retry-after")), "{answer}");
                throttled.push(format!("{method} {path}"));
            }
        }
    }
    let expected = [
        "post /auth/email",
        "post /auth/login",
        "post /auth/password",
        "post /auth/password/forgot",
        "post /auth/register",
        "post /user/{id}/invitation",
    ];
    assert_eq!(throttled, expected);
}
