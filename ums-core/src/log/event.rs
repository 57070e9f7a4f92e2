//! One thing that happened.

use std::io;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bounds::{self, cut};
use super::line::OneLine;
use super::{Level, LogEventId, Outcome};
use crate::Timestamp;
use crate::model::{OrganisationId, UserId};

/// One thing that happened.
///
/// # Bounds
///
/// An event is never large, whatever it is told. Longer texts are cut where they are given and end in `…[cut]`: the
/// action 128 bytes of UTF-8, the message 4096, the target 256, the request id 128, the name of a field 64, a text
/// within a field 1024. Fields are 64 at the most (further ones are left out), nested 4 deep at the most and together
/// about 16 KiB; `…[cut]` stands for a value that would exceed that. Nothing else is changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogEvent {
    /// Its id; ids order by time.
    id: LogEventId,
    /// When it happened.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    timestamp: Timestamp,
    /// How much it matters.
    level: Level,
    /// What was done, a dotted name.
    #[cfg_attr(feature = "openapi", schema(example = "auth.login"))]
    action: String,
    /// What happened, in words.
    message: String,
    /// Who did it, where that is known.
    actor_id: Option<UserId>,
    /// What it was done to, a kind and an id.
    #[cfg_attr(feature = "openapi", schema(example = "user/12"))]
    target: Option<String>,
    /// How it ended, where that can be said.
    outcome: Option<Outcome>,
    /// The request that it was part of.
    request_id: Option<String>,
    /// Where the request came from.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "192.0.2.1"))]
    ip: Option<IpAddr>,
    /// Whatever else there is to say.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    fields: Map<String, Value>,
    /// The organisation whose administrators may see it; none for what concerns the system alone.
    organisation_id: Option<OrganisationId>,
}

impl LogEvent {
    /// An event that happened at the time of its id. [`LogQueue::event`](super::LogQueue::event) makes one of now.
    ///
    /// `action` is a dotted name, such as `auth.login` or `organisation.create`; queries ask for its prefix.
    #[must_use]
    pub fn new(id: LogEventId, level: Level, action: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            id,
            timestamp: id.timestamp(),
            level,
            action: cut(action.into(), bounds::ACTION_BYTES),
            message: cut(message.into(), bounds::MESSAGE_BYTES),
            actor_id: None,
            target: None,
            outcome: None,
            request_id: None,
            ip: None,
            fields: Map::new(),
            organisation_id: None,
        }
    }

    /// The event, done by this user.
    #[must_use]
    pub fn with_actor(mut self, actor: impl Into<Option<UserId>>) -> Self {
        self.actor_id = actor.into();
        self
    }

    /// The event, done to this: a kind and an id, such as `user/12`.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(cut(target.into(), bounds::TARGET_BYTES));
        self
    }

    /// The event, with how it ended.
    #[must_use]
    pub fn with_outcome(mut self, outcome: impl Into<Option<Outcome>>) -> Self {
        self.outcome = outcome.into();
        self
    }

    /// The event, as part of this request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(cut(request_id.into(), bounds::REQUEST_ID_BYTES));
        self
    }

    /// The event, asked for from this address.
    #[must_use]
    pub fn with_ip(mut self, ip: impl Into<Option<IpAddr>>) -> Self {
        self.ip = ip.into();
        self
    }

    /// The event, visible to the administrators of this organisation.
    #[must_use]
    pub fn with_organisation(mut self, organisation: impl Into<Option<OrganisationId>>) -> Self {
        self.organisation_id = organisation.into();
        self
    }

    /// The event, with one thing more to say; a field of the same name is replaced. Never a secret.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        bounds::insert(&mut self.fields, name.into(), value.into());
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> LogEventId {
        self.id
    }

    /// When it happened: the time of its id.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// What was done, a dotted name.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// What happened, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Who did it, where that is known.
    #[must_use]
    pub fn actor_id(&self) -> Option<UserId> {
        self.actor_id
    }

    /// What it was done to.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// How it ended, where that can be said.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// The request that it was part of.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Where the request came from.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Whatever else there is to say.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The organisation whose administrators may see it.
    #[must_use]
    pub fn organisation_id(&self) -> Option<OrganisationId> {
        self.organisation_id
    }

    /// Writes it as one line of JSON, the line's end included.
    ///
    /// Besides what JSON asks for, every character that could fool a terminal or a tool that works by lines is
    /// escaped: control characters (U+007F to U+009F, too), U+2028, U+2029 and the marks that turn the direction of
    /// writing.
    ///
    /// # Errors
    ///
    /// What the writer answers; writing to a `Vec<u8>` does not fail.
    pub fn write_line(&self, mut writer: impl io::Write) -> io::Result<()> {
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut writer, OneLine))?;
        writer.write_all(b"\n")
    }

    /// About how many bytes it takes in memory.
    pub(super) fn size(&self) -> usize {
        let texts = [Some(self.action.as_str()), Some(&self.message), self.target(), self.request_id()];
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + bounds::size(value)).sum();
        size_of::<Self>() + texts.into_iter().flatten().map(str::len).sum::<usize>() + fields
    }
}

/// An event as it was read, within bounds or not.
#[derive(Deserialize)]
struct Unchecked {
    id: LogEventId,
    timestamp: Timestamp,
    level: Level,
    action: String,
    message: String,
    actor_id: Option<UserId>,
    target: Option<String>,
    outcome: Option<Outcome>,
    request_id: Option<String>,
    ip: Option<IpAddr>,
    #[serde(default)]
    fields: Map<String, Value>,
    organisation_id: Option<OrganisationId>,
}

#[derive(Debug, thiserror::Error)]
enum NotAnEvent {
    #[error("the timestamp is not that of the id")]
    Timestamp,
    #[error("a text or a field is larger than an event's may be")]
    TooLarge,
}

impl TryFrom<Unchecked> for LogEvent {
    type Error = NotAnEvent;

    fn try_from(read: Unchecked) -> Result<Self, NotAnEvent> {
        if read.timestamp != read.id.timestamp() {
            return Err(NotAnEvent::Timestamp);
        }
        let within = |text: Option<&String>, bytes| text.is_none_or(|text| text.len() <= bytes);
        let fits = within(Some(&read.action), bounds::ACTION_BYTES)
            && within(Some(&read.message), bounds::MESSAGE_BYTES)
            && within(read.target.as_ref(), bounds::TARGET_BYTES)
            && within(read.request_id.as_ref(), bounds::REQUEST_ID_BYTES)
            && bounds::holds(&read.fields);
        if !fits {
            return Err(NotAnEvent::TooLarge);
        }
        Ok(Self {
            id: read.id,
            timestamp: read.timestamp,
            level: read.level,
            action: read.action,
            message: read.message,
            actor_id: read.actor_id,
            target: read.target,
            outcome: read.outcome,
            request_id: read.request_id,
            ip: read.ip,
            fields: read.fields,
            organisation_id: read.organisation_id,
        })
    }
}
