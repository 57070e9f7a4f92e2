//! The store keeps the ten promises: by itself, behind a pointer, and across reopening.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::sync::Arc;

use tempfile::TempDir;
use ums_store::{Limits, Store, conformance};
use ums_store_redb::{RedbStore, RedbStoreBuilder};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_store_for_all_cases() {
    let folder = folder();
    let store = RedbStore::open(folder.path().join("ums.redb")).unwrap();
    assert_eq!(store.limits(), RedbStoreBuilder::LIMITS);
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shared_pointer_to_a_store_of_the_floor() {
    let folder = folder();
    let store = RedbStore::builder().limits(Limits::FLOOR).open(folder.path().join("ums.redb")).unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

/// No room in the cache, and one commit at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_tightest_settings() {
    let folder = folder();
    let builder = RedbStore::builder().limits(Limits::FLOOR).cache_bytes(0).queue(1);
    let store = builder.open(folder.path().join("ums.redb")).unwrap();
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_applied_is_there_after_reopening() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    conformance::run_durable(move || {
        let path = path.clone();
        async move { RedbStore::open(path).unwrap() }
    })
    .await
    .assert_passed();
}
