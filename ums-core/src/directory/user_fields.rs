//! Users as given, checked field by field.

use crate::model::{Status, User, UserFields, UserPatch};
use crate::parse::{Checker, Email, ExternalId, FullName, fold_email};
use crate::{Error, Password, Result};

pub(super) use super::fields::missed as missed_user;
use super::fields::missed;

/// A user whose fields hold, each for itself.
#[derive(Clone, Debug)]
pub(crate) struct UserDraft {
    pub(crate) full_name: FullName,
    pub(crate) email: Email,
    pub(crate) external_id: Option<ExternalId>,
}

impl UserDraft {
    /// Checks the fields; the checker may know of more faults, found elsewhere.
    pub(crate) fn parse(fields: &UserFields, mut checker: Checker) -> Result<Self> {
        let draft = Self::read(fields, &mut checker);
        checker.finish()?;
        draft.ok_or_else(missed)
    }

    /// Reads the fields; their faults are in the checker.
    pub(crate) fn read(fields: &UserFields, checker: &mut Checker) -> Option<Self> {
        let full_name = checker.required("full_name", &fields.full_name);
        let email = checker.required("email", &fields.email);
        let external_id = checker.optional("external_id", fields.external_id.as_deref());
        Some(Self { full_name: full_name?, email: email?, external_id })
    }
}

/// Nobody changes what they prove themselves with by their rights over users: whoever has got hold of a session alone
/// must not get the account. With the current password they do, elsewhere (ASVS 5.0, 6.2.3 and 7.5.1).
pub(super) fn refuse_own_proof(old: &User, fields: &UserFields, sets_password: bool, checker: &mut Checker) {
    if sets_password {
        checker.add("password", "own_account", "is your own: change it with your current password");
    }
    let email = fields.email.parse::<Email>();
    if email.is_ok_and(|email| email.canonical() != fold_email(&old.email)) {
        checker.add("email", "own_account", "is your own: ask for its change with your current password");
    }
}

/// The status of a new account, by whether it can prove itself.
pub(crate) fn new_status(given: Option<Status>, has_credential: bool, checker: &mut Checker) -> Status {
    match (given, has_credential) {
        (None, true) => Status::Active,
        (None, false) => Status::Invited,
        (Some(Status::Active), false) => {
            checker.add("status", "password_required", "an account without a password can't be active");
            Status::Active
        }
        (Some(Status::Invited), true) => {
            checker.add("status", "password_given", "an account with a password is not invited");
            Status::Invited
        }
        (Some(status), _) => status,
    }
}

impl UserPatch {
    /// The patched user as fields, as if they had been given whole.
    pub(crate) fn apply(&self, old: &User, checker: &mut Checker) -> UserFields {
        use crate::model::Patch::Clear;
        let required = [
            ("role", matches!(self.role, Clear)),
            ("status", matches!(self.status, Clear)),
            ("password", matches!(self.password, Clear)),
        ];
        for (field, _) in required.into_iter().filter(|(_, cleared)| *cleared) {
            checker.add(field, "required", "can't be cleared");
        }
        let patch = self.clone();
        UserFields {
            full_name: patch.full_name.apply(Some(old.full_name.clone())).unwrap_or_default(),
            email: patch.email.apply(Some(old.email.clone())).unwrap_or_default(),
            external_id: patch.external_id.apply(old.external_id.clone()),
            role: patch.role.apply(Some(old.role)),
            status: patch.status.apply(Some(old.status)),
            organisation_id: patch.organisation_id.apply(old.organisation_id),
            department_id: patch.department_id.apply(old.department_id),
            password: patch.password.apply(None),
        }
    }
}

impl UserFields {
    /// What a replacement leaves as it is where it does not say: what can't be empty.
    pub(super) fn filled_from(&self, old: &User) -> Self {
        Self { role: self.role.or(Some(old.role)), status: self.status.or(Some(old.status)), ..self.clone() }
    }

    /// The password that comes with the fields.
    pub(crate) fn password(&self) -> Option<&Password> {
        self.password.as_ref()
    }
}

/// The error for a user that is not there.
pub(super) fn no_user() -> Error {
    Error::NotFound(crate::Kind::User)
}
