//! The program's own tracing events, as log events.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use std::sync::Arc;

use async_trait::async_trait;
use log_support::{CountingRandom, ManualClock, messages};
use serde_json::json;
use tracing::{debug, error, info, info_span, trace, warn};
use tracing_subscriber::layer::SubscriberExt;
use ums_core::log::{
    Level, LogError, LogEvent, LogPage, LogQuery, LogQueue, LogSink, MemorySink, TracingLayer,
};

/// What a queue before this sink gets of what is said meanwhile.
fn said_to(sink: Arc<dyn LogSink>, level: Level, say: impl FnOnce()) -> LogQueue {
    let queue =
        LogQueue::new(sink, ManualClock::at("2026-11-24T01:02:03.456Z"), Arc::<CountingRandom>::default());
    let subscriber = tracing_subscriber::registry().with(TracingLayer::new(queue.clone(), level));
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _entered = runtime.enter();
        say();
        runtime.block_on(queue.flush()).unwrap();
    });
    queue
}

fn said(level: Level, say: impl FnOnce()) -> Vec<LogEvent> {
    let sink = Arc::new(MemorySink::new(1000));
    said_to(sink.clone(), level, say);
    sink.events()
}

#[test]
fn an_event_keeps_its_level_words_and_fields() {
    let events = said(Level::Trace, || {
        warn!(target: "ums_http::router", count = 3_u64, below = -1, ratio = 0.5, done = true, name = "Ada",
              debug = ?Some("x"), shown = %7, "slow: {} ms", 1200);
    });
    let expected = json!([{
        "id": "01a20b12fcc00000000000000001", "timestamp": "2026-11-24T01:02:03.456Z", "level": "warn",
        "action": "trace.ums_http.router", "message": "slow: 1200 ms", "actor_id": null, "target": null, "outcome": null,
        "request_id": null, "ip": null, "organisation_id": null,
        "fields": {"count": 3, "below": -1, "ratio": 0.5, "done": true, "name": "Ada", "debug": "Some(\"x\")", "shown": "7"},
    }]);
    assert_eq!(serde_json::to_value(&events).unwrap(), expected);
}

#[test]
fn levels_below_the_one_asked_for_are_left_out() {
    let say = || {
        error!("error");
        warn!("warn");
        info!("info");
        debug!("debug");
        trace!("trace");
    };
    assert_eq!(messages(&said(Level::Trace, say)), ["error", "warn", "info", "debug", "trace"]);
    assert_eq!(messages(&said(Level::Info, say)), ["error", "warn", "info"]);
    assert_eq!(messages(&said(Level::Error, say)), ["error"]);
}

#[test]
fn the_request_id_is_the_events_or_the_nearest_spans() {
    let events = said(Level::Info, || {
        info!("outside");
        let outer = info_span!("request", request_id = "outer");
        outer.in_scope(|| {
            info!("in the outer span");
            let later = info_span!("inner", request_id = tracing::field::Empty);
            later.in_scope(|| {
                info!("in a span that has none yet");
                later.record("request_id", "late");
                info!("in a span that was told");
                later.record("request_id", tracing::field::display("later"));
                info_span!("plain", user = 1).in_scope(|| info!("deeper"));
                info!(request_id = %"own", "with its own");
            });
        });
    });
    let found: Vec<_> = events.iter().map(|event| (event.message(), event.request_id())).collect();
    let expected = [
        ("outside", None),
        ("in the outer span", Some("outer")),
        ("in a span that has none yet", Some("outer")),
        ("in a span that was told", Some("late")),
        ("deeper", Some("later")),
        ("with its own", Some("own")),
    ];
    assert_eq!(found, expected);
    assert!(events.iter().all(|event| event.fields().is_empty()));
}

#[test]
fn fields_named_like_secrets_are_left_out() {
    let events = said(Level::Info, || {
        info!(password = "hunter2", new_Password = ?"hunter2", passwd = "hunter2", refresh_token = "hunter2", Token = 1, secret = true,
              SECRET_KEY = 1.5, "http.authorization" = "hunter2", cookie = "hunter2", "set-cookie" = "hunter2", "api-key" = "hunter2",
              client_credentials = "hunter2", "private-key" = -1, passphrase = %"hunter2", user = "ada", "said");
    });
    assert_eq!(serde_json::to_value(events[0].fields()).unwrap(), json!({"user": "ada"}));
    assert!(!serde_json::to_string(&events).unwrap().contains("hunter2"));
}

#[test]
fn what_is_said_at_length_is_cut() {
    /// Says a gigabyte, if it is let.
    struct Endless;
    impl std::fmt::Debug for Endless {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            (0..1 << 20).try_for_each(|_| f.write_str(&"é".repeat(512)))
        }
    }
    let events = said(Level::Info, || info!(field = ?Endless, request_id = ?Endless, "{:?}", Endless));
    let cut =
        |text: &str, bytes: usize| text.len() <= bytes && text.len() > bytes - 2 && text.ends_with("é…[cut]");
    assert!(cut(events[0].message(), 4096));
    assert!(cut(events[0].fields()["field"].as_str().unwrap(), 1024));
    assert!(cut(events[0].request_id().unwrap(), 128));
}

/// A sink that talks while it appends.
#[derive(Debug)]
struct Talkative(MemorySink);

#[async_trait]
impl LogSink for Talkative {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        info!("about to append");
        tokio::task::yield_now().await;
        self.0.append(events).await?;
        info!("appended");
        Ok(())
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        self.0.query(query).await
    }
}

#[test]
fn what_a_sink_says_while_it_appends_makes_no_event() {
    let sink = Arc::new(Talkative(MemorySink::new(1000)));
    let queue = said_to(sink.clone(), Level::Trace, || info!("said"));
    assert_eq!(messages(&sink.0.events()), ["said"]);
    assert_eq!(queue.dropped(), 0);
}

/// A sink that refuses the first append.
#[derive(Debug)]
struct OnceDown(MemorySink, std::sync::atomic::AtomicBool);

#[async_trait]
impl LogSink for OnceDown {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        if self.1.swap(true, std::sync::atomic::Ordering::SeqCst) {
            self.0.append(events).await
        } else {
            Err(LogError::unavailable("down"))
        }
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        self.0.query(query).await
    }
}

#[test]
fn what_the_log_says_of_itself_makes_no_event() {
    let sink = Arc::new(OnceDown(MemorySink::new(1000), false.into()));
    let queue = LogQueue::new(
        sink.clone(),
        ManualClock::at("2026-11-24T01:02:03.456Z"),
        Arc::<CountingRandom>::default(),
    );
    let subscriber = tracing_subscriber::registry().with(TracingLayer::new(queue.clone(), Level::Trace));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            info!("said");
            info!(target: "ums_core::log", "of the log");
            info!(target: "ums_core::log::queue", "of the queue");
            info!(target: "ums_core::logout", "of something else");
            // The queue tells `tracing` that the sink refused.
            assert!(queue.flush().await.is_err());
            queue.flush().await.unwrap();
        });
    });
    assert_eq!(messages(&sink.0.events()), ["said", "of something else"]);
}
