//! Who may do what: one table, and one function that reads it.

use crate::model::{DepartmentId, OrganisationId, Role, UserId};
use crate::{Error, Kind, Result};

/// Something that a caller may want to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// See the event log.
    ReadLogs,
}

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Nowhere.
    Nothing,
    /// The caller alone.
    Oneself,
    /// The caller's department and those below it.
    Department,
    /// The caller's organisation.
    Organisation,
    /// Everything.
    Everything,
}

use Action as A;
use Scope::{Department as Dep, Everything as All, Nothing as No, Oneself as Own, Organisation as Org};

/// The table: for each action the scope of a member, a department admin, an organisation admin, an admin.
pub const TABLE: &[(Action, [Scope; 4])] = &[
    //                         member dep_admin org_admin admin
    (A::OwnAccount, /*      */ [Own, Own, Own, Own]),
    (A::ReadOrganisation, /**/ [Org, Org, Org, All]),
    (A::CreateOrganisation, /**/ [No, No, No, All]),
    (A::UpdateOrganisation, /**/ [No, No, Org, All]),
    (A::DeleteOrganisation, /**/ [No, No, No, All]),
    (A::ReadDepartment, /*  */ [Org, Org, Org, All]),
    (A::CreateDepartment, /**/ [No, No, Org, All]),
    (A::UpdateDepartment, /**/ [No, No, Org, All]),
    (A::DeleteDepartment, /**/ [No, No, Org, All]),
    (A::ReadUser, /*        */ [Own, Dep, Org, All]),
    (A::CreateUser, /*      */ [No, Dep, Org, All]),
    (A::UpdateUser, /*      */ [No, Dep, Org, All]),
    (A::DeleteUser, /*      */ [No, Dep, Org, All]),
    (A::Import, /*          */ [No, No, Org, All]),
    (A::ReadImport, /*      */ [No, No, Org, All]),
    (A::ReadLogs, /*        */ [No, No, Org, All]),
];

impl Action {
    /// How far a role's permission for this reaches, by the [`TABLE`]. An action without a row is for nobody.
    #[must_use]
    pub fn scope(self, role: Role) -> Scope {
        let row = TABLE.iter().find(|(action, _)| *action == self);
        row.map_or(Scope::Nothing, |(_, [member, department_admin, org_admin, admin])| match role {
            Role::Member => *member,
            Role::DepartmentAdmin => *department_admin,
            Role::OrgAdmin => *org_admin,
            Role::Admin => *admin,
        })
    }

    /// The action that sees what this one acts on, and the kind of thing it is.
    fn sight(self) -> (Self, Kind) {
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
            Self::ReadLogs => (Self::ReadLogs, Kind::User),
        }
    }
}

/// Who acts, as far as permission asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The embedding program itself: may do everything.
    System,
    /// Nobody known: may register, log in and refresh.
    Anonymous,
    /// An account.
    User {
        /// Which.
        id: UserId,
        /// Its role.
        role: Role,
        /// Its organisation.
        organisation_id: Option<OrganisationId>,
        /// Its department.
        department_id: Option<DepartmentId>,
    },
}

/// What is acted on, as far as permission asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The user that it is.
    pub user_id: Option<UserId>,
    /// The role of the user that it is, before the change and after it, whichever is higher.
    pub role: Option<Role>,
    /// The organisation that it is or belongs to.
    pub organisation_id: Option<OrganisationId>,
    /// The department that it belongs to, and every one above that.
    pub departments: Vec<DepartmentId>,
}

impl Actor {
    /// How far this actor's permission for an action reaches.
    #[must_use]
    pub fn scope(&self, action: Action) -> Scope {
        match self {
            Self::System => Scope::Everything,
            Self::Anonymous => Scope::Nothing,
            Self::User { role, .. } => action.scope(*role),
        }
    }

    /// The actor's role; `None` for one that is no account.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        if let Self::User { role, .. } = self { Some(*role) } else { None }
    }

    /// The actor's own user id.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        if let Self::User { id, .. } = self { Some(*id) } else { None }
    }

    /// The organisation that the actor's permission for something ends at; `None` where it does not end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for somebody unknown; [`Error::Forbidden`] for an account that may not at all, or
    /// only within an organisation while it belongs to none.
    pub fn confined_to(&self, action: Action) -> Result<Option<OrganisationId>> {
        match (self.scope(action), self) {
            (_, Self::Anonymous) => Err(Error::InvalidAccessToken),
            (Scope::Everything, _) => Ok(None),
            (Scope::Nothing, _) => Err(Error::Forbidden),
            (_, Self::User { organisation_id: Some(id), .. }) => Ok(Some(*id)),
            _ => Err(Error::Forbidden),
        }
    }

    /// Whether there is anything that the actor may do this to: asked before fields are looked at, and before what costs
    /// more.
    ///
    /// # Errors
    ///
    /// As for [`may`](Self::may).
    pub fn may_at_all(&self, action: Action) -> Result<()> {
        match self.scope(action) {
            Scope::Nothing => self.may(action, &Target::default()),
            _ => Ok(()),
        }
    }

    /// Decides whether the actor may do this to that.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for somebody unknown; [`Error::NotFound`] where the target is outside the
    /// actor's sight, as if it were not there; [`Error::Forbidden`] where it is in sight.
    pub fn may(&self, action: Action, target: &Target) -> Result<()> {
        let Self::User { role, .. } = self else {
            return if *self == Self::System { Ok(()) } else { Err(Error::InvalidAccessToken) };
        };
        let (sight, kind) = action.sight();
        if self.reaches(action.scope(*role), target) {
            // Nobody makes, raises or touches an account above their own.
            let above = matches!(action, A::CreateUser | A::UpdateUser | A::DeleteUser)
                && target.role.is_some_and(|other| other > *role);
            return if above { Err(Error::Forbidden) } else { Ok(()) };
        }
        let seen = self.reaches(sight.scope(*role), target);
        // Where a thing is yet to be made, there is nothing whose existence could be given away.
        let making = matches!(
            action,
            A::CreateOrganisation | A::CreateDepartment | A::CreateUser | A::Import | A::ReadLogs
        );
        Err(if seen || making { Error::Forbidden } else { Error::NotFound(kind) })
    }

    fn reaches(&self, scope: Scope, target: &Target) -> bool {
        let Self::User { id, organisation_id, department_id, .. } = self else { return false };
        let oneself = target.user_id == Some(*id);
        match scope {
            Scope::Nothing => false,
            Scope::Oneself => oneself,
            Scope::Department => {
                oneself || department_id.is_some_and(|own| target.departments.contains(&own))
            }
            Scope::Organisation => {
                oneself || organisation_id.is_some() && target.organisation_id == *organisation_id
            }
            Scope::Everything => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 16] = [
        A::OwnAccount,
        A::ReadOrganisation,
        A::CreateOrganisation,
        A::UpdateOrganisation,
        A::DeleteOrganisation,
        A::ReadDepartment,
        A::CreateDepartment,
        A::UpdateDepartment,
        A::DeleteDepartment,
        A::ReadUser,
        A::CreateUser,
        A::UpdateUser,
        A::DeleteUser,
        A::Import,
        A::ReadImport,
        A::ReadLogs,
    ];

    fn actor(role: Role) -> Actor {
        Actor::User {
            id: UserId::try_from(7).unwrap(),
            role,
            organisation_id: OrganisationId::try_from(1).ok(),
            department_id: DepartmentId::try_from(3).ok(),
        }
    }

    fn target(user: u64, organisation: u64, departments: &[u64]) -> Target {
        Target {
            user_id: UserId::try_from(user).ok(),
            role: Some(Role::Member),
            organisation_id: OrganisationId::try_from(organisation).ok(),
            departments: departments.iter().map(|id| DepartmentId::try_from(*id).unwrap()).collect(),
        }
    }

    #[test]
    fn every_action_has_one_row() {
        for action in ACTIONS {
            assert_eq!(TABLE.iter().filter(|(row, _)| *row == action).count(), 1, "{action:?}");
        }
        assert_eq!(TABLE.len(), ACTIONS.len());
    }

    #[test]
    fn a_higher_role_never_reaches_less() {
        let reach = |scope| match scope {
            Scope::Nothing => 0,
            Scope::Oneself => 1,
            Scope::Department => 2,
            Scope::Organisation => 3,
            Scope::Everything => 4,
        };
        for (action, scopes) in TABLE {
            assert!(scopes.map(reach).is_sorted(), "{action:?}");
        }
    }

    #[test]
    fn what_is_out_of_sight_looks_absent() {
        let foreign = target(9, 2, &[5]);
        for role in [Role::Member, Role::DepartmentAdmin, Role::OrgAdmin] {
            for action in ACTIONS {
                let answer = actor(role).may(action, &foreign);
                let hidden = matches!(answer, Err(Error::NotFound(_)));
                let making = matches!(
                    action,
                    A::CreateOrganisation | A::CreateDepartment | A::CreateUser | A::Import | A::ReadLogs
                );
                assert!(hidden || making && matches!(answer, Err(Error::Forbidden)), "{role} {action:?}");
            }
        }
    }

    #[test]
    fn a_department_admin_reaches_its_subtree_only() {
        let admin = actor(Role::DepartmentAdmin);
        assert!(admin.may(A::UpdateUser, &target(9, 1, &[4, 3])).is_ok());
        assert!(matches!(admin.may(A::UpdateUser, &target(9, 1, &[2])), Err(Error::NotFound(Kind::User))));
        assert!(matches!(admin.may(A::UpdateDepartment, &target(0, 1, &[3])), Err(Error::Forbidden)));
    }

    #[test]
    fn nobody_touches_an_account_above_their_own() {
        for role in Role::ALL {
            for above in Role::ALL.into_iter().filter(|above| *above > role) {
                let target = Target { role: Some(above), ..target(9, 1, &[3]) };
                for action in [A::CreateUser, A::UpdateUser, A::DeleteUser] {
                    assert!(actor(role).may(action, &target).is_err(), "{role} {above} {action:?}");
                }
            }
        }
    }

    #[test]
    fn only_the_program_itself_acts_without_an_account() {
        for action in ACTIONS {
            assert!(Actor::System.may(action, &Target::default()).is_ok());
            let answer = Actor::Anonymous.may(action, &Target::default());
            assert!(matches!(answer, Err(Error::InvalidAccessToken)), "{action:?}");
        }
    }

    #[test]
    fn a_permission_ends_where_the_table_says() {
        let own = OrganisationId::try_from(1).ok();
        assert!(matches!(actor(Role::Admin).confined_to(A::ReadLogs), Ok(None)));
        assert_eq!(actor(Role::OrgAdmin).confined_to(A::ReadLogs).unwrap(), own);
        for role in [Role::Member, Role::DepartmentAdmin] {
            assert!(matches!(actor(role).confined_to(A::ReadLogs), Err(Error::Forbidden)), "{role}");
        }
        assert!(matches!(Actor::Anonymous.confined_to(A::ReadLogs), Err(Error::InvalidAccessToken)));
    }

    #[test]
    fn accounts_of_no_organisation_do_not_share_one() {
        let admin = Actor::User {
            id: UserId::try_from(7).unwrap(),
            role: Role::OrgAdmin,
            organisation_id: None,
            department_id: None,
        };
        assert!(matches!(admin.may(A::ReadUser, &target(9, 0, &[])), Err(Error::NotFound(_))));
    }
}
