//! An import of 20,000 rows that is interrupted again and again, and goes on each time: nothing is lost, nothing is done
//! twice, and the report is the one of an import that nobody interrupted.
//!
//! Most interruptions are a SIGKILL of a process, some are power cuts of the store within this one. The seed is printed; run
//! it again with `UMS_IMPORT_SEED=seed cargo test -p ums-core --test import_crash`. Between the threads of a process it is
//! the system's to say who comes first, though. `cargo xtask import-crash` runs it for longer.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]
#![allow(clippy::print_stdout, reason = "a person repeats a run by its seed")]

mod cuts;
mod kills;
mod looking;
mod trap;

use std::env;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use looking::{Standing, look, look_at_the_end, the_import};
use ums_core::import::{ImportOptions, ImportReport, ImportStatus, WorkbookDirectory};
use ums_core::store::{Limits, Store};
use ums_store_memory::MemoryStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{FixedClock, Fixture, SeededRandom};

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

fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let seed = number("UMS_IMPORT_SEED", RandomState::new().hash_one(0_u8));
        println!("UMS_IMPORT_SEED={seed}");
        seed
    })
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

/// An instance as the nth to meet the store.
async fn instance(store: Arc<dyn Store>, folder: &Path, nth: u64) -> Fixture {
    let files = WorkbookDirectory::open(folder).unwrap();
    Fixture::with(store, |builder| {
        let builder =
            builder.clock(Arc::new(clock_of(nth))).random(Arc::new(SeededRandom::new(0x1000 + nth)));
        builder.import_files(Arc::new(files)).resume_imports(false)
    })
    .await
}

/// The clock of the nth instance: those before are gone long enough for their leases to have run out.
fn clock_of(nth: u64) -> FixedClock {
    let clock = FixedClock::new();
    clock.advance(Duration::from_secs(120 * nth));
    clock
}
