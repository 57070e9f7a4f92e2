//! What a client gets when it logs in or refreshes.

use std::fmt;

use serde::Serialize;

/// The tokens of a session.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct TokenPair {
    /// A JWT (RFC 9068) for the `Authorization` header.
    pub access_token: String,
    /// An opaque token that renews both, once.
    pub refresh_token: String,
    /// `Bearer` (RFC 6750).
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "Bearer"))]
    pub token_type: &'static str,
    /// How long the access token is valid, in seconds from when it was made.
    pub expires_in: u64,
    /// How long the refresh token is valid, in seconds from when it was made.
    pub refresh_expires_in: u64,
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair")
            .field("expires_in", &self.expires_in)
            .field("refresh_expires_in", &self.refresh_expires_in)
            .finish_non_exhaustive()
    }
}
