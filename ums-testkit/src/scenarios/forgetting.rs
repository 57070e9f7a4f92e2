//! Passwords that are forgotten.

use ums_core::model::{Patch, Status, UserPatch};
use ums_core::notify::MessageKind;
use ums_core::{ForgottenPassword, Password, PasswordReset, SingleUseToken};

use super::support::{AnyStore, at_once, code, credentials, faults, person, told};
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const ANOTHER: &str = "AnotherPassword123";

fn forgotten(email: &str) -> ForgottenPassword {
    ForgottenPassword { email: email.to_owned() }
}

fn reset(token: &SingleUseToken, password: &str) -> PasswordReset {
    PasswordReset { token: token.clone(), new_password: Password::new(password) }
}

pub(super) async fn a_token_sets_a_new_password_once(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let tokens = fixture.login(ADA).await;
    let anonymous = fixture.ums.anonymous();
    anonymous.forgot_password(&forgotten(" ADA@Example.com ")).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::PasswordReset, ADA).await;

    // A password that is refused does not use the token up.
    let refused = anonymous.reset_password(&reset(&token, "short")).await;
    assert_eq!(faults(&refused), [("new_password", "too_short")]);
    anonymous.reset_password(&reset(&token, ANOTHER)).await.unwrap();
    let again = anonymous.reset_password(&reset(&token, ANOTHER)).await;
    let unknown = anonymous.reset_password(&reset(&SingleUseToken::new("ums_pr_x"), ANOTHER)).await;
    assert_eq!((code(&again), told(&again)), ("invalid_token", told(&unknown)));

    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    assert_eq!(code(&anonymous.login(&credentials(ADA, PASSWORD)).await), "invalid_credentials");
    let pair = anonymous.login(&credentials(ADA, ANOTHER)).await.unwrap();
    let principal = fixture.principal_of(&pair).await.unwrap();
    assert!(fixture.ums.acting_as(&principal).me().await.unwrap().value.email_verified);
    fixture.ums.deliver_messages().await.unwrap();
    let told: Vec<_> = notifier.take().into_iter().map(|message| message.kind).collect();
    assert_eq!(told, [MessageKind::PasswordChanged]);
    fixture.verify().await;
}

pub(super) async fn of_many_at_once_one_is_taken(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    fixture.ums.anonymous().forgot_password(&forgotten(ADA)).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::PasswordReset, ADA).await;
    let ended = at_once(64, |number| {
        let (anonymous, token) = (fixture.ums.anonymous(), token.clone());
        async move {
            let password = format!("AnotherPassword{number:03}");
            code(&anonymous.reset_password(&reset(&token, &password)).await)
        }
    })
    .await;
    let count = |wanted: &str| ended.iter().filter(|code| **code == wanted).count();
    assert_eq!((count("ok"), count("invalid_token")), (1, 63), "{ended:?}");
    let winner = ended.iter().position(|code| *code == "ok").unwrap();
    let password = format!("AnotherPassword{winner:03}");
    fixture.ums.anonymous().login(&credentials(ADA, &password)).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn each_status_gets_what_it_can_use(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    for (email, status) in [("suspended@example.com", Status::Suspended), ("pending@example.com", Status::Pending)]
    {
        let user = fixture.register(email).await;
        let patch = UserPatch { status: Patch::Set(status), ..UserPatch::default() };
        system.change_user(user.id, &patch, None).await.unwrap();
    }
    system.create_user(&person("invited@example.com")).await.unwrap();
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());

    let anonymous = fixture.ums.anonymous();
    for email in ["suspended@example.com", "pending@example.com", "invited@example.com", "nobody@example.com", "x", ""]
    {
        anonymous.forgot_password(&forgotten(email)).await.unwrap();
    }
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    assert_eq!((delivery.sent, delivery.dropped, delivery.failed), (2, 2, 0));
    let mut sent: Vec<_> =
        notifier.messages().iter().map(|message| (message.recipient.email.clone(), message.kind)).collect();
    sent.sort();
    let expected = [
        ("invited@example.com".to_owned(), MessageKind::Invitation),
        ("pending@example.com".to_owned(), MessageKind::PasswordReset),
    ];
    assert_eq!(sent, expected);

    let pending = notifier.take().into_iter().find(|message| message.kind == MessageKind::PasswordReset).unwrap();
    let token = SingleUseToken::new(pending.token.unwrap().reveal());
    anonymous.reset_password(&reset(&token, ANOTHER)).await.unwrap();
    let refused = anonymous.login(&credentials("pending@example.com", ANOTHER)).await;
    assert_eq!(code(&refused), "invalid_credentials");
    fixture.verify().await;
}

pub(super) async fn a_token_dies_with_what_it_was_made_for(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let user = fixture.register(ADA).await;
    let system = fixture.ums.system();
    let anonymous = fixture.ums.anonymous();
    let change = |patch: UserPatch| {
        let system = system.clone();
        async move { system.change_user(user.id, &patch, None).await.unwrap() }
    };
    let ask = |email: &'static str| {
        let (fixture, notifier, anonymous) = (&fixture, &notifier, &anonymous);
        async move {
            // An address gets a message a minute, and five an hour.
            fixture.clock.advance(std::time::Duration::from_secs(15 * 60));
            anonymous.forgot_password(&forgotten(email)).await.unwrap();
            fixture.delivered(notifier, MessageKind::PasswordReset, email).await
        }
    };

    let expired = ask(ADA).await;
    fixture.clock.advance(std::time::Duration::from_secs(30 * 60));
    assert_eq!(code(&anonymous.reset_password(&reset(&expired, ANOTHER)).await), "invalid_token");

    let replaced = ask(ADA).await;
    let newer = ask(ADA).await;
    assert_eq!(code(&anonymous.reset_password(&reset(&replaced, ANOTHER)).await), "invalid_token");

    change(UserPatch { password: Patch::Set(Password::new("ThirdPassword1234")), ..UserPatch::default() }).await;
    assert_eq!(code(&anonymous.reset_password(&reset(&newer, ANOTHER)).await), "invalid_token");

    let suspended = ask(ADA).await;
    change(UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() }).await;
    change(UserPatch { status: Patch::Set(Status::Active), ..UserPatch::default() }).await;
    assert_eq!(code(&anonymous.reset_password(&reset(&suspended, ANOTHER)).await), "invalid_token");

    let moved = ask(ADA).await;
    change(UserPatch { email: Patch::Set("augusta@example.com".into()), ..UserPatch::default() }).await;
    change(UserPatch { email: Patch::Set(ADA.into()), ..UserPatch::default() }).await;
    assert_eq!(code(&anonymous.reset_password(&reset(&moved, ANOTHER)).await), "invalid_token");

    let gone = ask(ADA).await;
    system.delete_user(user.id, None).await.unwrap();
    assert_eq!(code(&anonymous.reset_password(&reset(&gone, ANOTHER)).await), "invalid_token");
    fixture.verify().await;
}
