//! Messages that fail: none is lost by it, and none keeps the others.

use std::sync::OnceLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ums_core::notify::{MemoryNotifier, Message, MessageKind, Notifier, NotifyError};
use ums_core::{ForgottenPassword, UserManagement};

use super::support::{AnyStore, person};
use crate::{Fixture, FixedClock};

const ADA: &str = "ada@example.com";

async fn forget(ums: &UserManagement, email: &str) {
    ums.anonymous().forgot_password(&ForgottenPassword { email: email.to_owned() }).await.unwrap();
}

/// Is asked for a message again while the last attempt at it fails.
#[derive(Debug, Default)]
struct AskedAgain {
    ums: OnceLock<UserManagement>,
    attempts: AtomicUsize,
    brought: MemoryNotifier,
}

/// Within the half an hour that a reset is of use.
const ATTEMPTS: usize = 7;

#[async_trait]
impl Notifier for AskedAgain {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let Some(ums) = self.ums.get() else { return Ok(()) };
        let attempt = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
        if attempt == ATTEMPTS {
            forget(ums, ADA).await;
        }
        if attempt > ATTEMPTS { self.brought.send(message).await } else { Err(NotifyError::temporary("not now")) }
    }
}

/// What a notifier does before it brings a message, or instead.
type Manner = Box<dyn Fn(&Message) -> Result<(), NotifyError> + Send + Sync>;

/// Brings what its manner lets pass, and notes all that it is given.
struct Mannered {
    manner: Manner,
    given: MemoryNotifier,
}

impl std::fmt::Debug for Mannered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mannered").finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Mannered {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        self.given.send(message).await?;
        (self.manner)(message)
    }
}

/// A fixture whose notifier behaves so, and what that was given.
async fn with_manner(
    store: AnyStore,
    manner: impl Fn(&Message) -> Result<(), NotifyError> + Send + Sync + 'static,
) -> (Fixture, MemoryNotifier) {
    let given = MemoryNotifier::new();
    let notifier = Mannered { manner: Box::new(manner), given: given.clone() };
    (Fixture::with_notifier(store, Arc::new(notifier)).await, given)
}

async fn invite(fixture: &Fixture, names: std::ops::Range<usize>) {
    for number in names {
        fixture.ums.system().create_user(&person(&format!("user{number}@example.com"))).await.unwrap();
    }
}

pub(super) async fn recipients_that_fail_keep_no_others(store: AnyStore) {
    let (fixture, _) = with_manner(store, |message| match message.recipient.email.as_str() {
        ADA => Ok(()),
        _ => Err(NotifyError::temporary("not this one")),
    })
    .await;
    for number in 0..8 {
        let email = format!("user{number}@example.com");
        fixture.register(&email).await;
        forget(&fixture.ums, &email).await;
    }
    fixture.register(ADA).await;
    forget(&fixture.ums, ADA).await;
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    assert_eq!((delivery.sent, delivery.failed, delivery.dropped), (2, 16, 0));
    fixture.verify().await;
}

pub(super) async fn what_is_of_use_for_the_shortest_time_goes_first(store: AnyStore) {
    let (fixture, given) = with_manner(store, |_| Err(NotifyError::unavailable("nobody is there"))).await;
    fixture.register(ADA).await;
    invite(&fixture, 0..8).await;
    fixture.clock.advance(Duration::from_secs(60));
    forget(&fixture.ums, ADA).await;
    let delivery = fixture.ums.deliver_messages().await.unwrap();
    // The others wait until the notifier is there.
    assert_eq!((delivery.sent, delivery.failed, delivery.dropped), (0, 4, 0));
    let mut kinds: Vec<_> = given.take().iter().map(|message| message.kind).collect();
    kinds.sort();
    let expected = [
        MessageKind::PasswordReset,
        MessageKind::EmailVerification,
        MessageKind::Invitation,
        MessageKind::Invitation,
    ];
    assert_eq!(kinds, expected);
    fixture.verify().await;
}

/// Takes half a minute for each message, while somebody asks for one.
#[derive(Debug, Default)]
struct Slow {
    fixture: OnceLock<(UserManagement, FixedClock)>,
    given: MemoryNotifier,
}

#[async_trait]
impl Notifier for Slow {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        let Some((ums, clock)) = self.fixture.get() else { return Ok(()) };
        if self.given.messages().is_empty() {
            forget(ums, ADA).await;
        }
        clock.advance(Duration::from_secs(30));
        self.given.send(message).await
    }
}

pub(super) async fn what_comes_in_meanwhile_does_not_wait_for_the_rest(store: AnyStore) {
    let notifier = Arc::new(Slow::default());
    let fixture = Fixture::with_notifier(store, notifier.clone()).await;
    fixture.register(ADA).await;
    fixture.ums.deliver_messages().await.unwrap();
    invite(&fixture, 0..12).await;
    assert!(notifier.fixture.set((fixture.ums.clone(), fixture.clock.clone())).is_ok());
    assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 13);
    let given = notifier.given.take();
    let place = given.iter().position(|message| message.kind == MessageKind::PasswordReset).unwrap();
    assert!((4..8).contains(&place), "{place}");
    fixture.verify().await;
}

pub(super) async fn asked_again_during_a_failing_last_attempt_it_still_comes(store: AnyStore) {
    let notifier = Arc::new(AskedAgain::default());
    let fixture = Fixture::with_notifier(store, notifier.clone()).await;
    fixture.register(ADA).await;
    fixture.ums.deliver_messages().await.unwrap();
    notifier.ums.set(fixture.ums.clone()).unwrap();

    forget(&fixture.ums, ADA).await;
    for pause in [15, 30, 60, 120, 240, 480, 960] {
        let delivery = fixture.ums.deliver_messages().await.unwrap();
        assert_eq!((delivery.sent, delivery.failed, delivery.dropped), (0, 1, 0), "before {pause} s");
        fixture.clock.advance(Duration::from_secs(pause));
    }
    assert_eq!(notifier.attempts.load(Ordering::SeqCst), ATTEMPTS);
    assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, 1);
    assert_eq!(notifier.brought.take()[0].kind, MessageKind::PasswordReset);
    fixture.ums.log().flush().await.unwrap();
    let is_final = |event: &ums_core::log::LogEvent| event.fields().get("final").and_then(|field| field.as_bool());
    let told: Vec<_> = fixture.log.events().iter().filter_map(is_final).collect();
    assert_eq!(told, [false; ATTEMPTS]);
    fixture.verify().await;
}
