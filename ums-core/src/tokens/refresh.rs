//! Refresh tokens: opaque, and made again rather than stored.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::{SessionId, UserId};
use crate::secret::Purpose;
use crate::{SecretKey, Timestamp};

/// What a refresh token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefreshClaims {
    /// Whose it is.
    pub(crate) user: UserId,
    /// Of which session.
    pub(crate) session: SessionId,
    /// How often the session's tokens had been renewed when it was made.
    pub(crate) generation: u32,
}

/// So that a token is recognised where it does not belong, such as in a log or a repository.
const PREFIX: &str = "ums_rt_";
/// User (8 bytes), session (16), generation (4), big-endian.
const CLAIMS_LENGTH: usize = 28;
const TAG_LENGTH: usize = 32;
/// 60 bytes are 80 characters of base64 with no bits to spare, so that a token has one spelling.
const ENCODED_LENGTH: usize = (CLAIMS_LENGTH + TAG_LENGTH) / 3 * 4;

/// The key of the secret, and those of earlier secrets whose tokens are still taken.
#[derive(Debug)]
pub(super) struct RefreshKeys {
    pub(super) newest: RefreshKey,
    /// Each with the moment from which its tokens are taken no longer.
    pub(super) retired: Vec<(RefreshKey, Timestamp)>,
}

impl RefreshKeys {
    pub(super) fn token(&self, claims: RefreshClaims) -> String {
        self.newest.token(claims)
    }

    pub(super) fn parse(&self, token: &str, now: Timestamp) -> Option<RefreshClaims> {
        let retired = self.retired.iter().filter(|(_, until)| now < *until).map(|(key, _)| key);
        std::iter::once(&self.newest).chain(retired).find_map(|key| key.parse(token))
    }
}

/// Makes refresh tokens of one issuer and audience, and takes them apart.
pub(super) struct RefreshKey {
    key: hmac::Key,
    context: Vec<u8>,
}

impl RefreshKey {
    pub(super) fn new(secret: &SecretKey, issuer: &str, audience: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.derive(Purpose::RefreshToken).expose());
        Self { key, context: context(issuer, audience) }
    }

    pub(super) fn token(&self, claims: RefreshClaims) -> String {
        let mut bytes = claims.to_bytes();
        let tag = hmac::sign(&self.key, &self.message(&bytes));
        bytes.extend(tag.as_ref());
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn parse(&self, token: &str) -> Option<RefreshClaims> {
        let encoded = token.strip_prefix(PREFIX).filter(|encoded| encoded.len() == ENCODED_LENGTH)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (claims, tag) = bytes.split_at_checked(CLAIMS_LENGTH)?;
        hmac::verify(&self.key, &self.message(claims), tag).ok()?;
        RefreshClaims::from_bytes(claims)
    }

    fn message(&self, claims: &[u8]) -> Vec<u8> {
        [self.context.as_slice(), claims].concat()
    }
}

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshKey(…)")
    }
}

impl RefreshClaims {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CLAIMS_LENGTH + TAG_LENGTH);
        bytes.extend(self.user.as_u64().to_be_bytes());
        bytes.extend(self.session.as_u128().to_be_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user, rest) = bytes.split_first_chunk()?;
        let (session, rest) = rest.split_first_chunk()?;
        let (generation, rest) = rest.split_first_chunk()?;
        rest.is_empty().then_some(())?;
        Some(Self {
            user: UserId::try_from(u64::from_be_bytes(*user)).ok()?,
            session: SessionId::from_u128(u128::from_be_bytes(*session)),
            generation: u32::from_be_bytes(*generation),
        })
    }
}

/// For whom tokens are, without ambiguity.
pub(super) fn context(issuer: &str, audience: &str) -> Vec<u8> {
    let mut context = Vec::new();
    for name in [issuer, audience] {
        context.extend((name.len() as u64).to_be_bytes());
        context.extend(name.as_bytes());
    }
    context
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(secret: u8, issuer: &str, audience: &str) -> RefreshKey {
        RefreshKey::new(&SecretKey::new([secret; 32]).unwrap(), issuer, audience)
    }

    fn claims() -> RefreshClaims {
        let user = UserId::try_from(42).unwrap();
        RefreshClaims { user, session: SessionId::from_u128(0x5f3c << 100 | 7), generation: 3 }
    }

    proptest! {
        #[test]
        fn says_what_it_was_given(user in 1..1_000_000_000_000_u64, session: u128, generation: u32) {
            let user = UserId::try_from(user).unwrap();
            let claims = RefreshClaims { user, session: SessionId::from_u128(session), generation };
            let token = key(7, "ums", "ums").token(claims);
            prop_assert_eq!(token.len(), 87);
            prop_assert_eq!(key(7, "ums", "ums").parse(&token), Some(claims));
        }

        #[test]
        fn takes_no_other_text(text in "(ums_rt_)?[A-Za-z0-9_=-]{0,90}") {
            prop_assert_eq!(key(7, "ums", "ums").parse(&text), None);
        }
    }

    #[test]
    fn a_generation_has_one_token_and_it_does_not_change_over_releases() {
        let token = key(7, "ums", "ums").token(claims());
        assert_eq!(token, key(7, "ums", "ums").token(claims()));
        assert_ne!(token, key(7, "ums", "ums").token(RefreshClaims { generation: 4, ..claims() }));
        assert_eq!(
            token,
            "ums_rt_AAAAAAAAACoABfPAAAAAAAAAAAAAAAAHAAAAA45MGreF6wA-NiGV8a-O3bhh214hwVcoLC-9B-Vsdkg2"
        );
    }

    #[test]
    fn every_prefix_every_edit_and_every_extension_is_refused() {
        let key = key(7, "ums", "ums");
        let token = key.token(claims());
        assert_eq!(key.parse(&token), Some(claims()));
        for end in 0..token.len() {
            assert_eq!(key.parse(&token[..end]), None, "the first {end} characters");
        }
        for position in 0..token.len() {
            for byte in (0..0x80_u8).filter(|byte| *byte != token.as_bytes()[position]) {
                let mut edited = token.clone().into_bytes();
                edited[position] = byte;
                let edited = String::from_utf8(edited).unwrap();
                assert_eq!(key.parse(&edited), None, "{edited}");
            }
        }
        for edited in [
            format!("{token}="),
            format!("{token}A"),
            format!(" {token}"),
            format!("{token}\n"),
            token.to_uppercase(),
        ] {
            assert_eq!(key.parse(&edited), None, "{edited:?}");
        }
    }

    #[test]
    fn another_secret_issuer_or_audience_refuses_it() {
        let token = key(7, "ums", "ums").token(claims());
        for other in
            [key(8, "ums", "ums"), key(7, "umsums", ""), key(7, "um", "sums"), key(7, "ums", "other")]
        {
            assert_eq!(other.parse(&token), None);
        }
    }

    #[test]
    fn an_earlier_secret_is_taken_until_its_overlap_ends_and_makes_no_token() {
        let until = Timestamp::from_unix_milliseconds(1_795_482_123_456);
        let before = until.minus(std::time::Duration::from_millis(1));
        let keys = RefreshKeys { newest: key(8, "ums", "ums"), retired: vec![(key(7, "ums", "ums"), until)] };
        let (old, new) = (key(7, "ums", "ums").token(claims()), keys.token(claims()));
        assert_ne!(old, new);
        assert_eq!(keys.parse(&new, until), Some(claims()));
        assert_eq!(keys.parse(&old, before), Some(claims()));
        assert_eq!(keys.parse(&old, until), None);
        assert_eq!(key(7, "ums", "ums").parse(&new), None);
    }

    #[test]
    fn a_tag_over_ids_out_of_range_is_refused() {
        let key = key(7, "ums", "ums");
        let mut bytes = vec![0; CLAIMS_LENGTH];
        let tag = hmac::sign(&key.key, &key.message(&bytes));
        bytes.extend(tag.as_ref());
        assert_eq!(key.parse(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))), None);
    }
}
