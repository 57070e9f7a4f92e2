//! Messages on their way: at least once, never by two, and no more than are of use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ums_core::model::{Patch, Status, UserPatch};
use ums_core::notify::{MemoryNotifier, Message, MessageKind, MessageOptions, Notifier, NotifyError};
use ums_core::{ForgottenPassword, Password, PasswordReset, SingleUseToken};

use super::support::{AnyStore, at_once, code, person};
use crate::Fixture;

const ADA: &str = "ada@example.com";
const ANOTHER: &str = "AnotherPassword123";

/// Fails as often as it is told to, by an error or a panic; then brings messages.
#[derive(Debug)]
struct Unreliable {
    failures: AtomicUsize,
    panics: bool,
    brought: MemoryNotifier,
}

#[async_trait]
impl Notifier for Unreliable {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let more = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(more.is_err() || !self.panics, "the notifier breaks");
        match more {
            Ok(_) => Err(NotifyError::temporary("not now")),
            Err(_) => self.brought.send(message).await,
        }
    }
}

fn kinds(notifier: &MemoryNotifier) -> Vec<MessageKind> {
    let mut kinds: Vec<_> = notifier.take().iter().map(|message| message.kind).collect();
    kinds.sort_unstable();
    kinds
}

async fn forget(fixture: &Fixture, email: &str) {
    let forgotten = ForgottenPassword { email: email.to_owned() };
    fixture.ums.anonymous().forgot_password(&forgotten).await.unwrap();
}

async fn reset(fixture: &Fixture, message: &Message) -> &'static str {
    let token = SingleUseToken::new(message.token.as_ref().unwrap().reveal());
    let reset = PasswordReset { token, new_password: Password::new(ANOTHER) };
    code(&fixture.ums.anonymous().reset_password(&reset).await)
}

pub(super) async fn what_is_asked_for_again_is_sent_once(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let own = fixture.acting(ADA).await;
    for _ in 0..3 {
        forget(&fixture, ADA).await;
        own.send_verification().await.unwrap();
    }
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    assert_eq!((delivery.sent, delivery.failed, delivery.dropped), (2, 0, 0));
    assert_eq!(kinds(&notifier), [MessageKind::PasswordReset, MessageKind::EmailVerification]);
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    // Once it is out, asking again sends another, after the minute that an address is left alone.
    fixture.clock.advance(Duration::from_secs(60));
    forget(&fixture, ADA).await;
    assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 1);
    fixture.verify().await;
}

pub(super) async fn many_who_deliver_send_each_once(store: AnyStore) {
    let notifier = MemoryNotifier::new();
    let one = Fixture::with_notifier(store.clone(), Arc::new(notifier.clone())).await;
    // Another instance over the same store.
    let other = Fixture::with_notifier(store, Arc::new(notifier.clone())).await;
    one.register("admin@example.com").await;
    for number in 0..12 {
        let invited = person(&format!("user{number}@example.com"));
        one.ums.system().create_user(&invited).await.unwrap();
    }
    let deliveries = at_once(8, |number| {
        let ums = if number % 2 == 0 { one.ums.clone() } else { other.ums.clone() };
        async move { ums.deliver_messages().await.unwrap().sent }
    })
    .await;
    assert_eq!(deliveries.iter().sum::<usize>(), 13, "{deliveries:?}");
    let mut recipients: Vec<_> =
        notifier.take().into_iter().map(|message| message.recipient.email).collect();
    recipients.sort_unstable();
    recipients.dedup();
    assert_eq!(recipients.len(), 13, "{recipients:?}");
    one.verify().await;
}

pub(super) async fn a_failure_comes_again_with_a_new_token(store: AnyStore) {
    for panics in [false, true] {
        let brought = MemoryNotifier::new();
        let notifier = Unreliable { failures: AtomicUsize::new(0), panics, brought: brought.clone() };
        let notifier = Arc::new(notifier);
        let fixture = Fixture::with_notifier(store.clone(), notifier.clone()).await;
        let email = format!("ada{panics}@example.com");
        fixture.register(&email).await;
        fixture.ums.deliver_messages().await.unwrap();
        drop(brought.take());

        notifier.failures.store(2, Ordering::SeqCst);
        forget(&fixture, &email).await;
        let mut waited = Vec::new();
        while brought.messages().is_empty() {
            let delivery = fixture.ums.deliver_messages().await.unwrap();
            waited.push((delivery.sent, delivery.failed));
            fixture.clock.advance(Duration::from_secs(15));
        }
        // After 15 s, and after 30 s more.
        assert_eq!(waited, [(0, 1), (0, 1), (0, 0), (1, 0)]);
        assert_eq!(reset(&fixture, &brought.take()[0]).await, "ok");
        fixture.verify().await;
    }
}

/// Is cut off in the middle of sending, as by a crash.
#[derive(Debug)]
struct Stuck(tokio::sync::Notify);

#[async_trait]
impl Notifier for Stuck {
    async fn send(&self, _: &Message) -> Result<(), NotifyError> {
        self.0.notify_one();
        std::future::pending().await
    }
}

pub(super) async fn what_a_crash_cut_off_is_sent_later(store: AnyStore) {
    let stuck = Arc::new(Stuck(tokio::sync::Notify::new()));
    let crashing = Fixture::with_notifier(store.clone(), stuck.clone()).await;
    crashing.register(ADA).await;
    let ums = crashing.ums.clone();
    let sending = tokio::spawn(async move { ums.deliver_messages().await });
    stuck.0.notified().await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());

    let (fixture, notifier) = Fixture::with_messages(store).await;
    // As long as the one that crashed might still be sending, nobody else does.
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    fixture.clock.advance(Duration::from_secs(119));
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 1);
    let token = SingleUseToken::new(notifier.take()[0].token.as_ref().unwrap().reveal());
    fixture.ums.anonymous().verify_email(&token).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn what_is_of_no_more_use_is_not_sent(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    let system = fixture.ums.system();

    // Gone, suspended, begun otherwise, and expired.
    let gone = fixture.register("gone@example.com").await;
    forget(&fixture, "gone@example.com").await;
    system.delete_user(gone.id, None).await.unwrap();
    let suspended = fixture.register("suspended@example.com").await;
    forget(&fixture, "suspended@example.com").await;
    let patch = UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() };
    system.change_user(suspended.id, &patch, None).await.unwrap();
    let invited = system.create_user(&person("invited@example.com")).await.unwrap().value;
    let patch = UserPatch { password: Patch::Set(Password::new(ANOTHER)), ..UserPatch::default() };
    system.change_user(invited.id, &patch, None).await.unwrap();
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    assert_eq!((delivery.sent, delivery.dropped), (0, 3), "{:?}", notifier.messages());

    forget(&fixture, "admin@example.com").await;
    fixture.clock.advance(Duration::from_secs(30 * 60));
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    assert_eq!((delivery.sent, delivery.dropped), (0, 1));
    fixture.verify().await;
}

pub(super) async fn the_background_sends_by_itself_and_ends_with_its_handles(store: AnyStore) {
    let notifier = Arc::new(Counting::default());
    let options = MessageOptions::new("https://ums.example").unwrap();
    let fixture = Fixture::with(store.clone(), |builder| builder.notifier(notifier.clone(), options)).await;
    fixture.register(ADA).await;
    notifier.told.notified().await;
    assert_eq!(notifier.sent.load(Ordering::SeqCst), 1);
    forget(&fixture, ADA).await;
    notifier.told.notified().await;
    assert_eq!(notifier.sent.load(Ordering::SeqCst), 2);
    drop(fixture);
    // The task lets go of the notifier, as of the store.
    while Arc::strong_count(&notifier) > 1 {
        tokio::task::yield_now().await;
    }
}

#[derive(Debug, Default)]
struct Counting {
    sent: AtomicUsize,
    told: tokio::sync::Notify,
}

#[async_trait]
impl Notifier for Counting {
    async fn send(&self, _: &Message) -> Result<(), NotifyError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        self.told.notify_one();
        Ok(())
    }
}
