//! What there is to do.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// Something that a caller may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// See one's own account and sessions, change one's name and password, log out.
    OwnAccount,
    /// See an organisation.
    ReadOrganisation,
    /// Make an organisation.
    CreateOrganisation,
    /// Change an organisation.
    UpdateOrganisation,
    /// Delete an organisation.
    DeleteOrganisation,
    /// See a department.
    ReadDepartment,
    /// Make a department.
    CreateDepartment,
    /// Change a department.
    UpdateDepartment,
    /// Delete a department.
    DeleteDepartment,
    /// See a user.
    ReadUser,
    /// Make a user.
    CreateUser,
    /// Change a user.
    UpdateUser,
    /// Delete a user.
    DeleteUser,
    /// Import a workbook.
    Import,
    /// See the reports of imports.
    ReadImport,
    /// Take organisations, departments and users out as a workbook.
    Export,
    /// See the event log.
    ReadLogs,
    /// See what the system counts of itself.
    ReadMetrics,
}

impl Action {
    /// Every action, in the order of their declaration.
    pub const ALL: [Self; 18] = [
        Self::OwnAccount,
        Self::ReadOrganisation,
        Self::CreateOrganisation,
        Self::UpdateOrganisation,
        Self::DeleteOrganisation,
        Self::ReadDepartment,
        Self::CreateDepartment,
        Self::UpdateDepartment,
        Self::DeleteDepartment,
        Self::ReadUser,
        Self::CreateUser,
        Self::UpdateUser,
        Self::DeleteUser,
        Self::Import,
        Self::ReadImport,
        Self::Export,
        Self::ReadLogs,
        Self::ReadMetrics,
    ];

    /// The action that sees what this one acts on, and the kind of thing it is.
    #[must_use]
    pub fn sight(self) -> (Self, Kind) {
        match self {
            Self::ReadOrganisation
            | Self::CreateOrganisation
            | Self::UpdateOrganisation
            | Self::DeleteOrganisation => (Self::ReadOrganisation, Kind::Organisation),
            Self::ReadDepartment
            | Self::CreateDepartment
            | Self::UpdateDepartment
            | Self::DeleteDepartment => (Self::ReadDepartment, Kind::Department),
            Self::ReadUser | Self::CreateUser | Self::UpdateUser | Self::DeleteUser => {
                (Self::ReadUser, Kind::User)
            }
            Self::Import | Self::ReadImport => (Self::ReadImport, Kind::Import),
            Self::OwnAccount => (Self::OwnAccount, Kind::Session),
            // None of them acts on a thing, so none is ever missed.
            Self::Export | Self::ReadLogs | Self::ReadMetrics => (self, Kind::User),
        }
    }

    /// Whether it acts on nothing that is there already, so that a refusal gives no existence away.
    #[must_use]
    pub fn is_without_target(self) -> bool {
        matches!(
            self,
            Self::CreateOrganisation
                | Self::CreateDepartment
                | Self::CreateUser
                | Self::Import
                | Self::Export
                | Self::ReadLogs
                | Self::ReadMetrics
        )
    }

    /// Whether it makes or touches an account, which nobody does to one above their own.
    pub(super) fn is_bound_by_role(self) -> bool {
        matches!(self, Self::CreateUser | Self::UpdateUser | Self::DeleteUser)
    }
}
