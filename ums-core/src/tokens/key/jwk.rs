//! Public keys as others may see them: JSON Web Keys (RFC 7517).

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::SigningAlgorithm;

/// The public keys that verify access tokens now (RFC 7517, section 5). Serialises as `{"keys": [...]}`.
///
/// There are none where tokens are signed with a secret (HS256).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JsonWebKeySet {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    keys: Vec<PublicJwk>,
}

impl JsonWebKeySet {
    pub(in crate::tokens) fn new(keys: Vec<PublicJwk>) -> Self {
        Self { keys }
    }

    /// How many keys it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// One public key. The fields that its thumbprint is made of stand first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::tokens) struct PublicJwk {
    crv: &'static str,
    kty: &'static str,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
}

impl PublicJwk {
    pub(super) fn ed25519(key: &[u8; 32]) -> Self {
        Self::new("Ed25519", "OKP", SigningAlgorithm::EdDsa, key, None)
    }

    /// The key of an uncompressed point (SEC 1, section 2.3.3): 4, x, y.
    pub(super) fn p256(point: &[u8; 65]) -> Self {
        let (x, y) = point.split_at(33);
        Self::new("P-256", "EC", SigningAlgorithm::Es256, x.get(1..).unwrap_or_default(), Some(y))
    }

    fn new(
        crv: &'static str,
        kty: &'static str,
        algorithm: SigningAlgorithm,
        x: &[u8],
        y: Option<&[u8]>,
    ) -> Self {
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), y.map(|y| URL_SAFE_NO_PAD.encode(y)));
        let mut key = Self { crv, kty, x, y, usage: "sig", alg: algorithm.name(), kid: String::new() };
        key.kid = key.thumbprint();
        key
    }

    /// SHA-256 over the required members in their order, without white space (RFC 7638). None of them needs escaping.
    pub(super) fn thumbprint(&self) -> String {
        let Self { crv, kty, x, .. } = self;
        let y = self.y.as_ref().map(|y| format!(r#","y":"{y}""#)).unwrap_or_default();
        let members = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"{y}}}"#);
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
    }
}
