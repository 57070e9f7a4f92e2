//! What an import costs beside its two limits: reading the same workbook alone, and redb alone taking the very same
//! keys and values in the same batches.
//!
//! `cargo bench -p ums-benches --bench import` measures the three in turn, several rounds of each, and prints medians
//! and ratios. The machine's speed cancels out of a ratio; the times do not carry over.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench reports to a person"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::fs::File;
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ums_core::import::{ImportLimits, ImportOptions, SheetEvent, SheetRow, WorkbookReader};
use ums_core::store::{Commit, CommitId, Key, Op, Outcome, Store, Write as Put};
use ums_store_memory::MemoryStore;
use ums_store_redb::RedbStore;
use ums_testkit::Fixture;
use ums_testkit::stores::RecordingStore;
use ums_testkit::workbook::users;

const ROWS: u32 = 50_000;
const ROUNDS: usize = 7;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let workbook = users(ROWS).bytes();
        let commits = recorded(&workbook).await;
        let entries: usize = commits.iter().map(|commit| puts(commit).count()).sum();
        println!(
            "{ROWS} users, {:.1} entries each, {} commits",
            entries as f64 / f64::from(ROWS),
            commits.len()
        );
        let (mut reading, mut storing, mut importing) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            reading.push(read(&workbook));
            storing.push(store_alone(&commits, round as u128).await);
            importing.push(import(&workbook).await);
        }
        let (reading, storing, importing) = (median(reading), median(storing), median(importing));
        for (what, time) in [("reading alone", reading), ("redb alone", storing), ("import", importing)] {
            println!("{what:>14}: {:>9.0} rows/s (median of {ROUNDS})", f64::from(ROWS) / time.as_secs_f64());
        }
        println!("import / redb alone: {:.2}", storing.as_secs_f64() / importing.as_secs_f64());
        println!("import / reading alone: {:.2}", reading.as_secs_f64() / importing.as_secs_f64());
    });
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn read(workbook: &[u8]) -> Duration {
    let file = file(workbook);
    let start = Instant::now();
    let mut reader = WorkbookReader::open(file, &ImportLimits::default()).unwrap();
    let mut rows = 0;
    let read = reader.read(&ImportOptions::new(), |event| {
        rows += u32::from(matches!(event, SheetEvent::Row(SheetRow::User(_))));
        ControlFlow::Continue(())
    });
    assert!(read.unwrap().is_continue());
    assert_eq!(rows, ROWS);
    start.elapsed()
}

async fn import(workbook: &[u8]) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(directory.path().join("ums.redb")).unwrap();
    let fixture = Fixture::on(Arc::new(store)).await;
    let file = file(workbook);
    let start = Instant::now();
    let report = fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap();
    assert_eq!(report.users.created, u64::from(ROWS));
    start.elapsed()
}

async fn store_alone(commits: &[Commit], round: u128) -> Duration {
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(directory.path().join("ums.redb")).unwrap();
    let start = Instant::now();
    for (number, commit) in commits.iter().enumerate() {
        let ops = puts(commit).map(|(key, value)| Op::put(key, value));
        let commit = Commit::new(CommitId::from_u128((round << 64) | (number as u128 + 1)), ops);
        assert_eq!(store.commit(&commit).await.unwrap(), Outcome::Applied);
    }
    start.elapsed()
}

fn puts(commit: &Commit) -> impl Iterator<Item = (Key, Arc<str>)> {
    commit.ops().iter().filter_map(|op| match &op.write {
        Put::Put { value, .. } => Some((op.key.clone(), value.clone())),
        _ => None,
    })
}

/// The commits that an import makes, on a store that grants as much as redb does.
async fn recorded(workbook: &[u8]) -> Vec<Commit> {
    let directory = tempfile::tempdir().unwrap();
    let limits = RedbStore::open(directory.path().join("ums.redb")).unwrap().limits();
    let store = RecordingStore::new(MemoryStore::with_limits(limits));
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    fixture.ums.system().import_workbook(file(workbook), &ImportOptions::new()).await.unwrap();
    store.commits().into_iter().filter(|commit| puts(commit).next().is_some()).collect()
}
