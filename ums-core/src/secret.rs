//! Text that is never shown.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// A password as its owner typed it: compared exactly as received, never shown, wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(#[serde(deserialize_with = "wiped")] Zeroizing<String>);

impl Password {
    /// The password of this text. Whether the policy takes it is looked at when it is set.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn wiped<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(deserializer).map(Zeroizing::new)
}

/// The secret that every key of the system is made from: at least 32 bytes, wiped when dropped.
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

    #[allow(dead_code)]
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}
