//! How long reading takes, and that it does not take longer than is allowed.

use std::sync::Arc;
use std::time::Duration;

use super::{ImportLimits, Limit, WorkbookError};
use crate::{Clock, Timestamp};

/// Adds up the time of reading. What passes while others have the rows is left out.
#[derive(Debug)]
pub(super) struct Stopwatch {
    clock: Arc<dyn Clock>,
    allowed: u64,
    spent: Duration,
    since: Timestamp,
}

impl Stopwatch {
    /// One that runs from now on.
    pub(super) fn start(clock: Arc<dyn Clock>, limits: &ImportLimits) -> Self {
        let since = clock.now();
        Self { clock, allowed: limits.seconds, spent: Duration::ZERO, since }
    }

    /// Looks whether there is time left.
    pub(super) fn check(&mut self) -> Result<(), WorkbookError> {
        let now = self.clock.now();
        self.spent += now.since(self.since);
        self.since = now;
        if self.spent > Duration::from_secs(self.allowed) {
            return Err(WorkbookError::Limit { limit: Limit::Seconds, allowed: self.allowed });
        }
        Ok(())
    }

    /// Goes on from now: what has passed since the last look was not reading.
    pub(super) fn resume(&mut self) {
        self.since = self.clock.now();
    }
}
