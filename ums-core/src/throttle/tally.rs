//! What the log is told of an attempt.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// What was counted, noted while an attempt is made.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    attempts: AtomicU64,
    exhausted: AtomicBool,
}

impl Tally {
    /// How many attempts at the account were in vain since the last that was not, those refused unverified among them;
    /// 0 where none was counted.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Relaxed)
    }

    /// Whether this attempt was the last that was verified, should it fail.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    pub(super) fn note(&self, attempts: u64, exhausted: bool) {
        self.attempts.store(attempts, Relaxed);
        self.exhausted.store(exhausted, Relaxed);
    }
}
