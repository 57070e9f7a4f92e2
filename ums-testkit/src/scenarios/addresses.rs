//! E-mail addresses that are confirmed, and changed.

use std::time::Duration;

use ums_core::model::{Patch, Status, UserPatch};
use ums_core::notify::MessageKind;
use ums_core::{EmailChange, ForgottenPassword, Password, PasswordChange, PasswordReset};

use super::support::{AnyStore, at_once, code, faults};
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const AUGUSTA: &str = "augusta@example.com";

fn change(email: &str, password: &str) -> EmailChange {
    EmailChange { email: email.to_owned(), current_password: Password::new(password) }
}

pub(super) async fn an_own_address_is_confirmed_once(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    let user = fixture.register(ADA).await;
    assert!(!user.email_verified);
    let token = fixture.delivered(&notifier, MessageKind::EmailVerification, ADA).await;
    let ended = at_once(16, |_| {
        let (anonymous, token) = (fixture.ums.anonymous(), token.clone());
        async move { code(&anonymous.verify_email(&token).await) }
    })
    .await;
    assert_eq!(ended.iter().filter(|code| **code == "ok").count(), 1, "{ended:?}");
    let own = fixture.acting(ADA).await;
    assert!(own.me().await.unwrap().value.email_verified);
    assert_eq!(code(&own.send_verification().await), "already_verified");
    fixture.verify().await;
}

pub(super) async fn a_confirmation_expires(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let token = fixture.delivered(&notifier, MessageKind::EmailVerification, ADA).await;
    fixture.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(code(&fixture.ums.anonymous().verify_email(&token).await), "invalid_token");
    fixture.verify().await;
}

pub(super) async fn an_address_changes_once_the_new_one_is_confirmed(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let confirms_old = fixture.delivered(&notifier, MessageKind::EmailVerification, ADA).await;
    let tokens = fixture.login(ADA).await;
    let own = fixture.ums.acting_as(&fixture.principal_of(&tokens).await.unwrap());
    assert_eq!(code(&own.change_email(&change(AUGUSTA, "WrongPassword1234")).await), "wrong_password");
    assert_eq!(faults(&own.change_email(&change("x", PASSWORD)).await), [("email", "invalid_email")]);
    assert_eq!(faults(&own.change_email(&change(" ADA@example.com", PASSWORD)).await), [("email", "unchanged")]);

    own.change_email(&change("typo@example.com", PASSWORD)).await.unwrap();
    own.change_email(&change(AUGUSTA, PASSWORD)).await.unwrap();
    fixture.ums.deliver_messages().await.unwrap();
    let mut sent: Vec<_> =
        notifier.messages().iter().map(|message| (message.kind, message.recipient.email.clone())).collect();
    sent.sort();
    let expected = [
        (MessageKind::EmailChange, AUGUSTA.to_owned()),
        (MessageKind::EmailChangeRequested, ADA.to_owned()),
    ];
    assert_eq!(sent, expected);
    assert_eq!(own.me().await.unwrap().value.email, ADA);

    let token = fixture.delivered(&notifier, MessageKind::EmailChange, AUGUSTA).await;
    fixture.ums.anonymous().verify_email(&token).await.unwrap();
    let me = own.me().await.unwrap().value;
    assert_eq!((me.email.as_str(), me.email_verified), (AUGUSTA, true));
    // The session goes on, and the address logs in.
    fixture.principal_of(&tokens).await.unwrap();
    fixture.login(AUGUSTA).await;
    for spent in [&token, &confirms_old] {
        assert_eq!(code(&fixture.ums.anonymous().verify_email(spent).await), "invalid_token");
    }
    fixture.ums.deliver_messages().await.unwrap();
    let notice = notifier.take();
    assert_eq!((notice.len(), notice[0].kind), (1, MessageKind::EmailChanged));
    assert_eq!(notice[0].recipient.email, ADA);
    fixture.register(ADA).await;
    fixture.verify().await;
}

pub(super) async fn an_address_that_is_taken_meanwhile_is_refused(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let own = fixture.acting(ADA).await;
    own.change_email(&change(AUGUSTA, PASSWORD)).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::EmailChange, AUGUSTA).await;
    fixture.register(AUGUSTA).await;
    assert_eq!(code(&fixture.ums.anonymous().verify_email(&token).await), "email_taken");
    assert_eq!(own.me().await.unwrap().value.email, ADA);
    fixture.verify().await;
}

pub(super) async fn what_an_administrator_changes_is_confirmed_anew(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let user = fixture.register(ADA).await;
    let token = fixture.delivered(&notifier, MessageKind::EmailVerification, ADA).await;
    fixture.ums.anonymous().verify_email(&token).await.unwrap();
    let own = fixture.acting(ADA).await;
    own.change_email(&change("third@example.com", PASSWORD)).await.unwrap();
    let asked = fixture.delivered(&notifier, MessageKind::EmailChange, "third@example.com").await;

    let system = fixture.ums.system();
    let patch = UserPatch { email: Patch::Set(AUGUSTA.into()), ..UserPatch::default() };
    let changed = system.change_user(user.id, &patch, None).await.unwrap().value;
    assert!(!changed.email_verified);
    assert_eq!(code(&fixture.ums.anonymous().verify_email(&asked).await), "invalid_token");
    fixture.ums.deliver_messages().await.unwrap();
    let mut sent: Vec<_> =
        notifier.messages().iter().map(|message| (message.kind, message.recipient.email.clone())).collect();
    sent.sort();
    let expected =
        [(MessageKind::EmailVerification, AUGUSTA.to_owned()), (MessageKind::EmailChanged, ADA.to_owned())];
    assert_eq!(sent, expected);
    let token = fixture.delivered(&notifier, MessageKind::EmailVerification, AUGUSTA).await;
    let patch = UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() };
    system.change_user(user.id, &patch, None).await.unwrap();
    assert_eq!(code(&fixture.ums.anonymous().verify_email(&token).await), "invalid_token");
    fixture.verify().await;
}

pub(super) async fn a_new_password_ends_a_change_that_is_on_its_way(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let own = fixture.acting(ADA).await;
    let anonymous = fixture.ums.anonymous();
    // Somebody who knows the password asks for the account; the owner is told, and chooses another.
    own.change_email(&change("eve@example.com", PASSWORD)).await.unwrap();
    let sent = fixture.delivered(&notifier, MessageKind::EmailChange, "eve@example.com").await;
    own.change_email(&change("mallory@example.com", PASSWORD)).await.unwrap();
    let password = PasswordChange {
        current_password: Password::new(PASSWORD),
        new_password: Password::new("AnotherPassword123"),
    };
    own.change_password(&password).await.unwrap();
    assert_eq!(code(&anonymous.verify_email(&sent).await), "invalid_token");
    fixture.ums.deliver_messages().await.unwrap();
    let kinds: Vec<_> = notifier.take().iter().map(|message| message.kind).collect();
    assert!(!kinds.contains(&MessageKind::EmailChange), "{kinds:?}");
    assert!(kinds.contains(&MessageKind::PasswordChanged), "{kinds:?}");

    fixture.clock.advance(Duration::from_secs(60));
    let email = change("eve@example.com", "AnotherPassword123");
    own.change_email(&email).await.unwrap();
    let sent = fixture.delivered(&notifier, MessageKind::EmailChange, "eve@example.com").await;
    anonymous.forgot_password(&ForgottenPassword { email: ADA.to_owned() }).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::PasswordReset, ADA).await;
    let reset = PasswordReset { token, new_password: Password::new("ThirdPassword1234") };
    anonymous.reset_password(&reset).await.unwrap();
    assert_eq!(code(&anonymous.verify_email(&sent).await), "invalid_token");
    fixture.verify().await;
}
