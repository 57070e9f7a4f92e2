//! Reading the event log.

use std::time::Duration;

use super::Acting;
use super::audit::Subject;
use crate::Result;
use crate::access::Action;
use crate::log::{LogEvent, LogPosition, LogQuery};
use crate::page::{Page, PageLimit, PageRequest};

/// How long a reader waits for events that are on their way to the sink.
const PATIENCE: Duration = Duration::from_secs(1);

impl Acting {
    /// Events that match, newest first: an administrator's all, an organisation administrator's those of the
    /// organisation. `limit` and `before` of the query are taken from the request.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`](crate::Error::Forbidden), [`Error::InvalidCursor`](crate::Error::InvalidCursor),
    /// [`Error::Internal`](crate::Error::Internal) where the log can't be read.
    pub async fn logs(&self, query: &LogQuery, request: &PageRequest) -> Result<Page<LogEvent>> {
        self.guarded("log.read", Subject::default(), self.read_logs(query, request)).await
    }

    /// Every event that matches, a page of the largest size at a time, from the first one on or from a cursor. The log is
    /// told of an export when it begins.
    ///
    /// # Errors
    ///
    /// As for [`logs`](Self::logs).
    pub async fn export_logs(&self, query: &LogQuery, cursor: Option<String>) -> Result<Page<LogEvent>> {
        let begins = cursor.is_none();
        let request = PageRequest::new(PageLimit::MAXIMUM, cursor);
        let page = self.guarded("log.export", Subject::default(), self.read_logs(query, &request)).await?;
        if begins {
            self.tell("log.export", Subject::default(), None);
        }
        Ok(page)
    }

    async fn read_logs(&self, query: &LogQuery, request: &PageRequest) -> Result<Page<LogEvent>> {
        let mut query = query.clone();
        if let Some(own) = self.actor.confined_to(Action::ReadLogs)? {
            query.organisation_id = Some(own);
        }
        query.limit = request.limit.as_usize();
        query.before = None;
        // The cursor is bound to the filters, so that it leads through the same events.
        let scope = format!("logs {query:?}");
        let cursors = &self.parts().cursors;
        if let Some(cursor) = &request.cursor {
            query.before = Some(LogPosition::new(cursors.open(&scope, cursor)?));
        }
        // What was recorded before this call is to be seen by it, unless the log is slow: then it is read as it is.
        let log = self.ums.log();
        drop(tokio::time::timeout(PATIENCE, log.flush()).await);
        let page = log.sink().query(&query).await?;
        let next = page.next.map(|position| cursors.seal(&scope, position.as_str())).transpose()?;
        Ok(Page::new(page.items, next))
    }
}
