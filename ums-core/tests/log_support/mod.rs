//! What the tests of the log share.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod sink;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use ums_core::log::{Level, LogEvent, LogEventId, LogQuery, LogSink};
use ums_core::{Clock, Random, Timestamp};

/// A clock that a test sets.
#[derive(Debug)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time(text).unix_milliseconds())))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.0.fetch_add(i64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Counts where it should be random, so that ids can be foretold: 1, 2, 3 and so on.
#[derive(Debug, Default)]
pub(crate) struct CountingRandom(AtomicU64);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let number = (self.0.fetch_add(1, Ordering::SeqCst) + 1).to_be_bytes();
        bytes.fill(0);
        let start = bytes.len() - number.len();
        bytes[start..].copy_from_slice(&number);
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An id of this moment and number.
pub(crate) fn id(moment: Timestamp, number: u64) -> LogEventId {
    let milliseconds = moment.unix_milliseconds();
    format!("{milliseconds:012x}{number:016x}").parse().unwrap()
}

/// An event that says its number.
pub(crate) fn numbered(moment: Timestamp, number: u64) -> LogEvent {
    LogEvent::new(id(moment, number), Level::Info, "test.numbered", format!("number {number}"))
}

pub(crate) fn messages<'events>(events: impl IntoIterator<Item = &'events LogEvent>) -> Vec<&'events str> {
    events.into_iter().map(LogEvent::message).collect()
}

/// Every event that matches, from page to page, and how many pages that took.
pub(crate) async fn all(sink: &dyn LogSink, query: &LogQuery) -> (Vec<LogEvent>, usize) {
    let mut query = query.clone();
    let mut events = Vec::new();
    for pages in 1..1_000_000 {
        let page = sink.query(&query).await.unwrap();
        assert!(page.items.len() <= query.limit);
        events.extend(page.items);
        match page.next {
            None => return (events, pages),
            next => query.before = next,
        }
    }
    panic!("the pages don't end");
}

pub(crate) fn line(event: &LogEvent) -> String {
    let mut bytes = Vec::new();
    event.write_line(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn append_raw(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes.as_ref()).unwrap();
}

pub(crate) fn between(since: Timestamp, until: Timestamp) -> LogQuery {
    let mut query = LogQuery::default();
    query.since = Some(since);
    query.until = Some(until);
    query
}
