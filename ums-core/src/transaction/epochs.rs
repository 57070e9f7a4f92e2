//! What has been committed to users, as a count: so that who keeps what they read knows when it may have changed.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use ums_store::{Commit, Write};

use crate::keyspace::{self, Partition};

/// How many counts there are. Users share them: a commit to one lets what was kept of a few others be read again, too.
const COUNTS: usize = 4096;

/// A count for each few users, which grows with every commit to one of them, whatever came of it.
#[derive(Debug)]
pub(super) struct Epochs {
    counts: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// How often something was committed to a user's partition, so far, by this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Default for Epochs {
    fn default() -> Self {
        let counts = std::iter::repeat_with(AtomicU64::default).take(COUNTS).collect();
        Self { counts, hasher: RandomState::new() }
    }
}

impl Epochs {
    pub(super) fn of(&self, partition: &Partition) -> Epoch {
        let count = self.count(partition.as_str());
        Epoch(count.map_or(0, |count| count.load(Ordering::SeqCst)))
    }

    /// What lets the counts grow when it is dropped: when the commit has ended, however it did, and also where who
    /// waited for it is gone.
    pub(super) fn on_end_of<'a>(&'a self, commit: &Commit) -> Ending<'a> {
        let written = commit.ops().iter().filter(|op| op.write != Write::Nothing);
        let partitions = written.map(|op| op.key.partition()).filter(|name| keyspace::is_of_user(name));
        let partitions: BTreeSet<&str> = partitions.collect();
        Ending(partitions.into_iter().filter_map(|name| self.count(name)).collect())
    }

    fn count(&self, partition: &str) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(partition);
        let index = hash.checked_rem(self.counts.len() as u64)?;
        self.counts.get(usize::try_from(index).ok()?)
    }
}

#[derive(Debug)]
pub(super) struct Ending<'a>(Vec<&'a AtomicU64>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        for count in &self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}
