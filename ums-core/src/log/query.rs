//! What to look for, and what was found.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Level, LogEvent, Outcome};
use crate::Timestamp;
use crate::model::{OrganisationId, UserId};

/// Which events to find: those that meet every condition given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuery {
    /// Events of this level and above.
    pub level: Option<Level>,
    /// Events whose action begins with this, letter for letter: `auth.` or `auth.login`.
    pub action: Option<String>,
    /// Events done by this user.
    pub actor_id: Option<UserId>,
    /// Events done to exactly this, such as `user/12`.
    pub target: Option<String>,
    /// Events that ended like this.
    pub outcome: Option<Outcome>,
    /// Events at or after this moment.
    pub since: Option<Timestamp>,
    /// Events before this moment.
    pub until: Option<Timestamp>,
    /// Events in which this text stands, upper and lower case alike: in the message, the action, the target, the
    /// request id, the address, or a text within the fields' values.
    pub q: Option<String>,
    /// Events of this organisation. Set by what decides who sees what, not by who asks.
    pub organisation_id: Option<OrganisationId>,
    /// How many events a page holds at the most: 1 to 1000, and held to that. 50 by default.
    pub limit: usize,
    /// Where an earlier page ended: its [`LogPage::next`].
    pub before: Option<LogPosition>,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            level: None,
            action: None,
            actor_id: None,
            target: None,
            outcome: None,
            since: None,
            until: None,
            q: None,
            organisation_id: None,
            limit: 50,
            before: None,
        }
    }
}

impl LogQuery {
    /// Whether the event meets every condition. `limit` and `before` are none.
    #[must_use]
    pub fn matches(&self, event: &LogEvent) -> bool {
        self.level.is_none_or(|level| event.level() >= level)
            && self.action.as_ref().is_none_or(|action| event.action().starts_with(action))
            && self.actor_id.is_none_or(|actor| event.actor_id() == Some(actor))
            && self.target.as_ref().is_none_or(|target| event.target() == Some(target))
            && self.outcome.is_none_or(|outcome| event.outcome() == Some(outcome))
            && self.since.is_none_or(|since| event.timestamp() >= since)
            && self.until.is_none_or(|until| event.timestamp() < until)
            && self.organisation_id.is_none_or(|organisation| event.organisation_id() == Some(organisation))
            && self.q.as_ref().is_none_or(|text| mentions(event, &text.to_lowercase()))
    }

    /// The limit, within its bounds.
    pub(super) fn page_size(&self) -> usize {
        self.limit.clamp(1, 1000)
    }
}

fn mentions(event: &LogEvent, lower_case: &str) -> bool {
    let found = |text: &str| text.to_lowercase().contains(lower_case);
    found(event.message())
        || found(event.action())
        || event.target().is_some_and(found)
        || event.request_id().is_some_and(found)
        || event.ip().is_some_and(|ip| found(&ip.to_string()))
        || event.fields().values().any(|value| value_mentions(value, &found))
}

fn value_mentions(value: &Value, found: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => found(text),
        Value::Array(values) => values.iter().any(|value| value_mentions(value, found)),
        Value::Object(values) => values.values().any(|value| value_mentions(value, found)),
        _ => false,
    }
}

/// Some of the events that match, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LogPage {
    /// The events.
    pub items: Vec<LogEvent>,
    /// Where to go on, as [`LogQuery::before`]; `None` at the end. A page may hold fewer events than asked for, even
    /// none, and still have a next one: a sink bounds how much it reads for one page.
    pub next: Option<LogPosition>,
    /// How many entries on the way could not be read and were left out.
    pub unreadable: u64,
}

impl LogPage {
    /// A page of these events.
    #[must_use]
    pub fn new(items: Vec<LogEvent>, next: Option<LogPosition>) -> Self {
        Self { items, next, unreadable: 0 }
    }
}

/// A place in a log, between two events: opaque, and good for the sink that gave it out.
///
/// An id would not do as one: clocks step, and then ids say nothing about which events a reader has already seen. Each
/// sink spells its own positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogPosition(String);

impl LogPosition {
    /// The position of this text. The sink looks at it when it is used.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
