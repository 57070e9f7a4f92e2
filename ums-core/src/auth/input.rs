//! What is asked of the caller.

use serde::Deserialize;

use crate::Password;
use crate::model::{DepartmentId, Patch};
use crate::tokens::SingleUseToken;

/// Somebody who registers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct Registration {
    /// The person's name: 1 to 200 characters.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(required, min_length = 1, max_length = 200, example = "Ada Lovelace")
    )]
    pub full_name: String,
    /// The e-mail address: up to 254 characters, unique without regard to case.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(required, format = "email", max_length = 254, example = "ada@example.com")
    )]
    pub email: String,
    /// The password: as long as the deployment asks, at most 128 characters, taken exactly as it is.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password, max_length = 128, example = "StrongPassword123"))]
    pub password: Password,
    /// The department to join.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, minimum = 1, maximum = 999_999_999_999_u64))]
    pub department_id: Option<DepartmentId>,
}

/// What somebody logs in with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct Credentials {
    /// The e-mail address, in any case.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required, example = "ada@example.com"))]
    pub email: String,
    /// The password, exactly as it was set.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password, example = "StrongPassword123"))]
    pub password: Password,
}

/// Changes to one's own account, as a merge patch (RFC 7396).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct MePatch {
    /// The person's name; can't be cleared.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 200))]
    pub full_name: Patch<String>,
}

/// A change of one's own password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct PasswordChange {
    /// The password that is to be replaced.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password))]
    pub current_password: Password,
    /// The password from then on.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password, max_length = 128))]
    pub new_password: Password,
}

/// Somebody who has forgotten a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct ForgottenPassword {
    /// The account's e-mail address, in any case.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required, example = "ada@example.com"))]
    pub email: String,
}

/// A new password, by a token that was sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct PasswordReset {
    /// The token from the message.
    #[serde(default = "no_token")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password))]
    pub token: SingleUseToken,
    /// The password from then on.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password, max_length = 128))]
    pub new_password: Password,
}

/// An invitation that is accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct InvitationAcceptance {
    /// The token from the message.
    #[serde(default = "no_token")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password))]
    pub token: SingleUseToken,
    /// The account's first password.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password, max_length = 128))]
    pub password: Password,
    /// The person's name, where the one that the account was given is to be another.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub full_name: Option<String>,
}

/// Another e-mail address for one's own account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct EmailChange {
    /// The address that the account is to have.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(required, format = "email", max_length = 254, example = "ada@example.com")
    )]
    pub email: String,
    /// The account's password.
    #[serde(default = "none")]
    #[cfg_attr(feature = "openapi", schema(required, value_type = String, format = Password))]
    pub current_password: Password,
}

fn no_token() -> SingleUseToken {
    SingleUseToken::new("")
}

fn none() -> Password {
    Password::new("")
}
