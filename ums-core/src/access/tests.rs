//! Both tables, and what is read from them.

use super::*;
use crate::model::{DepartmentId, OrganisationId, Role, UserId};
use crate::{Error, Kind};

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
fn no_action_is_left_out() {
    // serde knows of every variant, and says which.
    let unknown = serde_json::from_str::<Action>("\"none\"").unwrap_err().to_string();
    let named: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
    let listed = Action::ALL.map(|action| serde_json::to_value(action).unwrap());
    assert_eq!(named, listed.each_ref().map(|name| name.as_str().unwrap()));
    assert_eq!(TABLE.map(|(action, _)| action), Action::ALL);
}

#[test]
fn a_higher_role_never_reaches_less() {
    for (action, scopes) in TABLE {
        assert!(scopes.is_sorted(), "{action:?}");
    }
}

#[test]
fn what_is_out_of_sight_looks_absent() {
    let foreign = target(9, 2, &[5]);
    for role in [Role::Member, Role::DepartmentAdmin, Role::OrgAdmin] {
        for action in Action::ALL {
            let answer = actor(role).may(action, &foreign);
            let hidden = matches!(answer, Err(Error::NotFound(_)));
            assert!(
                hidden || action.is_without_target() && matches!(answer, Err(Error::Forbidden)),
                "{role} {action:?}"
            );
        }
    }
}

#[test]
fn a_department_admin_reaches_its_subtree_only() {
    let admin = actor(Role::DepartmentAdmin);
    assert!(admin.may(Action::UpdateUser, &target(9, 1, &[4, 3])).is_ok());
    assert!(matches!(admin.may(Action::UpdateUser, &target(9, 1, &[2])), Err(Error::NotFound(Kind::User))));
    assert!(matches!(admin.may(Action::UpdateDepartment, &target(0, 1, &[3])), Err(Error::Forbidden)));
}

#[test]
fn nobody_touches_an_account_above_their_own() {
    for role in Role::ALL {
        for above in Role::ALL.into_iter().filter(|above| *above > role) {
            let target = Target { role: Some(above), ..target(9, 1, &[3]) };
            for action in [Action::CreateUser, Action::UpdateUser, Action::DeleteUser] {
                assert!(actor(role).may(action, &target).is_err(), "{role} {above} {action:?}");
            }
        }
    }
}

#[test]
fn only_the_program_itself_acts_without_an_account() {
    for action in Action::ALL {
        assert!(Actor::System.may(action, &Target::default()).is_ok());
        let answer = Actor::Anonymous.may(action, &Target::default());
        assert!(matches!(answer, Err(Error::InvalidAccessToken)), "{action:?}");
    }
}

#[test]
fn a_permission_ends_where_the_table_says() {
    let own = OrganisationId::try_from(1).ok();
    assert!(matches!(actor(Role::Admin).confined_to(Action::ReadLogs), Ok(None)));
    assert_eq!(actor(Role::OrgAdmin).confined_to(Action::ReadLogs).unwrap(), own);
    for role in [Role::Member, Role::DepartmentAdmin] {
        assert!(matches!(actor(role).confined_to(Action::ReadLogs), Err(Error::Forbidden)), "{role}");
    }
    assert!(matches!(Actor::Anonymous.confined_to(Action::ReadLogs), Err(Error::InvalidAccessToken)));
}

#[test]
fn accounts_of_no_organisation_do_not_share_one() {
    let admin = Actor::User {
        id: UserId::try_from(7).unwrap(),
        role: Role::OrgAdmin,
        organisation_id: None,
        department_id: None,
    };
    assert!(matches!(admin.may(Action::ReadUser, &target(9, 0, &[])), Err(Error::NotFound(_))));
}

#[test]
fn a_field_stands_in_the_table_once() {
    for (resource, field, _) in FIELDS {
        let rows = FIELDS.iter().filter(|(of, named, _)| (of, named) == (resource, field)).count();
        assert_eq!(rows, 1, "{resource:?} {field:?}");
    }
}

#[test]
fn what_the_system_says_of_a_thing_nobody_sets() {
    for resource in [Resource::Account, Resource::Organisation, Resource::Department, Resource::User] {
        for field in
            [Field::Id, Field::EmailVerified, Field::PasswordHash, Field::CreatedAt, Field::UpdatedAt]
        {
            for role in Role::ALL {
                assert_eq!(resource.rule(field, role), Rule::Never, "{resource:?} {field:?} {role}");
            }
        }
    }
}

#[test]
fn a_field_is_set_as_far_as_its_rule_says() {
    let here = target(9, 1, &[3]);
    let beside = target(9, 1, &[2]);
    let cases = [
        (Role::Member, Action::OwnAccount, Field::FullName, None, &here, true),
        (Role::Member, Action::OwnAccount, Field::Email, None, &here, false),
        (Role::Admin, Action::OwnAccount, Field::Role, Some(Role::Member), &here, false),
        (Role::Member, Action::UpdateUser, Field::FullName, None, &here, false),
        (Role::DepartmentAdmin, Action::UpdateUser, Field::Role, Some(Role::DepartmentAdmin), &here, true),
        (Role::DepartmentAdmin, Action::UpdateUser, Field::Role, Some(Role::OrgAdmin), &here, false),
        (Role::DepartmentAdmin, Action::UpdateUser, Field::DepartmentId, None, &here, true),
        (Role::DepartmentAdmin, Action::UpdateUser, Field::DepartmentId, None, &beside, false),
        (Role::OrgAdmin, Action::UpdateUser, Field::DepartmentId, None, &beside, true),
        (Role::OrgAdmin, Action::CreateDepartment, Field::OrganisationId, None, &here, true),
        (Role::Admin, Action::UpdateDepartment, Field::OrganisationId, None, &here, false),
        (Role::Admin, Action::DeleteUser, Field::Status, None, &here, false),
    ];
    for (role, action, field, given, target, allowed) in cases {
        let after = Target { role: given, ..target.clone() };
        let answer = actor(role).may_set(action, [field], &after);
        assert_eq!(answer.is_ok(), allowed, "{role} {action:?} {field:?} {given:?}");
        assert!(allowed || matches!(answer, Err(Error::Forbidden)), "{answer:?}");
    }
    assert!(Actor::System.may_set(Action::UpdateUser, [Field::Role], &here).is_ok());
    let anonymous = Actor::Anonymous.may_set(Action::UpdateUser, [Field::Role], &here);
    assert!(matches!(anonymous, Err(Error::InvalidAccessToken)));
}

#[test]
fn one_field_that_may_not_be_set_refuses_all() {
    let after = Target { role: Some(Role::Admin), ..target(9, 1, &[3]) };
    let admin = actor(Role::OrgAdmin);
    assert!(admin.may_set(Action::UpdateUser, [Field::FullName, Field::Email], &after).is_ok());
    assert!(admin.may_set(Action::UpdateUser, [Field::FullName, Field::Role], &after).is_err());
    assert!(admin.may_set(Action::UpdateUser, [Field::Role, Field::FullName], &after).is_err());
    assert!(admin.may_set(Action::UpdateUser, [], &after).is_ok());
}
