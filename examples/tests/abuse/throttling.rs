//! Guessing, many times over.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::case::{Case, case};
use super::client::Answer;
use super::world::{World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(4, "101 wrong log-ins", one_hundred_and_one),
    case!(5, "100 wrong log-ins in parallel", one_hundred_in_parallel),
    case!(6, "guesses spread over spellings and calls", spellings_and_calls),
];

const DAY: u64 = 24 * 60 * 60;

async fn one_hundred_and_one() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let grace = world.person("grace").await;
    let mut verified = 0;
    for _ in 0..101 {
        let answer = world.anyone.try_login(&grace.email, &password_of("guess")).await;
        match answer.status {
            401 => verified += 1,
            _ => answer.refused(429, "too_many_requests"),
        }
    }
    assert!((1..100).contains(&verified), "{verified} guesses were looked at");
    let right = world.anyone.try_login(&grace.email, &grace.password).await;
    right.refused(429, "too_many_requests");
    // Others do not wait.
    ada.again(&world).await;
    world.advance(retry_after(&right));
    grace.again(&world).await;

    // Who waits as long as they are told gets no more than 100 guesses looked at, either.
    let mut verified = 0;
    for _ in 0..400 {
        let answer = world.anyone.try_login("nobody@example.com", &password_of("guess")).await;
        match answer.status {
            401 => verified += 1,
            _ => {
                let wait = retry_after(&answer);
                if wait > 60 * 60 {
                    break;
                }
                world.advance(wait);
            }
        }
    }
    assert!(verified <= 100, "{verified} guesses were looked at");
    world.end().await;
}

async fn one_hundred_in_parallel() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let (anyone, email) = (world.anyone.clone(), ada.email.clone());
        calls.spawn(async move { anyone.try_login(&email, &password_of("guess")).await.status });
    }
    let statuses = calls.join_all().await;
    let verified = statuses.iter().filter(|status| **status == 401).count();
    let throttled = statuses.iter().filter(|status| **status == 429).count();
    assert_eq!(verified + throttled, 100, "{statuses:?}");
    assert!(throttled > 0);
    // One by one, it would have been the same.
    assert_eq!(verified, guesses_looked_at(&world).await);
    // Of those refused the log was told a few; the next one owns up to the others, and tells how many there were in all.
    world.advance(61);
    world.anyone.try_login(&ada.email, &password_of("guess")).await.refused(401, "invalid_credentials");
    let log = told(&world, &ada.client, "auth.login").await;
    let sum = |field: &str| log.iter().filter_map(|event| event["fields"][field].as_u64()).sum::<u64>();
    let most = log.iter().filter_map(|event| event["fields"]["failures"].as_u64()).max();
    let refused = log.iter().filter(|event| event["fields"]["code"] == "too_many_requests").count();
    assert_eq!(most, Some(101));
    assert_eq!(
        (refused, refused as u64 + sum("passed_over")),
        (5, throttled as u64 + 1),
        "one of them was for another account"
    );
    world.end().await;
}

async fn spellings_and_calls() {
    let world = World::new().await;
    let allowed = guesses_looked_at(&world).await;
    assert!(allowed >= 4, "{allowed}");
    let ada = world.person("ada").await;
    let zoe = ada.makes_user(&world, "zoé", json!({"email": "zoé@example.com"})).await;
    let spellings = ["ZOÉ@example.com", " zoé@example.com ", "zoe\u{301}@EXAMPLE.COM"];
    for (spelling, _) in spellings.iter().cycle().zip(1..allowed) {
        world.anyone.try_login(spelling, &password_of("guess")).await.refused(401, "invalid_credentials");
    }
    let change = json!({"current_password": password_of("guess"), "new_password": password_of("new")});
    zoe.client.post("/auth/password", change.clone()).await.refused(403, "wrong_password");
    for spelling in spellings {
        let answer = world.anyone.try_login(spelling, &zoe.password).await;
        answer.refused(429, "too_many_requests");
        retry_after(&answer);
    }
    zoe.client.post("/auth/password", change).await.refused(429, "too_many_requests");
    world.advance(DAY + 1);
    world.anyone.login("zoe\u{301}@EXAMPLE.COM", &zoe.password).await;
    world.end().await;
}

/// How many wrong log-ins are looked at before the first is put off.
async fn guesses_looked_at(world: &World) -> usize {
    let mut looked_at = 0;
    while world.anyone.try_login("absent@example.com", &password_of("guess")).await.status == 401 {
        looked_at += 1;
        assert!(looked_at <= 100);
    }
    looked_at
}

/// What the log tells of an action.
async fn told(world: &World, admin: &super::client::Client, action: &str) -> Vec<Value> {
    world.ums.log().flush().await.unwrap();
    let log = admin.get(&format!("/logs/?limit=200&action={action}")).await.expect(200);
    log["items"].as_array().unwrap().clone()
}

fn retry_after(answer: &Answer) -> u64 {
    let seconds = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0);
    seconds
}
