//! An import of 20,000 rows that is interrupted again and again, and goes on each time: nothing is lost, nothing is done
//! twice, and the report is the one of an import that nobody interrupted.
//!
//! Most interruptions are power cuts of the store within this process, some are a SIGKILL of another one. The seed is
//! printed; run it again with `UMS_IMPORT_SEED=seed cargo test -p ums-core --test import_crash`. When a kill arrives is
//! the system's to say, though. `cargo xtask import-crash` runs it for longer.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]
#![allow(clippy::print_stdout, reason = "a person repeats a run by its seed")]

mod cuts;
mod kills;

use std::env;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ums_core::import::{ImportOptions, ImportReport, ImportStatus, WorkbookDirectory};
use ums_core::model::ImportId;
use ums_core::store::{Limits, Scan, Store};
use ums_store_memory::MemoryStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, SeededRandom};

const ROWS: u32 = 20_000;

/// Where a child finds the workbook, since it takes longer to make than to import.
const WORKBOOK: &str = "UMS_IMPORT_WORKBOOK";

/// Batches of some 120 rows, so that there are many points to be interrupted at.
const LIMITS: Limits = Limits::FLOOR.with_operations(3_000).with_commit_bytes(4_000_000);

#[expect(clippy::disallowed_methods, reason = "how a developer repeats a run, and a test talks to its child")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    variable(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn chance() -> SeededRandom {
    let seed = number("UMS_IMPORT_SEED", RandomState::new().hash_one(0_u8));
    println!("UMS_IMPORT_SEED={seed}");
    SeededRandom::new(seed)
}

/// Of every 100 rows one is no address and one repeats the row before; departments are made on the way.
fn workbook() -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes()).unwrap();
    file.rewind().unwrap();
    file
}

fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| match variable(WORKBOOK) {
        Some(path) => std::fs::read(path).unwrap(),
        None => make(),
    })
}

fn make() -> Vec<u8> {
    let heading = ["email", "external_id", "full_name", "department", "organisation"].map(str::to_owned);
    let rows = (0..ROWS).map(|number| {
        let person = if number % 100 == 99 { number - 1 } else { number };
        let email =
            if number % 100 == 50 { "nobody".to_owned() } else { format!("person{person}@example.com") };
        let department = format!("Department {}", number / 1_000);
        [email, format!("{person:07}"), format!("Person {number}"), department, "Tech Corp".to_owned()]
    });
    let departments =
        [["name", "parent", "organisation"], ["Ops", "Board", "Tech Corp"], ["Board", "", "Tech Corp"]];
    let maker = WorkbookMaker::new()
        .sheet("organisations", [["name"], ["Tech Corp"]])
        .sheet("departments", departments)
        .sheet("users", std::iter::once(heading).chain(rows));
    maker.bytes()
}

/// What comes of it where nobody interrupts.
async fn undisturbed() -> ImportReport {
    let fixture = Fixture::on(Arc::new(MemoryStore::with_limits(LIMITS))).await;
    let report = fixture.ums.system().import_workbook(workbook(), &ImportOptions::new()).await.unwrap();
    let users = &report.users;
    assert_eq!((users.read, users.created, users.failed), (20_000, 19_600, 400));
    assert_eq!((report.departments.created, report.organisations.created), (22, 1));
    assert_eq!(report.status, ImportStatus::SucceededWithErrors);
    report
}

/// An instance as the nth to meet the store: those before are gone long enough for their leases to have run out.
async fn instance(store: Arc<dyn Store>, folder: &Path, nth: u64) -> Fixture {
    let files = WorkbookDirectory::open(folder).unwrap();
    let clock = ums_testkit::FixedClock::new();
    clock.advance(Duration::from_secs(120 * nth));
    Fixture::with(store, |builder| {
        let builder = builder.clock(Arc::new(clock)).random(Arc::new(SeededRandom::new(0x1000 + nth)));
        builder.import_files(Arc::new(files)).resume_imports(false)
    })
    .await
}

/// Everything of a report but what differs from import to import.
fn essence(report: &ImportReport) -> String {
    let mut value = serde_json::to_value(report).unwrap();
    for name in ["id", "started_at", "finished_at"] {
        value[name].take();
    }
    value.to_string()
}

/// Looks at a store that an interruption left: the users that are there are those that the job says were made.
///
/// Gives how many rows were done, or `None` where the import has not come in yet.
async fn look(store: &dyn Store) -> Option<u64> {
    let mut jobs = every(store, "import/000000000001").await;
    jobs.retain(|(sort, _)| sort == "job");
    let addresses = every(store, "users/0").await.len() as u64;
    let Some((_, job)) = jobs.pop() else {
        assert_eq!(addresses, 0, "there are users, and no import");
        return None;
    };
    let job: serde_json::Value = serde_json::from_str(&job).unwrap();
    let counts = &job["data"]["counts"]["users"];
    assert_eq!(counts["created"], addresses, "{job}");
    let done = counts["created"].as_u64().unwrap() + counts["failed"].as_u64().unwrap();
    assert_eq!(counts["read"], done, "{job}");
    job["data"]["accepted"].as_bool().unwrap().then_some(done)
}

async fn every(store: &dyn Store, partition: &str) -> Vec<(String, String)> {
    let mut scan = Scan::partition(partition).limit(1_000);
    let mut found = Vec::new();
    loop {
        let page = store.scan(&scan).await.unwrap();
        found.extend(page.items.into_iter().map(|item| (item.sort, item.entry.value.to_string())));
        match page.next {
            Some(next) => scan = scan.after(next),
            None => return found,
        }
    }
}

/// Looks at an import that has ended after all: it is as if nobody had interrupted it.
async fn look_at_the_end(fixture: &Fixture, expected: &ImportReport) {
    let id = ImportId::try_from(1).unwrap();
    let report = fixture.ums.system().import(id).await.unwrap();
    assert_eq!(essence(&report), essence(expected));
    fixture.verify().await;
}
