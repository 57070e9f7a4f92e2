//! The event log: what happened, to whom, by whom, and how it ended.
//!
//! A [`LogEvent`] goes into a [`LogQueue`], which never blocks and never fails, and from there, in batches, into a
//! [`LogSink`]: [`FileSink`] (JSON Lines, a file a day), [`MemorySink`] (a ring), [`FanOut`] (several of them), or
//! one of your own. A sink is asked with a [`LogQuery`] and answers newest first, a [`LogPage`] at a time.
//! [`TracingLayer`] turns what the program says through `tracing` into log events.
//!
//! ```
//! use std::sync::Arc;
//! use ums_core::log::{Level, LogError, LogQuery, LogQueue, LogSink, MemorySink, Outcome};
//! use ums_core::{SystemClock, SystemRandom};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), LogError> {
//! let sink = Arc::new(MemorySink::new(1000));
//! let log = LogQueue::new(sink.clone(), Arc::new(SystemClock), Arc::new(SystemRandom));
//!
//! let event = log.event(Level::Info, "auth.login", "Ada Lovelace logged in");
//! log.record(event.with_target("user/12").with_outcome(Outcome::Success).with_field("method", "password"));
//! log.flush().await?;
//!
//! let mut query = LogQuery::default();
//! query.action = Some("auth.".to_owned());
//! let page = sink.query(&query).await?;
//! assert_eq!(page.items[0].target(), Some("user/12"));
//! assert_eq!(page.next, None);
//! # Ok(())
//! # }
//! ```

mod bounds;
mod day;
mod event;
mod fan_out;
mod file;
mod id;
mod level;
mod line;
mod memory;
mod query;
mod queue;
mod sink;
mod tracing_layer;

pub use event::LogEvent;
pub use fan_out::FanOut;
pub use file::{FileSink, FileSinkBuilder};
pub use id::LogEventId;
pub use level::{InvalidLevel, InvalidOutcome, Level, Outcome};
pub use memory::MemorySink;
pub use query::{LogPage, LogPosition, LogQuery};
pub use queue::LogQueue;
pub use sink::{LogError, LogSink};
pub use tracing_layer::TracingLayer;
