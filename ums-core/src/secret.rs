//! The secret, and the keys that are made from it.

use std::fmt;

use aws_lc_rs::hkdf;
use zeroize::Zeroizing;

/// The secret that every key of the system is made from: at least 32 bytes, wiped when dropped.
///
/// Its bytes are the HS256 key of access tokens. Every other key is derived from it, one for each purpose.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<Vec<u8>>);

/// A secret that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret has {found} bytes; at least 32 are needed, such as from `openssl rand -hex 32`")]
pub struct SecretTooShort {
    found: usize,
}

impl SecretKey {
    /// The secret of these bytes.
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] for fewer than 32 bytes, the output size of SHA-256 (RFC 7518, section 3.2).
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, SecretTooShort> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() < 32 { Err(SecretTooShort { found: bytes.len() }) } else { Ok(Self(bytes)) }
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The key for this purpose: always the same for the same secret, and of no help in finding another.
    pub(crate) fn derive(&self, purpose: Purpose) -> DerivedKey {
        // HKDF takes the secret as a message, never as an HMAC key, so no access token's signature is ever one of
        // its outputs, although both come from the same bytes.
        DerivedKey(hkdf_sha256(b"ums key derivation", self.expose(), purpose.label()))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// What a derived key is for. Two purposes never share a label, and a label never changes: what its key made would
/// be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Tells signing keys apart, in the `kid` of an access token. Public.
    KeyId,
    /// Authenticates refresh tokens.
    RefreshToken,
    /// Encrypts cursors.
    Cursor,
    /// Hashes what attempts are counted by.
    Throttle,
    /// Makes what the store keeps of single-use tokens.
    SingleUseToken,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::KeyId => b"key id v1",
            Self::RefreshToken => b"refresh token v1",
            Self::Cursor => b"cursor v1",
            Self::Throttle => b"throttle v1",
            Self::SingleUseToken => b"single-use token v1",
        }
    }
}

/// A key of 256 bits for one purpose, wiped when dropped.
#[derive(Clone)]
pub(crate) struct DerivedKey(Zeroizing<[u8; 32]>);

impl DerivedKey {
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey(…)")
    }
}

/// HKDF with SHA-256 (RFC 5869): the first 32 bytes of its output.
#[expect(clippy::expect_used, reason = "HKDF refuses only more than 8160 bytes of output")]
fn hkdf_sha256(salt: &[u8], secret: &[u8], information: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut output = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[information], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(output.as_mut_slice()))
        .expect("HKDF gives 32 bytes");
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_as_rfc_5869_says() {
        let salt: Vec<u8> = (0x00..=0x0c).collect();
        let information: Vec<u8> = (0xf0..=0xf9).collect();
        let output = hkdf_sha256(&salt, &[0x0b; 22], &information);
        let hexadecimal: String = output.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hexadecimal, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    }

    #[test]
    fn purposes_and_secrets_have_keys_of_their_own() {
        let secret = SecretKey::new([7; 32]).unwrap();
        let other = SecretKey::new([8; 32]).unwrap();
        let keys = [
            secret.derive(Purpose::KeyId),
            secret.derive(Purpose::RefreshToken),
            secret.derive(Purpose::Cursor),
            secret.derive(Purpose::Throttle),
            secret.derive(Purpose::SingleUseToken),
            other.derive(Purpose::Cursor),
        ];
        for (index, key) in keys.iter().enumerate() {
            for later in &keys[index + 1..] {
                assert_ne!(key.expose(), later.expose());
            }
        }
        assert_eq!(secret.derive(Purpose::Cursor).expose(), keys[2].expose());
    }

    #[test]
    fn refuses_a_short_secret_and_shows_none() {
        assert_eq!(
            SecretKey::new([7; 31]).unwrap_err().to_string().split(';').next(),
            Some("the secret has 31 bytes")
        );
        let secret = SecretKey::new(*b"canary-canary-canary-canary-canary").unwrap();
        assert_eq!(format!("{secret:?} {:?}", secret.derive(Purpose::Cursor)), "SecretKey(…) DerivedKey(…)");
    }
}
