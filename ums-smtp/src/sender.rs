//! Whom messages come from.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

/// The address that messages come from, with or without a name: `noreply@example.com`,
/// `Tech Corp <noreply@example.com>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

/// A text that is no sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as noreply@example.com or Tech Corp <noreply@example.com>")]
pub struct InvalidSender;

impl Sender {
    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0
    }

    pub(crate) fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl FromStr for Sender {
    type Err = InvalidSender;

    fn from_str(text: &str) -> Result<Self, InvalidSender> {
        if text.chars().any(char::is_control) {
            return Err(InvalidSender);
        }
        let mailbox: Mailbox = text.parse().map_err(|_| InvalidSender)?;
        // Where it goes over the wire as it is, before it is known what the server takes.
        let address: &str = mailbox.email.as_ref();
        if address.is_ascii() { Ok(Self(mailbox)) } else { Err(InvalidSender) }
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_name_or_not() {
        for text in ["noreply@example.com", "Tech Corp <noreply@example.com>", "Größe <noreply@example.com>"]
        {
            let sender: Sender = text.parse().unwrap();
            assert_eq!(sender.domain(), "example.com");
            assert_eq!(sender.to_string().parse(), Ok(sender));
        }
        for text in
            ["", "noreply", "a@b@c", "x <noreply@example.com>\r\nBcc: eve@example.com", "größe@example.com"]
        {
            assert_eq!(text.parse::<Sender>(), Err(InvalidSender), "{text}");
        }
    }
}
