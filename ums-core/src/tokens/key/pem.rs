//! Keys out of PEM documents (RFC 7468).

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use zeroize::Zeroizing;

use super::{SigningKey, VerifyingKey, ed25519_pair, p256_pair};

/// Why a text is no key that can be used here. It shows nothing of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// It is no PEM document, or more than one.
    #[error("not one PEM document, such as `openssl genpkey -algorithm ed25519` writes")]
    Pem,
    /// A public key was given where a private one is needed.
    #[error("a public key, where the private key is needed")]
    Public,
    /// The private key is encrypted.
    #[error("an encrypted private key; `openssl pkcs8 -in FILE -nocrypt` writes it decrypted")]
    Encrypted,
    /// The private key is in the older format of one kind of key.
    #[error("a private key that is not PKCS#8; `openssl pkcs8 -topk8 -nocrypt -in FILE` converts it")]
    NotPkcs8,
    /// The document holds something else.
    #[error("neither a private key (PRIVATE KEY) nor a public one (PUBLIC KEY)")]
    Label,
    /// The key is of another kind, or damaged.
    #[error("not an Ed25519 key (EdDSA) and not a P-256 key (ES256), or damaged")]
    Kind,
}

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410).
const ED25519_PREFIX: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 65 bytes of an uncompressed P-256 point in its SubjectPublicKeyInfo (RFC 5480).
pub(super) const P256_PREFIX: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

pub(super) fn read_private(pem: &str) -> Result<SigningKey, InvalidKey> {
    match decode(pem)? {
        (Label::Private, der) => private(&der).ok_or(InvalidKey::Kind),
        (Label::Public, _) => Err(InvalidKey::Public),
    }
}

pub(super) fn read_public(pem: &str) -> Result<VerifyingKey, InvalidKey> {
    match decode(pem)? {
        (Label::Private, der) => private(&der).map(VerifyingKey::from).ok_or(InvalidKey::Kind),
        (Label::Public, der) => public(&der).ok_or(InvalidKey::Kind),
    }
}

enum Label {
    Private,
    Public,
}

fn decode(pem: &str) -> Result<(Label, Zeroizing<Vec<u8>>), InvalidKey> {
    let (label, der) = pem_rfc7468::decode_vec(pem.as_bytes()).map_err(|_| InvalidKey::Pem)?;
    let der = Zeroizing::new(der);
    match label {
        "PRIVATE KEY" => Ok((Label::Private, der)),
        "PUBLIC KEY" => Ok((Label::Public, der)),
        "ENCRYPTED PRIVATE KEY" => Err(InvalidKey::Encrypted),
        "EC PRIVATE KEY" | "RSA PRIVATE KEY" => Err(InvalidKey::NotPkcs8),
        _ => Err(InvalidKey::Label),
    }
}

fn private(der: &[u8]) -> Option<SigningKey> {
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
        return ed25519_pair(pair);
    }
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().ok()?;
    p256_pair(p256::ecdsa::SigningKey::from_slice(scalar.as_ref()).ok()?)
}

fn public(der: &[u8]) -> Option<VerifyingKey> {
    if let Some(key) = der.strip_prefix(ED25519_PREFIX) {
        return VerifyingKey::ed25519(key.try_into().ok()?);
    }
    VerifyingKey::p256(der.strip_prefix(P256_PREFIX)?.try_into().ok()?)
}
