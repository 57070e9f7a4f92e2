//! The queue: whatever the sink does, recording neither waits nor fails, and what is lost is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
mod log_support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use log_support::{CountingRandom, ManualClock, messages};
use tokio::sync::Semaphore;
use ums_core::log::{Level, LogError, LogEvent, LogPage, LogQuery, LogQueue, LogSink, MemorySink, Outcome};
use ums_core::{SystemClock, SystemRandom};

/// A sink that a test makes slow, refuse or panic. What it takes, it keeps in memory.
#[derive(Debug)]
struct Sink {
    kept: MemorySink,
    /// One permit for every append that may go on.
    gate: Semaphore,
    refuses: AtomicBool,
    panics: AtomicBool,
    attempts: AtomicUsize,
    largest_batch: AtomicUsize,
}

impl Sink {
    fn open() -> Arc<Self> {
        let sink = Self::closed();
        sink.gate.add_permits(Semaphore::MAX_PERMITS);
        sink
    }

    fn closed() -> Arc<Self> {
        Arc::new(Self {
            kept: MemorySink::new(1_000_000),
            gate: Semaphore::new(0),
            refuses: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
            largest_batch: AtomicUsize::new(0),
        })
    }

    fn attempts(&self) -> usize {
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

fn queue(sink: &Arc<Sink>, clock: &Arc<ManualClock>, most_events: usize) -> LogQueue {
    LogQueue::with_bounds(
        sink.clone(),
        clock.clone(),
        Arc::new(CountingRandom::default()),
        most_events,
        1 << 30,
    )
}

fn record(queue: &LogQueue, numbers: std::ops::Range<u64>) {
    for number in numbers {
        queue.record(queue.event(Level::Info, "test.numbered", format!("number {number}")));
    }
}

fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|number| format!("number {number}")).collect()
}

/// Lets the worker do what it can do without anybody's help.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

const MOMENT: &str = "2026-11-24T01:02:03.456Z";

#[tokio::test]
async fn events_bear_the_clocks_time_and_arrive_in_order() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    queue.record(queue.event(Level::Info, "auth.login", "in").with_outcome(Outcome::Success));
    clock.advance(Duration::from_millis(1));
    queue.record(queue.event(Level::Warn, "auth.logout", "out"));
    queue.flush().await.unwrap();
    let ids: Vec<_> = sink.kept.events().iter().map(|event| event.id().to_string()).collect();
    assert_eq!(ids, ["01a20b12fcc00000000000000001", "01a20b12fcc10000000000000002"]);
    let page = queue.sink().query(&LogQuery::default()).await.unwrap();
    assert_eq!(messages(&page.items), ["out", "in"]);
    assert_eq!(page.items[1].timestamp().to_string(), MOMENT);
    assert_eq!(queue.dropped(), 0);
}

#[tokio::test]
async fn a_sink_that_hangs_costs_no_caller_anything_and_every_drop_is_counted() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 10);
    record(&queue, 0..4);
    settle().await;
    assert_eq!(sink.attempts(), 1, "a batch is with the sink, and counts as held");
    record(&queue, 4..1000);
    assert_eq!(queue.dropped(), 990);

    sink.gate.add_permits(100);
    queue.flush().await.unwrap();
    let events = sink.kept.events();
    let mut expected = numbers(0..10);
    expected.push("990 events were dropped: the log sink was slow or down".to_owned());
    assert_eq!(messages(&events), expected);
    let report = &events[10];
    assert_eq!((report.action(), report.level()), ("log.dropped", Level::Warn));
    assert_eq!(report.fields()["dropped"], 990);

    record(&queue, 2000..2001);
    queue.flush().await.unwrap();
    assert_eq!(sink.kept.events().len(), 12, "drops are reported once");
    assert_eq!(queue.dropped(), 990);
}

#[tokio::test]
async fn memory_is_bounded_in_bytes_too() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = LogQueue::with_bounds(sink.clone(), clock, Arc::new(CountingRandom::default()), 1000, 20_000);
    for _ in 0..100 {
        queue.record(queue.event(Level::Info, "test", "m".repeat(4000)));
    }
    sink.gate.add_permits(1000);
    queue.flush().await.unwrap();
    let kept = sink.kept.events().iter().filter(|event| event.action() == "test").count();
    assert_eq!(kept, 4, "of about 4,300 bytes each");
    assert_eq!(queue.dropped(), 96);

    let tight = LogQueue::with_bounds(sink.clone(), Arc::new(SystemClock), Arc::new(SystemRandom), 0, 0);
    record(&tight, 0..1);
    tight.flush().await.unwrap();
    assert_eq!(tight.dropped(), 0, "there is always room for one");
    record(&tight, 1..3);
    assert_eq!(tight.dropped(), 1);
}

#[tokio::test]
async fn a_sink_that_refuses_is_left_alone_for_a_second_and_loses_nothing_while_there_is_room() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 20);
    sink.refuses.store(true, Ordering::SeqCst);
    record(&queue, 0..5);
    settle().await;
    record(&queue, 5..10);
    settle().await;
    clock.advance(Duration::from_millis(999));
    record(&queue, 10..11);
    settle().await;
    assert_eq!(sink.attempts(), 1);
    clock.advance(Duration::from_millis(1));
    record(&queue, 11..12);
    settle().await;
    assert_eq!(sink.attempts(), 2);
    assert_eq!(queue.dropped(), 0);

    sink.refuses.store(false, Ordering::SeqCst);
    clock.advance(Duration::from_secs(1));
    record(&queue, 12..13);
    queue.flush().await.unwrap();
    assert_eq!(messages(&sink.kept.events()), numbers(0..13));
}

#[tokio::test]
async fn a_sink_that_is_down_for_long_gets_what_there_was_room_for_and_the_number_of_the_rest() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 20);
    sink.refuses.store(true, Ordering::SeqCst);
    for first in 0..1000 {
        record(&queue, first..first + 1);
        settle().await;
        clock.advance(Duration::from_millis(100));
    }
    assert_eq!(queue.dropped(), 980);
    assert!((90..=101).contains(&sink.attempts()), "about one a second: {}", sink.attempts());
    assert_eq!(sink.kept.events(), []);

    sink.refuses.store(false, Ordering::SeqCst);
    queue.flush().await.unwrap();
    let mut expected = numbers(0..20);
    expected.push("980 events were dropped: the log sink was slow or down".to_owned());
    assert_eq!(messages(&sink.kept.events()), expected);
}

#[tokio::test]
async fn a_report_that_is_refused_is_made_again() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 2);
    record(&queue, 0..2);
    settle().await;
    record(&queue, 2..5);
    sink.gate.add_permits(1);
    settle().await;
    assert_eq!(messages(&sink.kept.events()), numbers(0..2), "and the report waits at the gate");
    sink.refuses.store(true, Ordering::SeqCst);
    sink.gate.add_permits(100);
    settle().await;
    record(&queue, 5..10);
    assert_eq!(queue.dropped(), 6);
    sink.refuses.store(false, Ordering::SeqCst);
    queue.flush().await.unwrap();
    let mut expected = numbers(0..2);
    expected.extend(numbers(5..7));
    expected.push("6 events were dropped: the log sink was slow or down".to_owned());
    assert_eq!(messages(&sink.kept.events()), expected);
}

#[tokio::test]
async fn a_flush_waits_for_the_sink_and_says_when_it_refuses() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    queue.flush().await.unwrap();
    record(&queue, 0..3);
    let flushing = tokio::spawn({
        let queue = queue.clone();
        async move { queue.flush().await }
    });
    settle().await;
    assert!(!flushing.is_finished());
    sink.gate.add_permits(1);
    flushing.await.unwrap().unwrap();
    assert_eq!(sink.kept.events().len(), 3);

    sink.gate.add_permits(100);
    sink.refuses.store(true, Ordering::SeqCst);
    record(&queue, 3..6);
    assert!(matches!(queue.flush().await, Err(LogError::Unavailable(_))));
    assert!(matches!(queue.flush().await, Err(LogError::Unavailable(_))), "each flush tries");
    sink.refuses.store(false, Ordering::SeqCst);
    queue.flush().await.unwrap();
    assert_eq!(messages(&sink.kept.events()), numbers(0..6));
}

/// A sink before which there is always more than the queue holds.
#[derive(Debug, Default)]
struct Flooded(std::sync::OnceLock<LogQueue>);

#[async_trait]
impl LogSink for Flooded {
    async fn append(&self, _: &[LogEvent]) -> Result<(), LogError> {
        record(self.0.get().unwrap(), 0..100);
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn query(&self, _: &LogQuery) -> Result<LogPage, LogError> {
        Err(LogError::NotQueryable)
    }
}

#[tokio::test]
async fn a_flush_ends_though_events_keep_coming_and_being_dropped() {
    let sink = Arc::new(Flooded::default());
    let queue =
        LogQueue::with_bounds(sink.clone(), Arc::new(SystemClock), Arc::new(SystemRandom), 10, 1 << 30);
    sink.0.set(queue.clone()).unwrap();
    record(&queue, 0..100);
    queue.flush().await.unwrap();
    assert!(queue.dropped() > 90, "{}", queue.dropped());
}

#[tokio::test]
async fn a_sink_that_panics_loses_its_batch_and_no_more() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    sink.panics.store(true, Ordering::SeqCst);
    record(&queue, 0..3);
    assert!(matches!(queue.flush().await, Ok(())), "what is lost is waited for no longer");
    assert_eq!(queue.dropped(), 3);
    sink.panics.store(false, Ordering::SeqCst);
    record(&queue, 3..4);
    queue.flush().await.unwrap();
    let events = sink.kept.events();
    assert_eq!(messages(&events), ["number 3", "3 events were dropped: the log sink was slow or down"]);
}

#[test]
fn events_wait_for_a_runtime() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    record(&queue, 0..3);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime().block_on(async {
        record(&queue, 3..4);
        queue.flush().await.unwrap();
    });
    assert_eq!(messages(&sink.kept.events()), numbers(0..4));

    // The runtime is gone: events wait for the next one.
    record(&queue, 4..6);
    runtime().block_on(queue.flush()).unwrap();
    assert_eq!(messages(&sink.kept.events()), numbers(0..6));
    assert_eq!(queue.dropped(), 0);
}

#[test]
fn a_runtime_that_goes_down_in_the_middle_of_an_append_takes_the_batch_with_it() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime().block_on(async {
        record(&queue, 0..3);
        settle().await;
    });
    assert_eq!(queue.dropped(), 3);
    sink.gate.add_permits(100);
    runtime().block_on(async {
        record(&queue, 3..4);
        queue.flush().await.unwrap();
    });
    assert_eq!(
        messages(&sink.kept.events()),
        ["number 3", "3 events were dropped: the log sink was slow or down"]
    );
}

#[test]
fn without_any_runtime_a_flush_says_so() {
    let (sink, clock) = (Sink::open(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 100);
    record(&queue, 0..1);
    let result = futures_util::future::FutureExt::now_or_never(queue.flush());
    assert!(matches!(result, Some(Err(LogError::Unavailable(_)))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_between_threads() {
    let sink = Sink::open();
    let queue = LogQueue::new(sink.clone(), Arc::new(SystemClock), Arc::new(SystemRandom));
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let queue = queue.clone();
            tokio::task::spawn_blocking(move || record(&queue, thread * 2000..(thread + 1) * 2000))
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    queue.flush().await.unwrap();
    assert_eq!(queue.dropped(), 0, "10,000 fit");
    let events = sink.kept.events();
    let ids: HashSet<_> = events.iter().map(LogEvent::id).collect();
    assert_eq!((events.len(), ids.len()), (8000, 8000));
    for thread in 0..4 {
        let own: Vec<u64> = messages(&events)
            .iter()
            .map(|message| message.strip_prefix("number ").unwrap().parse().unwrap())
            .filter(|number| number / 2000 == thread)
            .collect();
        assert!(own.is_sorted() && own.len() == 2000, "thread {thread}");
    }
    assert!(sink.largest_batch.load(Ordering::SeqCst) <= 129);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_every_event_is_either_kept_or_counted() {
    let sink = Sink::open();
    let queue =
        LogQueue::with_bounds(sink.clone(), Arc::new(SystemClock), Arc::new(SystemRandom), 50, 1 << 20);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let queue = queue.clone();
            tokio::task::spawn_blocking(move || record(&queue, 0..5000))
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    queue.flush().await.unwrap();
    let (reports, events): (Vec<_>, Vec<_>) =
        sink.kept.events().into_iter().partition(|event| event.action() == "log.dropped");
    let reported: u64 = reports.iter().map(|event| event.fields()["dropped"].as_u64().unwrap()).sum();
    assert_eq!(reported, queue.dropped());
    assert_eq!(u64::try_from(events.len()).unwrap() + reported, 20_000);
}
