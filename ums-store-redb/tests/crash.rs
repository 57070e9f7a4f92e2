//! A process that is killed while it writes: every acknowledged commit is there afterwards, and none in part.
//!
//! The seed is printed. Run it again with `UMS_CRASH_SEED=seed cargo test -p ums-store-redb --test crash`; when
//! exactly the kill arrives is the system's, though, so it may take several runs to meet a failure again. With
//! `UMS_CRASH_ROUNDS=1000` it runs for longer.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod support;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use support::Seeded;
use ums_store::{Commit, CommitId, Expect, Key, Op, Outcome, Scan, Store, Version};
use ums_store_redb::RedbStore;

/// How many tasks of the child write side by side, each a sequence of its own.
const TASKS: u64 = 6;

/// How many parts a commit has besides the count of its task.
const PARTS: u64 = 4;

const CHILD: &str = "UMS_CRASH_CHILD";

#[expect(clippy::disallowed_methods, reason = "how a developer repeats a run, and a test talks to its child")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    variable(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

#[tokio::test]
async fn a_killed_process_loses_nothing_acknowledged_and_tears_nothing() {
    let seed = number("UMS_CRASH_SEED", RandomState::new().hash_one(0_u8));
    println!("UMS_CRASH_SEED={seed}");
    let mut random = Seeded(seed);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ums.redb");
    let mut before = vec![0; usize::try_from(TASKS).unwrap()];
    for round in 0..number("UMS_CRASH_ROUNDS", 12) {
        // Right after the start, or after many commits.
        let most = if round % 3 == 0 { 3 } else { 400 };
        let acknowledged = kill_after(&path, random.below(most), random.below(20_000));
        let store = RedbStore::builder().check_on_open(round % 2 == 0).open(&path).unwrap();
        for task in 0..TASKS {
            let index = usize::try_from(task).unwrap();
            let count = whole(&store, task).await;
            let said = acknowledged[index].max(before[index]);
            // One commit of each task may be under way, done and not acknowledged yet.
            assert!(
                (said..=said + 1).contains(&count),
                "task {task}, round {round}: {count} there, {said} said"
            );
            before[index] = count;
        }
        drop(store);
    }
    assert!(before.iter().sum::<u64>() > TASKS, "{before:?}: the children did next to nothing");
}

/// Starts a child, reads so many acknowledgements, spins a little, kills it, and says what it had acknowledged.
fn kill_after(path: &Path, lines: usize, spins: usize) -> Vec<u64> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_that_writes", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = vec![0; usize::try_from(TASKS).unwrap()];
    let mut note = |line: &str| {
        let numbers = line.strip_prefix("done ").and_then(|line| line.split_once(' '));
        // A line that the kill cut off has no end mark.
        if let Some((task, count)) = numbers.and_then(|(task, count)| Some((task, count.strip_suffix('.')?)))
        {
            acknowledged[task.parse::<usize>().unwrap()] = count.parse().unwrap();
            return true;
        }
        false
    };
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    while seen <= lines {
        let line = output.next().expect("the child ended by itself").unwrap();
        seen += usize::from(note(&line));
    }
    for _ in 0..spins {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    // What it had acknowledged before the kill arrived.
    output.map_while(Result::ok).for_each(|line| {
        note(&line);
    });
    assert!(!child.wait().unwrap().success());
    acknowledged
}

/// Does nothing, unless it is the child of the test above: then it writes until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_writes() {
    let Some(path) = variable(CHILD) else {
        return;
    };
    let store = RedbStore::open(path).unwrap();
    println!();
    let tasks: Vec<_> = (0..TASKS).map(|task| tokio::spawn(write(store.clone(), task))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn write(store: RedbStore, task: u64) {
    let mut count = whole(&store, task).await;
    loop {
        count += 1;
        let commit = commit(task, count);
        assert_eq!(store.commit(&commit).await.unwrap(), Outcome::Applied);
        let mut output = std::io::stdout().lock();
        writeln!(output, "done {task} {count}.").unwrap();
        output.flush().unwrap();
    }
}

/// Commit number `count` of a task, from 1: raises its count, and writes parts in partitions of their own, of which
/// every other commit deletes one of the commit before.
fn commit(task: u64, count: u64) -> Commit {
    let expect = match count {
        1 => Expect::Absent,
        _ => Expect::At(version(task, count - 1)),
    };
    let mut ops = vec![Op { expect, ..Op::put(counter(task), count.to_string()) }];
    ops.extend(
        (0..PARTS).map(|part| Op::put(place(task, count, part), value(task, count, part)).expect_absent()),
    );
    if count.is_multiple_of(2) {
        ops.push(Op::delete(place(task, count - 1, 0)).expect_version(version(task, count - 1)));
    }
    Commit::new(CommitId::from_u128(version(task, count).as_u128()), ops)
}

/// The count of a task.
///
/// # Panics
///
/// If anything but the parts of that many commits is there.
async fn whole(store: &RedbStore, task: u64) -> u64 {
    let counter = store.get(&[counter(task)]).await.unwrap().remove(0);
    let count: u64 = counter.as_ref().map_or(0, |entry| entry.value.parse().unwrap());
    assert_eq!(counter.map(|entry| entry.version), (count > 0).then(|| version(task, count)), "task {task}");
    for part in 0..PARTS {
        let mut scan = Scan::partition(format!("{part}/{task}")).limit(1_000);
        let mut items = Vec::new();
        loop {
            let page = store.scan(&scan).await.unwrap();
            items.extend(page.items);
            match page.next {
                Some(next) => scan = scan.after(next),
                None => break,
            }
        }
        let deleted = |number: &u64| part == 0 && !number.is_multiple_of(2) && *number < count;
        let expected: Vec<u64> = (1..=count).filter(|number| !deleted(number)).collect();
        assert_eq!(items.len(), expected.len(), "part {part} of task {task} after {count} commits");
        for (item, number) in items.iter().zip(expected) {
            assert_eq!(item.sort, place(task, number, part).sort(), "part {part} of task {task}");
            assert_eq!(
                *item.entry.value,
                value(task, number, part),
                "part {part} of commit {number} of task {task}"
            );
            assert_eq!(
                item.entry.version,
                version(task, number),
                "part {part} of commit {number} of task {task}"
            );
        }
    }
    count
}

fn version(task: u64, count: u64) -> Version {
    Version::from_u128(u128::from(task) << 64 | u128::from(count))
}

fn counter(task: u64) -> Key {
    Key::new("counter", task.to_string())
}

fn place(task: u64, count: u64, part: u64) -> Key {
    Key::new(format!("{part}/{task}"), format!("{count:08}"))
}

fn value(task: u64, count: u64, part: u64) -> String {
    let length = usize::try_from((task + count * 31 + part * 7) % 300).unwrap();
    format!("{task} {count} {part} {}", "x".repeat(length))
}
