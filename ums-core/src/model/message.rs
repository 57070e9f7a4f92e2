//! What the system writes to people about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageKind {
    /// Somebody asked for a new password; the message carries the token that sets one.
    PasswordReset,
    /// The address is to be confirmed; the message carries the token that does so.
    EmailVerification,
    /// The account is to have the address that the message goes to; it carries the token that confirms that.
    EmailChange,
    /// An account is waiting; the message carries the token that sets its first password.
    Invitation,
    /// The password was changed: a notice to its owner.
    PasswordChanged,
    /// Somebody asked for another address: a notice to the address that the account has.
    EmailChangeRequested,
    /// The account has another address now: a notice to the one it had.
    EmailChanged,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::PasswordReset,
        Self::EmailVerification,
        Self::EmailChange,
        Self::Invitation,
        Self::PasswordChanged,
        Self::EmailChangeRequested,
        Self::EmailChanged,
    ];

    /// Whether it only tells the owner of something, and brings no token.
    pub(crate) fn is_notice(self) -> bool {
        matches!(self, Self::PasswordChanged | Self::EmailChangeRequested | Self::EmailChanged)
    }

    /// The name, `snake_case`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::EmailChange => "email_change",
            Self::Invitation => "invitation",
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_stored_under_its_name() {
        for kind in MessageKind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
        }
    }
}
