//! Measures what checking the whole file costs when a store is opened:
//!
//! ```text
//! cargo run --release -p ums-store-redb --example opening
//! ```
//!
//! Prints the milliseconds that opening takes with the check and without, and how much of the file the check reads
//! in a second. The file is in the system's cache: a cold disk adds its own time.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use ums_store::{Commit, CommitId, Key, Op, Store};
use ums_store_redb::{OpenError, RedbStore};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    println!("{:>9} {:>9} {:>12} {:>12} {:>9}", "entries", "MB", "checked ms", "unchecked ms", "MB/s");
    let folder = tempfile::tempdir()?;
    for entries in [1_000, 10_000, 100_000, 400_000] {
        let path = folder.path().join(format!("{entries}.redb"));
        fill(&path, entries).await?;
        let megabytes = std::fs::metadata(&path)?.len() as f64 / 1e6;
        let mut best = [Duration::MAX; 2];
        for _ in 0..5 {
            best = [best[0].min(open(&path, true)?), best[1].min(open(&path, false)?)];
        }
        let [checked, unchecked] = best.map(|time| time.as_secs_f64());
        println!(
            "{entries:9} {megabytes:9.1} {:12.1} {:12.1} {:9.0}",
            checked * 1e3,
            unchecked * 1e3,
            megabytes / checked
        );
    }
    Ok(())
}

fn open(path: &Path, check: bool) -> std::result::Result<Duration, OpenError> {
    let begin = now();
    let store = RedbStore::builder().check_on_open(check).open(path)?;
    let took = begin.elapsed();
    drop(store);
    Ok(took)
}

async fn fill(path: &Path, entries: usize) -> Result<()> {
    let store = RedbStore::open(path)?;
    let value = "x".repeat(300);
    for begin in (0..entries).step_by(10_000) {
        let key = |index: usize| Key::new(format!("user/{index:012}"), "profile");
        let ops = (begin..entries.min(begin + 10_000)).map(|index| Op::put(key(index), value.as_str()));
        store.commit(&Commit::new(CommitId::from_u128(begin as u128), ops)).await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measures how long opening takes")]
fn now() -> Instant {
    Instant::now()
}
