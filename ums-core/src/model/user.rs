//! Users.

use serde::{Deserialize, Serialize};

use super::{DepartmentId, OrganisationId, Patch, Role, Status, UserId};
use crate::{Password, Timestamp};

/// A person's account. Its password's hash stands elsewhere, so that no listing ever carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The key that another system knows the person by, unique within an organisation.
    pub external_id: Option<String>,
    /// The person's name.
    #[cfg_attr(feature = "openapi", schema(example = "Ada Lovelace"))]
    pub full_name: String,
    /// The e-mail address, as it was given; unique without regard to case.
    #[cfg_attr(feature = "openapi", schema(example = "ada@example.com"))]
    pub email: String,
    /// What the account may do.
    pub role: Role,
    /// Where the account stands.
    pub status: Status,
    /// The department, if any.
    pub department_id: Option<DepartmentId>,
    /// The organisation, if any; the department's where there is one.
    pub organisation_id: Option<OrganisationId>,
    /// Whether the person has shown that the e-mail address is theirs.
    pub email_verified: bool,
    /// When the account was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When the account was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Timestamp,
}

/// A user to be, or what replaces one. Checked when used.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserFields {
    /// The person's name: 1 to 200 characters.
    #[cfg_attr(
        feature = "openapi",
        schema(required, min_length = 1, max_length = 200, example = "Grace Hopper")
    )]
    #[serde(default)]
    pub full_name: String,
    /// The e-mail address: up to 254 characters, unique without regard to case.
    #[cfg_attr(
        feature = "openapi",
        schema(required, format = "email", max_length = 254, example = "grace@example.com")
    )]
    #[serde(default)]
    pub email: String,
    /// The key that another system knows the person by: up to 200 characters.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    #[serde(default)]
    pub external_id: Option<String>,
    /// What the account may do; `member` where left out of a new one.
    #[serde(default)]
    pub role: Option<Role>,
    /// Where the account stands; for a new one `active` with a password and `invited` without.
    #[serde(default)]
    pub status: Option<Status>,
    /// The organisation; the department's where only that is given.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
    /// The department.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub department_id: Option<DepartmentId>,
    /// A password for the account; left out, the password stays as it is.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Password))]
    #[serde(default)]
    pub password: Option<Password>,
}

/// Changes to a user, as a merge patch (RFC 7396).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserPatch {
    /// The person's name; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 200))]
    #[serde(default)]
    pub full_name: Patch<String>,
    /// The e-mail address; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "email", max_length = 254))]
    #[serde(default)]
    pub email: Patch<String>,
    /// The key that another system knows the person by.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 200))]
    #[serde(default)]
    pub external_id: Patch<String>,
    /// What the account may do; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Role>))]
    #[serde(default)]
    pub role: Patch<Role>,
    /// Where the account stands; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Status>))]
    #[serde(default)]
    pub status: Patch<Status>,
    /// The organisation.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub organisation_id: Patch<OrganisationId>,
    /// The department.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    #[serde(default)]
    pub department_id: Patch<DepartmentId>,
    /// A password for the account; can't be cleared.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Password))]
    #[serde(default)]
    pub password: Patch<Password>,
}
