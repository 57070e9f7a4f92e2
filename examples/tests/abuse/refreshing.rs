//! Refresh tokens, shown again and again.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::task::JoinSet;

use super::canary;
use super::case::{Case, case};
use super::client::Client;
use super::support::Server;
use super::world::{World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(19, "a spent refresh token after the grace", after_the_grace),
    case!(20, "a refresh token spent before the last", spent_before_the_last),
    case!(21, "64 parallel refreshes", parallel_refreshes),
    case!(22, "a refresh whose answer got lost", a_lost_answer),
    case!(23, "a session of 30 days that was renewed daily", a_session_of_thirty_days),
    case!(26, "a spent refresh token after a crash", after_a_crash),
    case!(27, "every prefix and every edit of a refresh token", prefixes_and_edits),
];

async fn after_the_grace() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let first = world.anyone.refresh(&ada.tokens.refresh).await.tokens();
    world.advance(11);
    world.anyone.refresh(&ada.tokens.refresh).await.refused(401, "refresh_token_reused");
    world.anyone.refresh(&first.refresh).await.refused(401, "invalid_refresh_token");
    world.anyone.bearing(&first.access).get("/auth/me").await.refused(401, "invalid_access_token");
    world.end().await;
}

async fn spent_before_the_last() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let first = world.anyone.refresh(&ada.tokens.refresh).await.tokens();
    let second = world.anyone.refresh(&first.refresh).await.tokens();
    world.anyone.refresh(&ada.tokens.refresh).await.refused(401, "refresh_token_reused");
    for tokens in [&ada.tokens, &first, &second] {
        assert_eq!(world.anyone.refresh(&tokens.refresh).await.status, 401);
        world.anyone.bearing(&tokens.access).get("/auth/me").await.refused(401, "invalid_access_token");
    }
    world.end().await;
}

async fn parallel_refreshes() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let (anyone, token) = (world.anyone.clone(), ada.tokens.refresh.clone());
        calls.spawn(async move { anyone.refresh(&token).await.tokens() });
    }
    let successors: BTreeSet<_> = calls.join_all().await.into_iter().collect();
    assert_eq!(successors.len(), 1, "the session forked");
    let successor = successors.first().unwrap();
    let next = world.anyone.refresh(&successor.refresh).await.tokens();
    let sessions = world.anyone.bearing(&next.access).get("/auth/sessions").await.expect(200);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1, "{sessions:#}");
    world.end().await;
}

async fn a_lost_answer() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let lost = world.anyone.refresh(&ada.tokens.refresh).await.tokens();
    world.advance(10);
    assert_eq!(world.anyone.refresh(&ada.tokens.refresh).await.tokens(), lost);
    world.anyone.refresh(&lost.refresh).await.expect(200);
    world.end().await;
}

async fn a_session_of_thirty_days() {
    const DAY: u64 = 24 * 60 * 60;
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut tokens = ada.tokens;
    for _ in 0..29 {
        world.advance(DAY);
        tokens = world.anyone.refresh(&tokens.refresh).await.tokens();
    }
    world.advance(DAY - 1);
    tokens = world.anyone.refresh(&tokens.refresh).await.tokens();
    world.anyone.bearing(&tokens.access).get("/auth/me").await.expect(200);
    world.advance(1);
    world.anyone.refresh(&tokens.refresh).await.refused(401, "invalid_refresh_token");
    world.anyone.bearing(&tokens.access).get("/auth/me").await.refused(401, "invalid_access_token");
    world.end().await;
}

async fn after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[("RUST_LOG", "trace")]);
    let anyone = Client::new(&server.url);
    let fields = json!({"full_name": "Ada", "email": "ada@example.com", "password": password_of("ada")});
    anyone.post("/auth/register", fields).await.expect(201);
    // One session ended by its owner, one by the reuse of its token, and one that stands.
    let ended = anyone.login("ada@example.com", &password_of("ada")).await;
    anyone.bearing(&ended.access).send(reqwest::Method::POST, "/auth/logout", None).await.expect(204);
    let stolen = anyone.login("ada@example.com", &password_of("ada")).await;
    let first = anyone.refresh(&stolen.refresh).await.tokens();
    let second = anyone.refresh(&first.refresh).await.tokens();
    anyone.refresh(&stolen.refresh).await.refused(401, "refresh_token_reused");
    let standing = anyone.login("ada@example.com", &password_of("ada")).await;
    let spent = standing.refresh.clone();
    let between = anyone.refresh(&spent).await.tokens();
    let standing = anyone.refresh(&between.refresh).await.tokens();
    server.kill();

    let mut server = Server::start_with(directory.path(), &[("RUST_LOG", "trace")]);
    let anyone = Client::new(&server.url);
    for tokens in [&ended, &stolen, &first, &second] {
        anyone.refresh(&tokens.refresh).await.refused(401, "invalid_refresh_token");
        anyone.bearing(&tokens.access).get("/auth/me").await.refused(401, "invalid_access_token");
    }
    anyone.bearing(&standing.access).get("/auth/me").await.expect(200);
    anyone.refresh(&spent).await.refused(401, "refresh_token_reused");
    anyone.refresh(&standing.refresh).await.refused(401, "invalid_refresh_token");
    server.terminate();
    assert!(server.wait().success());
    super::support::store::verify(directory.path()).await;
    canary::keep(directory);
}

async fn prefixes_and_edits() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let token = &ada.tokens.refresh;
    let mut wrong: Vec<String> = (0..token.len()).map(|length| token[..length].to_owned()).collect();
    for (position, old) in token.char_indices() {
        for new in ['A', '_', '~', if old == 'x' { 'y' } else { 'x' }] {
            let edited = format!("{}{new}{}", &token[..position], &token[position + 1..]);
            wrong.extend(Some(edited).filter(|edited| edited != token));
        }
    }
    wrong.extend([format!("{token} "), format!("{token}="), token.to_lowercase()]);
    assert!(wrong.len() > 4 * token.len());
    for wrong in &wrong {
        let answer = world.anyone.refresh(wrong).await;
        assert_eq!(answer.verdict(), (401, "invalid_refresh_token".to_owned()), "{wrong}");
    }
    world.anyone.refresh(token).await.expect(200);
    world.end().await;
}
