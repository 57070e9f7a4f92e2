//! Who issues tokens, for whom, and for how long.

use std::time::Duration;

const MINUTE: u64 = 60;
const DAY: u64 = 24 * 60 * MINUTE;

/// Who issues tokens, for whom, and for how long they are valid.
///
/// Tokens made under one issuer and audience are refused under another, even with the same secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOptions {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) access_lifetime: Duration,
    pub(super) refresh_lifetime: Duration,
    pub(super) session_lifetime: Duration,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self {
            issuer: "ums".to_owned(),
            audience: "ums".to_owned(),
            access_lifetime: Duration::from_secs(60 * MINUTE),
            refresh_lifetime: Duration::from_secs(2 * DAY),
            session_lifetime: Duration::from_secs(30 * DAY),
        }
    }
}

impl TokenOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The `iss` of access tokens: the name of this system. `ums` by default.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// The `aud` of access tokens: the name of who takes them. `ums` by default.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// How long an access token is valid, in whole seconds, at least 1. An hour by default.
    #[must_use]
    pub fn access_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_lifetime = whole_seconds(lifetime);
        self
    }

    /// How long a refresh token is valid, in whole seconds, at least 1. Two days by default.
    #[must_use]
    pub fn refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_lifetime = whole_seconds(lifetime);
        self
    }

    /// How long a session lasts at most, however often its tokens are renewed, in whole seconds, at least 1. 30 days by
    /// default.
    #[must_use]
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = whole_seconds(lifetime);
        self
    }
}

fn whole_seconds(lifetime: Duration) -> Duration {
    Duration::from_secs(lifetime.as_secs().max(1))
}
