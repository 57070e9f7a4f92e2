//! What guessing costs in hashes.

use std::sync::Arc;

use tokio::task::JoinSet;
use ums_store_memory::MemoryStore;

use super::*;
use crate::model::UserFields;
use crate::throttle::ThrottleOptions;
use crate::{Error, HashOptions, Origin, SecretKey, UserManagement};

const PERMITS: usize = 2;

async fn user_management(throttle: ThrottleOptions) -> UserManagement {
    let secret = SecretKey::new([7; 32]).unwrap();
    let hashing = HashOptions::new().memory_kibibytes(8).iterations(1).concurrency(PERMITS);
    let builder = UserManagement::builder(Arc::new(MemoryStore::new()), secret);
    let ums = builder.hashing(hashing).throttle(throttle).open().await.unwrap();
    for email in ["ada@example.com", "grace@example.com", "joan@example.com", "mary@example.com"] {
        let fields = UserFields {
            full_name: "A".into(),
            email: email.into(),
            password: Some(Password::new("StrongPassword123")),
            ..UserFields::default()
        };
        ums.system().create_user(&fields).await.unwrap();
    }
    ums
}

/// How many of these guesses, made at once, were verified, and how many were refused.
async fn guess(ums: &UserManagement, emails: &[&str], each: usize) -> (usize, usize) {
    let mut guesses = JoinSet::new();
    for number in 0..emails.len() * each {
        let anonymous = ums.anonymous().with(Origin::new().ip([192, 0, 2, 1].into()));
        let email = emails[number % emails.len()].to_owned();
        let credentials = Credentials { email, password: Password::new("WrongPassword1234") };
        guesses.spawn(async move { anonymous.login(&credentials).await });
    }
    let ended = guesses.join_all().await;
    let verified = ended.iter().filter(|ended| matches!(ended, Err(Error::InvalidCredentials))).count();
    let refused = ended.iter().filter(|ended| matches!(ended, Err(Error::TooManyRequests { .. }))).count();
    (verified, refused)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_refused_costs_no_hash() {
    let ums = user_management(ThrottleOptions::new()).await;
    let probe = ums.auth().hasher.probe();
    let before = probe.begun().len();
    assert_eq!(guess(&ums, &["ada@example.com"], 100).await, (6, 94));
    assert_eq!(guess(&ums, &["nobody@example.com"], 100).await, (6, 94));
    assert_eq!(probe.begun().len() - before, 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_never_take_more_hashes_than_permits() {
    let ums = user_management(ThrottleOptions::new().free_failures(99)).await;
    let probe = ums.auth().hasher.probe();
    let before = probe.begun().len();
    let emails = ["ada@example.com", "grace@example.com", "joan@example.com", "nobody@example.com"];
    assert_eq!(guess(&ums, &emails, 25).await, (100, 0));
    assert_eq!(probe.begun().len() - before, 100);
    assert!(probe.peak() <= PERMITS, "{}", probe.peak());
}

#[tokio::test]
async fn guesses_given_up_count_once_their_password_is_verified() {
    let ums = user_management(ThrottleOptions::new()).await;
    let hasher = &ums.auth().hasher;
    let anonymous = ums.anonymous().with(Origin::new().ip([192, 0, 2, 1].into()));
    let email = "ada@example.com".to_owned();
    let credentials = Credentials { email, password: Password::new("WrongPassword1234") };
    let held = hasher.hold();
    for _ in 0..20 {
        tokio::select! {
            ended = anonymous.login(&credentials) => panic!("{ended:?}"),
            () = async { while hasher.asked() == 0 { tokio::task::yield_now().await } } => {}
        }
        assert_eq!(hasher.asked(), 0);
    }
    drop(held);
    let before = hasher.probe().begun().len();
    // Given up during the computation, unless that ends first: it counts either way.
    tokio::select! {
        _ = anonymous.login(&credentials) => {}
        () = async { while hasher.probe().begun().len() == before { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(guess(&ums, &["ada@example.com"], 10).await, (5, 5));
}

#[tokio::test]
async fn options_out_of_bounds_open_nothing() {
    let secret = SecretKey::new([7; 32]).unwrap();
    let builder = UserManagement::builder(Arc::new(MemoryStore::new()), secret);
    let refused = builder.throttle(ThrottleOptions::new().most_failures(101)).open().await;
    let Err(Error::Invalid(faults)) = refused else { panic!("opened") };
    assert_eq!(faults.as_slice()[0].field, "most_failures");
}
