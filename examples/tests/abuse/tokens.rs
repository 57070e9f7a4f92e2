//! Tokens where and when they must not be good.

use serde_json::json;
use ums_core::TokenOptions;

use super::canary;
use super::case::{Case, case};
use super::client::Client;
use super::support::Server;
use super::world::{Person, World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(15, "an access token with a byte changed", a_byte_changed),
    case!(18, "a token in another's place", in_anothers_place),
    case!(24, "the tokens of a session that was logged out", after_logging_out),
    case!(25, "the tokens of who is suspended, deleted, demoted or moved", after_a_change_of_the_account),
    case!(28, "tokens and passwords in the store's file", in_the_stores_file),
];

async fn a_byte_changed() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let token = ada.tokens.access.as_bytes();
    let mut edits = 0;
    for position in 0..token.len() {
        let old = token[position];
        for new in [old ^ 1, if old == b'A' { b'B' } else { b'A' }] {
            if old == b'.' || !(new.is_ascii_alphanumeric() || b"-_".contains(&new)) || new == old {
                continue;
            }
            let mut edited = token.to_vec();
            edited[position] = new;
            let edited = String::from_utf8(edited).unwrap();
            let answer = world.anyone.bearing(&edited).get("/auth/me").await;
            assert_eq!(answer.verdict(), (401, "invalid_access_token".to_owned()), "byte {position}");
            edits += 1;
        }
    }
    assert!(edits > token.len(), "{edits}");
    ada.client.get("/auth/me").await.expect(200);
    world.end().await;
}

async fn in_anothers_place() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let refresh_as_bearer = world.anyone.bearing(&ada.tokens.refresh).get("/auth/me").await;
    refresh_as_bearer.refused(401, "invalid_access_token");
    world.anyone.refresh(&ada.tokens.access).await.refused(401, "invalid_refresh_token");

    let other = World::with(|builder| builder.tokens(TokenOptions::new().audience("elsewhere"))).await;
    let grace = other.person("grace").await;
    world.anyone.bearing(&grace.tokens.access).get("/auth/me").await.refused(401, "invalid_access_token");
    world.anyone.refresh(&grace.tokens.refresh).await.refused(401, "invalid_refresh_token");
    grace.client.get("/auth/me").await.expect(200);
    ada.client.get("/auth/me").await.expect(200);
    other.end().await;
    world.end().await;
}

async fn after_logging_out() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let other = ada.again(&world).await;
    ada.client.send(reqwest::Method::POST, "/auth/logout", None).await.expect(204);
    are_dead(&world, &ada).await;
    other.client.get("/auth/me").await.expect(200);
    other.client.send(reqwest::Method::POST, "/auth/logout-all", None).await.expect(204);
    are_dead(&world, &other).await;
    world.end().await;
}

async fn are_dead(world: &World, person: &Person) {
    person.client.get("/auth/me").await.refused(401, "invalid_access_token");
    world.anyone.refresh(&person.tokens.refresh).await.refused(401, "invalid_refresh_token");
}

async fn after_a_change_of_the_account() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let acme = ada.makes("/organisation/", json!({"name": "Acme"})).await;
    let globex = ada.makes("/organisation/", json!({"name": "Globex"})).await;
    let of = |organisation: u64, role: &str| json!({"organisation_id": organisation, "role": role});

    let suspended = ada.makes_user(&world, "suspended", of(acme, "member")).await;
    ada.client.patch(&format!("/user/{}", suspended.id), json!({"status": "suspended"})).await.expect(200);
    are_dead(&world, &suspended).await;

    let deleted = ada.makes_user(&world, "deleted", of(acme, "member")).await;
    ada.client.delete(&format!("/user/{}", deleted.id)).await.expect(204);
    are_dead(&world, &deleted).await;

    let demoted = ada.makes_user(&world, "demoted", of(acme, "org_admin")).await;
    demoted.client.get("/logs/").await.expect(200);
    ada.client.patch(&format!("/user/{}", demoted.id), json!({"role": "member"})).await.expect(200);
    let answer = demoted.client.get("/logs/").await;
    assert!(matches!(answer.status, 401 | 403), "{}", answer.text());

    let moved = ada.makes_user(&world, "moved", of(acme, "org_admin")).await;
    ada.client.patch(&format!("/user/{}", moved.id), json!({"organisation_id": globex})).await.expect(200);
    let answer = moved.client.get(&format!("/organisation/{acme}/users")).await;
    assert!(matches!(answer.status, 401 | 404), "{}", answer.text());

    let dissolved = ada.makes_user(&world, "dissolved", of(globex, "member")).await;
    ada.client.delete(&format!("/organisation/{globex}?cascade=true")).await.expect(204);
    are_dead(&world, &dissolved).await;
    are_dead(&world, &moved).await;
    world.end().await;
}

async fn in_the_stores_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_with(directory.path(), &[("RUST_LOG", "trace")]);
    let anyone = Client::new(&server.url);
    let (email, password) = ("ada@example.com", password_of("ada"));
    let fields = json!({"full_name": "Ada Lovelace", "email": email, "password": password});
    anyone.post("/auth/register", fields).await.expect(201);
    let first = anyone.login(email, &password).await;
    let second = anyone.refresh(&first.refresh).await.tokens();
    let change = json!({"current_password": password, "new_password": password_of("new")});
    anyone.bearing(&second.access).post("/auth/password", change).await.expect(204);
    anyone.refresh("ums_rt_not-one-of-ours").await.refused(401, "invalid_refresh_token");
    anyone.bearing("canary.not.one").get("/auth/me").await.refused(401, "invalid_access_token");
    server.terminate();
    assert!(server.wait().success());

    let store = std::fs::read(directory.path().join("data/ums.redb")).unwrap();
    assert!(canary::contains(&store, email.as_bytes()), "the file is not what was looked for");
    let secret = std::fs::read(directory.path().join("data/ums.secret")).unwrap();
    for kept in [first.access, first.refresh, second.access, second.refresh, password, password_of("new")] {
        assert!(!canary::contains(&store, kept.as_bytes()), "{kept}");
    }
    canary::secret(std::str::from_utf8(&secret).unwrap().trim());
    assert!(!canary::contains(&store, secret.trim_ascii()));
    canary::keep(directory);
}
