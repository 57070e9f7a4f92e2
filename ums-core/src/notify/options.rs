//! What there is to choose about messages.

use std::net::SocketAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{InvalidLink, LinkTemplate};
use crate::model::MessageKind;

/// How long tokens are good, where links lead, what the deployment calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct MessageOptions {
    service: String,
    reset_lifetime: Duration,
    verification_lifetime: Duration,
    invitation_lifetime: Duration,
    reset_link: LinkTemplate,
    verification_link: LinkTemplate,
    invitation_link: LinkTemplate,
    background: bool,
}

/// How long a notice is worth sending.
const NOTICE_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The longest name of a service, in characters.
const LONGEST_SERVICE: usize = 100;

impl MessageOptions {
    /// Tokens for a new password are good for 30 minutes, those that confirm an address for 24 hours, invitations for
    /// 7 days; messages are sent in the background. Links begin with `public_url`, an `http` or `https` URL without
    /// query, and lead to `/reset-password`, `/verify-email` and `/accept-invitation` below it, which a frontend
    /// serves.
    ///
    /// # Errors
    ///
    /// [`InvalidLink`] where `public_url` is no such URL.
    pub fn new(public_url: &str) -> Result<Self, InvalidLink> {
        let base = public_url.trim_end_matches('/');
        if base.contains(['?', '#', '{']) {
            return Err(InvalidLink);
        }
        base.parse::<LinkTemplate>()?;
        Ok(Self::below(base))
    }

    /// The same for links to a server at this address, by `http`: where nobody has said what else leads there.
    pub fn at(address: SocketAddr) -> Self {
        Self::below(&format!("http://{address}"))
    }

    fn below(base: &str) -> Self {
        Self {
            service: "UMS".to_owned(),
            reset_lifetime: Duration::from_secs(30 * 60),
            verification_lifetime: Duration::from_secs(24 * 60 * 60),
            invitation_lifetime: Duration::from_secs(7 * 24 * 60 * 60),
            reset_link: LinkTemplate::to(format!("{base}/reset-password")),
            verification_link: LinkTemplate::to(format!("{base}/verify-email")),
            invitation_link: LinkTemplate::to(format!("{base}/accept-invitation")),
            background: true,
        }
    }

    /// What the deployment calls itself in messages; `UMS` by default. Control characters are left out, and what is
    /// longer than 100 characters is cut.
    pub fn service(mut self, name: &str) -> Self {
        self.service =
            name.chars().filter(|character| !character.is_control()).take(LONGEST_SERVICE).collect();
        self
    }

    /// How long a token for a new password is good; at least a second.
    pub fn reset_lifetime(mut self, lifetime: Duration) -> Self {
        self.reset_lifetime = at_least_a_second(lifetime);
        self
    }

    /// How long a token that confirms an address is good; at least a second.
    pub fn verification_lifetime(mut self, lifetime: Duration) -> Self {
        self.verification_lifetime = at_least_a_second(lifetime);
        self
    }

    /// How long an invitation is good; at least a second.
    pub fn invitation_lifetime(mut self, lifetime: Duration) -> Self {
        self.invitation_lifetime = at_least_a_second(lifetime);
        self
    }

    /// Where the link leads that sets a new password.
    pub fn reset_link(mut self, link: LinkTemplate) -> Self {
        self.reset_link = link;
        self
    }

    /// Where the link leads that confirms an address, a new one too.
    pub fn verification_link(mut self, link: LinkTemplate) -> Self {
        self.verification_link = link;
        self
    }

    /// Where the link leads that accepts an invitation.
    pub fn invitation_link(mut self, link: LinkTemplate) -> Self {
        self.invitation_link = link;
        self
    }

    /// Whether messages are sent in the background, by a task that ends with the last handle; so by default. Otherwise
    /// [`UserManagement::deliver_messages`](crate::UserManagement::deliver_messages) sends them: for a program that
    /// sleeps between requests.
    pub fn background(mut self, background: bool) -> Self {
        self.background = background;
        self
    }

    pub(crate) fn is_background(&self) -> bool {
        self.background
    }

    pub(crate) fn service_name(&self) -> &str {
        &self.service
    }

    /// How long a message of this kind is of use, from when it is meant and from when its token is made.
    pub(crate) fn lifetime(&self, kind: MessageKind) -> Duration {
        match kind {
            MessageKind::PasswordReset => self.reset_lifetime,
            MessageKind::EmailVerification | MessageKind::EmailChange => self.verification_lifetime,
            MessageKind::Invitation => self.invitation_lifetime,
            MessageKind::PasswordChanged | MessageKind::EmailChangeRequested | MessageKind::EmailChanged => {
                NOTICE_LIFETIME
            }
        }
    }

    /// The link that carries the token of a message of this kind.
    pub(crate) fn link(&self, kind: MessageKind, token: &str) -> Zeroizing<String> {
        let template = match kind {
            MessageKind::PasswordReset => &self.reset_link,
            MessageKind::Invitation => &self.invitation_link,
            _ => &self.verification_link,
        };
        template.link(token)
    }
}

fn at_least_a_second(lifetime: Duration) -> Duration {
    lifetime.max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_below_the_public_url() {
        for base in ["https://example.com/app", "https://example.com/app/"] {
            let options = MessageOptions::new(base).unwrap();
            let link = |kind| options.link(kind, "T").to_string();
            assert_eq!(link(MessageKind::PasswordReset), "https://example.com/app/reset-password#token=T");
            assert_eq!(link(MessageKind::EmailVerification), "https://example.com/app/verify-email#token=T");
            assert_eq!(link(MessageKind::EmailChange), "https://example.com/app/verify-email#token=T");
            assert_eq!(link(MessageKind::Invitation), "https://example.com/app/accept-invitation#token=T");
        }
        for base in
            ["", "example.com", "https://example.com/?a=b", "https://example.com/#a", "https://{token}"]
        {
            assert!(MessageOptions::new(base).is_err(), "{base}");
        }
    }

    #[test]
    fn a_name_breaks_no_line() {
        let options = MessageOptions::new("https://example.com").unwrap();
        assert_eq!(options.clone().service("Tech\r\nBcc: x").service_name(), "TechBcc: x");
        assert_eq!(options.service(&"é".repeat(300)).service_name().chars().count(), 100);
    }
}
