//! What the tables say of a cell.

use ums_core::Kind;
use ums_core::access::{Action, Scope};
use ums_core::model::Role;

use crate::operation::{Operation, Slot};
use crate::stage::Relation;

/// How a call has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// It is done, or fails for a reason that is no matter of rights.
    Allowed,
    /// There is no token.
    Unauthenticated,
    /// It is in sight and may not be done.
    Forbidden,
    /// It is not there, or might as well not be.
    Absent,
    /// What is named in a field or a parameter is not there, or might as well not be.
    Invalid,
}

/// What the tables say of an operation that asks for this action.
pub(crate) fn expected(
    operation: &Operation,
    action: Action,
    role: Option<Role>,
    slot: Option<&Slot>,
    relation: Relation,
) -> Expected {
    let Some(role) = role else { return Expected::Unauthenticated };
    let scope = action.scope(role);
    let (sight, acted_on) = action.sight();
    match slot {
        None if scope == Scope::Nothing => Expected::Forbidden,
        None => Expected::Allowed,
        Some(Slot::Path(kind)) if *kind == acted_on => {
            decide(reaches(scope, relation), reaches(sight.scope(role), relation), Expected::Absent)
        }
        Some(Slot::Path(kind) | Slot::Query(_, kind)) if !action.is_without_target() => {
            within(action, role, *kind, relation)
        }
        Some(Slot::Path(_) | Slot::Query(..)) => match relation {
            Relation::Absent if scope == Scope::Everything => Expected::Invalid,
            _ => decide(reaches(scope, relation), true, Expected::Absent),
        },
        Some(Slot::Body(..)) => match of_own(operation, action, role) {
            // A place beside one's own is in sight.
            Expected::Allowed => {
                decide(reaches(scope, relation), relation == Relation::Beside, Expected::Invalid)
            }
            refused => refused,
        },
    }
}

/// What the tables say where the operation is given what is one's own.
pub(crate) fn of_own(operation: &Operation, action: Action, role: Role) -> Expected {
    let (sight, _) = action.sight();
    match operation.target() {
        Some(_) => {
            let reached = |action: Action| reaches(action.scope(role), Relation::Own);
            decide(reached(action), reached(sight), Expected::Absent)
        }
        None => decide(action.scope(role) != Scope::Nothing, true, Expected::Absent),
    }
}

/// A list of what stands within something: that has to be in sight, and then the list shows as much as is.
fn within(action: Action, role: Role, container: Kind, relation: Relation) -> Expected {
    let seeing = match container {
        Kind::Organisation => Action::ReadOrganisation,
        Kind::Department => Action::ReadDepartment,
        _ => panic!("add the action that sees {container:?}"),
    };
    let in_sight = reaches(seeing.scope(role), relation);
    // Asked for the users of a department that is in sight and not theirs to look after, administrators are told so.
    let beyond = action.scope(role) == Scope::Department && !reaches(Scope::Department, relation);
    decide(in_sight && !(beyond && container == Kind::Department), in_sight, Expected::Absent)
}

fn decide(allowed: bool, in_sight: bool, otherwise: Expected) -> Expected {
    match (allowed, in_sight) {
        (true, _) => Expected::Allowed,
        (false, true) => Expected::Forbidden,
        (false, false) => otherwise,
    }
}

/// Whether a scope takes in what is so related.
pub(crate) fn reaches(scope: Scope, relation: Relation) -> bool {
    match scope {
        Scope::Nothing => false,
        Scope::Oneself => relation == Relation::Oneself,
        Scope::Department => relation <= Relation::Own,
        Scope::Organisation => relation <= Relation::Beside,
        Scope::Everything => relation <= Relation::Foreign,
        _ => panic!("add the scope {scope:?} to these tests"),
    }
}
