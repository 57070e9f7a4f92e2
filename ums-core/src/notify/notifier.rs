//! Who brings messages.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;

use super::Message;

/// Brings messages to people.
///
/// # What an implementer owes
///
/// - [`send`](Self::send) returns once the message is out of this process's hands for good, or says that it is not. It
///   may be called by several at once.
/// - A message whose outcome is unknown counts as [`NotifyError::temporary`]: it comes again, under a new id and with a
///   new token.
/// - What keeps every message, such as a server that can't be reached, counts as [`NotifyError::unavailable`]; what
///   concerns one recipient never does, or that recipient would keep the others from theirs.
/// - Neither the token nor the link goes into an error or a log.
///
/// # What the library does
///
/// It gives up on a call after a minute, comes again with growing pauses after a temporary error, never after a
/// permanent one, and never once the message is of no more use. A panic counts as a temporary error. Messages that are
/// of use for the shortest time go first. Where all that are sent at a time find the notifier unavailable, the others
/// wait.
#[async_trait]
pub trait Notifier: fmt::Debug + Send + Sync + 'static {
    /// Brings one message.
    ///
    /// # Errors
    ///
    /// [`NotifyError`], which says whether to come again.
    async fn send(&self, message: &Message) -> Result<(), NotifyError>;
}

/// Why a message was not brought.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct NotifyError {
    what: String,
    scope: Scope,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What an error says of later attempts, and of other messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Temporary,
    Permanent,
    Unavailable,
}

impl NotifyError {
    /// It may go better later: this message, or its recipient, is not taken for now.
    pub fn temporary(what: impl Into<String>) -> Self {
        Self { what: what.into(), scope: Scope::Temporary, source: None }
    }

    /// It may go better later, and until then no message goes: the server can't be reached, or refuses us.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self { scope: Scope::Unavailable, ..Self::temporary(what) }
    }

    /// It will never go better: the address is refused, or the message is.
    pub fn permanent(what: impl Into<String>) -> Self {
        Self { scope: Scope::Permanent, ..Self::temporary(what) }
    }

    /// With what caused it.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Whether there is no use in trying again.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.scope == Scope::Permanent
    }

    /// Whether other messages would fare alike for now.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.scope == Scope::Unavailable
    }
}

/// What became of the messages that were waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// How many were sent.
    pub sent: usize,
    /// How many failed and wait for another attempt.
    pub failed: usize,
    /// How many were given up: expired, refused for good, or of no more use.
    pub dropped: usize,
}
