//! The table of actions, and what reads it.

use super::Action;
use crate::model::Role;

/// How far a permission reaches; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// The scope of a member, a department admin, an organisation admin, an admin. An action without a row does not compile.
#[rustfmt::skip]
const fn row(action: Action) -> [Scope; 4] {
    match action {
        //                        member dep_admin org_admin admin
        A::OwnAccount         => [Own, Own, Own, Own],
        A::ReadOrganisation   => [Org, Org, Org, All],
        A::CreateOrganisation => [No,  No,  No,  All],
        A::UpdateOrganisation => [No,  No,  Org, All],
        A::DeleteOrganisation => [No,  No,  No,  All],
        A::ReadDepartment     => [Org, Org, Org, All],
        A::CreateDepartment   => [No,  No,  Org, All],
        A::UpdateDepartment   => [No,  No,  Org, All],
        A::DeleteDepartment   => [No,  No,  Org, All],
        A::ReadUser           => [Own, Dep, Org, All],
        A::CreateUser         => [No,  Dep, Org, All],
        A::UpdateUser         => [No,  Dep, Org, All],
        A::DeleteUser         => [No,  Dep, Org, All],
        A::Import             => [No,  No,  Org, All],
        A::ReadImport         => [No,  No,  Org, All],
        A::Export             => [No,  Dep, Org, All],
        A::ReadLogs           => [No,  No,  Org, All],
        A::ReadMetrics        => [No,  No,  No,  All],
    }
}

/// The table: for each action the scope of a member, a department admin, an organisation admin, an admin.
pub const TABLE: [(Action, [Scope; 4]); Action::ALL.len()] = rows();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which refuses an index out of bounds"
)]
const fn rows() -> [(Action, [Scope; 4]); Action::ALL.len()] {
    let mut table = [(A::OwnAccount, [No; 4]); Action::ALL.len()];
    let mut index = 0;
    while index < table.len() {
        let action = Action::ALL[index];
        assert!(action as usize == index, "Action::ALL lists the actions in the order of their declaration");
        table[index] = (action, row(action));
        index += 1;
    }
    table
}

impl Action {
    /// How far a role's permission for this reaches, by the [`TABLE`].
    #[must_use]
    pub fn scope(self, role: Role) -> Scope {
        by_role(row(self), role)
    }
}

/// What stands in a role's column.
pub(super) fn by_role<T>([member, department_admin, org_admin, admin]: [T; 4], role: Role) -> T {
    match role {
        Role::Member => member,
        Role::DepartmentAdmin => department_admin,
        Role::OrgAdmin => org_admin,
        Role::Admin => admin,
    }
}
