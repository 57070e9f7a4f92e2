//! What a message says.

use super::{Message, MessageToken};
use crate::model::MessageKind as Kind;

impl Message {
    /// The subject line: one line, no secret.
    #[must_use]
    pub fn subject(&self) -> String {
        let service = &self.service;
        match self.kind {
            Kind::PasswordReset => format!("Choose a new password for {service}"),
            Kind::EmailVerification => format!("Confirm your e-mail address for {service}"),
            Kind::EmailChange => format!("Confirm your new e-mail address for {service}"),
            Kind::Invitation => format!("You are invited to {service}"),
            Kind::PasswordChanged => format!("Your password for {service} was changed"),
            Kind::EmailChangeRequested => format!("A new e-mail address was asked for at {service}"),
            Kind::EmailChanged => format!("Your e-mail address for {service} was changed"),
        }
    }

    /// The body, as plain text with lines that end in `\n`. It holds the token: handle it like one.
    #[must_use]
    pub fn text(&self) -> String {
        let service = &self.service;
        let (opening, closing) = match self.kind {
            Kind::PasswordReset => (
                format!("Somebody asked for a new password for your account at {service}. To choose one,"),
                "If it was not you, do nothing: your password stays as it is.",
            ),
            Kind::EmailVerification => (
                format!(
                    "An account at {service} was made with this e-mail address. To confirm that it is yours,"
                ),
                "If you made no account, do nothing.",
            ),
            Kind::EmailChange => (
                format!(
                    "Your account at {service} is to have this e-mail address from now on. To confirm that,"
                ),
                "If you did not ask for it, do nothing: no address changes.",
            ),
            Kind::Invitation => (
                format!("An account at {service} is waiting for you. To choose a password and begin,"),
                "If you expect no invitation, do nothing.",
            ),
            Kind::PasswordChanged => (
                format!("The password of your account at {service} was changed."),
                "If it was not you, ask for a new password at once, and tell the administrator.",
            ),
            Kind::EmailChangeRequested => (
                format!(
                    "Somebody who is logged in to your account at {service} asked for another e-mail address. It \
                     changes once the new address is confirmed."
                ),
                "If it was not you, change your password at once, and tell the administrator.",
            ),
            Kind::EmailChanged => (
                format!(
                    "Your account at {service} has another e-mail address now. Messages no longer come to this one."
                ),
                "If it was not you, tell the administrator at once.",
            ),
        };
        match &self.token {
            Some(token) => format!("{opening} {}\n\n{closing}\n", asking(token)),
            None => format!("{opening}\n\n{closing}\n"),
        }
    }
}

fn asking(token: &MessageToken) -> String {
    format!(
        "open this link:\n\n{}\n\nor enter this code where you are asked for it:\n\n{}\n\nIt is good once, until {}.",
        token.reveal_link(),
        token.reveal(),
        token.expires_at()
    )
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::Timestamp;
    use crate::notify::Recipient;

    fn message(kind: Kind, token: bool) -> Message {
        let secret = |text: &str| Zeroizing::new(text.to_owned());
        let expires_at = Timestamp::from_unix_milliseconds(1_795_482_123_456);
        let token =
            token.then(|| MessageToken::new(secret("ums_t"), secret("https://x/y#token=ums_t"), expires_at));
        Message {
            id: "0".repeat(32),
            kind,
            recipient: Recipient {
                email: "ada@example.com".into(),
                full_name: "Buy at https://evil.example".into(),
            },
            service: "Tech Corp".into(),
            created_at: Timestamp::UNIX_EPOCH,
            token,
        }
    }

    #[test]
    fn says_what_to_do_and_repeats_nothing_that_a_stranger_chose() {
        for kind in Kind::ALL {
            let carries =
                !matches!(kind, Kind::PasswordChanged | Kind::EmailChangeRequested | Kind::EmailChanged);
            let message = message(kind, carries);
            let (subject, text) = (message.subject(), message.text());
            assert!(subject.contains("Tech Corp") && !subject.contains('\n'), "{subject}");
            assert!(text.contains("Tech Corp") && !text.contains("evil.example"), "{text}");
            assert!(!subject.contains("evil.example") && !subject.contains("ums_t"), "{subject}");
            assert_eq!(text.contains("https://x/y#token=ums_t\n"), carries, "{text}");
            assert_eq!(text.contains("\nums_t\n"), carries, "{text}");
            assert_eq!(text.contains("until 2026-11-24T01:02:03.456Z"), carries, "{text}");
        }
    }
}
