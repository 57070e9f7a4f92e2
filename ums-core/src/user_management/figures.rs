//! What is counted: how often what ended how, and how busy the system is.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::Acting;
use super::audit::Subject;
use crate::access::{Action, Target};
use crate::hash::HashLoad;
use crate::{Error, Result};

/// What this instance has counted since it was opened, and how busy it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Figures {
    /// Log-ins, by how they ended.
    pub logins: Endings,
    /// Renewals of a session's tokens, by how they ended.
    pub refreshes: Endings,
    /// How busy hashing is.
    pub hashes: HashLoad,
    /// How many imports are under way.
    pub imports_running: u64,
    /// How many rows the imports have read that have ended.
    pub rows_imported: u64,
    /// How many events the log has taken.
    pub events_recorded: u64,
    /// How many events were dropped, since the log's sink was slow or down.
    pub events_dropped: u64,
}

/// How often something ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endings {
    /// It was done.
    pub done: u64,
    /// It was refused: wrong credentials, a token that is not valid.
    pub refused: u64,
    /// It was not even looked at, since too many attempts came before it.
    pub throttled: u64,
    /// The system was too busy, or the store did not answer.
    pub failed: u64,
}

/// Counts, as they go on.
#[derive(Debug, Default)]
pub(super) struct Counters {
    logins: Counter,
    refreshes: Counter,
    imports_running: watch::Sender<u64>,
    rows_imported: AtomicU64,
}

#[derive(Debug, Default)]
struct Counter([AtomicU64; 4]);

impl Counter {
    fn count(&self, error: Option<&Error>) {
        let [done, refused, throttled, failed] = &self.0;
        let ending = match error {
            None => done,
            Some(Error::TooManyRequests { .. }) => throttled,
            Some(Error::Overloaded { .. } | Error::Store(_) | Error::Internal(_)) => failed,
            Some(_) => refused,
        };
        ending.fetch_add(1, Ordering::Relaxed);
    }

    fn endings(&self) -> Endings {
        let [done, refused, throttled, failed] = self.0.each_ref().map(|count| count.load(Ordering::Relaxed));
        Endings { done, refused, throttled, failed }
    }
}

impl Counters {
    /// Counts what the log is told of, where it is one of those that are counted.
    pub(super) fn count(&self, action: &str, error: Option<&Error>) {
        match action {
            "auth.login" => self.logins.count(error),
            "auth.refresh" => self.refreshes.count(error),
            _ => {}
        }
    }

    pub(super) fn rows_imported(&self, rows: u64) {
        self.rows_imported.fetch_add(rows, Ordering::Relaxed);
    }

    /// An import that is under way for as long as this is held.
    pub(super) fn import(&self) -> Running<'_> {
        self.imports_running.send_modify(|count| *count += 1);
        Running(&self.imports_running)
    }

    /// Waits until no import is under way, and the log was told how each ended.
    pub(super) async fn no_imports(&self) {
        // An error says that there is nobody left to count.
        drop(self.imports_running.subscribe().wait_for(|count| *count == 0).await);
    }
}

/// Something that is under way; dropped also where it was called off.
pub(super) struct Running<'a>(&'a watch::Sender<u64>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Acting {
    /// What the system has counted, and how busy it is: for an administrator.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] for another account; [`Error::InvalidAccessToken`] for somebody unknown.
    pub fn figures(&self) -> Result<Figures> {
        if let Err(error) = self.actor.may(Action::ReadMetrics, &Target::default()) {
            if matches!(error, Error::Forbidden) {
                self.tell("metrics.read", Subject::default(), Some(&error));
            }
            return Err(error);
        }
        let parts = self.parts();
        let counters = &parts.counters;
        Ok(Figures {
            logins: counters.logins.endings(),
            refreshes: counters.refreshes.endings(),
            hashes: parts.auth.hasher.load(),
            imports_running: *counters.imports_running.borrow(),
            rows_imported: counters.rows_imported.load(Ordering::Relaxed),
            events_recorded: parts.log.recorded(),
            events_dropped: parts.log.dropped(),
        })
    }
}
