//! The queue's task: when a flush ends, what becomes of it with its runtime, and what threads do to it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use log_support::sink::{MOMENT, Sink, numbers, queue, record, settle};
use log_support::{ManualClock, messages};
use ums_core::log::{LogError, LogEvent, LogPage, LogQuery, LogQueue, LogSink};
use ums_core::{SystemClock, SystemRandom};

#[tokio::test]
async fn a_flush_waits_for_the_report_of_earlier_drops() {
    let (sink, clock) = (Sink::closed(), ManualClock::at(MOMENT));
    let queue = queue(&sink, &clock, 2);
    sink.refuses.store(true, Ordering::SeqCst);
    record(&queue, 0..5);
    sink.gate.add_permits(1);
    settle().await;
    sink.refuses.store(false, Ordering::SeqCst);
    let flushing = tokio::spawn({
        let queue = queue.clone();
        async move { queue.flush().await }
    });
    sink.gate.add_permits(1);
    settle().await;
    assert_eq!(messages(&sink.kept.events()), numbers(0..2));
    assert!(!flushing.is_finished());
    sink.gate.add_permits(1);
    flushing.await.unwrap().unwrap();
    assert_eq!(sink.kept.events()[2].fields()["dropped"], 3);
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
