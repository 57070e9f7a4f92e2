//! A message as mail has it.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{Address, Message as Mail};
use ums_core::notify::{Message, NotifyError};
use zeroize::Zeroizing;

use crate::sender::Sender;

/// A message as mail has it (RFC 5322), with whom it goes to.
#[derive(Debug)]
pub(crate) struct Letter {
    pub(crate) envelope: Envelope,
    pub(crate) bytes: LetterBytes,
}

/// The text of a letter, which holds a token: never shown, wiped when dropped.
pub(crate) struct LetterBytes(pub(crate) Zeroizing<Vec<u8>>);

impl std::fmt::Debug for LetterBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LetterBytes(…)")
    }
}

impl Letter {
    /// Writes a message. No name of a person stands in its head, and every value there is checked or encoded, so that
    /// nothing that somebody typed begins a line of it.
    ///
    /// # Errors
    ///
    /// A permanent [`NotifyError`] for an address that mail does not have.
    pub(crate) fn write(message: &Message, sender: &Sender) -> Result<Self, NotifyError> {
        let refused = "mail has no such address";
        let recipient: Address =
            message.recipient.email.parse().map_err(|error: lettre::address::AddressError| {
                NotifyError::permanent(refused).caused_by(error)
            })?;
        let milliseconds = u64::try_from(message.created_at.unix_milliseconds()).unwrap_or(0);
        let mail = Mail::builder()
            .date(UNIX_EPOCH + Duration::from_millis(milliseconds))
            .from(sender.mailbox().clone())
            .to(recipient.into())
            .subject(message.subject())
            .message_id(Some(format!("<{}@{}>", message.id, sender.domain())))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(automatic())
            .body(message.text())
            .map_err(|error| {
                NotifyError::permanent("the message can't be written as mail").caused_by(error)
            })?;
        let envelope = mail.envelope().clone();
        Ok(Self { envelope, bytes: LetterBytes(Zeroizing::new(mail.formatted())) })
    }
}

/// Tells other programs not to answer (RFC 3834).
fn automatic() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}
