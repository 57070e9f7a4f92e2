//! How often a message goes to the same address.

use std::time::Duration;

use ums_core::notify::MessageKind;
use ums_core::{EmailChange, ForgottenPassword, Password};

use super::support::{AnyStore, code, person};
use super::throttling::retry_after;
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const AUGUSTA: &str = "augusta@example.com";

pub(super) async fn strangers_use_up_nothing_of_what_the_owner_may_ask_for(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let own = fixture.acting(ADA).await;
    fixture.ums.deliver_messages().await.unwrap();
    for _ in 0..5 {
        for email in [ADA, AUGUSTA] {
            let forgotten = ForgottenPassword { email: email.to_owned() };
            fixture.ums.anonymous().forgot_password(&forgotten).await.unwrap();
        }
        fixture.clock.advance(Duration::from_secs(60));
    }
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    own.send_verification().await.unwrap();
    let change = EmailChange { email: AUGUSTA.to_owned(), current_password: Password::new(PASSWORD) };
    own.change_email(&change).await.unwrap();
    fixture.ums.deliver_messages().await.unwrap();
    let mut sent: Vec<_> =
        notifier.take().into_iter().map(|message| (message.kind, message.recipient.email)).collect();
    sent.sort();
    let expected = [
        (MessageKind::EmailVerification, ADA.to_owned()),
        (MessageKind::EmailChange, AUGUSTA.to_owned()),
        (MessageKind::EmailChangeRequested, ADA.to_owned()),
    ];
    assert_eq!(sent, expected);
    fixture.verify().await;
}

pub(super) async fn invitations_are_sent_again_five_times_an_hour(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let id = system.create_user(&person(AUGUSTA)).await.unwrap().value.id;
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    for wait in [60, 60, 60, 60, 3360] {
        system.invite(id).await.unwrap();
        assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 1);
        let again = system.invite(id).await;
        let expected = ("too_many_requests", Some(Duration::from_secs(wait)));
        assert_eq!((code(&again), retry_after(&again)), expected);
        assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 0);
        fixture.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(retry_after(&system.invite(id).await), Some(Duration::from_secs(3300)));
    fixture.clock.advance(Duration::from_secs(3300));
    system.invite(id).await.unwrap();
    fixture.verify().await;
}
