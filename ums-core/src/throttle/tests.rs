//! What is counted, in a store.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Waker};

use ums_store_memory::MemoryStore;

use super::*;
use crate::{SystemClock, SystemRandom};

const HOME: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
const ELSEWHERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7)));

fn throttle(store: &MemoryStore, options: &ThrottleOptions) -> Throttle {
    let database = Database::new(Arc::new(store.clone()), Arc::new(SystemClock), Arc::new(SystemRandom));
    Throttle::new(database, &SecretKey::new([7; 32]).unwrap(), options).unwrap()
}

/// One free failure, and an hour's delay after the next, so that the clock does not matter.
fn slow() -> ThrottleOptions {
    let hour = Duration::from_secs(3600);
    ThrottleOptions::new().free_failures(1).first_delay(hour).longest_delay(hour)
}

impl Throttle {
    async fn fails(&self, ip: Option<IpAddr>) -> Result<u64> {
        let tally = Tally::default();
        let attempt = self.attempt("ada@example.com", ip, None, &tally).await?;
        attempt.begun().store(true, Relaxed);
        attempt.fail().await;
        Ok(tally.attempts())
    }

    async fn forgives(&self, ip: Option<IpAddr>) {
        let forgiving = self
            .0
            .database
            .transact(|transaction| async move { self.forgive(&transaction, "Ada@Example.com", ip).await });
        forgiving.await.unwrap();
    }
}

#[tokio::test]
async fn who_owns_the_address_is_forgiven_and_known() {
    let throttle = throttle(&MemoryStore::new(), &slow());
    assert_eq!(throttle.fails(ELSEWHERE).await.unwrap(), 1);
    assert_eq!(throttle.fails(ELSEWHERE).await.unwrap(), 2);
    assert!(matches!(throttle.fails(HOME).await, Err(Error::TooManyRequests { .. })));
    throttle.forgives(HOME).await;
    for failures in 1..=2 {
        assert_eq!(throttle.fails(ELSEWHERE).await.unwrap(), failures);
    }
    assert!(throttle.fails(ELSEWHERE).await.is_err());
    assert_eq!(throttle.fails(HOME).await.unwrap(), 4);
}

#[tokio::test]
async fn nothing_is_left_of_what_does_not_count() {
    let store = MemoryStore::new();
    let throttle = throttle(&store, &slow());
    throttle.forgives(None).await;
    assert_eq!(store.entries(), 0);
    throttle.fails(None).await.unwrap();
    assert_eq!(store.entries(), 1);
    throttle.forgives(None).await;
    assert_eq!(store.entries(), 0);
    let taken_back = throttle.attempt("ada@example.com", HOME, None, &Tally::default()).await.unwrap();
    let overloaded = Err::<(), _>(Error::Overloaded { retry_after: Duration::from_secs(2) });
    assert!(matches!(taken_back.or_take_back(overloaded).await, Err(Error::Overloaded { .. })));
    assert_eq!(store.entries(), 0);
}

#[tokio::test]
async fn an_attempt_that_is_being_verified_holds_the_next() {
    let throttle = throttle(&MemoryStore::new(), &slow());
    let first = throttle.attempt("ada@example.com", HOME, None, &Tally::default()).await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut second = pin!(throttle.fails(ELSEWHERE));
        assert!(second.as_mut().poll(&mut context).is_pending());
    }
    // Who goes away while they are verified stays counted.
    first.begun().store(true, Relaxed);
    drop(first);
    assert_eq!(throttle.fails(ELSEWHERE).await.unwrap(), 2);
}

#[tokio::test]
async fn who_goes_away_before_they_are_verified_is_not_counted() {
    let throttle = throttle(&MemoryStore::new(), &slow());
    for failures in 1..=2 {
        for _ in 0..10 {
            drop(throttle.attempt("ada@example.com", ELSEWHERE, None, &Tally::default()).await.unwrap());
        }
        assert_eq!(throttle.fails(ELSEWHERE).await.unwrap(), failures);
    }
}

#[tokio::test]
async fn who_hammers_is_not_queued_before_the_owner() {
    let store = MemoryStore::new();
    let throttle = throttle(&store, &slow());
    throttle.forgives(HOME).await;
    for _ in 0..2 {
        throttle.fails(ELSEWHERE).await.unwrap();
    }
    let mut context = Context::from_waker(Waker::noop());
    for refused in 0..1002 {
        let owner = throttle.attempt("ada@example.com", HOME, None, &Tally::default()).await.unwrap();
        let mut stranger = Box::pin(throttle.fails(ELSEWHERE));
        let is_queued = stranger.as_mut().poll(&mut context).is_pending();
        assert_eq!(is_queued, refused < 1000, "after {refused}");
        owner.or_take_back(Err::<(), _>(Error::Forbidden)).await.unwrap_err();
        drop(owner);
        if is_queued {
            stranger.await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn messages_are_counted_with_the_commit_that_asks() {
    let store = MemoryStore::new();
    let throttle = &throttle(&store, &ThrottleOptions::new());
    let ask = async |email: &'static str| {
        let asking = throttle
            .0
            .database
            .transact(|transaction| async move { throttle.admit_message(&transaction, email).await });
        asking.await.unwrap()
    };
    assert!(ask("ada@example.com").await);
    assert!(!ask(" ADA@example.com").await);
    assert!(ask("nobody@example.com").await);
    assert!(ask("no address").await);
    assert_eq!(store.entries(), 3);
}

#[tokio::test]
async fn each_limit_of_an_address_has_a_bucket() {
    let options = ThrottleOptions::new().messages_an_hour(2).registrations_an_hour(1);
    let throttle = throttle(&MemoryStore::new(), &options);
    for _ in 0..2 {
        throttle.admit_address(AddressLimit::Messages, HOME).await.unwrap();
    }
    let refused = throttle.admit_address(AddressLimit::Messages, HOME).await;
    let Err(Error::TooManyRequests { retry_after }) = refused else { panic!("{refused:?}") };
    assert!((1790..=1800).contains(&retry_after.as_secs()), "{retry_after:?}");
    throttle.admit_address(AddressLimit::Registrations, HOME).await.unwrap();
    throttle.admit_address(AddressLimit::Registrations, HOME).await.unwrap_err();
    throttle.admit_address(AddressLimit::Registrations, ELSEWHERE).await.unwrap();
    for _ in 0..10 {
        throttle.admit_address(AddressLimit::Registrations, None).await.unwrap();
    }
}

#[test]
fn waits_are_told_in_whole_seconds() {
    for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (86_399_001, 86_400)] {
        let Error::TooManyRequests { retry_after } = refusal(Duration::from_millis(milliseconds)) else {
            panic!("another error")
        };
        assert_eq!(retry_after, Duration::from_secs(seconds));
    }
}
