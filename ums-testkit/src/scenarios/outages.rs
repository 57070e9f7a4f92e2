//! Messages that fail: none is lost by it, and none keeps the others.

use std::sync::OnceLock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ums_core::notify::{MemoryNotifier, Message, MessageKind, Notifier, NotifyError};
use ums_core::{ForgottenPassword, UserManagement};

use super::support::AnyStore;
use crate::Fixture;

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
