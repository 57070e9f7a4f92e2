//! Renewing a session's tokens.

use std::time::Duration;

use ums_core::SecretKey;

use super::support::{AnyStore, at_once, code};
use crate::{Fixture, PASSWORD};

const GRACE: Duration = Duration::from_secs(10);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn a_refresh_token_is_good_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let anonymous = fixture.ums.anonymous();
    let mut tokens = fixture.login("ada@example.com").await;
    assert_eq!((tokens.token_type, tokens.expires_in, tokens.refresh_expires_in), ("Bearer", 3600, 172_800));
    let session = fixture.principal_of(&tokens).await.unwrap().session_id();
    for _ in 0..5 {
        fixture.clock.advance(HOUR);
        let next = anonymous.refresh(&tokens.refresh_token).await.unwrap();
        assert_ne!(next.refresh_token, tokens.refresh_token);
        assert_ne!(next.access_token, tokens.access_token);
        assert_eq!(fixture.principal_of(&next).await.unwrap().session_id(), session);
        tokens = next;
    }
    fixture.verify().await;
}

pub(super) async fn a_lost_reply_is_given_again(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let anonymous = fixture.ums.anonymous();
    let first = fixture.login("ada@example.com").await;
    let second = anonymous.refresh(&first.refresh_token).await.unwrap();
    assert_eq!(anonymous.refresh(&first.refresh_token).await.unwrap(), second);
    fixture.clock.advance(GRACE);
    assert_eq!(anonymous.refresh(&first.refresh_token).await.unwrap(), second);
    // The successor is as good as if there had been no second answer.
    let third = anonymous.refresh(&second.refresh_token).await.unwrap();
    assert!(fixture.principal_of(&third).await.is_ok());
    fixture.verify().await;
}

pub(super) async fn reuse_ends_the_session(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let anonymous = fixture.ums.anonymous();
    let other = fixture.login("ada@example.com").await;

    // Spent, and shown again past the time of grace.
    let first = fixture.login("ada@example.com").await;
    let second = anonymous.refresh(&first.refresh_token).await.unwrap();
    fixture.clock.advance(GRACE + Duration::from_millis(1));
    assert_eq!(code(&anonymous.refresh(&first.refresh_token).await), "refresh_token_reused");
    for tokens in [&first, &second] {
        assert_eq!(code(&fixture.principal_of(tokens).await), "invalid_access_token");
        assert_eq!(code(&anonymous.refresh(&tokens.refresh_token).await), "invalid_refresh_token");
    }

    // One that was spent before the one just spent is no lost reply.
    let first = fixture.login("ada@example.com").await;
    let second = anonymous.refresh(&first.refresh_token).await.unwrap();
    let third = anonymous.refresh(&second.refresh_token).await.unwrap();
    assert_eq!(code(&anonymous.refresh(&first.refresh_token).await), "refresh_token_reused");
    for tokens in [&first, &second, &third] {
        assert_eq!(code(&fixture.principal_of(tokens).await), "invalid_access_token");
        assert_eq!(code(&anonymous.refresh(&tokens.refresh_token).await), "invalid_refresh_token");
    }

    // The account's other session has nothing to do with it.
    assert!(fixture.principal_of(&other).await.is_ok());
    anonymous.refresh(&other.refresh_token).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn parallel_refreshes_have_one_successor(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let first = fixture.login("ada@example.com").await;
    let answers = at_once(64, |_| {
        let (anonymous, token) = (fixture.ums.anonymous(), first.refresh_token.clone());
        async move { anonymous.refresh(&token).await }
    })
    .await;
    let mut answers = answers.into_iter().map(|answer| answer.expect("a successor"));
    let second = answers.next().unwrap();
    assert!(answers.all(|answer| answer == second), "there are several successors");
    let third = fixture.ums.anonymous().refresh(&second.refresh_token).await.unwrap();
    assert!(fixture.principal_of(&third).await.is_ok());
    fixture.verify().await;
}

pub(super) async fn a_session_has_an_end(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let anonymous = fixture.ums.anonymous();

    // Not renewed in time.
    let idle = fixture.login("ada@example.com").await;
    fixture.clock.advance(2 * DAY - Duration::from_millis(1));
    let renewed = anonymous.refresh(&idle.refresh_token).await.unwrap();
    fixture.clock.advance(2 * DAY);
    assert_eq!(code(&anonymous.refresh(&renewed.refresh_token).await), "invalid_refresh_token");

    // Renewed daily, it ends with its thirtieth day all the same.
    let mut tokens = fixture.login("ada@example.com").await;
    for _ in 0..29 {
        fixture.clock.advance(DAY);
        tokens = anonymous.refresh(&tokens.refresh_token).await.unwrap();
    }
    assert_eq!(tokens.refresh_expires_in, DAY.as_secs());
    fixture.clock.advance(DAY - Duration::from_millis(1));
    tokens = anonymous.refresh(&tokens.refresh_token).await.unwrap();
    assert!(fixture.principal_of(&tokens).await.is_ok());
    fixture.clock.advance(Duration::from_millis(1));
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    assert_eq!(code(&anonymous.refresh(&tokens.refresh_token).await), "invalid_refresh_token");

    // An access token ends before its session.
    let tokens = fixture.login("ada@example.com").await;
    fixture.clock.advance(HOUR + Duration::from_secs(6));
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    anonymous.refresh(&tokens.refresh_token).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn tokens_of_others_are_refused(store: AnyStore) {
    let fixture = Fixture::on(store.clone()).await;
    fixture.register("ada@example.com").await;
    let anonymous = fixture.ums.anonymous();
    let tokens = fixture.login("ada@example.com").await;
    // Each in the other's place.
    assert_eq!(code(&anonymous.refresh(&tokens.access_token).await), "invalid_refresh_token");
    assert_eq!(code(&fixture.ums.authenticate(&tokens.refresh_token).await), "invalid_access_token");
    for edited in ["", "ums_rt_", &tokens.refresh_token[1..], &format!("{}A", tokens.refresh_token)] {
        assert_eq!(code(&anonymous.refresh(edited).await), "invalid_refresh_token");
    }
    // The same store under another secret.
    let secret = SecretKey::new(*b"another secret, for the same data").unwrap();
    let other = ums_core::UserManagement::builder(store, secret)
        .clock(std::sync::Arc::new(fixture.clock.clone()))
        .hashing(ums_core::HashOptions::new().memory_kibibytes(8).iterations(1))
        .open()
        .await
        .unwrap();
    assert_eq!(code(&other.authenticate(&tokens.access_token).await), "invalid_access_token");
    assert_eq!(code(&other.anonymous().refresh(&tokens.refresh_token).await), "invalid_refresh_token");
    // Passwords do not hang on it.
    let credentials = super::support::credentials("ada@example.com", PASSWORD);
    other.anonymous().login(&credentials).await.unwrap();
    assert!(fixture.principal_of(&tokens).await.is_ok());
    fixture.verify().await;
}
