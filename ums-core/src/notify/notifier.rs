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
/// - Neither the token nor the link goes into an error or a log.
///
/// # What the library does
///
/// It gives up on a call after a minute, comes again with growing pauses after a temporary error, never after a
/// permanent one, and never once the message is of no more use. A panic counts as a temporary error.
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
    permanent: bool,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl NotifyError {
    /// It may go better later.
    pub fn temporary(what: impl Into<String>) -> Self {
        Self { what: what.into(), permanent: false, source: None }
    }

    /// It will never go better: the address is refused, or the message is.
    pub fn permanent(what: impl Into<String>) -> Self {
        Self { permanent: true, ..Self::temporary(what) }
    }

    /// With what caused it.
    #[must_use]
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Whether there is no use in trying again.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
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
