//! Every wrapper keeps the ten promises while it is idle, and does what it is for when it is not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use ums_store::{Commit, CommitId, Error, Key, Limits, Op, Outcome, Scan, Store, conformance};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::stores::{ContendingStore, CountingStore, DelayingStore, FailingStore, Fault};

async fn conforms(store: impl Store + Clone) {
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn idle_wrappers_around_memory_keep_the_promises() {
    conforms(FailingStore::new(MemoryStore::new())).await;
    conforms(CountingStore::new(MemoryStore::new())).await;
    conforms(DelayingStore::new(MemoryStore::new(), 1)).await;
    conforms(ContendingStore::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_wrappers_around_redb_keep_the_promises() {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::builder().limits(Limits::FLOOR).open(folder.path().join("ums.redb")).unwrap();
    let store = CountingStore::new(FailingStore::new(DelayingStore::new(ContendingStore::new(store), 2)));
    conforms(store.clone()).await;
    assert!(store.counts().commits > 1_000, "{:?}", store.counts());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delays_of_several_seeds_keep_the_promises() {
    for seed in 0..5 {
        conforms(DelayingStore::new(MemoryStore::new(), seed)).await;
    }
}

fn key(sort: &str) -> Key {
    Key::new("p", sort)
}

fn put(id: u128, sort: &str) -> Commit {
    Commit::new(CommitId::from_u128(id), [Op::put(key(sort), "1")])
}

async fn is_there(store: &impl Store, sort: &str) -> bool {
    store.get(&[key(sort)]).await.unwrap().iter().all(Option::is_some)
}

#[tokio::test]
async fn a_failing_store_fails_the_call_it_is_told_to() {
    let store = FailingStore::new(MemoryStore::new());
    store.fail_nth(2, Fault::Unavailable);
    assert_eq!(store.commit(&put(1, "a")).await.unwrap(), Outcome::Applied);
    assert!(matches!(store.get(&[key("a")]).await, Err(Error::Unavailable { .. })));
    assert!(is_there(&store, "a").await);
    assert_eq!((store.calls(), store.failed()), (3, 1));

    store.fail_nth_commit(2, Fault::Unavailable);
    assert!(is_there(&store, "a").await);
    store.commit(&put(2, "b")).await.unwrap();
    assert!(matches!(store.commit(&put(3, "c")).await, Err(Error::Unavailable { .. })));
    assert!(!is_there(&store, "c").await);

    store.fail_when(|_, call| !call.is_commit(), Fault::Corrupt);
    assert!(matches!(store.scan(&Scan::partition("p")).await, Err(Error::Corrupt { .. })));
    store.commit(&put(4, "d")).await.unwrap();
    store.stop();
    assert!(is_there(&store, "d").await);
}

#[tokio::test]
async fn an_unknown_commit_was_done_or_not_as_told() {
    let store = FailingStore::new(MemoryStore::new());
    store.fail_nth(1, Fault::UnknownUndone);
    assert!(matches!(store.commit(&put(1, "a")).await, Err(Error::Unknown { .. })));
    assert!(!is_there(&store, "a").await);
    store.fail_nth(1, Fault::UnknownDone);
    assert!(matches!(store.commit(&put(2, "b")).await, Err(Error::Unknown { .. })));
    assert!(is_there(&store, "b").await);
}

/// A store that fails every third commit, but truthfully, breaks no promise about what became of one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn truthful_failures_are_candid() {
    for fault in [Fault::Unavailable, Fault::UnknownDone, Fault::UnknownUndone] {
        let store = FailingStore::new(MemoryStore::new());
        store.fail_when(|number, call| call.is_commit() && number % 3 == 0, fault);
        let cases = conformance::cases();
        let candid: Vec<_> = cases.iter().filter(|case| case.name().contains("did_what_was_said")).collect();
        assert_eq!(candid.len(), 2);
        for case in candid {
            case.run(store.clone()).await.unwrap();
        }
        assert!(store.failed() > 5, "{fault:?}: {} failures", store.failed());
    }
}

#[tokio::test]
async fn a_counting_store_counts() {
    let store = CountingStore::new(MemoryStore::new());
    store.commit(&put(1, "a")).await.unwrap();
    store.commit(&Commit::new(CommitId::from_u128(2), [Op::check(key("a")).expect_absent()])).await.unwrap();
    store.get(&[key("a"), key("b")]).await.unwrap();
    store.scan(&Scan::partition("p")).await.unwrap();
    let counts = store.take();
    assert_eq!((counts.commits, counts.operations, counts.refused), (2, 2, 1));
    assert_eq!((counts.gets, counts.keys, counts.scans, counts.items), (1, 2, 1, 1));
    assert_eq!(store.counts(), CountingStore::new(MemoryStore::new()).counts());
}

#[tokio::test]
async fn a_contending_store_lets_commits_lose_truthfully() {
    let store = ContendingStore::new(MemoryStore::new());
    store.commit(&put(1, "a")).await.unwrap();
    store.contend(2);
    store.commit(&put(2, "b")).await.unwrap();
    assert_eq!(store.left(), 2, "a commit without a version is left alone");
    for (id, expected) in [(3, false), (4, false), (5, true)] {
        let version = store.get(&[key("a")]).await.unwrap()[0].as_ref().unwrap().version;
        let commit = Commit::new(CommitId::from_u128(id), [Op::put(key("a"), "2").expect_version(version)]);
        let outcome = store.commit(&commit).await.unwrap();
        assert_eq!(outcome == Outcome::Applied, expected, "commit {id}");
    }
    assert_eq!(&*store.get(&[key("a")]).await.unwrap()[0].as_ref().unwrap().value, "2");
}

/// The same seed gives the same order of tasks, where there is one thread.
#[tokio::test]
async fn delays_repeat_with_their_seed() {
    let order = async |seed: u64| {
        let store = DelayingStore::new(MemoryStore::new(), seed);
        let tasks: Vec<_> = (0..8)
            .map(|index| {
                let store = store.clone();
                tokio::spawn(async move { store.commit(&put(index, "k")).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        store.get(&[key("k")]).await.unwrap()[0].as_ref().unwrap().version
    };
    assert_eq!(order(7).await, order(7).await);
    let mut winners = Vec::new();
    for seed in 0..20 {
        winners.push(order(seed).await);
    }
    winners.dedup();
    assert!(winners.len() > 1, "every seed gives the same order");
}
