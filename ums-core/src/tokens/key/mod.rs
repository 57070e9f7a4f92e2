//! Keys of access tokens: each has one algorithm, which follows from what the key is.

mod jwk;
mod pem;

pub use jwk::JsonWebKeySet;
pub(super) use jwk::PublicJwk;
pub use pem::InvalidKey;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey};
use p256::ecdsa::signature::Signer;

use crate::SecretKey;
use crate::secret::Purpose;

/// How access tokens are signed (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// `HS256`: HMAC with SHA-256, under the secret. Only who has the secret can check a token.
    Hs256,
    /// `EdDSA` with Ed25519: anybody can check a token, with the public key.
    EdDsa,
    /// `ES256`: ECDSA on P-256 with SHA-256; as [`EdDsa`](Self::EdDsa), for those who can't check that.
    Es256,
}

impl SigningAlgorithm {
    /// Its name in a token's header, `alg`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A key that signs access tokens, and verifies them.
///
/// It has one algorithm, which follows from the key itself and from nothing that a token says. Clones are the same key.
///
/// ```
/// use ums_core::{SigningAlgorithm, SigningKey, VerifyingKey};
///
/// // openssl genpkey -algorithm ed25519
/// let key = SigningKey::from_pem(
///     "-----BEGIN PRIVATE KEY-----\n\
///      MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
///      -----END PRIVATE KEY-----\n",
/// )?;
/// assert_eq!(key.algorithm(), SigningAlgorithm::EdDsa);
///
/// // Its public half, as a program that only verifies would have it.
/// let public = VerifyingKey::from_pem(
///     "-----BEGIN PUBLIC KEY-----\n\
///      MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
///      -----END PUBLIC KEY-----\n",
/// )?;
/// assert_eq!(public.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// assert_eq!(key.id(), public.id());
/// # Ok::<(), ums_core::InvalidKey>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    verifying: VerifyingKey,
    private: Private,
}

#[derive(Clone)]
enum Private {
    /// Its verifying half signs, too.
    Symmetric,
    Ed25519(Arc<Ed25519KeyPair>),
    /// AWS-LC draws a nonce at random; this one derives it from key and message (RFC 6979), so that the token of a
    /// generation is always the same text.
    P256(Arc<p256::ecdsa::SigningKey>),
}

/// A key that verifies access tokens: of whoever holds the secret, or the public half of a key pair.
///
/// It has one algorithm, as a [`SigningKey`] has. Clones are the same key.
#[derive(Clone)]
pub struct VerifyingKey {
    id: Arc<str>,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Symmetric(Arc<hmac::Key>),
    Ed25519(PublicPoint<32>),
    P256(PublicPoint<65>),
}

/// A public key, as its bytes and ready for use.
#[derive(Clone)]
struct PublicPoint<const N: usize> {
    bytes: [u8; N],
    parsed: ParsedPublicKey,
}

impl SigningKey {
    /// The key of HS256: the secret's own bytes.
    #[must_use]
    pub fn hs256(secret: &SecretKey) -> Self {
        Self { verifying: VerifyingKey::hs256(secret), private: Private::Symmetric }
    }

    /// The private key of a PEM document: `-----BEGIN PRIVATE KEY-----`, which is PKCS#8 (RFC 5958), unencrypted. An
    /// Ed25519 key signs with EdDSA, a P-256 key with ES256.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for any other text, and for a key of another kind.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        pem::read_private(pem)
    }

    /// What a token's header calls the key, `kid`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.verifying.id()
    }

    /// The one algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.verifying.algorithm()
    }

    /// The half that verifies.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The signature of this message: the same one each time.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match (&self.private, &self.verifying.public) {
            (Private::Symmetric, Public::Symmetric(key)) => Some(hmac::sign(key, message).as_ref().to_vec()),
            (Private::Ed25519(pair), _) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
            (Private::P256(key), _) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).ok()?;
                Some(signature.normalize_s().to_bytes().to_vec())
            }
            (Private::Symmetric, _) => None,
        }
    }
}

impl VerifyingKey {
    /// The key of HS256: the secret's own bytes. Who has it can sign, too.
    #[must_use]
    pub fn hs256(secret: &SecretKey) -> Self {
        let fingerprint = secret.derive(Purpose::KeyId);
        let id: String = fingerprint.expose().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            id: id.into(),
            public: Public::Symmetric(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret.expose()))),
        }
    }

    /// The public key of a PEM document: `-----BEGIN PUBLIC KEY-----` (RFC 5280, section 4.1), or the public half of a
    /// private key as [`SigningKey::from_pem`] takes it.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] for any other text, and for a key of another kind.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        pem::read_public(pem)
    }

    /// What a token's header calls the key, `kid`: of a public key its thumbprint (RFC 7638).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The one algorithm that the key verifies.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.public {
            Public::Symmetric(_) => SigningAlgorithm::Hs256,
            Public::Ed25519(_) => SigningAlgorithm::EdDsa,
            Public::P256(_) => SigningAlgorithm::Es256,
        }
    }

    fn ed25519(bytes: [u8; 32]) -> Option<Self> {
        let parsed = ParsedPublicKey::new(&ED25519, bytes).ok()?;
        let id = PublicJwk::ed25519(&bytes).thumbprint().into();
        Some(Self { id, public: Public::Ed25519(PublicPoint { bytes, parsed }) })
    }

    fn p256(bytes: [u8; 65]) -> Option<Self> {
        let parsed = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).ok()?;
        let id = PublicJwk::p256(&bytes).thumbprint().into();
        Some(Self { id, public: Public::P256(PublicPoint { bytes, parsed }) })
    }

    /// The public key as others may see it; `None` for a secret.
    pub(super) fn jwk(&self) -> Option<PublicJwk> {
        match &self.public {
            Public::Symmetric(_) => None,
            Public::Ed25519(key) => Some(PublicJwk::ed25519(&key.bytes)),
            Public::P256(key) => Some(PublicJwk::p256(&key.bytes)),
        }
    }

    /// Whether this is the message's signature. A message has one good signature under a key: of the two that ECDSA
    /// knows, (r, s) and (r, n − s), only the lower, which is the one that is made here.
    pub(super) fn verifies(&self, signature: &[u8], message: &[u8]) -> bool {
        match &self.public {
            Public::Symmetric(key) => hmac::verify(key, message, signature).is_ok(),
            Public::Ed25519(key) => key.parsed.verify_sig(message, signature).is_ok(),
            Public::P256(key) => is_low(signature) && key.parsed.verify_sig(message, signature).is_ok(),
        }
    }
}

/// Whether the s of an ECDSA signature on P-256 is at most half of the curve's order.
fn is_low(signature: &[u8]) -> bool {
    signature.split_at_checked(32).is_some_and(|(_, s)| s <= HALF_ORDER.as_slice())
}

/// Half of the order of P-256 (FIPS 186-5, SP 800-186), rounded down.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde,
    0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

impl From<SigningKey> for VerifyingKey {
    fn from(key: SigningKey) -> Self {
        key.verifying
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "SigningKey", &self.verifying)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "VerifyingKey", self)
    }
}

/// Without the key itself.
fn show(f: &mut fmt::Formatter<'_>, name: &str, key: &VerifyingKey) -> fmt::Result {
    f.debug_struct(name).field("id", &key.id).field("algorithm", &key.algorithm()).finish_non_exhaustive()
}

fn ed25519_pair(pair: Ed25519KeyPair) -> Option<SigningKey> {
    let public = pair.public_key().as_ref().try_into().ok()?;
    let verifying = VerifyingKey::ed25519(public)?;
    Some(SigningKey { verifying, private: Private::Ed25519(Arc::new(pair)) })
}

fn p256_pair(private: p256::ecdsa::SigningKey) -> Option<SigningKey> {
    let point = private.verifying_key().to_sec1_point(false);
    let verifying = VerifyingKey::p256(point.as_bytes().try_into().ok()?)?;
    Some(SigningKey { verifying, private: Private::P256(Arc::new(private)) })
}

#[cfg(test)]
mod tests;
