//! What an export costs in time and in memory, over a redb file: of 100,000 users and of as many as are asked for.
//!
//! `cargo bench -p ums-benches --bench export -- 1000000`. Each store is filled by one process and exported by another, so that
//! what filling left in memory is not counted.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench reports to a person"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::env;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use ums_core::export::ExportOptions;
use ums_core::import::ImportOptions;
use ums_core::{PageLimit, PageRequest, UserFilter};
use ums_store_redb::RedbStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::WorkbookMaker;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match arguments.first().map(String::as_str) {
        Some("fill") => runtime.block_on(fill(Path::new(&arguments[1]), arguments[2].parse().unwrap())),
        Some("export") => runtime.block_on(export(Path::new(&arguments[1]))),
        most => {
            let most = most.map(|most| most.parse().unwrap());
            for users in [Some(100_000), most].into_iter().flatten() {
                measure(users);
            }
        }
    }
}

fn measure(users: u32) {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("ums.redb");
    let run = |arguments: &[&str]| {
        let ended = Command::new(env::current_exe().unwrap()).args(arguments).status().unwrap();
        assert!(ended.success());
    };
    let path = store.to_str().unwrap();
    run(&["fill", path, &users.to_string()]);
    run(&["export", path]);
}

async fn fill(path: &Path, users: u32) {
    const STEP: u32 = 50_000;
    let fixture = Fixture::on(Arc::new(RedbStore::open(path).unwrap())).await;
    fixture.organisation("Tech Corp").await;
    for first in (0..users).step_by(STEP as usize) {
        let headings = ["email", "external_id", "full_name", "department", "organisation"].map(str::to_owned);
        let rows = (first..users.min(first + STEP)).map(|number| {
            [
                format!("person{number}@example.com"),
                format!("{number:07}"),
                format!("Person {number}"),
                format!("Department {}", number % 1000),
                "Tech Corp".to_owned(),
            ]
        });
        let workbook = WorkbookMaker::new().sheet("users", std::iter::once(headings).chain(rows)).bytes();
        let mut file: File = tempfile::tempfile().unwrap();
        file.write_all(&workbook).unwrap();
        file.rewind().unwrap();
        let report = fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap();
        assert_eq!(report.users.failed, 0);
    }
}

async fn export(path: &Path) {
    let fixture = Fixture::on(Arc::new(RedbStore::open(path).unwrap())).await;
    // Lists of everything fill the store's cache before, up to what it may hold: that is no cost of an export.
    let mut request = PageRequest::new(PageLimit::MAXIMUM, None);
    loop {
        let page = fixture.ums.system().users(&UserFilter::default(), &request).await.unwrap();
        let Some(cursor) = page.next_cursor else { break };
        request.cursor = Some(cursor);
    }
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let idle = peak();
    let start = Instant::now();
    let exported = fixture.ums.system().export_users(&ExportOptions::new()).await.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} users: {seconds:.1} s, {:.0} rows/s, file {:.1} MB, peak {} KiB over idle ({idle} KiB)",
        exported.users,
        exported.users as f64 / seconds,
        exported.file.metadata().unwrap().len() as f64 / 1e6,
        peak().saturating_sub(idle),
    );
}

/// The most memory that the process has had resident since this was reset, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
