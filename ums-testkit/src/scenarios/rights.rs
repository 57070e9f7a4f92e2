//! How far rights reach, and that nobody makes them reach further.

use ums_core::Acting;
use ums_core::model::{Department, Organisation, Patch, Role, User, UserFields, UserPatch};

use super::support::{AnyStore, code, person};
use crate::Fixture;

/// An organisation with departments above, beside and below that of the actors, of whom there is one for each role.
struct House {
    fixture: Fixture,
    organisation: Organisation,
    above: Department,
    own: Department,
    below: Department,
    beside: Department,
}

impl House {
    async fn new(store: AnyStore) -> Self {
        let fixture = Fixture::on(store).await;
        fixture.register("first@example.com").await;
        let organisation = fixture.organisation("One").await;
        let above = fixture.department("Above", &organisation, None).await;
        let own = fixture.department("Own", &organisation, Some(&above)).await;
        let below = fixture.department("Below", &organisation, Some(&own)).await;
        let beside = fixture.department("Beside", &organisation, Some(&above)).await;
        for role in Role::ALL {
            fixture.member_of(&format!("{role}@example.com"), role, &own).await;
        }
        Self { fixture, organisation, above, own, below, beside }
    }

    async fn acting(&self, role: Role) -> Acting {
        self.fixture.acting(&format!("{role}@example.com")).await
    }
}

pub(super) async fn nobody_makes_or_touches_an_account_above_their_own(store: AnyStore) {
    let house = House::new(store).await;
    let system = house.fixture.ums.system();
    let mut number = 0;
    for own in [Role::DepartmentAdmin, Role::OrgAdmin, Role::Admin] {
        let acting = house.acting(own).await;
        for other in Role::ALL {
            number += 1;
            let expected = if other > own { "forbidden" } else { "ok" };
            let fields = UserFields {
                role: Some(other),
                department_id: Some(house.own.id),
                ..person(&format!("new{number}@example.com"))
            };
            assert_eq!(code(&acting.create_user(&fields).await), expected, "{own} makes {other}");

            let fields = UserFields { email: format!("old{number}@example.com"), ..fields };
            let there = system.create_user(&fields).await.unwrap().value;
            for role in Role::ALL {
                let expected = if other.max(role) > own { "forbidden" } else { "ok" };
                let patch = UserPatch { role: Patch::Set(role), ..UserPatch::default() };
                let changed = acting.change_user(there.id, &patch, None).await;
                assert_eq!(code(&changed), expected, "{own} makes {other} {role}");
                let fields = UserFields { role: Some(role), ..fields.clone() };
                let changed = acting.replace_user(there.id, &fields, None).await;
                assert_eq!(code(&changed), expected, "{own} makes {other} {role}");
                let back = UserPatch { role: Patch::Set(other), ..UserPatch::default() };
                system.change_user(there.id, &back, None).await.unwrap();
            }
            let renamed = UserPatch { full_name: Patch::Set("Renamed".into()), ..UserPatch::default() };
            assert_eq!(code(&acting.change_user(there.id, &renamed, None).await), expected, "{own} {other}");
            assert_eq!(code(&acting.delete_user(there.id, None).await), expected, "{own} deletes {other}");
        }
        // Nor does one raise oneself.
        let me = acting.me().await.unwrap().value;
        for role in Role::ALL.into_iter().filter(|role| *role > own) {
            let raised = UserPatch { role: Patch::Set(role), ..UserPatch::default() };
            assert_eq!(code(&acting.change_user(me.id, &raised, None).await), "forbidden");
        }
    }
    house.fixture.verify().await;
}

pub(super) async fn nobody_moves_whom_or_where_they_do_not_reach(store: AnyStore) {
    let house = House::new(store).await;
    let system = house.fixture.ums.system();
    let other = house.fixture.organisation("Other").await;
    let ada = house.fixture.member_of("ada@example.com", Role::Member, &house.own).await;
    let to = |department: &Department| UserPatch {
        department_id: Patch::Set(department.id),
        ..UserPatch::default()
    };
    let out = UserPatch { department_id: Patch::Clear, ..UserPatch::default() };
    let away = UserPatch { organisation_id: Patch::Clear, ..out.clone() };
    let abroad = UserPatch { organisation_id: Patch::Set(other.id), ..out.clone() };

    let department_admin = house.acting(Role::DepartmentAdmin).await;
    let org_admin = house.acting(Role::OrgAdmin).await;
    let own_id = |acting: &Acting| {
        let acting = acting.clone();
        async move { acting.me().await.unwrap().value.id }
    };
    let (department_admins, org_admins) = (own_id(&department_admin).await, own_id(&org_admin).await);

    // Whoever could move themselves could administer whatever they liked.
    for (acting, moved) in [
        (&department_admin, ada.id),
        (&department_admin, department_admins),
    ] {
        for patch in [to(&house.beside), to(&house.above), out.clone(), away.clone()] {
            assert_eq!(code(&acting.change_user(moved, &patch, None).await), "forbidden", "{patch:?}");
        }
        assert_eq!(code(&acting.change_user(moved, &abroad, None).await), "invalid");
        assert_eq!(code(&acting.change_user(moved, &to(&house.below), None).await), "ok");
        system.change_user(moved, &to(&house.own), None).await.unwrap();
    }
    for department in [&house.beside, &house.above] {
        let elsewhere = UserFields { department_id: Some(department.id), ..person("new@example.com") };
        assert_eq!(code(&department_admin.create_user(&elsewhere).await), "forbidden");
    }
    for moved in [ada.id, org_admins] {
        for patch in [to(&house.beside), to(&house.above), out.clone()] {
            assert_eq!(code(&org_admin.change_user(moved, &patch, None).await), "ok", "{patch:?}");
        }
        assert_eq!(code(&org_admin.change_user(moved, &away, None).await), "forbidden");
        assert_eq!(code(&org_admin.change_user(moved, &abroad, None).await), "invalid");
        system.change_user(moved, &to(&house.own), None).await.unwrap();
    }
    // What they may change of themselves they may change wherever they are.
    let renamed = UserPatch { full_name: Patch::Set("Renamed".into()), ..UserPatch::default() };
    system.change_user(department_admins, &out, None).await.unwrap();
    let department_admin = house.acting(Role::DepartmentAdmin).await;
    assert_eq!(code(&department_admin.change_user(department_admins, &renamed, None).await), "ok");
    assert_eq!(code(&department_admin.change_user(department_admins, &to(&house.own), None).await), "forbidden");
    assert_eq!(code(&department_admin.change_user(ada.id, &renamed, None).await), "not_found");
    house.fixture.verify().await;
}

pub(super) async fn what_is_left_out_means_ones_own_place(store: AnyStore) {
    let house = House::new(store).await;
    let place = |user: &User| (user.organisation_id, user.department_id);
    let (organisation, department) = (Some(house.organisation.id), Some(house.own.id));
    for (role, expected) in [
        (Role::Admin, (None, None)),
        (Role::OrgAdmin, (organisation, None)),
        (Role::DepartmentAdmin, (organisation, department)),
    ] {
        let acting = house.acting(role).await;
        let fields = person(&format!("new-{role}@example.com"));
        let made = acting.create_user(&fields).await.unwrap().value;
        assert_eq!(place(&made), expected, "{role}");
        let below = UserPatch { department_id: Patch::Set(house.below.id), ..UserPatch::default() };
        let below = UserPatch { organisation_id: Patch::Set(house.organisation.id), ..below };
        acting.change_user(made.id, &below, None).await.unwrap();
        let replaced = acting.replace_user(made.id, &fields, None).await.unwrap().value;
        assert_eq!(place(&replaced), expected, "{role}");
    }
    house.fixture.verify().await;
}
