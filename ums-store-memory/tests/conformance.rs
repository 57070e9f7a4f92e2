//! The memory store keeps the ten promises, by itself and behind a pointer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::sync::Arc;

use ums_store::{Limits, Store, conformance};
use ums_store_memory::MemoryStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_for_each_case() {
    conformance::run(|| async { MemoryStore::new() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_store_for_all_cases() {
    let store = MemoryStore::new();
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shared_pointer_to_any_store() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    conformance::run(|| async { store.clone() }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_of_larger_limits() {
    let limits = Limits::FLOOR.with_operations(5_000).with_commit_bytes(8_000_000);
    conformance::run(|| async move { MemoryStore::with_limits(limits) }).await.assert_passed();
}
