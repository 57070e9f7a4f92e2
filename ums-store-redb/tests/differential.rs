//! The same operations on the store in memory and on this one give the same answers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use redb::backends::InMemoryBackend;
use tokio::runtime::Runtime;
use ums_store::{Commit, CommitId, Direction, Expect, Key, Limits, Op, Scan, Store, Version, Write};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;

/// One thing to ask both stores. Keys are indexes into [`keys`], so that operations meet.
#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Draft>),
    Get(Vec<usize>),
    Scan(Scan),
    /// Lets time pass, and both stores drop what has expired.
    Pass(u64),
}

#[derive(Clone, Debug)]
struct Draft {
    key: usize,
    expect: Expected,
    write: Drafted,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Anything,
    Absent,
    /// The version that stands there, if one does.
    Current,
    /// That of an earlier commit.
    Earlier(u128),
}

#[derive(Clone, Debug)]
enum Drafted {
    Put(String, Option<u64>),
    Delete,
    Nothing,
}

const PARTITIONS: [&str; 5] = ["p", "p/", "p\0", "q", "\u{10ffff}"];
const SORTS: [&str; 12] = [
    "",
    "\0",
    "a",
    "a\0",
    "ab",
    "a\u{10ffff}",
    "b",
    "\u{7f}",
    "\u{80}",
    "\u{ffff}",
    "\u{10000}",
    "\u{10ffff}",
];

fn keys() -> Vec<Key> {
    let keys = |partition| SORTS.map(|sort| Key::new(partition, sort));
    PARTITIONS.into_iter().flat_map(keys).collect()
}

fn key() -> impl Strategy<Value = usize> {
    // Most of them in the first partition, so that operations meet.
    prop_oneof![3 => 0..SORTS.len(), 1 => 0..PARTITIONS.len() * SORTS.len()]
}

fn draft() -> impl Strategy<Value = Draft> {
    let expect = prop_oneof![
        4 => Just(Expected::Anything),
        2 => Just(Expected::Absent),
        4 => Just(Expected::Current),
        1 => (0..40_u128).prop_map(Expected::Earlier),
    ];
    let value = prop_oneof![4 => ".{0,12}", 1 => Just("long ".repeat(3_000)), 1 => Just(String::new())];
    let write = prop_oneof![
        6 => (value, proptest::option::weighted(0.3, 1..20_u64)).prop_map(|(value, after)| Drafted::Put(value, after)),
        2 => Just(Drafted::Delete),
        2 => Just(Drafted::Nothing),
    ];
    (key(), expect, write).prop_map(|(key, expect, write)| Draft { key, expect, write })
}

fn scan() -> impl Strategy<Value = Scan> {
    let partition = prop_oneof![9 => select(PARTITIONS.to_vec()), 1 => Just("")];
    let prefix = prop_oneof![2 => Just(""), 1 => select(SORTS.to_vec())];
    let after = proptest::option::of((any::<bool>(), select(SORTS.to_vec())));
    let limit = prop_oneof![20 => 1..15_usize, 1 => Just(0), 1 => Just(usize::MAX)];
    (partition, prefix, after, any::<bool>(), limit).prop_map(
        |(partition, prefix, after, descending, limit)| {
            // Most often within the prefix, for else the scan is invalid.
            let after = after
                .map(|(within, after)| if within { format!("{prefix}{after}") } else { after.to_owned() });
            let direction = if descending { Direction::Descending } else { Direction::Ascending };
            Scan { partition: partition.to_owned(), prefix: prefix.to_owned(), after, direction, limit }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(draft(), 0..6).prop_map(Step::Commit),
        2 => prop::collection::vec(key(), 0..20).prop_map(Step::Get),
        4 => scan().prop_map(Step::Scan),
        1 => (1..15_u64).prop_map(Step::Pass),
    ]
}

struct Pair {
    memory: MemoryStore,
    redb: RedbStore,
    now: Arc<AtomicU64>,
    keys: Vec<Key>,
    commits: u128,
}

impl Pair {
    fn new() -> Self {
        let now = Arc::new(AtomicU64::new(0));
        let clock = || {
            let now = Arc::clone(&now);
            move || now.load(Ordering::SeqCst)
        };
        let builder = RedbStore::builder().limits(Limits::FLOOR).sweep_every(Duration::from_secs(1 << 40));
        let redb = builder.clock(clock()).open_storage("memory", || Ok(InMemoryBackend::new())).unwrap();
        Self { memory: MemoryStore::with_clock(clock()), redb, now: now.clone(), keys: keys(), commits: 0 }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Commit(drafts) => {
                let commit = self.commit(drafts).await;
                let (memory, redb) = (self.memory.commit(&commit).await, self.redb.commit(&commit).await);
                assert_eq!(format!("{memory:?}"), format!("{redb:?}"), "of {commit:?}");
            }
            Step::Get(indexes) => {
                let keys: Vec<Key> = indexes.iter().map(|index| self.keys[*index].clone()).collect();
                let (memory, redb) =
                    (self.memory.get(&keys).await.unwrap(), self.redb.get(&keys).await.unwrap());
                assert_eq!(memory, redb, "of {keys:?}");
            }
            Step::Scan(scan) => match (self.memory.scan(scan).await, self.redb.scan(scan).await) {
                (Ok(memory), Ok(redb)) => assert_eq!(memory, redb, "of {scan:?}"),
                (memory, redb) => assert_eq!(format!("{memory:?}"), format!("{redb:?}"), "of {scan:?}"),
            },
            Step::Pass(seconds) => {
                self.now.fetch_add(*seconds, Ordering::SeqCst);
                self.redb.sweep().await.unwrap();
                // The other sweeps with its commits, which therefore write nothing here.
                let checks =
                    (0..100).map(|index| Op::check(Key::new("nowhere", index.to_string())).expect_absent());
                self.memory.commit(&Commit::new(CommitId::from_u128(u128::MAX), checks)).await.unwrap();
            }
        }
    }

    async fn commit(&mut self, drafts: &[Draft]) -> Commit {
        self.commits += 1;
        let mut ops = Vec::new();
        for Draft { key, expect, write } in drafts {
            let key = self.keys[*key].clone();
            let expect = match expect {
                Expected::Anything => Expect::Anything,
                Expected::Absent => Expect::Absent,
                Expected::Earlier(number) => Expect::At(Version::from_u128(*number)),
                Expected::Current => {
                    let entry = self.memory.get(std::slice::from_ref(&key)).await.unwrap().remove(0);
                    entry.map_or(Expect::Absent, |entry| Expect::At(entry.version))
                }
            };
            let write = match write {
                Drafted::Put(value, after) => Write::Put {
                    value: value.as_str().into(),
                    expires_at: after.map(|after| self.now.load(Ordering::SeqCst) + after),
                },
                Drafted::Delete => Write::Delete,
                Drafted::Nothing => Write::Nothing,
            };
            ops.push(Op { key, expect, write });
        }
        Commit::new(CommitId::from_u128(self.commits), ops)
    }

    async fn assert_same_contents(&self) {
        for partition in PARTITIONS {
            let scan = Scan::partition(partition).limit(1_000);
            assert_eq!(self.memory.scan(&scan).await.unwrap(), self.redb.scan(&scan).await.unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// A failure prints the steps, shrunk, and is kept in `proptest-regressions`, to be run first the next time.
    #[test]
    fn memory_and_redb_answer_alike(steps in prop::collection::vec(step(), 1..60)) {
        Runtime::new().unwrap().block_on(async {
            let mut pair = Pair::new();
            for step in &steps {
                pair.step(step).await;
            }
            pair.assert_same_contents().await;
        });
    }
}
