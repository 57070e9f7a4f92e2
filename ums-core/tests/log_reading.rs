//! How much of its files the file sink reads, and what it does with what is no event.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use std::time::Duration;

use log_support::{all, append_raw, between, line, messages, numbered, time};
use ums_core::log::{FileSink, Level, LogQuery, LogSink};

/// Bytes that a query reads, with what it finds.
async fn reads(sink: &FileSink, query: &LogQuery) -> (u64, Vec<String>) {
    let before = sink.bytes_read();
    let page = sink.query(query).await.unwrap();
    (sink.bytes_read() - before, page.items.iter().map(|event| event.message().to_owned()).collect())
}

const MIB: u64 = 1024 * 1024;

#[tokio::test]
async fn of_a_large_log_little_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("2026-11-24.jsonl");
    let start = time("2026-11-24T01:00:00Z");
    let padding = serde_json::json!(vec!["x".repeat(1000); 5]);
    let sink = FileSink::open(directory.path()).unwrap();
    let count = 10_000;
    let at = |number: u64| start.plus(Duration::from_secs(number));
    for first in (0..count).step_by(1000) {
        let events: Vec<_> = (first..first + 1000)
            .map(|number| {
                let event = numbered(at(number), number).with_field("padding", padding.clone());
                if number == 0 { event.with_target("user/1") } else { event }
            })
            .collect();
        sink.append(&events).await.unwrap();
    }
    let size = path.metadata().unwrap().len();
    assert!(size > 50_000_000, "{size}");
    assert_eq!(sink.bytes_read(), 0);

    let (read, found) = reads(&sink, &LogQuery::default()).await;
    assert_eq!((found.len(), found[0].as_str()), (50, "number 9999"));
    assert!(read < MIB / 2, "the first page: {read}");

    // A position deep inside, found by asking for what is before a moment there.
    let mut query = LogQuery::default();
    query.until = Some(at(2_000));
    query.limit = 7;
    let (read, found) = reads(&sink, &query).await;
    assert_eq!((found.len(), found[0].as_str(), found[6].as_str()), (7, "number 1999", "number 1993"));
    assert!(read < MIB / 2, "until a moment deep inside: {read}");
    let mut deep = LogQuery::default();
    deep.before = sink.query(&query).await.unwrap().next;
    let (read, found) = reads(&sink, &deep).await;
    assert_eq!((found.len(), found[0].as_str()), (50, "number 1992"));
    assert!(read < MIB / 2, "before a position deep inside: {read}");

    // The oldest page.
    query.until = Some(at(3));
    let (read, found) = reads(&sink, &query).await;
    assert_eq!(found, ["number 2", "number 1", "number 0"]);
    assert!(read < MIB / 2, "the last page: {read}");

    // A moment in the middle, with nothing that matches: reading ends where `since` does.
    let mut nothing = between(at(5_000), at(5_010));
    nothing.level = Some(Level::Error);
    let (read, found) = reads(&sink, &nothing).await;
    assert_eq!(found.len(), 0);
    assert!(read < MIB / 2, "ten seconds in the middle: {read}");

    // Days outside are not opened.
    let day_before = between(time("2026-11-23T00:00:00Z"), time("2026-11-23T23:00:00Z"));
    assert_eq!(reads(&sink, &day_before).await, (0, vec![]));
    let day_after = between(time("2026-11-25T01:00:00Z"), time("2026-11-26T00:00:00Z"));
    assert_eq!(reads(&sink, &day_after).await, (0, vec![]));

    // A rare event at the far end: short pages, each of a bounded reading, that lead there.
    let mut rare = LogQuery::default();
    rare.target = Some("user/1".to_owned());
    let mut pages = 0;
    let last = loop {
        let before = sink.bytes_read();
        let page = sink.query(&rare).await.unwrap();
        let read = sink.bytes_read() - before;
        assert!(read <= 16 * MIB + 65_536, "{read}");
        pages += 1;
        rare.before = page.next;
        if rare.before.is_none() {
            break page.items;
        }
        assert_eq!(page.items, []);
    };
    assert_eq!((messages(&last), pages), (vec!["number 0"], size / (16 * MIB) + 1));
}

#[tokio::test]
async fn a_page_of_large_events_is_cut_short() {
    let directory = tempfile::tempdir().unwrap();
    let sink = FileSink::open(directory.path()).unwrap();
    let moment = time("2026-11-24T12:00:00Z");
    let events: Vec<_> = (0..120)
        .map(|number| {
            (0..15).fold(numbered(moment, number), |event, field| {
                event.with_field(format!("field {field}"), "\u{1b}".repeat(1024))
            })
        })
        .collect();
    sink.append(&events).await.unwrap();
    let mut query = LogQuery::default();
    query.limit = 1000;
    let page = sink.query(&query).await.unwrap();
    let bytes: usize = page.items.iter().map(|event| line(event).len()).sum();
    assert!((4 << 20..5 << 20).contains(&bytes), "{bytes}");
    assert_eq!(page.items.first(), events.last());
    let (found, pages) = all(&sink, &query).await;
    assert_eq!(pages, 3, "of a little more than 11 MB");
    assert!(found.iter().eq(events.iter().rev()));
}

#[tokio::test]
async fn what_is_no_event_is_passed_by_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("2026-11-24.jsonl");
    let moment = time("2026-11-24T12:00:00Z");
    let huge = "x".repeat(3 * 1024 * 1024);
    append_raw(&path, "\n\nnot json\n{}\n[1]\n\u{0}\n");
    append_raw(&path, b"\xff\xfe\n");
    append_raw(&path, line(&numbered(moment, 1)));
    append_raw(&path, format!("{huge}\n"));
    append_raw(&path, line(&numbered(moment, 2)));
    for (block, scan) in [(65_536, 1 << 24), (1000, 1 << 24), (65_536, 0), (1000, 10_000)] {
        let sink = FileSink::builder(directory.path()).block_bytes(block).scan_bytes(scan).open().unwrap();
        let mut query = LogQuery::default();
        let (mut found, mut unreadable) = (Vec::new(), 0);
        loop {
            let before = sink.bytes_read();
            let page = sink.query(&query).await.unwrap();
            assert!(sink.bytes_read() - before <= scan + 512 * 1024, "a page reads what it may");
            found.extend(page.items);
            unreadable += page.unreadable;
            query.before = page.next;
            if query.before.is_none() {
                break;
            }
        }
        assert_eq!(messages(&found), ["number 2", "number 1"]);
        assert_eq!(unreadable, 8, "blocks of {block}, at most {scan}");
    }
}
