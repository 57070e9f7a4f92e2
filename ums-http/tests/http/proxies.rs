//! Where requests come from: seen in the list of sessions.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::StatusCode;
use serde_json::{Value, json};
use ums_http::HttpOptions;
use ums_testkit::PASSWORD;

use crate::support::Server;

async fn session_after_login(options: HttpOptions, peer: Option<&str>, forwarded: &str) -> Value {
    let server = Server::with(options).await;
    server.fixture.register("ada@example.com").await;
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    let mut call = server.post("/auth/login").json(&credentials).header("x-forwarded-for", forwarded);
    if let Some(peer) = peer {
        call = call.extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
    }
    let tokens = call.header("user-agent", "Tester/1.0 \u{e9}").send().await.expect(StatusCode::OK);
    let token = tokens["access_token"].as_str().unwrap();
    let sessions = server.get("/auth/sessions").token(token).send().await.expect(StatusCode::OK);
    sessions["items"][0].clone()
}

#[tokio::test]
async fn the_peer_is_the_client_unless_it_is_a_trusted_proxy() {
    let direct = session_after_login(HttpOptions::new(), Some("192.0.2.1:1234"), "198.51.100.9").await;
    assert_eq!(direct["ip"], "192.0.2.1");
    assert_eq!(direct["current"], true);
    assert!(direct["user_agent"].as_str().unwrap().starts_with("Tester/1.0"));

    let proxied = HttpOptions::new().trust_proxies(|peer| peer.is_loopback());
    let session =
        session_after_login(proxied.clone(), Some("127.0.0.1:1234"), "203.0.113.7, 198.51.100.9").await;
    assert_eq!(session["ip"], "198.51.100.9");
    let session = session_after_login(proxied, Some("192.0.2.1:1234"), "198.51.100.9").await;
    assert_eq!(session["ip"], "192.0.2.1");
}

#[tokio::test]
async fn without_a_peer_there_is_no_address() {
    let trusting = HttpOptions::new().trust_proxies(|_| true);
    assert_eq!(session_after_login(trusting, None, "198.51.100.9").await["ip"], Value::Null);
}
