//! Access tokens: JWT (RFC 7519), profiled by RFC 9068 and checked by RFC 8725.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keyring::Keyring;
use super::options::TokenOptions;
use crate::model::{OrganisationId, Role, SessionId, UserId};
use crate::{Error, Result, Timestamp};

/// For whom an access token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccessGrant {
    /// Whose it is.
    pub(crate) user: UserId,
    /// Of which session.
    pub(crate) session: SessionId,
    /// What the account could do then.
    pub(crate) role: Role,
    /// Where the account belonged then.
    pub(crate) organisation: Option<OrganisationId>,
}

/// What a valid access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessClaims {
    /// For whom it was made.
    pub(crate) grant: AccessGrant,
    /// Its own id, unlike any other's.
    pub(crate) id: String,
    /// When it was made, to the second.
    pub(crate) issued_at: Timestamp,
    /// When it ends, to the second.
    pub(crate) expires_at: Timestamp,
}

/// Apart from ID tokens and whatever else the same key might ever sign (RFC 8725, section 3.11).
const TYPE: &str = "at+jwt";
/// How far clocks may be apart, in seconds.
const LEEWAY: u64 = 5;
/// Four times what the longest issuer and audience in use should need.
const MAXIMUM_LENGTH: usize = 4096;

/// Why a token is refused: for the log, never for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("longer than 4096 bytes")]
    TooLong,
    #[error("not three parts of base64url, or a header that is not exactly alg, typ and kid")]
    Malformed,
    #[error("its typ is not at+jwt")]
    Type,
    #[error("its kid is no key whose tokens are taken now")]
    UnknownKey,
    #[error("its alg is not its key's")]
    Algorithm,
    #[error("its signature is wrong")]
    Signature,
    #[error("a claim is missing or of the wrong kind")]
    Claims,
    #[error("of another issuer")]
    Issuer,
    #[error("for another audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    NotYetValid,
}

impl Refusal {
    /// A stable name for the reason.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Type => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::Algorithm => "wrong_algorithm",
            Self::Signature => "wrong_signature",
            Self::Claims => "wrong_claims",
            Self::Issuer => "wrong_issuer",
            Self::Audience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

/// Everything else is refused: `crit`, because an unknown extension must be, and `jwk`, `jku`, `x5c` and the like,
/// because a token must not bring the key that it is checked with.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    typ: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Cow<'a, str>,
    #[serde(borrow)]
    aud: Cow<'a, str>,
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    sub: UserId,
    sid: SessionId,
    jti: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    role: Role,
    /// `null` for none; left out it is a fault, which serde would otherwise not see in an option.
    #[serde(deserialize_with = "Option::deserialize")]
    org: Option<OrganisationId>,
}

/// The token for this grant and generation, valid from this moment on.
pub(super) fn issue(
    keyring: &Keyring,
    options: &TokenOptions,
    grant: &AccessGrant,
    generation: u32,
    issued_at: Timestamp,
) -> Result<String> {
    let key = keyring.signing();
    let issued_at = issued_at.unix_seconds();
    let header = Header { alg: key.algorithm().name(), kid: Some(key.id()), typ: TYPE };
    let claims = Claims {
        iss: Cow::Borrowed(&options.issuer),
        aud: Cow::Borrowed(&options.audience),
        sub: grant.user,
        sid: grant.session,
        jti: format!("{}-{generation}", grant.session),
        iat: issued_at,
        nbf: issued_at,
        exp: issued_at.saturating_add(options.access_lifetime.as_secs()),
        role: grant.role,
        org: grant.organisation,
    };
    let message = format!("{}.{}", encode(&header)?, encode(&claims)?);
    let signature = key.sign(message.as_bytes()).ok_or_else(|| Error::internal("a token can't be signed"))?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// What the token says, where it is one of ours and valid now.
pub(super) fn verify(
    keyring: &Keyring,
    options: &TokenOptions,
    token: &str,
    now: Timestamp,
) -> Result<AccessClaims, Refusal> {
    let payload = signed_payload(keyring, token, now)?;
    let claims: Claims<'_> = object(&payload).ok_or(Refusal::Claims)?;
    if claims.iss != options.issuer {
        return Err(Refusal::Issuer);
    }
    if claims.aud != options.audience {
        return Err(Refusal::Audience);
    }
    let now = now.unix_seconds();
    if now >= claims.exp.saturating_add(LEEWAY) {
        return Err(Refusal::Expired);
    }
    if claims.nbf.max(claims.iat) > now.saturating_add(LEEWAY) {
        return Err(Refusal::NotYetValid);
    }
    Ok(AccessClaims {
        grant: AccessGrant {
            user: claims.sub,
            session: claims.sid,
            role: claims.role,
            organisation: claims.org,
        },
        id: claims.jti,
        issued_at: from_seconds(claims.iat),
        expires_at: from_seconds(claims.exp),
    })
}

/// The payload, once the header is one of ours and the signature its key's. Nothing in it is looked at before that.
fn signed_payload(keyring: &Keyring, token: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
    if token.len() > MAXIMUM_LENGTH {
        return Err(Refusal::TooLong);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(Refusal::Malformed)?;
    let header = decode(header)?;
    let header: Header<'_> = object(&header).ok_or(Refusal::Malformed)?;
    if header.typ != TYPE {
        return Err(Refusal::Type);
    }
    let key = keyring.find(header.kid, now).ok_or(Refusal::UnknownKey)?;
    if header.alg != key.algorithm().name() {
        return Err(Refusal::Algorithm);
    }
    if !key.verifies(&decode(signature)?, message.as_bytes()) {
        return Err(Refusal::Signature);
    }
    decode(payload)
}

fn encode(part: &impl Serialize) -> Result<String> {
    let json =
        serde_json::to_vec(part).map_err(|error| Error::internal(format!("writing a token: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)
}

/// An object and no array, which serde would take for one.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    json.starts_with(b"{").then(|| serde_json::from_slice(json).ok()).flatten()
}

fn from_seconds(seconds: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH.plus(std::time::Duration::from_secs(seconds))
}

fn as_text<S: Serializer>(user: &UserId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(user)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserId, D::Error> {
    Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod algorithms;
#[cfg(test)]
mod tests;
