//! Sessions of the example server, over its death by SIGKILL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use serde_json::{Value, json};
use support::{Client, PASSWORD, Server};

async fn begin(client: &Client) -> Value {
    client.post("/auth/login", json!({"email": "ada@example.com", "password": PASSWORD})).await.expect(200)
}

fn shown(tokens: &Value) -> Value {
    json!({ "refresh_token": tokens["refresh_token"] })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_spent_or_ended_stays_so_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let anyone = Client::new(&server.url);
    let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
    anyone.post("/auth/register", ada).await.expect(201);

    let first = begin(&anyone).await;
    let second = anyone.post("/auth/refresh", shown(&first)).await.expect(200);
    let third = anyone.post("/auth/refresh", shown(&second)).await.expect(200);
    let [ended, revoked, kept] = [begin(&anyone).await, begin(&anyone).await, begin(&anyone).await];
    anyone.with_token(&ended["access_token"]).post("/auth/logout", Value::Null).await.expect(204);
    let asks = anyone.with_token(&kept["access_token"]);
    let sessions = asks.with_token(&revoked["access_token"]).get("/auth/sessions").await.expect(200);
    let current = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == true);
    let id = current.unwrap()["id"].as_str().unwrap();
    asks.delete(&format!("/auth/sessions/{id}")).await.expect(204);
    server.kill();

    let server = Server::start(directory.path());
    let anyone = Client::new(&server.url);
    for (tokens, code) in [
        // Two generations old: no lost answer, whatever time it is.
        (&first, "refresh_token_reused"),
        // And with it the whole session is over.
        (&second, "invalid_refresh_token"),
        (&third, "invalid_refresh_token"),
        (&ended, "invalid_refresh_token"),
        (&revoked, "invalid_refresh_token"),
    ] {
        let refused = anyone.post("/auth/refresh", shown(tokens)).await.expect(401);
        assert_eq!(refused["code"], code, "{refused:#}");
        let refused = anyone.with_token(&tokens["access_token"]).get("/auth/me").await.expect(401);
        assert_eq!(refused["code"], "invalid_access_token");
    }
    anyone.with_token(&kept["access_token"]).get("/auth/me").await.expect(200);
    server.kill();

    // Nor does the next death bring anything back.
    let server = Server::start(directory.path());
    let anyone = Client::new(&server.url);
    for tokens in [&first, &third, &ended, &revoked] {
        anyone.post("/auth/refresh", shown(tokens)).await.expect(401);
    }
    let renewed = anyone.post("/auth/refresh", shown(&kept)).await.expect(200);
    anyone.with_token(&renewed["access_token"]).get("/auth/me").await.expect(200);
    server.kill();
    support::store::verify(directory.path()).await;
}
