//! Measures reading inline against reading through `spawn_blocking`, with pages in redb's cache and without:
//!
//! ```text
//! cargo run --release -p ums-store-redb --example reads
//! ```
//!
//! Prints microseconds of CPU time for each, of all threads together, and their ratio, which is what to look at.
//! `longest` is the longest that one poll of an inline read kept its thread, in 99 of 100 polls, in microseconds of
//! wall time: read it on an idle machine. Linux only: CPU time comes from `/proc`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use ums_store::{Commit, CommitId, Key, Op, Scan, Store};
use ums_store_redb::RedbStore;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ENTRIES: usize = 200_000;
const ROUNDS: usize = 100_000;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("reads.redb");
    fill(&RedbStore::open(&path)?).await?;
    println!("{:38} {:>9} {:>9} {:>6} {:>9}", "", "inline", "blocking", "ratio", "longest");
    for (name, cache_bytes) in [("cached", 512 << 20), ("not cached by redb", 0)] {
        let store = RedbStore::builder().cache_bytes(cache_bytes).open(&path)?;
        for read in [Read::Get(1), Read::Get(32), Read::Get(320), Read::Scan(20), Read::Scan(1_000)] {
            for at_once in [1, 64] {
                compare(&format!("{name}, {read:?}, {at_once} at once"), &store, read, at_once).await?;
            }
        }
    }
    Ok(())
}

async fn compare(name: &str, store: &RedbStore, read: Read, at_once: usize) -> Result<()> {
    let rounds = ROUNDS / read.entries().min(100);
    // Turn about, the better of three.
    let mut best = [f64::MAX; 2];
    let mut longest = Duration::MAX;
    for _ in 0..3 {
        let (inline, poll) = measure(store, read, rounds, at_once, false).await?;
        let (blocking, _) = measure(store, read, rounds, at_once, true).await?;
        best = [best[0].min(inline), best[1].min(blocking)];
        longest = longest.min(poll);
    }
    let [inline, blocking] = best;
    let longest = longest.as_secs_f64() * 1e6;
    println!("{name:38} {inline:9.1} {blocking:9.1} {:6.1} {longest:9.1}", blocking / inline);
    Ok(())
}

/// The CPU time per read, in microseconds, and the 99th percentile of a poll.
async fn measure(
    store: &RedbStore,
    read: Read,
    rounds: usize,
    at_once: usize,
    blocking: bool,
) -> Result<(f64, Duration)> {
    let begin = cpu_seconds()?;
    let tasks: Vec<_> = (0..at_once)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut polls = Vec::new();
                for round in 0..rounds / at_once {
                    let seed = (task * 7_919 + round) * 104_729;
                    if blocking {
                        let (store, handle) = (store.clone(), Handle::current());
                        tokio::task::spawn_blocking(move || handle.block_on(read.run(&store, seed)))
                            .await??;
                    } else {
                        timed(read.run(&store, seed), &mut polls).await?;
                    }
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(polls)
            })
        })
        .collect();
    let mut polls = Vec::new();
    for task in tasks {
        polls.extend(task.await??);
    }
    let each = (cpu_seconds()? - begin) * 1e6 / (rounds / at_once * at_once) as f64;
    polls.sort();
    Ok((each, polls.get(polls.len() * 99 / 100).copied().unwrap_or_default()))
}

/// User and system time of this process: fields 14 and 15 of its line, in hundredths of a second.
fn cpu_seconds() -> Result<f64> {
    let line = std::fs::read_to_string("/proc/self/stat")?;
    let fields = line.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}

async fn timed<T>(future: impl Future<Output = T> + Send, polls: &mut Vec<Duration>) -> T {
    let mut future = pin!(future);
    poll_fn(|context| {
        let begin = now();
        let polled = future.as_mut().poll(context);
        polls.push(begin.elapsed());
        polled
    })
    .await
}

#[derive(Clone, Copy, Debug)]
enum Read {
    Get(usize),
    Scan(usize),
}

impl Read {
    fn entries(self) -> usize {
        let (Self::Get(count) | Self::Scan(count)) = self;
        count
    }

    async fn run(self, store: &RedbStore, seed: usize) -> Result<()> {
        match self {
            Self::Get(count) => {
                let keys: Vec<Key> =
                    (0..count).map(|index| key((seed + index * 15_485_863) % ENTRIES)).collect();
                let found = store.get(&keys).await?.into_iter().flatten().count();
                assert_eq!(found, count);
            }
            Self::Scan(count) => {
                let after = format!("{:08}", seed % (ENTRIES - 2 * count));
                let page = store.scan(&Scan::partition("p").after(after).limit(count)).await?;
                assert_eq!(page.items.len(), count);
            }
        }
        Ok(())
    }
}

fn key(index: usize) -> Key {
    Key::new("p", format!("{index:08}"))
}

async fn fill(store: &RedbStore) -> Result<()> {
    let value = "x".repeat(300);
    for (number, begin) in (0..ENTRIES).step_by(20_000).enumerate() {
        let ops = (begin..begin + 20_000).map(|index| Op::put(key(index), value.as_str()));
        store.commit(&Commit::new(CommitId::from_u128(number as u128), ops)).await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measures how long reads take")]
fn now() -> Instant {
    Instant::now()
}
