//! Guessing passwords is slow, wherever and however it is tried, and keeps nobody from their account for good.

use std::collections::BTreeSet;
use std::time::Duration;

use ums_core::model::{Patch, Status, UserPatch};
use ums_core::{Acting, Error, Origin, Password, PasswordChange, Result, ThrottleOptions, TokenPair};

use super::support::{AnyStore, at_once, code, credentials, registration, told};
use crate::stores::{ContendingStore, CountingStore};
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const WRONG: &str = "WrongPassword1234";
const HOME: [u8; 4] = [192, 0, 2, 1];
const ELSEWHERE: [u8; 4] = [198, 51, 100, 7];
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn a_hundred_and_one_guesses_at_once_are_not_all_verified(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register(ADA).await;
    let mut ended = Vec::new();
    for _ in 0..101 {
        ended.push(code(&fixture.log_in(ELSEWHERE, ADA, WRONG).await));
    }
    assert_eq!(ended[..6], ["invalid_credentials"; 6]);
    assert_eq!(ended[6..], ["too_many_requests"; 95]);
    // The right password is told nothing else; what was refused has lengthened nothing.
    let refused = fixture.log_in(ELSEWHERE, ADA, PASSWORD).await;
    assert_eq!(told(&refused), "too_many_requests: too many attempts; try again in 1 s");
    fixture.clock.advance(Duration::from_secs(1));
    fixture.log_in(ELSEWHERE, ADA, PASSWORD).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn patience_buys_no_more_than_a_hundred_guesses(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register(ADA).await;
    let (mut verified, mut waited) = (0, Duration::ZERO);
    let last = loop {
        let refused = fixture.log_in(ELSEWHERE, ADA, WRONG).await;
        let Some(wait) = retry_after(&refused) else {
            assert_eq!(code(&refused), "invalid_credentials");
            verified += 1;
            assert!(verified <= 100, "{verified} guesses were verified within {waited:?}");
            continue;
        };
        if wait > Duration::from_secs(900) {
            break wait;
        }
        // Nobody is told to wait for nothing: a second less is too early.
        fixture.clock.advance(wait - Duration::from_secs(1));
        assert_eq!(code(&fixture.log_in(ELSEWHERE, ADA, WRONG).await), "too_many_requests");
        fixture.clock.advance(Duration::from_secs(1));
        waited += wait;
    };
    // The other twenty are kept for addresses that are known.
    assert_eq!((verified, last), (80, DAY));
    assert!(waited > DAY / 2, "{waited:?}");
    assert_eq!(code(&fixture.log_in(ELSEWHERE, ADA, PASSWORD).await), "too_many_requests");
    fixture.clock.advance(last);
    fixture.log_in(ELSEWHERE, ADA, PASSWORD).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn guesses_in_parallel_are_counted_to_the_last(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    for email in [ADA, "nobody@example.com"] {
        if email == ADA {
            fixture.register(email).await;
        }
        let ended = at_once(100, |_| {
            let acting = fixture.from(ELSEWHERE);
            async move { code(&acting.login(&credentials(email, WRONG)).await) }
        })
        .await;
        assert_eq!(ended.iter().filter(|code| **code == "invalid_credentials").count(), 6, "{ended:?}");
        assert_eq!(ended.iter().filter(|code| **code == "too_many_requests").count(), 94, "{ended:?}");
        // Of those refused five a minute are told, and how many there were besides.
        fixture.clock.advance(Duration::from_secs(61));
        assert_eq!(code(&fixture.log_in(ELSEWHERE, email, WRONG).await), "invalid_credentials");
        let (counted, passed_over) = fixture.told_and_passed_over().await;
        assert_eq!((counted.len(), counted.last(), passed_over), (12, Some(&101), 89), "{counted:?}");
    }
    fixture.verify().await;
}

pub(super) async fn right_passwords_in_parallel_are_no_guesses(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register(ADA).await;
    let ended = at_once(32, |_| {
        let acting = fixture.from(HOME);
        async move { code(&acting.login(&credentials(ADA, PASSWORD)).await) }
    })
    .await;
    assert_eq!(ended, ["ok"; 32]);
    fixture.verify().await;
}

pub(super) async fn every_spelling_and_the_current_password_share_one_count(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("José@example.com").await;
    let tokens = fixture.log_in(HOME, "josé@example.com", PASSWORD).await.unwrap();
    let principal = fixture.principal_of(&tokens).await.unwrap();
    let acting = fixture.ums.acting_as(&principal).with(Origin::new().ip(HOME.into()));
    fixture.counts().await;
    for spelling in ["JOSÉ@EXAMPLE.COM", " josé@example.com ", "jose\u{301}@example.com"] {
        assert_eq!(code(&fixture.log_in(HOME, spelling, WRONG).await), "invalid_credentials");
    }
    let change = |current: &str, new: &str| PasswordChange {
        current_password: Password::new(current),
        new_password: Password::new(new),
    };
    for _ in 0..3 {
        assert_eq!(code(&acting.change_password(&change(WRONG, PASSWORD)).await), "wrong_password");
    }
    for refused in [
        acting.change_password(&change(PASSWORD, "EvenStrongerPassword456")).await.map(drop),
        fixture.log_in(HOME, "JOSÉ@example.com", PASSWORD).await.map(drop),
    ] {
        assert_eq!(code(&refused), "too_many_requests");
    }
    assert_eq!(fixture.counts().await, [1, 2, 3, 4, 5, 6, 7, 8]);

    // A right current password neither counts nor clears, whether the new one is taken or not.
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(code(&acting.change_password(&change(PASSWORD, "short")).await), "invalid");
    assert_eq!(code(&fixture.log_in(HOME, "josé@example.com", WRONG).await), "invalid_credentials");
    assert_eq!(fixture.counts().await, [9, 9]);
    fixture.clock.advance(Duration::from_secs(2));
    acting.change_password(&change(PASSWORD, "EvenStrongerPassword456")).await.unwrap();
    // Guesses at the old password say nothing of the new one.
    assert_eq!(code(&fixture.log_in(HOME, "josé@example.com", WRONG).await), "invalid_credentials");
    assert_eq!(fixture.counts().await, [1]);
    fixture.verify().await;
}

pub(super) async fn instances_and_restarts_share_one_count(store: AnyStore) {
    let one = Fixture::on(store.clone()).await;
    one.register(ADA).await;
    let beside = async || {
        let clock = std::sync::Arc::new(one.clock.clone());
        Fixture::with(store.clone(), |builder| builder.clock(clock)).await
    };
    let other = beside().await;
    let ended = at_once(20, |number| {
        let acting = if number % 2 == 0 { &one } else { &other }.from(ELSEWHERE);
        async move { code(&acting.login(&credentials(ADA, WRONG)).await) }
    })
    .await;
    assert_eq!(ended.iter().filter(|code| **code == "invalid_credentials").count(), 6, "{ended:?}");
    drop(other);
    let again = beside().await;
    assert_eq!(code(&again.log_in(ELSEWHERE, ADA, PASSWORD).await), "too_many_requests");
    assert_eq!(again.counts().await, [21]);
    again.verify().await;
}

pub(super) async fn contention_is_neither_a_guess_nor_a_conflict(store: AnyStore) {
    let contending = ContendingStore::new(store);
    let fixture = Fixture::on(std::sync::Arc::new(contending.clone())).await;
    fixture.register(ADA).await;
    assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "invalid_credentials");
    contending.contend(5);
    assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "invalid_credentials");
    assert_eq!((fixture.counts().await, contending.left()), (vec![1, 2], 0));
    // Where an account can't be counted, nobody gets to guess.
    contending.contend(24);
    let refused = fixture.log_in(HOME, ADA, PASSWORD).await;
    assert_eq!((retry_after(&refused), contending.left()), (Some(Duration::from_secs(1)), 0));
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "invalid_credentials");
    assert_eq!(fixture.counts().await, [1]);
    fixture.verify().await;
}

pub(super) async fn a_stranger_does_not_keep_the_owner_out(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register(ADA).await;
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    exhaust(&fixture, ELSEWHERE, ADA).await;
    let elsewhere = [203, 0, 113, 9];
    assert_eq!(code(&fixture.log_in(elsewhere, ADA, PASSWORD).await), "too_many_requests");
    // At home a few slips cost no more than ever, and what is right is let in at once.
    for _ in 0..5 {
        assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "invalid_credentials");
    }
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    // The stranger neither learns of it nor gains by it.
    assert_eq!(code(&fixture.log_in(ELSEWHERE, ADA, PASSWORD).await), "too_many_requests");
    // A new password lifts it, which is how an administrator does.
    fixture.clock.advance(Duration::from_secs(1));
    let id = fixture.principal_of(&fixture.log_in(HOME, ADA, PASSWORD).await.unwrap()).await.unwrap().user_id();
    let patch = UserPatch { password: Patch::Set(Password::new("EvenStrongerPassword456")), ..UserPatch::default() };
    fixture.ums.system().change_user(id, &patch, None).await.unwrap();
    fixture.log_in(elsewhere, ADA, "EvenStrongerPassword456").await.unwrap();
    fixture.verify().await;
}

pub(super) async fn who_registers_is_at_home(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    // An address that is guessed at before it has an account.
    exhaust(&fixture, ELSEWHERE, ADA).await;
    fixture.from(HOME).register(&registration(ADA)).await.unwrap();
    exhaust(&fixture, ELSEWHERE, ADA).await;
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn an_account_that_is_not_there_is_throttled_alike(store: AnyStore) {
    let counting = CountingStore::new(store);
    let fixture = Fixture::on(std::sync::Arc::new(counting.clone())).await;
    fixture.register(ADA).await;
    let suspended = fixture.register("suspended@example.com").await;
    let patch = UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() };
    fixture.ums.system().change_user(suspended.id, &patch, None).await.unwrap();
    let mut told_of = Vec::new();
    for email in [ADA, "suspended@example.com", "nobody@example.com", "no address", ""] {
        let mut answers = Vec::new();
        for _ in 0..8 {
            let _ = counting.take();
            let answer = fixture.log_in(ELSEWHERE, email, WRONG).await;
            answers.push((told(&answer), counting.take()));
            if let Some(wait) = retry_after(&answer) {
                fixture.clock.advance(wait);
            }
        }
        told_of.push(answers);
    }
    // The bucket of the address was new to the first.
    let (first, others) = told_of.split_first().unwrap();
    for other in others {
        assert_eq!(other, first);
    }
    assert_eq!(first[0].0, "invalid_credentials: the e-mail address or the password is wrong");
    assert_eq!(first[6].0, "too_many_requests: too many attempts; try again in 1 s");
    fixture.verify().await;
}

pub(super) async fn what_it_costs_in_commits(store: AnyStore) {
    let counting = CountingStore::new(store);
    let fixture = Fixture::on(std::sync::Arc::new(counting.clone())).await;
    fixture.register(ADA).await;
    let commits = async |ip: [u8; 4], password: &str| {
        let _ = counting.take();
        let ended = code(&fixture.log_in(ip, ADA, password).await);
        (ended, counting.take().commits)
    };
    assert_eq!(commits(HOME, PASSWORD).await, ("ok", 2));
    assert_eq!(commits(HOME, PASSWORD).await, ("ok", 2));
    for _ in 0..6 {
        assert_eq!(commits(HOME, WRONG).await, ("invalid_credentials", 2));
    }
    assert_eq!(commits(HOME, PASSWORD).await, ("too_many_requests", 1));
    // Who hammers on costs the store nothing more after a while.
    for _ in 0..999 {
        assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "too_many_requests");
    }
    assert_eq!(commits(HOME, PASSWORD).await, ("too_many_requests", 0));
    fixture.clock.advance(Duration::from_secs(1));
    assert_eq!(commits(HOME, PASSWORD).await, ("ok", 2));
    fixture.verify().await;
}

pub(super) async fn what_is_kept_of_an_account_goes_with_it(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    for change_of_address in [false, true] {
        let ada = fixture.register(ADA).await;
        fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
        exhaust(&fixture, ELSEWHERE, ADA).await;
        if change_of_address {
            let email = Patch::Set("king@example.com".to_owned());
            let patch = UserPatch { email, ..UserPatch::default() };
            fixture.ums.system().change_user(ada.id, &patch, None).await.unwrap();
        } else {
            fixture.ums.system().delete_user(ada.id, None).await.unwrap();
        }
        fixture.counts().await;
        // Neither the failures nor the address are known any more.
        assert_eq!(code(&fixture.log_in(ELSEWHERE, ADA, WRONG).await), "invalid_credentials");
        assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "invalid_credentials");
        assert_eq!(fixture.counts().await, [1, 2]);
        exhaust(&fixture, ELSEWHERE, ADA).await;
        assert_eq!(code(&fixture.log_in(HOME, ADA, WRONG).await), "too_many_requests");
        fixture.clock.advance(DAY);
    }
    fixture.verify().await;
}

pub(super) async fn the_last_guess_is_told_to_the_log(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let ada = fixture.register(ADA).await;
    exhaust(&fixture, ELSEWHERE, ADA).await;
    fixture.ums.log().flush().await.unwrap();
    let events = fixture.log.events();
    let told: Vec<_> = events.iter().filter(|event| event.action() == "auth.throttle").collect();
    let [event] = told[..] else { panic!("{told:?}") };
    assert_eq!(event.target(), Some(&*format!("user/{}", ada.id)));
    assert_eq!((event.level().as_str(), event.ip()), ("warn", Some(ELSEWHERE.into())));
    assert!(event.fields()["failures"].as_u64() >= Some(80), "{event:?}");
    fixture.verify().await;
}

pub(super) async fn an_address_that_fails_at_many_accounts_is_stopped(store: AnyStore) {
    let options = ThrottleOptions::new().failed_logins_an_hour(20);
    let fixture = Fixture::with(store, |builder| builder.throttle(options)).await;
    fixture.register(ADA).await;
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    let other = "grace@example.com";
    fixture.register(other).await;
    for number in 0..20 {
        let refused = fixture.log_in(HOME, &format!("user{number}@example.com"), WRONG).await;
        assert_eq!(code(&refused), "invalid_credentials", "{number}");
    }
    for email in [other, "user0@example.com", "user20@example.com"] {
        let refused = fixture.log_in(HOME, email, PASSWORD).await;
        assert_eq!(retry_after(&refused), Some(Duration::from_secs(180)), "{email}");
    }
    // Who has been let in from there before is not held for the others.
    fixture.log_in(HOME, ADA, PASSWORD).await.unwrap();
    fixture.log_in(ELSEWHERE, other, PASSWORD).await.unwrap();
    fixture.clock.advance(Duration::from_secs(180));
    let refused = fixture.log_in(HOME, "user0@example.com", WRONG).await;
    assert_eq!(code(&refused), "invalid_credentials");
    fixture.verify().await;
}

impl Fixture {
    /// Acts for nobody in particular, from an address.
    pub(super) fn from(&self, ip: [u8; 4]) -> Acting {
        self.ums.anonymous().with(Origin::new().ip(ip.into()))
    }

    async fn log_in(&self, ip: [u8; 4], email: &str, password: &str) -> Result<TokenPair> {
        self.from(ip).login(&credentials(email, password)).await
    }

    /// The counts that were told since the last question, each once and in order, and how many attempts were passed over.
    async fn told_and_passed_over(&self) -> (BTreeSet<u64>, u64) {
        self.ums.log().flush().await.unwrap();
        let events = self.log.events();
        let asked = events.iter().rposition(|event| event.action() == "test.asked").map_or(0, |at| at + 1);
        let passed_over = events[asked..].iter().filter_map(|event| event.fields().get("passed_over")?.as_u64());
        (self.counts().await.into_iter().collect(), passed_over.sum())
    }

    /// The count that each attempt in vain since the last question was told with.
    async fn counts(&self) -> Vec<u64> {
        self.ums.log().flush().await.unwrap();
        let events = self.log.events();
        let asked = events.iter().rposition(|event| event.action() == "test.asked").map_or(0, |at| at + 1);
        let counts = events[asked..].iter().filter_map(|event| event.fields().get("failures")?.as_u64());
        let counts = counts.collect();
        let log = self.ums.log();
        log.record(log.event(ums_core::log::Level::Info, "test.asked", "the counts were read"));
        log.flush().await.unwrap();
        counts
    }
}

/// Guesses until no more guesses are verified for a day.
async fn exhaust(fixture: &Fixture, ip: [u8; 4], email: &str) {
    loop {
        let refused = fixture.log_in(ip, email, WRONG).await;
        match retry_after(&refused) {
            None => assert_eq!(code(&refused), "invalid_credentials"),
            Some(wait) if wait > Duration::from_secs(900) => return,
            Some(wait) => fixture.clock.advance(wait),
        }
    }
}

pub(super) fn retry_after<T>(result: &Result<T>) -> Option<Duration> {
    match result {
        Err(Error::TooManyRequests { retry_after }) => Some(*retry_after),
        _ => None,
    }
}
