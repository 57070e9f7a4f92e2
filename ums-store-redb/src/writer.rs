//! The one thread that writes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use redb::WriteTransaction;
use ums_store::{Error, Outcome};

use crate::engine::Engine;
use crate::error::{Cause, OpenError, Panic, cause};
use crate::group;
use crate::queue::{Job, Message};
use crate::{sweep, tables};

/// The clock, in seconds since 1970-01-01 UTC.
pub(crate) type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// After how many bytes, or operations, a group is large enough to be committed before more commits join it.
const GROUP_BYTES: usize = 16 << 20;
const GROUP_OPERATIONS: usize = 50_000;

pub(crate) struct Writer {
    engine: Arc<Engine>,
    messages: Receiver<Message>,
    clock: Clock,
    sweep_every: Duration,
    swept_at: u64,
    /// Whether the file must be opened again before anything else: redb refuses to go on after a failure.
    suspect: bool,
}

/// What was done in a transaction, and whether that has to be committed.
pub(crate) struct Work<T> {
    pub(crate) wrote: bool,
    pub(crate) done: T,
}

/// How far a transaction came before it failed.
enum Failure<T> {
    /// Nothing of it happened.
    Before(Cause),
    /// It was being committed.
    Within(Cause, T),
}

impl Writer {
    pub(crate) fn new(
        engine: Arc<Engine>,
        messages: Receiver<Message>,
        clock: Clock,
        sweep_every: Duration,
    ) -> Self {
        Self { engine, messages, clock, sweep_every, swept_at: 0, suspect: false }
    }

    /// Works until it is told to close, or no handle is left.
    pub(crate) fn run(mut self) {
        let mut waiting = None;
        let mut idle = Duration::ZERO;
        loop {
            let message = waiting.take().map_or_else(|| self.messages.recv_timeout(idle), Ok);
            match message {
                Ok(Message::Commit(job)) => waiting = self.commit(job),
                Ok(Message::Sweep(reply)) => {
                    let _ = reply.send(self.sweep_all());
                }
                Ok(Message::Reopen) => self.probe(),
                Ok(Message::Close(reply)) => {
                    self.engine.close();
                    let _ = reply.send(());
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.engine.close();
                    return;
                }
            }
            idle = self.sweep_if_due();
        }
    }

    /// Takes all commits that wait and does them. Gives back a message of another kind that came between.
    fn commit(&mut self, first: Job) -> Option<Message> {
        let mut bytes = first.commit.len_bytes();
        let mut operations = first.commit.ops().len();
        let mut jobs = vec![first];
        let mut other = None;
        while bytes < GROUP_BYTES && operations < GROUP_OPERATIONS {
            match self.messages.try_recv() {
                Ok(Message::Commit(job)) => {
                    bytes += job.commit.len_bytes();
                    operations += job.commit.ops().len();
                    jobs.push(job);
                }
                Ok(message) => {
                    other = Some(message);
                    break;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        self.commit_group(jobs);
        other
    }

    fn commit_group(&mut self, jobs: Vec<Job>) {
        let commits = || jobs.iter().map(|job| &job.commit);
        let verdicts = match self.transact(|transaction| group::decide(transaction, commits())) {
            Ok(verdicts) => verdicts,
            // What one commit met must not fail the others.
            Err(Failure::Before(_)) if jobs.len() > 1 => {
                return jobs.into_iter().for_each(|job| self.commit_group(vec![job]));
            }
            Err(Failure::Before(cause)) => {
                jobs.iter().map(|_| Err(Error::unavailable(cause.clone()))).collect()
            }
            Err(Failure::Within(cause, verdicts)) => {
                // What was not to be written certainly was not.
                let unsure = |verdict| match verdict {
                    Ok(Outcome::Applied) => Err(Error::unknown(cause.clone())),
                    _ => Err(Error::unavailable(cause.clone())),
                };
                verdicts.into_iter().map(unsure).collect()
            }
        };
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            job.answer(verdict);
        }
    }

    /// Sweeps as long as something has expired.
    fn sweep_all(&mut self) -> Result<u64, Error> {
        let mut dropped = 0;
        loop {
            match self.sweep_slice()? {
                0 => return Ok(dropped),
                more => dropped += more,
            }
        }
    }

    /// Sweeps a little, if it is time to, and says how long to wait for messages before the next time.
    fn sweep_if_due(&mut self) -> Duration {
        let now = (self.clock)();
        let every = self.sweep_every.as_secs().max(1);
        // A clock that was set back sweeps at once.
        let waited = now.checked_sub(self.swept_at).unwrap_or(every);
        if waited < every {
            return Duration::from_secs(every - waited);
        }
        match self.sweep_slice() {
            // There may be more; waiting commits go first.
            Ok(1..) => return Duration::ZERO,
            Ok(0) => {}
            Err(error) => warn(&error, "expired entries can't be dropped"),
        }
        self.swept_at = now;
        Duration::from_secs(every)
    }

    /// Drops some of what has expired, and says how much.
    fn sweep_slice(&mut self) -> Result<u64, Error> {
        self.ensure_open().map_err(Error::unavailable)?;
        let now = (self.clock)();
        if !self.engine.read(|transaction| sweep::is_due(transaction, now))? {
            return Ok(0);
        }
        self.transact(|transaction| sweep::sweep(transaction, now)).map_err(|failure| match failure {
            Failure::Before(cause) => Error::unavailable(cause),
            Failure::Within(cause, _) => Error::unknown(cause),
        })
    }

    /// Does the work in a transaction, and commits it if the work wrote anything.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&WriteTransaction) -> Result<Work<T>, redb::Error>,
    ) -> Result<T, Failure<T>> {
        self.ensure_open().map_err(|error| Failure::Before(cause(error)))?;
        // Survives a panic: what was to be committed as group of that number.
        let mut committing = None;
        let engine = &self.engine;
        let run = || -> Result<Option<T>, Cause> {
            let transaction = engine.begin_write()?;
            let Work { wrote, done } = work(&transaction).map_err(cause)?;
            if !wrote {
                transaction.abort().map_err(cause)?;
                return Ok(Some(done));
            }
            let number = tables::raise_groups(&transaction).map_err(cause)?;
            committing = Some((number, done));
            transaction.commit().map_err(cause)?;
            Ok(None)
        };
        let ran = catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|payload| Err(cause(Panic::new(payload.as_ref()))));
        match (ran, committing) {
            (Ok(Some(done)), _) | (Ok(None), Some((_, done))) => Ok(done),
            (Ok(None), None) => Err(Failure::Before(cause(Panic::new(&"a transaction without an end")))),
            (Err(error), committing) => {
                warn(&error, "a group of commits failed");
                self.suspect = true;
                match committing {
                    None => Err(Failure::Before(error)),
                    Some((number, done)) => self.settle(number, done, error),
                }
            }
        }
    }

    /// Opens the file again to find out whether a group whose commit failed came through.
    fn settle<T>(&mut self, number: u64, done: T, error: Cause) -> Result<T, Failure<T>> {
        let groups = match self.ensure_open() {
            Ok(()) => self.engine.read(tables::groups),
            Err(error) => Err(Error::unavailable(error)),
        };
        match groups {
            Ok(groups) if groups >= number => Ok(done),
            Ok(_) => Err(Failure::Before(error)),
            Err(_) => Err(Failure::Within(error, done)),
        }
    }

    /// Looks whether redb goes on with the file, and opens it again if not.
    fn probe(&mut self) {
        let begin_and_end = || self.engine.begin_write()?.abort().map_err(cause);
        if !matches!(catch_unwind(AssertUnwindSafe(begin_and_end)), Ok(Ok(()))) {
            self.suspect = true;
        }
        if let Err(error) = self.ensure_open() {
            warn(&error, "the file can't be opened again");
        }
    }

    fn ensure_open(&mut self) -> Result<(), OpenError> {
        if self.suspect || !self.engine.is_open() {
            self.engine.reopen()?;
            self.suspect = false;
            tracing::info!(path = %self.engine.path().display(), "the file was opened again after a failure");
        }
        Ok(())
    }
}

fn warn(error: &dyn std::error::Error, what: &str) {
    let cause = error.source().map(ToString::to_string);
    tracing::warn!(%error, cause, "{what}");
}
