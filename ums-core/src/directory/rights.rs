//! What an account may do and where it stands, before and after a change.

use serde::Serialize;

use super::Versioned;
use crate::model::{DepartmentId, OrganisationId, Role, Status, User, UserId};

/// What decides what an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rights {
    pub(crate) role: Role,
    pub(crate) status: Status,
    pub(crate) organisation_id: Option<OrganisationId>,
    pub(crate) department_id: Option<DepartmentId>,
}

/// A change of an account's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RightsChange {
    pub(crate) user: UserId,
    /// None of an account that was made.
    pub(crate) before: Option<Rights>,
    pub(crate) after: Rights,
}

/// A user before and after a change.
#[derive(Clone, Debug)]
pub(crate) struct UserChange {
    pub(crate) before: User,
    pub(crate) after: Versioned<User>,
    pub(crate) sets_password: bool,
}

impl Rights {
    fn of(user: &User) -> Self {
        let User { role, status, organisation_id, department_id, .. } = *user;
        Self { role, status, organisation_id, department_id }
    }

    /// What of it an organisation may know: the place only where it is there.
    pub(crate) fn seen_from(&self, organisation_id: Option<OrganisationId>) -> Self {
        match self.organisation_id == organisation_id {
            true => *self,
            false => Self { organisation_id: None, department_id: None, ..*self },
        }
    }
}

impl RightsChange {
    /// The change from one to the other, where it is one of rights.
    pub(crate) fn between(before: &User, after: &User) -> Option<Self> {
        let (before, now) = (Rights::of(before), Rights::of(after));
        (before != now).then_some(Self { user: after.id, before: Some(before), after: now })
    }

    /// What an account is given that is made, where it is more than every account has.
    pub(crate) fn granted(made: &User) -> Option<Self> {
        let after = Rights::of(made);
        (after.role > Role::Member).then_some(Self { user: made.id, before: None, after })
    }
}

impl UserChange {
    /// The names of the fields that are others than before, and of the password where one was set.
    pub(crate) fn fields(&self) -> Vec<&'static str> {
        let (before, after) = (&self.before, &self.after.value);
        [
            ("full_name", before.full_name != after.full_name),
            ("email", before.email != after.email),
            ("password", self.sets_password),
            ("external_id", before.external_id != after.external_id),
            ("role", before.role != after.role),
            ("status", before.status != after.status),
            ("organisation_id", before.organisation_id != after.organisation_id),
            ("department_id", before.department_id != after.department_id),
        ]
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect()
    }

    /// The change of rights that it is, if any.
    pub(crate) fn of_rights(&self) -> Option<RightsChange> {
        RightsChange::between(&self.before, &self.after.value)
    }
}
