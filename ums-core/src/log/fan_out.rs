//! Several sinks as one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use futures_util::future::join_all;

use super::{LogError, LogEvent, LogPage, LogQuery, LogSink};

/// Appends to several sinks and asks the first that answers.
///
/// Events are kept where at least one sink keeps them; what the others missed is counted, and is not offered to them
/// again, since the rest would then hold it twice. An append ends when the slowest sink has ended.
///
/// Queries go to the sinks in the order given, to the next where one can't answer. A position from one sink is not
/// valid in another, so that a reader goes on where it began.
#[derive(Debug)]
pub struct FanOut {
    sinks: Vec<Member>,
    missed: AtomicU64,
}

#[derive(Debug)]
struct Member {
    sink: Arc<dyn LogSink>,
    failing: AtomicBool,
}

impl FanOut {
    /// All of these sinks as one.
    pub fn new(sinks: impl IntoIterator<Item = Arc<dyn LogSink>>) -> Self {
        let sinks = sinks.into_iter().map(|sink| Member { sink, failing: AtomicBool::new(false) }).collect();
        Self { sinks, missed: AtomicU64::new(0) }
    }

    /// How many events a sink missed while another kept them, counted once for each such sink.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }
}

impl Member {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        let result = self.sink.append(events).await;
        let failed_before = self.failing.swap(result.is_err(), Ordering::Relaxed);
        if let (Err(error), false) = (&result, failed_before) {
            tracing::error!(sink = ?self.sink, cause = ?error, "a log sink fails");
        }
        result
    }
}

#[async_trait]
impl LogSink for FanOut {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        let results = join_all(self.sinks.iter().map(|member| member.append(events))).await;
        let failures = results.iter().filter(|result| result.is_err()).count();
        if failures == results.len() {
            let first = results.into_iter().find_map(Result::err);
            return Err(first.unwrap_or_else(|| LogError::unavailable("the fan-out has no sinks")));
        }
        let missed = events.len().saturating_mul(failures);
        self.missed.fetch_add(u64::try_from(missed).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        let mut worst = LogError::NotQueryable;
        for member in &self.sinks {
            match member.sink.query(query).await {
                Ok(page) => return Ok(page),
                Err(error) if gravity(&error) > gravity(&worst) => worst = error,
                Err(_) => {}
            }
        }
        Err(worst)
    }
}

/// Which of several answers to give: that the sink which may know the position is down says more than that the others
/// don't know it.
fn gravity(error: &LogError) -> u8 {
    match error {
        LogError::NotQueryable => 0,
        LogError::InvalidPosition => 1,
        LogError::Unavailable(_) => 2,
    }
}
