//! Expired entries go, by the clock that the store was given.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test stops where it fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ums_store::{Commit, CommitId, Key, Op, Outcome, Scan, Store};
use ums_store_memory::MemoryStore;

#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    fn store(&self) -> MemoryStore {
        let now = self.0.clone();
        MemoryStore::with_clock(move || now.load(Ordering::Relaxed))
    }
}

async fn apply(store: &MemoryStore, id: u128, ops: impl IntoIterator<Item = Op>) {
    let outcome = store.commit(&Commit::new(CommitId::from_u128(id), ops)).await.unwrap();
    assert_eq!(outcome, Outcome::Applied);
}

fn key(sort: impl std::fmt::Display) -> Key {
    Key::new("p", sort.to_string())
}

#[tokio::test]
async fn entries_go_at_their_time_and_not_before() {
    let clock = Clock::default();
    let store = clock.store();
    apply(&store, 1, (0..10).map(|index| Op::put(key(index), "1").expires_at(100 + index))).await;
    for (now, left) in [(99, 10), (100, 9), (104, 5), (109, 0)] {
        clock.set(now);
        apply(&store, 2 + u128::from(now), (0..5).map(|index| Op::delete(key(format!("other {index}")))))
            .await;
        assert_eq!(store.entries(), left, "at {now}");
    }
    assert!(store.scan(&Scan::partition("p")).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_later_put_outlives_the_expiry_of_an_earlier_one() {
    let clock = Clock::default();
    let store = clock.store();
    apply(&store, 1, (0..3).map(|index| Op::put(key(index), "1").expires_at(100))).await;
    apply(&store, 2, [Op::put(key(0), "2").expires_at(200), Op::put(key(1), "2"), Op::delete(key(2))]).await;
    apply(&store, 3, [Op::put(key(2), "3")]).await;
    clock.set(150);
    apply(&store, 4, [Op::check(key(9)).expect_absent()]).await;
    assert_eq!(store.entries(), 3);
    clock.set(200);
    apply(&store, 5, [Op::check(key(9)).expect_absent()]).await;
    assert_eq!(store.get(&[key(0)]).await.unwrap(), [None]);
    assert_eq!(store.entries(), 2);
}

/// Each commit sweeps twice as much as it can have added, so the store never grows by expired entries alone.
#[tokio::test]
async fn expired_entries_do_not_pile_up() {
    let clock = Clock::default();
    let store = clock.store();
    for round in 0..200 {
        clock.set(round);
        let id = u128::from(round) + 1;
        apply(
            &store,
            id,
            (0..5).map(|index| Op::put(key(format!("{round} {index}")), "1").expires_at(round + 3)),
        )
        .await;
        assert!(store.entries() <= 5 * 4, "{} entries in round {round}", store.entries());
    }
}
