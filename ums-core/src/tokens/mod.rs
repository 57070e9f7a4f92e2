//! Tokens: making and checking them, with no store and no clock. Whether a session still stands is not asked here.

mod access;
mod key;
mod keyring;
mod keys;
mod options;
mod refresh;
mod single_use;

use std::time::Duration;

pub(crate) use access::{AccessClaims, AccessGrant, Refusal};
pub use key::{InvalidKey, JsonWebKeySet, SigningAlgorithm, SigningKey, VerifyingKey};
pub(crate) use keys::{KeyIds, Keys};
pub use options::TokenOptions;
pub(crate) use refresh::RefreshClaims;
pub use single_use::SingleUseToken;
pub(crate) use single_use::{RANDOM_BYTES, SingleUseClaims};

use crate::model::{SessionId, UserId};
use crate::record::TokenPurpose;
use crate::{Error, Result, Timestamp};
use keyring::Keyring;
use refresh::RefreshKeys;
use single_use::SingleUseKeys;
use zeroize::Zeroizing;

/// Makes tokens and checks them.
#[derive(Debug)]
pub(crate) struct Tokens {
    options: TokenOptions,
    keyring: Keyring,
    refresh_keys: RefreshKeys,
    single_use_keys: SingleUseKeys,
}

impl Tokens {
    /// Tokens under these keys.
    pub(crate) fn new(keys: &Keys, options: TokenOptions) -> Self {
        let refresh_keys = keys.refresh_keys(&options.issuer, &options.audience);
        let single_use_keys = keys.single_use_keys(&options.issuer, &options.audience);
        Self { keyring: keys.keyring(), options, refresh_keys, single_use_keys }
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

    /// The access token that goes with this generation of the session, valid from this moment on: always the same text
    /// for the same grant, generation, moment and key, so that a reply that got lost can be given again.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] where the key can't sign.
    pub(crate) fn issue_access(
        &self,
        grant: &AccessGrant,
        generation: u32,
        issued_at: Timestamp,
    ) -> Result<String> {
        access::issue(&self.keyring, &self.options, grant, generation, issued_at)
    }

    /// What the access token says, where it is one of ours and valid now.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`].
    pub(crate) fn verify_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims> {
        self.inspect_access(token, now).map_err(|refusal| {
            tracing::debug!(%refusal, "an access token was refused");
            Error::InvalidAccessToken
        })
    }

    /// The same, with why it is refused: for the log, never for a client.
    pub(crate) fn inspect_access(&self, token: &str, now: Timestamp) -> Result<AccessClaims, Refusal> {
        access::verify(&self.keyring, &self.options, token, now)
    }

    /// The refresh token of this generation of the session: always the same text under the same secret.
    pub(crate) fn refresh_token(&self, user: UserId, session: SessionId, generation: u32) -> String {
        self.refresh_keys.token(RefreshClaims { user, session, generation })
    }

    /// What the refresh token says, where it is one of ours. Whether it is spent or expired, the session's record says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRefreshToken`].
    pub(crate) fn parse_refresh(&self, token: &str, now: Timestamp) -> Result<RefreshClaims> {
        self.refresh_keys.parse(token, now).ok_or(Error::InvalidRefreshToken)
    }

    /// The public keys that verify access tokens at this moment.
    pub(crate) fn public_keys(&self, now: Timestamp) -> JsonWebKeySet {
        self.keyring.public(now)
    }

    /// A single-use token of this randomness, and what the store keeps of it.
    pub(crate) fn single_use_token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        random: &[u8; RANDOM_BYTES],
    ) -> (Zeroizing<String>, String) {
        self.single_use_keys.newest.token(purpose, user, random)
    }

    /// What a single-use token says. Whether it is live, its record says.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidToken`] for what is no token of this purpose.
    pub(crate) fn parse_single_use(
        &self,
        purpose: TokenPurpose,
        token: &SingleUseToken,
        now: Timestamp,
    ) -> Result<SingleUseClaims> {
        self.single_use_keys.parse(purpose, token, now).ok_or(Error::InvalidToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use crate::model::Role;

    const SECRET: &[u8] = b"canary canary canary canary canary";

    fn tokens(options: TokenOptions) -> Tokens {
        Tokens::new(&Keys::new(SecretKey::new(SECRET).unwrap()), options)
    }

    #[test]
    fn neither_kind_passes_for_the_other() {
        let tokens = tokens(TokenOptions::new());
        let now = Timestamp::from_unix_milliseconds(1_795_482_123_456);
        let (user, session) = (UserId::try_from(7).unwrap(), SessionId::from_u128(1));
        let grant = AccessGrant { user, session, role: Role::Member, organisation: None };
        let access = tokens.issue_access(&grant, 0, now).unwrap();
        let refresh = tokens.refresh_token(user, session, 0);
        assert_eq!(tokens.verify_access(&access, now).unwrap().grant, grant);
        assert_eq!(
            tokens.parse_refresh(&refresh, now).unwrap(),
            RefreshClaims { user, session, generation: 0 }
        );
        assert!(matches!(tokens.verify_access(&refresh, now), Err(Error::InvalidAccessToken)));
        assert!(matches!(tokens.parse_refresh(&access, now), Err(Error::InvalidRefreshToken)));
    }

    #[test]
    fn lifetimes_are_the_contracts_unless_set_and_never_zero() {
        let seconds = |tokens: &Tokens| {
            [tokens.access_lifetime(), tokens.refresh_lifetime(), tokens.session_lifetime()]
                .map(|time| time.as_secs())
        };
        assert_eq!(seconds(&tokens(TokenOptions::new())), [3600, 172_800, 2_592_000]);
        let none = Duration::ZERO;
        let options = TokenOptions::new().access_lifetime(none).refresh_lifetime(none).session_lifetime(none);
        assert_eq!(seconds(&tokens(options)), [1, 1, 1]);
    }

    #[test]
    fn shows_no_secret() {
        let shown = format!("{:?} {:#?}", tokens(TokenOptions::new()), tokens(TokenOptions::new()));
        assert!(
            !shown.contains("canary") && !shown.contains("99, 97, 110") && shown.contains("SigningKey"),
            "{shown}"
        );
    }
}
