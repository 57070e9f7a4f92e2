//! Sessions that were looked up a moment ago.

use std::time::Duration;

use quick_cache::sync::Cache;

use super::Standing;
use crate::model::{SessionId, UserId};
use crate::transaction::{Database, Epoch};
use crate::{Result, Timestamp};

/// How many sessions are kept at most, each in about a kilobyte. Those that are not asked for make room.
const CAPACITY: usize = 10_000;

/// The longest that a session may be kept.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Keeps what was read of sessions for a while, unless something of their user is committed here meanwhile.
#[derive(Debug)]
pub(crate) struct SessionCache {
    database: Database,
    lifetime: Duration,
    entries: Cache<(UserId, SessionId), Kept>,
}

#[derive(Clone, Debug)]
struct Kept {
    standing: Standing,
    reading: Reading,
}

/// When something was read, and what had been committed by then: noted before the store is asked, so that what changes
/// while it answers counts as a change after it.
#[derive(Clone, Copy, Debug)]
struct Reading {
    epoch: Epoch,
    at: Timestamp,
}

impl SessionCache {
    /// Keeps sessions for this long; `None` for no time at all.
    pub(crate) fn new(database: Database, lifetime: Duration) -> Option<Self> {
        let lifetime = lifetime.min(LONGEST);
        (!lifetime.is_zero()).then(|| Self { database, lifetime, entries: Cache::new(CAPACITY) })
    }

    /// What is kept of a session, or else what `read` finds. That a session does not stand is not kept.
    pub(crate) async fn get_or_read(
        &self,
        user: UserId,
        id: SessionId,
        read: impl Future<Output = Result<Option<Standing>>> + Send,
    ) -> Result<Option<Standing>> {
        let key = (user, id);
        let reading = Reading { epoch: self.database.user_epoch(user), at: self.database.now() };
        if let Some(kept) = self.entries.get(&key) {
            if self.holds(kept.reading, reading) {
                return Ok(Some(kept.standing));
            }
            self.entries.remove(&key);
        }
        let found = read.await?;
        if let Some(standing) = &found {
            self.entries.insert(key, Kept { standing: standing.clone(), reading });
        }
        Ok(found)
    }

    /// A clock that was set back makes nothing last longer.
    fn holds(&self, kept: Reading, now: Reading) -> bool {
        kept.epoch == now.epoch && kept.at <= now.at && now.at.since(kept.at) < self.lifetime
    }
}
