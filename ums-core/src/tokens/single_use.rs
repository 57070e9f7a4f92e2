//! Tokens that are good once: opaque, and stored as a keyed hash alone.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::model::UserId;
use crate::record::{TokenPurpose, TokenRecord};
use crate::secret::Purpose;
use crate::{SecretKey, Timestamp};

/// A token that is good once, as somebody shows it: never shown by `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct SingleUseToken(Zeroizing<String>);

impl SingleUseToken {
    /// The token of this text. Whether it is one is looked at when it is used.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }
}

impl std::fmt::Debug for SingleUseToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SingleUseToken(…)")
    }
}

impl<'de> Deserialize<'de> for SingleUseToken {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// What a single-use token says: whose it is, and what the store has of it if it is the live one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SingleUseClaims {
    pub(crate) user: UserId,
    pub(crate) purpose: TokenPurpose,
    /// Under each secret that may have made it.
    hashes: Vec<String>,
}

impl SingleUseClaims {
    /// Whether the token is the one that this was stored of. In constant time.
    pub(crate) fn is_of(&self, record: &TokenRecord) -> bool {
        let of = |hash: &String| hash.as_bytes().ct_eq(record.hash.as_bytes());
        self.hashes.iter().map(of).fold(Choice::from(0), |any, one| any | one).into()
    }
}

/// How many random bytes a token has: 176 bits.
pub(crate) const RANDOM_BYTES: usize = 22;
const USER_BYTES: usize = 8;
/// 30 bytes are 40 characters of base64 with no bits to spare, so that a token has one spelling.
const ENCODED_LENGTH: usize = (USER_BYTES + RANDOM_BYTES) / 3 * 4;

/// The key that makes single-use tokens, and those of earlier secrets, whose tokens are taken until a moment each.
#[derive(Debug)]
pub(super) struct SingleUseKeys {
    pub(super) newest: SingleUseKey,
    pub(super) retired: Vec<(SingleUseKey, Timestamp)>,
}

impl SingleUseKeys {
    pub(super) fn parse(
        &self,
        purpose: TokenPurpose,
        token: &SingleUseToken,
        now: Timestamp,
    ) -> Option<SingleUseClaims> {
        let mut claims = self.newest.parse(purpose, token)?;
        let retired = self.retired.iter().filter(|(_, until)| now < *until);
        let older = retired.filter_map(|(key, _)| key.parse(purpose, token));
        claims.hashes.extend(older.flat_map(|older| older.hashes));
        Some(claims)
    }
}

/// Makes single-use tokens of one issuer and audience, and takes them apart.
pub(super) struct SingleUseKey {
    key: hmac::Key,
    context: Vec<u8>,
}

impl SingleUseKey {
    pub(super) fn new(secret: &SecretKey, context: Vec<u8>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.derive(Purpose::SingleUseToken).expose());
        Self { key, context }
    }

    /// A token, and what the store keeps of it. Keyed, so that nobody who can write to the store makes a token.
    pub(super) fn token(
        &self,
        purpose: TokenPurpose,
        user: UserId,
        random: &[u8; RANDOM_BYTES],
    ) -> (Zeroizing<String>, String) {
        let mut bytes = Zeroizing::new([0; USER_BYTES + RANDOM_BYTES]);
        let (head, tail) = bytes.split_at_mut(USER_BYTES);
        head.copy_from_slice(&user.as_u64().to_be_bytes());
        tail.copy_from_slice(random);
        let text = format!("{}{}", prefix(purpose), URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        (Zeroizing::new(text), self.hash(purpose, bytes.as_slice()))
    }

    pub(super) fn parse(&self, purpose: TokenPurpose, token: &SingleUseToken) -> Option<SingleUseClaims> {
        let encoded =
            token.0.strip_prefix(prefix(purpose)).filter(|encoded| encoded.len() == ENCODED_LENGTH)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let (user, _) = bytes.split_first_chunk()?;
        let user = UserId::try_from(u64::from_be_bytes(*user)).ok()?;
        Some(SingleUseClaims { user, purpose, hashes: vec![self.hash(purpose, &bytes)] })
    }

    fn hash(&self, purpose: TokenPurpose, bytes: &[u8]) -> String {
        let message = [self.context.as_slice(), purpose.as_str().as_bytes(), b"\0", bytes].concat();
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, &message))
    }
}

impl std::fmt::Debug for SingleUseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SingleUseKey(…)")
    }
}

/// So that a token is recognised where it does not belong, such as in a log or a repository.
fn prefix(purpose: TokenPurpose) -> &'static str {
    match purpose {
        TokenPurpose::PasswordReset => "ums_pr_",
        TokenPurpose::EmailVerification => "ums_ev_",
        TokenPurpose::EmailChange => "ums_ec_",
        TokenPurpose::Invitation => "ums_in_",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Epochs;

    const RANDOM: [u8; RANDOM_BYTES] = [0x5f; RANDOM_BYTES];

    fn key(secret: u8, context: &[u8]) -> SingleUseKey {
        SingleUseKey::new(&SecretKey::new([secret; 32]).unwrap(), context.to_vec())
    }

    fn record(hash: String) -> TokenRecord {
        let expires_at = Timestamp::UNIX_EPOCH;
        TokenRecord {
            hash,
            email: "ada@example.com".into(),
            epochs: Epochs::default(),
            new_email: None,
            expires_at,
        }
    }

    fn shown(text: &str) -> SingleUseToken {
        SingleUseToken::new(text)
    }

    fn user() -> UserId {
        UserId::try_from(42).unwrap()
    }

    #[test]
    fn is_recognised_by_what_was_stored_of_it_and_by_nothing_else() {
        let key = key(7, b"ums");
        for purpose in TokenPurpose::ALL {
            let (token, hash) = key.token(purpose, user(), &RANDOM);
            let claims = key.parse(purpose, &shown(&token)).unwrap();
            assert_eq!((claims.user, claims.is_of(&record(hash.clone()))), (user(), true));
            assert!(!token.contains(&hash) && !hash.contains(token.as_str()));
            for other in TokenPurpose::ALL.into_iter().filter(|other| *other != purpose) {
                assert_eq!(key.parse(other, &shown(&token)), None);
                let (_, other_hash) = key.token(other, user(), &RANDOM);
                assert!(!claims.is_of(&record(other_hash)), "{purpose:?} passes for {other:?}");
            }
            let (_, others) = key.token(purpose, UserId::try_from(43).unwrap(), &RANDOM);
            let (_, later) = key.token(purpose, user(), &[0x60; RANDOM_BYTES]);
            assert!(!claims.is_of(&record(others)) && !claims.is_of(&record(later)));
        }
    }

    #[test]
    fn another_secret_issuer_or_audience_has_another_hash() {
        let (token, hash) = key(7, b"ums").token(TokenPurpose::PasswordReset, user(), &RANDOM);
        for other in [key(8, b"ums"), key(7, b"other")] {
            let claims = other.parse(TokenPurpose::PasswordReset, &shown(&token)).unwrap();
            assert!(!claims.is_of(&record(hash.clone())));
        }
    }

    #[test]
    fn a_retired_secrets_tokens_are_taken_until_its_end() {
        let (token, hash) = key(7, b"ums").token(TokenPurpose::Invitation, user(), &RANDOM);
        let until = Timestamp::from_unix_milliseconds(1000);
        let keys = SingleUseKeys { newest: key(8, b"ums"), retired: vec![(key(7, b"ums"), until)] };
        for (now, expected) in [(0, true), (999, true), (1000, false)] {
            let now = Timestamp::from_unix_milliseconds(now);
            let claims = keys.parse(TokenPurpose::Invitation, &shown(&token), now).unwrap();
            assert_eq!(claims.is_of(&record(hash.clone())), expected, "{now}");
        }
        let (token, hash) = keys.newest.token(TokenPurpose::Invitation, user(), &RANDOM);
        let claims = keys.parse(TokenPurpose::Invitation, &shown(&token), until).unwrap();
        assert!(claims.is_of(&record(hash)));
    }

    #[test]
    fn every_prefix_every_edit_and_every_extension_is_refused() {
        let key = key(7, b"ums");
        let purpose = TokenPurpose::PasswordReset;
        let (token, hash) = key.token(purpose, user(), &RANDOM);
        let stored = record(hash);
        let is_taken =
            |text: &str| key.parse(purpose, &shown(text)).is_some_and(|claims| claims.is_of(&stored));
        assert!(is_taken(&token));
        for end in 0..token.len() {
            assert!(!is_taken(&token[..end]), "the first {end} characters");
        }
        for position in 0..token.len() {
            for byte in (0..0x80_u8).filter(|byte| *byte != token.as_bytes()[position]) {
                let mut edited = token.as_bytes().to_vec();
                edited[position] = byte;
                assert!(!is_taken(&String::from_utf8(edited).unwrap()), "{position}: {byte}");
            }
        }
        for edited in [format!("{}=", *token), format!("{}A", *token), format!(" {}", *token)] {
            assert!(!is_taken(&edited), "{edited:?}");
        }
    }

    #[test]
    fn a_token_does_not_change_over_releases() {
        let (token, hash) = key(7, b"ums").token(TokenPurpose::Invitation, user(), &RANDOM);
        assert_eq!(token.as_str(), "ums_in_AAAAAAAAACpfX19fX19fX19fX19fX19fX19fX19f");
        assert_eq!(hash.len(), 43);
    }
}
