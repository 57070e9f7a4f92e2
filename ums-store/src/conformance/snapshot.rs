//! Rule 3: beside a writer, each entry is whole, and a scan keeps to its order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinHandle;

use super::Case;
use super::subject::{FAR, Subject, Tries};
use super::verdict::Verdict;
use crate::{Commit, Entry, Op, Scan, Version};

pub(super) fn cases() -> Vec<Case> {
    cases![NoSnapshot:
        a_get_beside_a_writer_sees_whole_entries,
        a_scan_beside_a_writer_sees_whole_entries,
        a_scan_beside_a_writer_keeps_its_order,
        a_scan_beside_a_writer_misses_nothing_that_stands,
    ]
}

async fn a_get_beside_a_writer_sees_whole_entries(subject: Subject) -> Verdict {
    let keys = subject.keys("p", 4);
    let mut writing = Writing::start(&subject);
    while writing.goes_on().await {
        for entry in subject.entries(&keys).await?.into_iter().flatten() {
            whole(&entry)?;
        }
    }
    writing.end().await
}

async fn a_scan_beside_a_writer_sees_whole_entries(subject: Subject) -> Verdict {
    let scan = Scan::partition(subject.partition("p"));
    let mut writing = Writing::start(&subject);
    while writing.goes_on().await {
        for item in subject.all(&scan).await? {
            whole(&item.entry)?;
        }
    }
    writing.end().await
}

async fn a_scan_beside_a_writer_keeps_its_order(subject: Subject) -> Verdict {
    let scan = Scan::partition(subject.partition("p")).limit(3);
    let mut writing = Writing::start(&subject);
    while writing.goes_on().await {
        let sorts: Vec<String> = subject.all(&scan).await?.into_iter().map(|item| item.sort).collect();
        ensure!(sorts.is_sorted_by(|one, next| one < next), "out of order, or twice: {sorts:?}");
    }
    writing.end().await
}

async fn a_scan_beside_a_writer_misses_nothing_that_stands(subject: Subject) -> Verdict {
    let standing = ["", "00z", "01z", "02z", "03z", "zz"];
    let partition = subject.partition("p");
    subject.fill(&partition, &standing).await?;
    let scan = Scan::partition(&partition).limit(2);
    let mut writing = Writing::start(&subject);
    while writing.goes_on().await {
        for scan in [scan.clone(), scan.clone().descending()] {
            let items = subject.all(&scan).await?;
            let missed: Vec<_> =
                standing.iter().filter(|sort| !items.iter().any(|item| item.sort == **sort)).collect();
            ensure!(missed.is_empty(), "{missed:?} stood all along, and were missed");
        }
    }
    writing.end().await
}

/// A task that replaces, deletes and puts back the keys 00 to 03 of partition `p`, again and again.
struct Writing {
    task: JoinHandle<Verdict>,
    reads: Arc<AtomicUsize>,
    last: bool,
}

impl Writing {
    fn start(subject: &Subject) -> Self {
        let reads = Arc::new(AtomicUsize::new(0));
        let (subject, seen) = (subject.clone(), Arc::clone(&reads));
        Self { task: tokio::spawn(async move { write(&subject, &seen).await }), reads, last: false }
    }

    /// Whether to read again: as long as the writer writes, and once more. Lets the writer go first, which may share
    /// a thread with the reader.
    async fn goes_on(&mut self) -> bool {
        self.reads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        !std::mem::replace(&mut self.last, self.task.is_finished())
    }

    async fn end(self) -> Verdict {
        self.task.await.unwrap_or_else(|error| Err(super::case::panicked(error)))
    }
}

/// Writes 40 times, and on until there were 20 reads beside it, so that neither is over before the other begins.
async fn write(writer: &Subject, reads: &AtomicUsize) -> Verdict {
    let keys = writer.keys("p", 4);
    let mut tries = Tries::default();
    for round in 0.. {
        if round >= 40 && reads.load(Ordering::SeqCst) >= 20 {
            break;
        }
        tries.next().await?;
        let id = writer.prepare([]).id();
        let (value, expires_at) = of_version(id.into());
        let ops = keys.iter().enumerate().map(|(index, key)| match (round + index) % 4 {
            0 => Op::delete(key.clone()),
            _ => Op::put(key.clone(), value.as_str()).expires_at(expires_at),
        });
        writer.store.commit(&Commit::new(id, ops)).await?;
    }
    Ok(())
}

/// A long value and an expiry that a version determines, so that parts of two entries never fit together.
fn of_version(version: Version) -> (String, u64) {
    let number = version.as_u128();
    (format!("{number:032x}").repeat(100), FAR + (number & 0xffff) as u64)
}

fn whole(entry: &Entry) -> Verdict {
    if entry.value.starts_with("value of") {
        return Ok(());
    }
    let (value, expires_at) = of_version(entry.version);
    ensure!(
        *entry.value == value && entry.expires_at == Some(expires_at),
        "an entry of version {} with value or expiry of another",
        entry.version
    );
    Ok(())
}
