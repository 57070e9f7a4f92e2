//! The queue: whatever the sink does, recording neither waits nor fails, and what is lost is counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
mod log_support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use log_support::sink::{MOMENT, Sink, numbers, queue, record, settle};
use log_support::{CountingRandom, ManualClock, messages};
use ums_core::log::{Level, LogQuery, LogQueue, Outcome};
use ums_core::{SystemClock, SystemRandom};

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
