//! Where events go and are asked for.

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;

use super::{LogEvent, LogPage, LogQuery};
use crate::Error;

/// Keeps events and finds them again.
///
/// # Contract
///
/// An implementer owes:
///
/// 1. `append` keeps the events in the order given, all or none of them. An error is about the sink, not about the
///    events: the same events are offered again later.
/// 2. `query` answers newest first: events of a later UTC day come first, and within a day the order is one of the
///    sink's choice, always the same (of arrival, or of ids). It answers what [`LogQuery::matches`] and nothing else.
/// 3. A position from [`LogPage::next`] stays good while events are appended: following positions from page to page
///    shows every event that was there at the first page exactly once, and none that came later. (Events that came
///    late for a day that had already passed may still appear.)
/// 4. Neither blocks the thread that polls it.
///
/// The library calls `append` from one task at a time, through a [`LogQueue`](super::LogQueue), and `query` from as
/// many as there are. A sink need not guard against events that come back to it: what it says through `tracing` while
/// it appends is not logged by [`TracingLayer`](super::TracingLayer).
#[async_trait]
pub trait LogSink: fmt::Debug + Send + Sync + 'static {
    /// Keeps these events.
    ///
    /// # Errors
    ///
    /// [`LogError::Unavailable`] where it could not: none of them is kept.
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError>;

    /// One page of the events that match.
    ///
    /// # Errors
    ///
    /// [`LogError::InvalidPosition`], [`LogError::NotQueryable`], or [`LogError::Unavailable`].
    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError>;
}

/// Why a sink did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A position that this sink did not give out, or that it no longer knows.
    #[error("the position is not one that this log gave out; begin again without one")]
    InvalidPosition,
    /// The sink only takes events.
    #[error("this log can be written to but not asked; look where it writes to")]
    NotQueryable,
    /// The sink could not, now; the source says why.
    #[error("the log can't be written or read")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
}

impl LogError {
    /// [`LogError::Unavailable`] because of this.
    pub fn unavailable(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

impl From<LogError> for Error {
    fn from(error: LogError) -> Self {
        match error {
            LogError::InvalidPosition => Self::InvalidCursor,
            LogError::NotQueryable => Self::internal(error.to_string()),
            LogError::Unavailable(cause) => {
                Self::internal(format!("the log can't be written or read: {cause}"))
            }
        }
    }
}
