//! Organisations.

use serde::{Deserialize, Serialize};

use super::{OrganisationId, Patch};
use crate::Timestamp;

/// A body that has departments and users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Organisation {
    /// Its id.
    pub id: OrganisationId,
    /// Its name, unique without regard to case.
    #[cfg_attr(feature = "openapi", schema(example = "Tech Corp"))]
    pub name: String,
    /// Its postal address.
    pub address: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// An organisation to be, or what replaces one. Checked when used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganisationFields {
    /// The name: 1 to 200 characters, unique without regard to case.
    #[cfg_attr(
        feature = "openapi",
        schema(required, min_length = 1, max_length = 200, example = "Tech Corp")
    )]
    #[serde(default)]
    pub name: String,
    /// The postal address: up to 500 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 500, example = "Mumbai, India"))]
    #[serde(default)]
    pub address: Option<String>,
    /// What it is: up to 2,000 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 2000, example = "Software company"))]
    #[serde(default)]
    pub description: Option<String>,
}

/// Changes to an organisation, as a merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrganisationPatch {
    /// The name; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 200))]
    #[serde(default)]
    pub name: Patch<String>,
    /// The postal address.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 500))]
    #[serde(default)]
    pub address: Patch<String>,
    /// What it is.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 2000))]
    #[serde(default)]
    pub description: Patch<String>,
}
