//! A disk that fails, fills up, panics or loses power: what the store says is true, and it recovers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod support;

use std::io::ErrorKind;

use support::disk::{Disk, How, Trouble};
use support::{Seeded, history};
use ums_store::{Error, Outcome, Store};
use ums_store_redb::{OpenError, RedbStore};

fn open(disk: &Disk) -> Result<RedbStore, OpenError> {
    let disk = disk.clone();
    // No cache, so that reads meet the disk.
    RedbStore::builder().cache_bytes(0).open_storage("disk", move || disk.open())
}

/// Hands these commits of the history over, all at once, so that groups form; in this order.
async fn commit_all(
    store: &RedbStore,
    numbers: std::ops::RangeInclusive<u64>,
) -> Vec<Result<Outcome, Error>> {
    let tasks: Vec<_> = numbers
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(&history::commit(n)).await })
        })
        .collect();
    let mut said = Vec::new();
    for task in tasks {
        said.push(task.await.unwrap());
    }
    said
}

/// How many writes the history below takes when nothing fails.
async fn writes_of(commits: u64) -> u64 {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    let before = disk.writes();
    for round in 0..commits / 4 {
        commit_all(&store, round * 4 + 1..=round * 4 + 4).await;
    }
    disk.writes() - before
}

/// Fails at every write in turn, and once more for good. Whatever was said of each commit is true, on the open store
/// and after reopening; once the disk works again, so does the store.
async fn fails_everywhere(how: How, times: u64) {
    let writes = writes_of(12).await;
    assert!(writes > 50, "{writes}");
    let mut failed = 0;
    for after in (0..writes).step_by(3) {
        let disk = Disk::default();
        let store = open(&disk).unwrap();
        disk.trouble(Trouble { after, times, how });
        let mut said = Vec::new();
        let mut next = 1;
        for _ in 0..3 {
            // A commit that did not happen leaves a gap that the next must fill.
            let group = commit_all(&store, next..=next + 3).await;
            if group.iter().any(Result::is_err) {
                disk.heal();
                // Done, or answered with an error: then the reopening is over as well.
                store.sweep().await.unwrap_or_default();
                let length = history::length(&store).await;
                said.truncate(usize::try_from(next - 1).unwrap());
                said.extend(group);
                history::assert_candid(&said, length);
                said.truncate(usize::try_from(length).unwrap());
                next = length + 1;
            } else {
                said.extend(group);
                next += 4;
            }
        }
        disk.heal();
        let goes_on = store.commit(&history::commit(next)).await.unwrap();
        assert_eq!(goes_on, Outcome::Applied, "after trouble at write {after}");
        assert_eq!(history::length(&store).await, next, "after trouble at write {after}");
        failed += disk.failed();
        drop(store);
        assert_eq!(
            history::length(&open(&disk).unwrap()).await,
            next,
            "reopened after trouble at write {after}"
        );
    }
    assert!(failed > 10, "{how:?}: {failed} failures in {writes} writes");
}

#[tokio::test]
async fn a_disk_that_fills_up_once() {
    fails_everywhere(How::Error(ErrorKind::StorageFull), 1).await;
}

#[tokio::test]
async fn a_disk_with_several_errors_in_a_row() {
    fails_everywhere(How::Error(ErrorKind::Other), 5).await;
}

#[tokio::test]
async fn a_disk_that_fails_until_it_is_mended() {
    fails_everywhere(How::Error(ErrorKind::Other), u64::MAX).await;
}

#[tokio::test]
async fn an_engine_that_panics() {
    fails_everywhere(How::Panic, 1).await;
}

/// The commit's last sync fails and so does opening again: nobody can know.
#[tokio::test]
async fn an_outcome_that_nobody_can_know_is_called_unknown() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    commit_all(&store, 1..=1).await;
    disk.trouble(Trouble { after: u64::MAX, times: 0, how: How::Panic });
    commit_all(&store, 2..=2).await;
    let writes = disk.writes();
    let mut unknown = 0;
    for after in 0..=writes {
        let next = history::length(&store).await + 1;
        disk.trouble(Trouble { after, times: u64::MAX, how: How::Error(ErrorKind::Other) });
        let said = store.commit(&history::commit(next)).await;
        disk.heal();
        store.sweep().await.unwrap();
        let length = history::length(&store).await;
        match said {
            Ok(Outcome::Applied) => assert_eq!(length, next),
            Err(Error::Unavailable { .. }) => assert_eq!(length, next - 1),
            Err(Error::Unknown { .. }) => unknown += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(unknown > 0, "no moment of {writes} leaves the outcome open");
}

/// The power fails at every write: what is left is a first part of the history, with all that was acknowledged.
#[tokio::test]
async fn a_power_failure_loses_nothing_acknowledged_and_tears_nothing() {
    let writes = writes_of(12).await;
    let mut lengths = Vec::new();
    for seed in 0..2 * writes {
        let mut random = Seeded(seed);
        let disk = Disk::default();
        let store = open(&disk).unwrap();
        let after = seed % writes;
        disk.trouble(Trouble { after, times: u64::MAX, how: How::Error(ErrorKind::Other) });
        let mut said = Vec::new();
        for round in 0..3 {
            said.extend(commit_all(&store, round * 4 + 1..=round * 4 + 4).await);
        }
        let left = disk.after_power_failure(&mut random);
        drop(store);
        let store = open(&left).unwrap_or_else(|error| panic!("seed {seed}, write {after}: {error:?}"));
        let length = history::length(&store).await;
        history::assert_candid(&said, length);
        let goes_on = store.commit(&history::commit(length + 1)).await.unwrap();
        assert_eq!(goes_on, Outcome::Applied, "seed {seed}, write {after}");
        lengths.push(length);
    }
    lengths.sort_unstable();
    lengths.dedup();
    assert!(lengths.len() > 3, "the power failed at {lengths:?} commits only");
}

/// Reading meets an error of the disk: that read is unavailable, and once the disk works, the next one is not.
#[tokio::test]
async fn a_read_error_is_unavailable_and_passes() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    commit_all(&store, 1..=20).await;
    let key = history::commit(20).ops()[0].key.clone();
    disk.trouble(Trouble { after: 0, times: 1, how: How::Read(ErrorKind::Other) });
    let mut unavailable = 0;
    for _ in 0..3 {
        match store.get(std::slice::from_ref(&key)).await {
            Err(Error::Unavailable { .. }) => unavailable += 1,
            other => panic!("{other:?}"),
        }
        if disk.failed() > 0 {
            break;
        }
    }
    assert!(unavailable > 0);
    // By the time this is answered, the writer has opened the file again.
    store.sweep().await.unwrap();
    assert!(store.get(&[key]).await.unwrap()[0].is_some());
    assert_eq!(history::length(&store).await, 20);
}

/// One sync for many: the commits that came while the disk was busy share the next group.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_wait_share_their_syncs() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    disk.hold();
    let first = {
        let store = store.clone();
        tokio::spawn(async move { store.commit(&history::commit(1)).await })
    };
    let waiting = disk.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_sync()).await.unwrap();
    let before = disk.syncs();
    // Each is handed over by its first poll.
    let commits: Vec<_> = (2..=200).map(history::commit).collect();
    let mut futures: Vec<_> = commits.iter().map(|commit| store.commit(commit)).collect();
    let first_polls = std::future::poll_fn(|context| {
        for future in &mut futures {
            assert!(future.as_mut().poll(context).is_pending());
        }
        std::task::Poll::Ready(())
    });
    // tokio would send a task that does so much to the back of its queue.
    tokio::task::unconstrained(first_polls).await;
    disk.release();
    assert_eq!(first.await.unwrap().unwrap(), Outcome::Applied);
    for future in futures {
        assert_eq!(future.await.unwrap(), Outcome::Applied);
    }
    let syncs = disk.syncs() - before;
    // Two to end the first group and two for the second; redb syncs a file that grows as well.
    assert!(syncs < 10, "{syncs} syncs for 199 commits that waited");
    assert_eq!(history::length(&store).await, 200);
}
