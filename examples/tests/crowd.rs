//! A crowd that logs in all at once: the server's memory stays bounded, and it answers everybody.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rust_xlsxwriter::Workbook;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use support::{Client, PASSWORD, Server};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;

const CROWD: usize = 1_000;
/// Hashes at once.
const PERMITS: u64 = 2;
/// Log-ins to each account, right and wrong ones: no more than are let through without a delay.
const EACH: usize = 5;
const ACCOUNTS: usize = CROWD / 2 / EACH;

const MB: u64 = 1_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_log_in_at_once_within_bounded_memory() {
    raise_open_files();
    let directory = tempfile::tempdir().unwrap();
    make_accounts(directory.path()).await;

    // Started anew: nothing has been hashed by this process.
    let server = Server::start_with(directory.path(), &[("PASSWORD_HASH_CONCURRENCY", &PERMITS.to_string())]);
    let anyone = Client::new(&server.url);
    anyone.get("/healthz").await.expect(200);
    let idle = status(server.id(), "VmRSS");

    let (ended, end) = watch::channel(false);
    let health = tokio::spawn(watch_health(Client::new(&server.url), end));
    let answers = log_in_at_once(&anyone).await;
    ended.send(true).unwrap();
    let healthy = health.await.unwrap();

    let peak = status(server.id(), "VmHWM");
    println!(
        "idle {} kB, peak {} kB, {healthy} looks at /healthz, answers {answers:?}",
        idle / 1_000,
        peak / 1_000
    );
    assert_eq!(answers.values().sum::<usize>(), CROWD);
    assert!(answers.keys().all(|status| [200, 401, 429, 503].contains(status)), "{answers:?}");
    assert!([200, 401].iter().any(|status| answers.contains_key(status)), "{answers:?}");
    assert!(healthy > 0);
    assert!(peak <= idle + PERMITS * 20 * MB + 40 * MB, "idle {idle}, peak {peak}");
}

/// Logs a crowd in, each on a connection of its own; gives how many answers there were of each status.
async fn log_in_at_once(anyone: &Client) -> BTreeMap<u16, usize> {
    let start = Arc::new(Barrier::new(CROWD));
    let mut crowd = JoinSet::new();
    for number in 0..CROWD {
        let account = number / 2 % ACCOUNTS;
        let (email, password) = match number % 4 {
            0 => (format!("user{account}@example.com"), PASSWORD),
            2 => (format!("user{account}@example.com"), "WrongPassword1234"),
            _ => (format!("nobody{number}@example.com"), PASSWORD),
        };
        let (anyone, start) = (anyone.clone(), start.clone());
        crowd.spawn(async move {
            let credentials = json!({"email": email, "password": password});
            start.wait().await;
            anyone.post("/auth/login", credentials).await
        });
    }
    let mut answers = BTreeMap::new();
    while let Some(answer) = crowd.join_next().await {
        let answer = answer.unwrap();
        let status = answer.status.as_u16();
        if [429, 503].contains(&status) {
            let wait: u64 = answer.retry_after.as_deref().expect("Retry-After").parse().expect("seconds");
            assert!(wait > 0, "{answer:?}");
        }
        *answers.entry(status).or_default() += 1;
    }
    answers
}

/// Looks at the server's health again and again until the end; gives how often.
async fn watch_health(client: Client, end: watch::Receiver<bool>) -> usize {
    let mut looks = 0;
    while !*end.borrow() {
        client.get("/healthz").await.expect(200);
        looks += 1;
    }
    looks
}

async fn make_accounts(directory: &Path) {
    let mut server = Server::start(directory);
    let anyone = Client::new(&server.url);
    let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
    anyone.post("/auth/register", ada).await.expect(201);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, heading) in ["email", "full_name", "password"].into_iter().enumerate() {
        sheet.write_string(0, column as u16, heading).unwrap();
    }
    for number in 0..ACCOUNTS {
        let cells = [format!("user{number}@example.com"), format!("User {number}"), PASSWORD.to_owned()];
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(number as u32 + 1, column as u16, cell).unwrap();
        }
    }
    let ada = anyone.login("ada@example.com").await;
    let report = ada.upload("/import/excel", workbook.save_to_buffer().unwrap()).await.expect(200);
    assert_eq!(report["users"]["created"], ACCOUNTS, "{report:#}");
    drop((ada, anyone));
    server.terminate();
    assert!(server.wait().success());
}

/// A size in a process's status, in bytes.
fn status(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kibibytes: u64 = line.and_then(|size| size.trim().strip_suffix(" kB")).unwrap().parse().unwrap();
    kibibytes * 1024
}

/// A connection for each of the crowd, at both ends, is more than many machines grant at first.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}
