//! One message.

use std::fmt;

use zeroize::Zeroizing;

use crate::Timestamp;
use crate::model::MessageKind;

/// A message to a person, in no language yet: [`subject`](Self::subject) and [`text`](Self::text) put it into English.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// Its id: 32 hexadecimal digits, different for each message and each attempt to send one.
    pub id: String,
    /// What it is about.
    pub kind: MessageKind,
    /// Who it goes to.
    pub recipient: Recipient,
    /// What the deployment calls itself.
    pub service: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What the recipient acts with; `None` for a notice.
    pub token: Option<MessageToken>,
}

/// Who a message goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recipient {
    /// The address, checked: no white space, no control characters, no display name.
    pub email: String,
    /// The account's name. Whoever registers chooses it, with another's address if they like: the library's own texts
    /// do not repeat it, so that nobody sends their words in the deployment's name.
    pub full_name: String,
}

/// A token that is good once, with the link that carries it: never shown by `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct MessageToken {
    token: Zeroizing<String>,
    link: Zeroizing<String>,
    expires_at: Timestamp,
}

impl MessageToken {
    pub(crate) fn new(token: Zeroizing<String>, link: Zeroizing<String>, expires_at: Timestamp) -> Self {
        Self { token, link, expires_at }
    }

    /// The token itself. Whoever has it can act for the recipient once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.token
    }

    /// The link that carries the token.
    #[must_use]
    pub fn reveal_link(&self) -> &str {
        &self.link
    }

    /// Until when the token is good.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for MessageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_token() {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let token = MessageToken::new(secret("canary"), secret("https://x/#canary"), Timestamp::UNIX_EPOCH);
        let shown = format!("{token:?} {token:#?}");
        assert!(!shown.contains("canary") && shown.contains("1970"), "{shown}");
    }
}
