//! Everything that the testkit's scenarios say, on the memory store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::sync::Arc;

use ums_core::store::{Limits, Store};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn they_hold_within_the_limits_that_every_store_grants() {
    let report = scenarios::run(|| Arc::new(MemoryStore::new()) as Arc<dyn Store>).await;
    report.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn they_hold_within_wider_limits() {
    let limits = Limits::FLOOR.with_operations(10_000).with_commit_bytes(64_000_000);
    let report = scenarios::run(|| Arc::new(MemoryStore::with_limits(limits)) as Arc<dyn Store>).await;
    report.assert_passed();
}
