//! How long a log-in takes that fails, by its reason: nothing may be learnt from the time.
//!
//! `cargo bench -p ums-benches --bench login_timing` tries four kinds of accounts in turn on redb, at the default cost
//! of hashing, none so often that it is slowed down, and prints the medians and how far they are from each other. It
//! fails where one is neither within 2 % nor within 1 ms of a wrong password's.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench reports to a person"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::fs::File;
use std::io::{Seek, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ums_core::import::ImportOptions;
use ums_core::{Credentials, Error, HashOptions, Origin, Password, ThrottleOptions};
use ums_store_redb::RedbStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, PASSWORD};

const SAMPLES: usize = 2_000;
/// Attempts at one account: as many as cost no delay.
const ATTEMPTS: usize = 5;
const ACCOUNTS: usize = SAMPLES / ATTEMPTS;

/// The allowances; either will do.
const RATIO: f64 = 0.02;
const DIFFERENCE: f64 = 1.0;

/// Why a log-in fails, with the beginning of the accounts' addresses and the password that is tried.
const KINDS: [(&str, &str, &str); 4] = [
    ("wrong password", "active", "WrongPassword1234"),
    ("unknown account", "unknown", PASSWORD),
    ("suspended", "suspended", PASSWORD),
    ("invited", "invited", PASSWORD),
];

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(directory.path().join("ums.redb")).unwrap();
    let times = runtime.block_on(async {
        let fixture = Fixture::with(Arc::new(store), |builder| {
            builder.hashing(HashOptions::new()).throttle(ThrottleOptions::new())
        })
        .await;
        make_accounts(&fixture).await;
        measure(&fixture).await
    });
    report(times)
}

/// Accounts of each kind; those that can't log in for another reason have the password that is tried.
async fn make_accounts(fixture: &Fixture) {
    fixture.register("admin@example.com").await;
    let heading = ["email", "full_name", "status", "password"].map(str::to_owned);
    let account = |kind: &str, number: usize, status: &str, password: &str| {
        [address(kind, number), "Somebody".to_owned(), status.to_owned(), password.to_owned()]
    };
    let rows = (0..ACCOUNTS).flat_map(|number| {
        [
            account("active", number, "active", PASSWORD),
            account("suspended", number, "suspended", PASSWORD),
            account("invited", number, "invited", ""),
        ]
    });
    let workbook = WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows));
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&workbook.bytes()).unwrap();
    file.rewind().unwrap();
    let report = fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap();
    assert_eq!(report.users.created, 3 * ACCOUNTS as u64, "{:?}", report.errors);
}

/// The kinds in turn, each turn beginning with another one, each sample from a client's address of its own.
async fn measure(fixture: &Fixture) -> [Vec<Duration>; 4] {
    let mut times: [Vec<Duration>; 4] = Default::default();
    for sample in 0..SAMPLES {
        for turn in 0..KINDS.len() {
            let kind = (sample + turn) % KINDS.len();
            let (_, name, password) = KINDS[kind];
            let credentials =
                Credentials { email: address(name, sample % ACCOUNTS), password: Password::new(password) };
            let number = u32::try_from(sample * KINDS.len() + kind).unwrap();
            let client = Origin::new().ip(IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + number)));
            let anonymous = fixture.ums.anonymous().with(client);
            let start = Instant::now();
            let refused = anonymous.login(&credentials).await;
            times[kind].push(start.elapsed());
            assert!(matches!(refused, Err(Error::InvalidCredentials)), "{name}: {refused:?}");
        }
    }
    times
}

fn address(kind: &str, number: usize) -> String {
    format!("{kind}{number}@example.com")
}

fn report(times: [Vec<Duration>; 4]) -> ExitCode {
    let medians = times.map(median);
    let wrong = medians[0];
    println!("{SAMPLES} log-ins of each kind, in turn, on redb; medians");
    let mut alike = true;
    for ((name, ..), time) in KINDS.into_iter().zip(medians) {
        let (ratio, difference) = (time / wrong, time - wrong);
        let within = (ratio - 1.0).abs() <= RATIO || difference.abs() <= DIFFERENCE;
        alike &= within;
        let verdict = if within { "within" } else { "NOT within" };
        println!("{name:>16}: {time:.3} ms, ratio {ratio:.4}, {difference:+.3} ms: {verdict} 2 % or 1 ms");
    }
    if alike { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}
