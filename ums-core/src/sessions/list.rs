//! The sessions of a user, as the user sees them.

use ums_store::Scan;

use super::Sessions;
use crate::keyspace::{self, SESSION};
use crate::model::{Session, SessionId, UserId};
use crate::page::{Page, PageRequest};
use crate::record::{Found, SessionRecord, UserRecord};
use crate::{Error, Result};

/// How many sessions one request looks at, those that have ended among them: what finds less in them answers with a short
/// page and a cursor.
const BUDGET: usize = 2_000;
/// How many of them are read at once, at least.
const BATCH: usize = 100;

impl Sessions {
    /// The sessions of a user that have not ended, by id; `current` is the one that asks.
    pub(crate) async fn list(
        &self,
        user: UserId,
        current: Option<SessionId>,
        request: &PageRequest,
    ) -> Result<Page<Session>> {
        let scope = format!("sessions {user}");
        let account = self.database.read::<UserRecord>(&keyspace::user_profile(user)).await?;
        let epoch = account.ok_or(Error::InvalidAccessToken)?.data.session_epoch;
        let mut after = match &request.cursor {
            Some(cursor) => Some(self.cursors.open(&scope, cursor)?),
            None => None,
        };
        let limit = request.limit.as_usize();
        let mut items = Vec::new();
        let mut looked = 0;
        while looked < BUDGET {
            // One more than asked tells whether there is a next page.
            let wanted = (limit - items.len() + 1).max(BATCH);
            let mut scan = Scan::partition(keyspace::user(user).as_str()).prefix(SESSION).limit(wanted);
            scan.after.clone_from(&after);
            let page = self.database.scan(&scan).await?;
            looked += page.items.len().max(1);
            for item in page.items {
                let record = Found::<SessionRecord>::read(&item.entry)?.data;
                if record.epoch == epoch && self.is_live(&record) {
                    if items.len() == limit {
                        return self.page(&scope, items, after);
                    }
                    items.push(shown(&item.sort, record, current)?);
                }
                after = Some(item.sort);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return self.page(&scope, items, None),
            }
        }
        self.page(&scope, items, after)
    }

    fn page(&self, scope: &str, items: Vec<Session>, after: Option<String>) -> Result<Page<Session>> {
        let next_cursor = after.map(|after| self.cursors.seal(scope, &after)).transpose()?;
        Ok(Page::new(items, next_cursor))
    }
}

fn shown(sort: &str, record: SessionRecord, current: Option<SessionId>) -> Result<Session> {
    let id: Option<SessionId> = sort.strip_prefix(SESSION).and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| Error::internal("a session's key holds no id"))?;
    Ok(Session {
        id,
        created_at: record.created_at,
        last_used_at: record.rotated_at,
        expires_at: record.expires_at,
        user_agent: record.user_agent,
        ip: record.ip,
        current: current == Some(id),
    })
}
