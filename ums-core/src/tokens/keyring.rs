//! The keys that sign access tokens.

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

use crate::SecretKey;
use crate::secret::Purpose;

/// One key with its one algorithm: a token's header chooses among keys, never how a key is used.
pub(super) struct SigningKey {
    id: String,
    algorithm: Algorithm,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    fn hs256(secret: &SecretKey) -> Self {
        let fingerprint = secret.derive(Purpose::KeyId);
        Self {
            id: fingerprint.expose().iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
            algorithm: Algorithm::HS256,
            encoding: EncodingKey::from_secret(secret.expose()),
            decoding: DecodingKey::from_secret(secret.expose()),
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The signature of this message, in base64url.
    pub(super) fn sign(&self, message: &str) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::crypto::sign(message.as_bytes(), &self.encoding, self.algorithm)
    }

    /// Whether this is the message's signature. Constant-time, and exact: base64url without padding or stray bits.
    pub(super) fn verifies(&self, signature: &str, message: &str) -> bool {
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &self.decoding, self.algorithm)
            .unwrap_or(false)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The key that signs, and those whose tokens are still taken.
#[derive(Debug)]
pub(super) struct Keyring {
    signing: SigningKey,
    retired: Vec<SigningKey>,
}

impl Keyring {
    /// A keyring of one key, the secret's own bytes, for HS256.
    pub(super) fn new(secret: &SecretKey) -> Self {
        Self { signing: SigningKey::hs256(secret), retired: Vec::new() }
    }

    pub(super) fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The key of this id; the one that signs where a token names none.
    pub(super) fn find(&self, id: Option<&str>) -> Option<&SigningKey> {
        let Some(id) = id else { return Some(&self.signing) };
        std::iter::once(&self.signing).chain(&self.retired).find(|key| key.id == id)
    }

    #[cfg(test)]
    pub(super) fn rotated_to(self, secret: &SecretKey) -> Self {
        let mut retired = self.retired;
        retired.push(self.signing);
        Self { signing: SigningKey::hs256(secret), retired }
    }
}
