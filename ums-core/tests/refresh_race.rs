//! Many who refresh with one token at once get one successor. `cargo xtask refresh-race` goes on for longer.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use ums_core::store::Store;
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::refresh_race::RefreshRace;

/// How many rounds are run here; a fork would show within a few.
const ROUNDS: u64 = 200;

async fn race(store: Arc<dyn Store>) {
    let seed = 3;
    let mut race = RefreshRace::begin(store, seed).await;
    for round in 1..=ROUNDS {
        if let Err(what) = race.round().await {
            panic!("round {round}, seed {seed}: {what}");
        }
    }
    race.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_successor_each_round_in_memory() {
    race(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_successor_each_round_on_redb() {
    let directory = tempfile::tempdir().unwrap();
    race(Arc::new(RedbStore::open(directory.path().join("ums.redb")).unwrap())).await;
}
