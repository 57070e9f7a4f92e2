//! Everything that the testkit's scenarios say, on the memory store.

use std::sync::Arc;

use async_trait::async_trait;
use ums_core::store::{Commit, Direction, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn they_hold_where_pages_are_short_and_the_first_is_empty() {
    let report = scenarios::run(|| Arc::new(SparingStore(MemoryStore::new())) as Arc<dyn Store>).await;
    report.assert_passed();
}

/// Gives less in a page than it is asked for, as a store may.
#[derive(Debug)]
struct SparingStore(MemoryStore);

#[async_trait]
impl Store for SparingStore {
    fn limits(&self) -> Limits {
        self.0.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.0.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        let prefix = Key::new(scan.partition.as_str(), scan.prefix.as_str());
        let first = scan.after.is_none() && scan.direction == Direction::Ascending;
        if first && self.0.get(&[prefix]).await? == [None] {
            return Ok(Page { items: Vec::new(), next: Some(scan.prefix.clone()) });
        }
        self.0.scan(&scan.clone().limit(scan.limit.min(2))).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        self.0.commit(commit).await
    }
}
