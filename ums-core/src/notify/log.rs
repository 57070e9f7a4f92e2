//! Messages in the program's own log.

use async_trait::async_trait;

use super::{Message, Notifier, NotifyError};

/// Writes each message, token and link included, to the program's own `tracing` output: **for development alone**.
/// Whoever reads that output can act for every recipient.
///
/// The target is `ums_core::log::messages`, which a [`TracingLayer`](crate::log::TracingLayer) leaves out, so that no
/// token gets into the event log.
#[derive(Clone, Copy, Debug)]
pub struct LogNotifier(());

impl LogNotifier {
    /// One for a program that nobody but its developer runs.
    #[must_use]
    pub fn for_development() -> Self {
        Self(())
    }
}

#[async_trait]
impl Notifier for LogNotifier {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        tracing::info!(
            target: "ums_core::log::messages",
            kind = message.kind.as_str(),
            to = message.recipient.email,
            link = message.token.as_ref().map(super::MessageToken::reveal_link),
            "{}",
            message.subject()
        );
        Ok(())
    }
}
