//! Accounts that people make for themselves.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::canary;
use super::case::{Case, case};
use super::world::{World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(7, "passwords of 14, 15, 64, 128 and 129 code points", lengths),
    case!(8, "a listed password, and one made of the organisation's name", predictable_passwords),
    case!(12, "64 parallel registrations of one address", parallel_registrations),
    case!(13, "an address that looks like another", addresses_that_look_alike),
];

fn registration(email: &str, password: &str) -> Value {
    json!({"full_name": "Somebody", "email": email, "password": password})
}

async fn lengths() {
    let world = World::new().await;
    // Code points, not bytes: each of these is three or four.
    let password = |length: usize| -> String { "鍵🔑森Q界x".chars().cycle().take(length).collect() };
    for (length, code) in
        [(14, Some("too_short")), (15, None), (64, None), (128, None), (129, Some("too_long"))]
    {
        let email = format!("length-{length}@example.com");
        canary::secret(&password(length));
        let answer = world.anyone.post("/auth/register", registration(&email, &password(length))).await;
        match code {
            Some(code) => answer.fault("password", code),
            None => {
                answer.expect(201);
                world.anyone.login(&email, &password(length)).await;
            }
        }
    }
    world.end().await;
}

async fn predictable_passwords() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let organisation = ada.makes("/organisation/", json!({"name": "Globex"})).await;
    let department =
        ada.makes("/department/", json!({"name": "Research", "organisation_id": organisation})).await;
    for (password, code) in [
        ("qwertyuiopasdfghjkl", "common_password"),
        ("1234567890123456", "common_password"),
        ("Globex-password-2026", "predictable"),
        ("mallory.jones 1999!", "predictable"),
    ] {
        let mut fields = registration("mallory.jones@example.com", password);
        fields["department_id"] = department.into();
        let answer = world.anyone.post("/auth/register", fields).await;
        answer.fault("password", code);
        let message = answer.expect(422)["errors"][0]["message"].to_string();
        assert!(message.len() > 10 && !message.contains(password), "{message}");
    }
    world.end().await;
}

async fn parallel_registrations() {
    let world = World::new().await;
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let (anyone, fields) = (world.anyone.clone(), registration("ada@example.com", &password_of("ada")));
        calls.spawn(async move { anyone.post("/auth/register", fields).await.verdict() });
    }
    let verdicts = calls.join_all().await;
    let made = verdicts.iter().filter(|(status, _)| *status == 201).count();
    let taken = verdicts.iter().filter(|verdict| **verdict == (409, "email_taken".to_owned())).count();
    assert_eq!((made, taken), (1, 63), "{verdicts:?}");
    let ada = world.enter(1, "ada@example.com", &password_of("ada")).await;
    let users = ada.client.get("/user/?limit=200").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users:#}");
    world.end().await;
}

async fn addresses_that_look_alike() {
    let world = World::new().await;
    let mike = world.person("mike").await;
    let mut made = 0;
    for (index, other) in [
        "m\u{131}ke@example.com",
        "\u{ff4d}ike@example.com",
        "mike\u{ff20}example.com",
        "mi\u{212a}e@example.com",
        "mike@example\u{3002}com",
        "m\u{456}ke@example.com",
        "mike@ex\u{430}mple.com",
        "mi\u{200b}ke@example.com",
        "mike+1@example.com",
    ]
    .into_iter()
    .enumerate()
    {
        let password = password_of(&format!("other{index}"));
        let answer = world.anyone.post("/auth/register", registration(other, &password)).await;
        match answer.status {
            201 => {
                let id = answer.expect(201)["id"].as_u64().unwrap();
                made += 1;
                assert_ne!(id, mike.id, "{other}");
                let entered = world.enter(id, other, &password).await;
                assert_eq!(entered.client.get("/auth/me").await.expect(200)["id"], id, "{other}");
            }
            _ => answer.fault("email", "invalid_email"),
        }
        world.anyone.try_login(&mike.email, &password).await.refused(401, "invalid_credentials");
        world.anyone.login(&mike.email, &mike.password).await;
    }
    assert!(made > 0, "nothing was near enough");
    let me = mike.client.get("/auth/me").await.expect(200);
    assert_eq!((&me["id"], &me["email"]), (&json!(mike.id), &json!("mike@example.com")));
    world.end().await;
}
