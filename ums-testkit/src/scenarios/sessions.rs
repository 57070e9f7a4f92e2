//! Ending sessions, one's own and one's other ones.

use ums_core::model::SessionId;
use ums_core::{Origin, Password, PasswordChange, TokenPair};

use super::support::{AnyStore, code, credentials, faults, pages};
use crate::{Fixture, PASSWORD};

const NEW_PASSWORD: &str = "EvenStrongerPassword456";

pub(super) async fn logging_out_ends_one_session(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let (one, other) = (fixture.login("ada@example.com").await, fixture.login("ada@example.com").await);
    let acting = fixture.ums.acting_as(&fixture.principal_of(&one).await.unwrap());
    acting.logout().await.unwrap();
    expect_ended(&fixture, &one).await;
    expect_standing(&fixture, &other).await;
    assert_eq!(code(&acting.logout().await), "invalid_access_token");
    assert_eq!(code(&fixture.ums.anonymous().logout().await), "invalid_access_token");
    assert_eq!(code(&fixture.ums.system().logout().await), "invalid_access_token");
    fixture.verify().await;
}

pub(super) async fn logging_out_everywhere_ends_all(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    fixture.register("grace@example.com").await;
    let (one, other) = (fixture.login("ada@example.com").await, fixture.login("ada@example.com").await);
    let graces = fixture.login("grace@example.com").await;
    let acting = fixture.ums.acting_as(&fixture.principal_of(&one).await.unwrap());
    acting.logout_all().await.unwrap();
    expect_ended(&fixture, &one).await;
    expect_ended(&fixture, &other).await;
    expect_standing(&fixture, &graces).await;
    let new = fixture.acting("ada@example.com").await;
    assert_eq!(new.sessions(&Default::default()).await.unwrap().items.len(), 1);
    fixture.verify().await;
}

pub(super) async fn an_administrator_ends_anothers(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let grace = fixture.register("grace@example.com").await;
    let (one, other) = (fixture.login("grace@example.com").await, fixture.login("grace@example.com").await);
    let ada = fixture.acting("ada@example.com").await;
    let acting = fixture.ums.acting_as(&fixture.principal_of(&one).await.unwrap());
    let me = fixture.principal("ada@example.com").await.user_id();
    assert_eq!(code(&acting.end_sessions(me).await), "not_found");
    ada.end_sessions(grace.id).await.unwrap();
    expect_ended(&fixture, &one).await;
    expect_ended(&fixture, &other).await;
    assert!(ada.me().await.is_ok());
    assert_eq!(code(&acting.end_sessions(grace.id).await), "forbidden");
    let again = fixture.login("grace@example.com").await;
    expect_standing(&fixture, &again).await;
    fixture.verify().await;
}

pub(super) async fn a_new_password_ends_the_others(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let (one, two) = (fixture.login("ada@example.com").await, fixture.login("ada@example.com").await);
    let own = fixture.login("ada@example.com").await;
    let acting = fixture.ums.acting_as(&fixture.principal_of(&own).await.unwrap());
    acting.change_password(&change(PASSWORD, NEW_PASSWORD)).await.unwrap();
    expect_ended(&fixture, &one).await;
    expect_ended(&fixture, &two).await;
    expect_standing(&fixture, &own).await;
    let anonymous = fixture.ums.anonymous();
    let old = anonymous.login(&credentials("ada@example.com", PASSWORD)).await;
    assert_eq!(code(&old), "invalid_credentials");
    anonymous.login(&credentials("ada@example.com", NEW_PASSWORD)).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn a_wrong_current_password_changes_nothing(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let other = fixture.login("ada@example.com").await;
    let acting = fixture.acting("ada@example.com").await;
    for wrong in ["", "WrongPassword1234", "StrongPassword123 "] {
        assert_eq!(code(&acting.change_password(&change(wrong, NEW_PASSWORD)).await), "wrong_password");
    }
    let refused = acting.change_password(&change(PASSWORD, "short")).await;
    assert_eq!(faults(&refused), [("new_password", "too_short")]);
    let nobody = fixture.ums.anonymous().change_password(&change(PASSWORD, NEW_PASSWORD)).await;
    assert_eq!(code(&nobody), "invalid_access_token");
    expect_standing(&fixture, &other).await;
    fixture.verify().await;
}

/// A session that was ended between the check of its token and the change must not come to life again by it.
pub(super) async fn an_ended_session_changes_no_password(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    let stolen = fixture.login("ada@example.com").await;
    let thief = fixture.ums.acting_as(&fixture.principal_of(&stolen).await.unwrap());
    fixture.acting("ada@example.com").await.logout_all().await.unwrap();
    let refused = thief.change_password(&change(PASSWORD, NEW_PASSWORD)).await;
    assert_eq!(code(&refused), "invalid_access_token");
    expect_ended(&fixture, &stolen).await;
    fixture.login("ada@example.com").await;
    fixture.verify().await;
}

pub(super) async fn they_are_listed_and_ended(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("ada@example.com").await;
    fixture.register("grace@example.com").await;
    let graces = fixture.login("grace@example.com").await;
    let origin = Origin::new().user_agent("Analytical\u{7} Engine").ip([192, 0, 2, 1].into());
    let from = fixture.ums.anonymous().with(origin);
    let own = from.login(&credentials("ada@example.com", PASSWORD)).await.unwrap();
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(fixture.login("ada@example.com").await);
    }
    let principal = fixture.principal_of(&own).await.unwrap();
    let acting = fixture.ums.acting_as(&principal);
    for limit in [1, 2, 3, 200] {
        let listed = pages(limit, |request| {
            let acting = acting.clone();
            async move { acting.sessions(&request).await }
        })
        .await;
        assert_eq!(listed.len(), 5);
        assert!(listed.is_sorted_by(|one, other| one.id < other.id));
        let current: Vec<_> = listed.iter().filter(|session| session.current).collect();
        assert_eq!(current.len(), 1);
        assert_eq!(current[0].id, principal.session_id());
        assert_eq!(current[0].user_agent.as_deref(), Some("Analytical Engine"));
        assert_eq!(current[0].ip, Some([192, 0, 2, 1].into()));
    }

    let other = fixture.principal_of(&others[0]).await.unwrap().session_id();
    acting.end_session(other).await.unwrap();
    expect_ended(&fixture, &others[0]).await;
    assert_eq!(code(&acting.end_session(other).await), "not_found");
    let of_grace = fixture.principal_of(&graces).await.unwrap().session_id();
    assert_eq!(code(&acting.end_session(of_grace).await), "not_found");
    assert_eq!(code(&acting.end_session(SessionId::from_u128(7)).await), "not_found");
    expect_standing(&fixture, &graces).await;

    // Neither ended nor expired ones are listed.
    fixture.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let renewed = fixture.ums.anonymous().refresh(&own.refresh_token).await.unwrap();
    fixture.clock.advance(std::time::Duration::from_secs(24 * 3600));
    let acting = fixture.ums.anonymous().refresh(&renewed.refresh_token).await.unwrap();
    let acting = fixture.ums.acting_as(&fixture.principal_of(&acting).await.unwrap());
    let left = acting.sessions(&Default::default()).await.unwrap().items;
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [principal.session_id()]);
    fixture.verify().await;
}

fn change(current: &str, new: &str) -> PasswordChange {
    PasswordChange { current_password: Password::new(current), new_password: Password::new(new) }
}

async fn expect_ended(fixture: &Fixture, tokens: &TokenPair) {
    assert_eq!(code(&fixture.principal_of(tokens).await), "invalid_access_token");
    let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
    assert_eq!(code(&refreshed), "invalid_refresh_token");
}

async fn expect_standing(fixture: &Fixture, tokens: &TokenPair) {
    assert!(fixture.principal_of(tokens).await.is_ok());
}
