//! What the library calls to log: never in the way.

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::{Level, LogError, LogEvent, LogEventId, LogSink};
use crate::{Clock, Random, Timestamp};

/// Hands events to a sink in the background. Cheap to clone; clones share everything.
///
/// [`record`](Self::record) neither waits nor fails. Events wait in a queue that is bounded in number and in bytes,
/// the ones being appended included, and go to the sink in batches, in the order recorded. Where the sink is slow or
/// down the queue fills, and then events are dropped and counted; once the sink takes events again, one `log.dropped`
/// tells it how many. A batch that the sink refused stays at the head of the queue, and is offered again with the
/// next event that comes a second or more later, and at a flush.
///
/// The work is done by a task on the tokio runtime that `record` is called in; called outside of any, on the last one
/// seen, by `new` or by `record`. Where there has been none, events wait. A task that ends in the middle of an
/// append, since its runtime went down or the sink panicked, takes its batch with it: that counts as dropped.
#[derive(Clone)]
pub struct LogQueue {
    shared: Arc<Shared>,
}

struct Shared {
    sink: Arc<dyn LogSink>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    most_events: usize,
    most_bytes: usize,
    state: Mutex<State>,
    /// Told whenever a batch has ended one way or the other.
    progress: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<LogEvent>,
    /// What the sink refused: first in line.
    refused: Option<Batch>,
    /// Events and bytes that have come in and are neither appended nor dropped.
    held_events: usize,
    held_bytes: usize,
    working: bool,
    /// Since when the sink refuses, with the time of the last attempt.
    refused_at: Option<Timestamp>,
    runtime: Option<Handle>,
    accepted: u64,
    settled: u64,
    attempts_failed: u64,
    dropped: u64,
    /// Of those dropped, how many the sink has not been told of.
    unreported: u64,
}

struct Batch {
    events: Vec<LogEvent>,
    bytes: usize,
}

impl LogQueue {
    /// A queue before this sink, of 10,000 events and 16 MiB at the most.
    #[must_use]
    pub fn new(sink: Arc<dyn LogSink>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self::with_bounds(sink, clock, random, 10_000, 16 * 1024 * 1024)
    }

    /// A queue before this sink, of at most so many events and bytes in memory. It always has room for one event.
    #[must_use]
    pub fn with_bounds(
        sink: Arc<dyn LogSink>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        most_events: usize,
        most_bytes: usize,
    ) -> Self {
        let state = Mutex::new(State { runtime: Handle::try_current().ok(), ..State::default() });
        let progress = Notify::new();
        Self { shared: Arc::new(Shared { sink, clock, random, most_events, most_bytes, state, progress }) }
    }

    /// The sink, to ask.
    #[must_use]
    pub fn sink(&self) -> &Arc<dyn LogSink> {
        &self.shared.sink
    }

    /// An event of now, yet to be recorded.
    #[must_use]
    pub fn event(&self, level: Level, action: impl Into<String>, message: impl Into<String>) -> LogEvent {
        let id = LogEventId::new(self.shared.clock.now(), &*self.shared.random);
        LogEvent::new(id, level, action, message)
    }

    /// Takes an event, or drops it and counts.
    pub fn record(&self, event: LogEvent) {
        let size = event.size();
        let mut state = self.shared.lock();
        if self.shared.has_room(&state, size) {
            state.held_events += 1;
            state.held_bytes += size;
            state.accepted += 1;
            state.waiting.push_back(event);
        } else {
            state.dropped += 1;
            state.unreported += 1;
        }
        let due = !state.working && self.shared.may_try(&state);
        drop(state);
        if due {
            self.shared.start();
        }
    }

    /// How many events have been taken since the queue was made, those dropped not counted.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.shared.lock().accepted
    }

    /// How many events have been dropped since the queue was made.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.lock().dropped
    }

    /// Waits until the sink has everything that was recorded before, and the number of events dropped before. Waits for
    /// as long as the sink takes: bound it with a time-out where that matters.
    ///
    /// # Errors
    ///
    /// [`LogError::Unavailable`] where the sink refuses, or there is no tokio runtime to work on. The events stay in
    /// the queue.
    pub async fn flush(&self) -> Result<(), LogError> {
        let (accepted, dropped, attempts_failed) = {
            let state = self.shared.lock();
            (state.accepted, state.dropped, state.attempts_failed)
        };
        loop {
            let mut progress = pin!(self.shared.progress.notified());
            progress.as_mut().enable();
            let working = {
                let state = self.shared.lock();
                // Under a load that always drops something there is always another report to make.
                let reported = state.dropped - state.unreported >= dropped || state.refused_at.is_some();
                if state.settled >= accepted && reported {
                    return Ok(());
                }
                if state.attempts_failed > attempts_failed {
                    return Err(LogError::unavailable("the log sink refuses events; they wait in the queue"));
                }
                state.working
            };
            if !working && !self.shared.start() {
                return Err(LogError::unavailable("there is no tokio runtime to append on"));
            }
            progress.await;
        }
    }
}

impl fmt::Debug for LogQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogQueue").field("sink", &self.shared.sink).finish_non_exhaustive()
    }
}

/// Whether the code that asks is run by a sink that a queue appends to.
pub(super) fn is_appending() -> bool {
    APPENDING.try_with(|()| ()).is_ok()
}

tokio::task_local! {
    static APPENDING: ();
}

/// How long a sink that refuses is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// So few that a sink which writes them out on the way takes less than a millisecond for it.
const BATCH_EVENTS: usize = 128;
const BATCH_BYTES: usize = 1024 * 1024;

impl State {
    /// Whether the sink takes events and has not been told of all that were dropped.
    fn owes_report(&self) -> bool {
        self.unreported > 0 && self.refused_at.is_none()
    }

    fn next_batch(&mut self) -> Batch {
        if let Some(batch) = self.refused.take() {
            return batch;
        }
        let mut batch = Batch { events: Vec::new(), bytes: 0 };
        while batch.events.len() < BATCH_EVENTS && batch.bytes < BATCH_BYTES {
            let Some(event) = self.waiting.pop_front() else { break };
            batch.bytes += event.size();
            batch.events.push(event);
        }
        batch
    }

    /// These events are appended or lost, and no longer held.
    fn settle(&mut self, events: usize, bytes: usize) {
        self.held_events = self.held_events.saturating_sub(events);
        self.held_bytes = self.held_bytes.saturating_sub(bytes);
        self.settled += count(events);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self, state: &State, size: usize) -> bool {
        let fits =
            state.held_events < self.most_events && state.held_bytes.saturating_add(size) <= self.most_bytes;
        fits || state.held_events == 0
    }

    /// Whether the sink takes events as far as is known, or has been left alone for long enough. A clock that went
    /// back says nothing about how long that was.
    fn may_try(&self, state: &State) -> bool {
        state.refused_at.is_none_or(|refused_at| {
            let now = self.clock.now();
            now < refused_at || now.since(refused_at) >= PAUSE
        })
    }

    /// Sets a task to work unless one is; `false` where there is no runtime for it.
    fn start(self: &Arc<Self>) -> bool {
        let current = Handle::try_current().ok();
        let mut state = self.lock();
        if current.is_some() {
            state.runtime = current;
        }
        let Some(runtime) = state.runtime.clone() else { return false };
        if !std::mem::replace(&mut state.working, true) {
            // A runtime that is going down drops the task at once, and with it the worker, which takes the lock.
            drop(state);
            runtime.spawn(Worker { shared: self.clone(), in_hand: InHand::default() }.run());
        }
        true
    }
}

/// The task that appends, as long as there is something to append.
struct Worker {
    shared: Arc<Shared>,
    in_hand: InHand,
}

/// What the worker has taken and not yet brought to an end.
#[derive(Default)]
struct InHand {
    events: usize,
    bytes: usize,
    report: u64,
    /// Whether the worker came to its end by itself.
    done: bool,
}

impl Worker {
    async fn run(mut self) {
        while let Some(mut batch) = self.take() {
            if self.in_hand.report > 0 {
                batch.events.push(self.report());
            }
            let result = APPENDING.scope((), self.shared.sink.append(&batch.events)).await;
            match result {
                Ok(()) => self.appended(),
                Err(error) => return self.refused(batch, &error),
            }
        }
    }

    fn take(&mut self) -> Option<Batch> {
        let mut state = self.shared.lock();
        let report = if state.owes_report() { state.unreported } else { 0 };
        let batch = state.next_batch();
        self.in_hand = InHand { events: batch.events.len(), bytes: batch.bytes, report, done: false };
        if batch.events.is_empty() && report == 0 {
            self.in_hand.done = true;
            state.working = false;
            return None;
        }
        Some(batch)
    }

    fn report(&self) -> LogEvent {
        let dropped = self.in_hand.report;
        let id = LogEventId::new(self.shared.clock.now(), &*self.shared.random);
        let message = format!("{dropped} events were dropped: the log sink was slow or down");
        LogEvent::new(id, Level::Warn, "log.dropped", message).with_field("dropped", dropped)
    }

    fn appended(&mut self) {
        let in_hand = std::mem::take(&mut self.in_hand);
        let mut state = self.shared.lock();
        state.refused_at = None;
        state.settle(in_hand.events, in_hand.bytes);
        state.unreported = state.unreported.saturating_sub(in_hand.report);
        drop(state);
        self.shared.progress.notify_waiters();
    }

    fn refused(&mut self, mut batch: Batch, error: &LogError) {
        let in_hand = std::mem::replace(&mut self.in_hand, InHand { done: true, ..InHand::default() });
        let now = self.shared.clock.now();
        batch.events.truncate(in_hand.events);
        let mut state = self.shared.lock();
        state.refused = Some(batch).filter(|batch| !batch.events.is_empty());
        let first = state.refused_at.replace(now).is_none();
        state.attempts_failed += 1;
        state.working = false;
        drop(state);
        if first {
            tracing::error!(cause = ?error, "the log sink refuses events; once the queue is full they are dropped");
        }
        self.shared.progress.notify_waiters();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.in_hand.done {
            return;
        }
        let now = self.shared.clock.now();
        let mut state = self.shared.lock();
        state.settle(self.in_hand.events, self.in_hand.bytes);
        state.dropped += count(self.in_hand.events);
        state.unreported += count(self.in_hand.events);
        state.refused_at = Some(now);
        state.attempts_failed += 1;
        state.working = false;
        drop(state);
        self.shared.progress.notify_waiters();
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
