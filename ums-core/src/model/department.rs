//! Departments.

use serde::{Deserialize, Serialize};

use super::{DepartmentId, OrganisationId, Patch};
use crate::Timestamp;

/// A part of an organisation, perhaps below another department of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// Its name, unique within the organisation without regard to case.
    #[cfg_attr(feature = "openapi", schema(example = "Human Resources"))]
    pub name: String,
    /// The organisation that it is a part of, for good.
    pub organisation_id: OrganisationId,
    /// The department above it.
    pub parent_id: Option<DepartmentId>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// A department to be, or what replaces one. Checked when used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DepartmentFields {
    /// The name: 1 to 200 characters, unique within the organisation without regard to case.
    #[cfg_attr(
        feature = "openapi",
        schema(required, min_length = 1, max_length = 200, example = "Human Resources")
    )]
    #[serde(default)]
    pub name: String,
    /// The organisation; required for a new department, and never changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64, example = 1))]
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// The department above it, of the same organisation.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub parent_id: Option<DepartmentId>,
}

/// Changes to a department, as a merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DepartmentPatch {
    /// The name; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 200))]
    #[serde(default)]
    pub name: Patch<String>,
    /// Its own organisation: a department does not change organisation.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub organisation_id: Patch<OrganisationId>,
    /// The department above it, of the same organisation.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub parent_id: Patch<DepartmentId>,
}
