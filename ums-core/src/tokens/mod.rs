//! Tokens: making and checking them, with no store and no clock. Whether a session still stands is not asked here.

mod access;
mod keyring;
mod options;
mod refresh;

use std::time::Duration;

pub(crate) use access::{AccessClaims, AccessGrant};
pub use options::TokenOptions;
pub(crate) use refresh::RefreshClaims;

use crate::model::{SessionId, UserId};
use crate::{Error, Result, SecretKey, Timestamp};
use keyring::Keyring;
use refresh::RefreshKey;

/// Makes tokens and checks them.
#[derive(Debug)]
pub(crate) struct Tokens {
    options: TokenOptions,
    keyring: Keyring,
    refresh_key: RefreshKey,
}

impl Tokens {
    /// Tokens under this secret.
    pub(crate) fn new(secret: &SecretKey, options: TokenOptions) -> Self {
        let refresh_key = RefreshKey::new(secret, &options.issuer, &options.audience);
        Self { options, keyring: Keyring::new(secret), refresh_key }
    }

    /// How long an access token is valid.
    pub(crate) fn access_lifetime(&self) -> Duration {
        self.options.access_lifetime
    }

    /// How long a refresh token is valid; the session's record says from when.
    pub(crate) fn refresh_lifetime(&self) -> Duration {
        self.options.refresh_lifetime
    }

    /// How long a session lasts at most, however often its tokens are renewed.
    pub(crate) fn session_lifetime(&self) -> Duration {
        self.options.session_lifetime
    }

    /// The access token that goes with this generation of the session, valid from `now`: always the same text.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the key can't sign.
    pub(crate) fn issue_access(
        &self,
        grant: &AccessGrant,
        generation: u32,
        now: Timestamp,
    ) -> Result<String> {
        access::issue(&self.keyring, &self.options, grant, generation, now)
    }

    /// What the access token says, where it is one of ours and valid now.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`].
    pub(crate) fn verify_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims> {
        access::verify(&self.keyring, &self.options, token, now).map_err(|refusal| {
            tracing::debug!(%refusal, "an access token was refused");
            Error::InvalidAccessToken
        })
    }

    /// The refresh token of this generation of the session: always the same text.
    pub(crate) fn refresh_token(&self, user: UserId, session: SessionId, generation: u32) -> String {
        self.refresh_key.token(RefreshClaims { user, session, generation })
    }

    /// What the refresh token says, where it is one of ours. Whether it is spent or expired, the session's record says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRefreshToken`].
    pub(crate) fn parse_refresh(&self, token: &str) -> Result<RefreshClaims> {
        self.refresh_key.parse(token).ok_or(Error::InvalidRefreshToken)
    }
}
