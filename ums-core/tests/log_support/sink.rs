//! A sink that misbehaves as a test tells it, and a queue before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use ums_core::log::{Level, LogError, LogEvent, LogPage, LogQuery, LogQueue, LogSink, MemorySink};

use super::{CountingRandom, ManualClock};

/// A sink that a test makes slow, refuse or panic. What it takes, it keeps in memory.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) kept: MemorySink,
    /// One permit for every append that may go on.
    pub(crate) gate: Semaphore,
    pub(crate) refuses: AtomicBool,
    pub(crate) panics: AtomicBool,
    pub(crate) attempts: AtomicUsize,
    pub(crate) largest_batch: AtomicUsize,
}

impl Sink {
    pub(crate) fn open() -> Arc<Self> {
        let sink = Self::closed();
        sink.gate.add_permits(Semaphore::MAX_PERMITS);
        sink
    }

    pub(crate) fn closed() -> Arc<Self> {
        Arc::new(Self {
            kept: MemorySink::new(1_000_000),
            gate: Semaphore::new(0),
            refuses: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
            largest_batch: AtomicUsize::new(0),
        })
    }

    pub(crate) fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl LogSink for Sink {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        self.largest_batch.fetch_max(events.len(), Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        assert!(!self.panics.load(Ordering::SeqCst), "this sink panics");
        if self.refuses.load(Ordering::SeqCst) {
            Err(LogError::unavailable("refused"))
        } else {
            self.kept.append(events).await
        }
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        self.kept.query(query).await
    }
}

pub(crate) fn queue(sink: &Arc<Sink>, clock: &Arc<ManualClock>, most_events: usize) -> LogQueue {
    LogQueue::with_bounds(
        sink.clone(),
        clock.clone(),
        Arc::new(CountingRandom::default()),
        most_events,
        1 << 30,
    )
}

pub(crate) fn record(queue: &LogQueue, numbers: std::ops::Range<u64>) {
    for number in numbers {
        queue.record(queue.event(Level::Info, "test.numbered", format!("number {number}")));
    }
}

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|number| format!("number {number}")).collect()
}

/// Lets the worker do what it can do without anybody's help.
pub(crate) async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

pub(crate) const MOMENT: &str = "2026-11-24T01:02:03.456Z";
