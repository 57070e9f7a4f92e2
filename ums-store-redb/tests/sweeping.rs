//! Expired entries go: all of them, none too early, and the index of expiries never differs from the entries.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use support::Seeded;
use tempfile::TempDir;
use ums_store::{Commit, CommitId, Key, Op, Outcome, Scan, Store};
use ums_store_redb::RedbStore;

const HOUR: Duration = Duration::from_secs(3600);

struct Timed {
    store: RedbStore,
    now: Arc<AtomicU64>,
    path: PathBuf,
    _folder: TempDir,
}

impl Timed {
    fn new(sweep_every: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ums.redb");
        let now = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&now);
        let builder = RedbStore::builder().sweep_every(sweep_every);
        let store = builder.clock(move || clock.load(Ordering::SeqCst)).open(&path).unwrap();
        Self { store, now, path, _folder: folder }
    }

    fn set(&self, seconds: u64) {
        self.now.store(seconds, Ordering::SeqCst);
    }

    async fn apply(&self, id: u128, ops: impl IntoIterator<Item = Op>) {
        let outcome = self.store.commit(&Commit::new(CommitId::from_u128(id), ops)).await.unwrap();
        assert_eq!(outcome, Outcome::Applied);
    }

    async fn left(&self) -> usize {
        let mut scan = Scan::partition("p").limit(1_000);
        let mut left = 0;
        loop {
            let page = self.store.scan(&scan).await.unwrap();
            left += page.items.len();
            match page.next {
                Some(next) => scan = scan.after(next),
                None => return left,
            }
        }
    }
}

fn key(index: u64) -> Key {
    Key::new("p", format!("{index:06}"))
}

#[tokio::test]
async fn entries_go_at_their_time_and_not_before() {
    let timed = Timed::new(HOUR);
    timed.apply(1, (0..10).map(|index| Op::put(key(index), "1").expires_at(100 + index))).await;
    timed.apply(2, [Op::put(key(10), "1")]).await;
    for (now, dropped, left) in [(99, 0, 11), (100, 1, 10), (100, 0, 10), (104, 4, 6), (3_000, 5, 1)] {
        timed.set(now);
        assert_eq!(timed.store.sweep().await.unwrap(), dropped, "at {now}");
        assert_eq!(timed.left().await, left, "at {now}");
    }
    timed.apply(3, [Op::put(key(0), "1").expires_at(u64::MAX)]).await;
    timed.set(u64::MAX - 1);
    timed.store.sweep().await.unwrap();
    assert_eq!(timed.left().await, 2);
    timed.set(u64::MAX);
    timed.store.sweep().await.unwrap();
    assert_eq!(timed.left().await, 1);
}

#[tokio::test]
async fn a_later_put_outlives_the_expiry_of_an_earlier_one() {
    let timed = Timed::new(HOUR);
    timed.apply(1, (0..4).map(|index| Op::put(key(index), "1").expires_at(100))).await;
    timed.apply(2, [Op::put(key(0), "2").expires_at(200), Op::put(key(1), "2"), Op::delete(key(2))]).await;
    timed.apply(3, [Op::put(key(2), "3")]).await;
    timed.set(150);
    assert_eq!(timed.store.sweep().await.unwrap(), 1);
    let found = timed.store.get(&[key(0), key(1), key(2), key(3)]).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
    timed.set(200);
    assert_eq!(timed.store.sweep().await.unwrap(), 1);
}

#[tokio::test]
async fn one_sweep_drops_more_than_one_transaction_holds() {
    let timed = Timed::new(HOUR);
    timed.apply(1, (0..3_500).map(|index| Op::put(key(index), "1").expires_at(100 + index % 7))).await;
    timed.set(103);
    let expected = (0..3_500).filter(|index| index % 7 <= 3).count();
    assert_eq!(timed.store.sweep().await.unwrap(), expected as u64);
    assert_eq!(timed.left().await, 3_500 - expected);
}

/// Nobody asks: between commits, the writer looks by itself. Its answer to the second commit comes after that.
#[tokio::test]
async fn the_writer_sweeps_by_itself() {
    let timed = Timed::new(Duration::from_secs(10));
    timed.apply(1, [Op::put(key(0), "1").expires_at(100), Op::put(key(1), "1").expires_at(1_000)]).await;
    timed.set(200);
    timed.apply(2, [Op::put(key(2), "1")]).await;
    timed.apply(3, [Op::put(key(3), "1")]).await;
    assert_eq!(timed.left().await, 3);
    // A clock that was set back does not stop it.
    timed.set(50);
    timed.apply(4, [Op::put(key(4), "1").expires_at(20)]).await;
    timed.set(70);
    timed.apply(5, [Op::delete(key(5))]).await;
    timed.apply(6, [Op::delete(key(5))]).await;
    assert_eq!(timed.left().await, 3);
}

#[tokio::test]
async fn the_index_of_expiries_never_differs_from_the_entries() {
    let mut random = Seeded(42);
    let timed = Timed::new(HOUR);
    for round in 0..60 {
        let mut keys = BTreeSet::new();
        let mut ops = Vec::new();
        for _ in 0..20 {
            let key = key(random.below(60) as u64);
            if keys.insert(key.clone()) {
                ops.push(match random.below(4) {
                    0 => Op::delete(key),
                    1 => Op::put(key, "1"),
                    _ => Op::put(key, "1").expires_at(round + random.below(30) as u64),
                });
            }
        }
        timed.apply(u128::from(round) + 1, ops).await;
        timed.set(round);
        if round % 5 == 0 {
            timed.store.sweep().await.unwrap();
        }
    }
    let Timed { store, path, _folder: folder, .. } = timed;
    let expected: BTreeSet<(u64, String)> = store
        .scan(&Scan::partition("p").limit(1_000))
        .await
        .unwrap()
        .items
        .into_iter()
        .filter_map(|item| Some((item.entry.expires_at?, item.sort)))
        .collect();
    assert!(!expected.is_empty());
    store.close().await;
    assert_eq!(index(&path), expected);
    drop(folder);
}

fn index(path: &Path) -> BTreeSet<(u64, String)> {
    let expiries: TableDefinition<'_, (u64, &str, &str), ()> = TableDefinition::new("expiries");
    let database = redb::Database::open(path).unwrap();
    let table = database.begin_read().unwrap().open_table(expiries).unwrap();
    let mut rows = BTreeSet::new();
    for row in table.iter().unwrap() {
        let (key, _) = row.unwrap();
        let (time, _, sort) = key.value();
        rows.insert((time, sort.to_owned()));
    }
    rows
}
