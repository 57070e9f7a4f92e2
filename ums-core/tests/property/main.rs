//! Whatever is asked in whatever order, every store answers the same, and holds every invariant afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

mod question;
mod strategy;
mod world;

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use redb::backends::InMemoryBackend;
use strategy::ask;
use ums_core::store::Limits;
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use world::World;

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_store_answers_the_same(asked in vec(ask(), 1..120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let wide = Limits::FLOOR.with_operations(10_000).with_commit_bytes(64_000_000);
            let redb = || Ok(InMemoryBackend::new());
            let redb = RedbStore::builder().open_storage("memory", redb).unwrap();
            let mut floor = World::on(Arc::new(MemoryStore::new())).await;
            let mut others = [
                ("memory", World::on(Arc::new(MemoryStore::with_limits(wide))).await),
                ("redb", World::on(Arc::new(redb)).await),
            ];
            for ask in &asked {
                let answer = floor.ask(ask).await;
                for (name, other) in &mut others {
                    assert_eq!(&other.ask(ask).await, &answer, "{} of {:?}", name, ask);
                }
            }
            floor.fixture.verify().await;
            for (_, other) in &others {
                other.fixture.verify().await;
            }
        });
    }
}
