//! What is outside of an organisation's administrator's sight looks exactly as if it were not there.

use ums_core::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, Organisation, OrganisationId, OrganisationPatch,
    Patch, Role, User, UserFields, UserId, UserPatch,
};
use ums_core::{Acting, DepartmentFilter, PageRequest, UserFilter};

use super::support::{AnyStore, department_fields, listed_users, organisation_fields, person, told};
use crate::Fixture;

/// Ids of one organisation, to be tried.
#[derive(Clone, Copy)]
struct Ids {
    organisation: OrganisationId,
    department: DepartmentId,
    user: UserId,
}

/// What the caller has of its own.
struct Own {
    organisation: Organisation,
    department: Department,
    user: User,
}

pub(super) async fn another_organisation_might_as_well_not_be_there(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let mut houses = Vec::new();
    for name in ["One", "Two"] {
        let organisation = fixture.organisation(name).await;
        let department = fixture.department("Research", &organisation, None).await;
        let user = fixture.member_of(&format!("member@{name}.example"), Role::Member, &department).await;
        let fields = UserFields {
            external_id: Some("7".into()),
            department_id: Some(department.id),
            ..person(&format!("seven@{name}.example"))
        };
        fixture.ums.system().create_user(&fields).await.unwrap();
        houses.push(Own { organisation, department, user });
    }
    let foreign = houses.pop().unwrap();
    let own = houses.pop().unwrap();
    for role in [Role::OrgAdmin, Role::DepartmentAdmin] {
        fixture.member_of(&format!("{role}@example.com"), role, &own.department).await;
    }
    let there = Ids {
        organisation: foreign.organisation.id,
        department: foreign.department.id,
        user: foreign.user.id,
    };
    let nowhere = Ids {
        organisation: OrganisationId::try_from(900_001).unwrap(),
        department: DepartmentId::try_from(900_002).unwrap(),
        user: UserId::try_from(900_003).unwrap(),
    };
    let before = everything(&fixture).await;
    for role in [Role::OrgAdmin, Role::DepartmentAdmin] {
        let acting = fixture.acting(&format!("{role}@example.com")).await;
        let (of_it, of_nothing) = (answers(&acting, &own, there).await, answers(&acting, &own, nowhere).await);
        for ((call, one), (_, other)) in of_it.iter().zip(&of_nothing) {
            assert_eq!(one, other, "{role}: {call}");
            assert_ne!(one, "ok", "{role}: {call}");
        }
        assert_eq!(of_it.len(), of_nothing.len());
        // Nor do lists or searches say anything of it.
        let mut filter = UserFilter::default();
        for q in [None, Some("member@two"), Some("owner")] {
            filter.q = q.map(str::to_owned);
            let seen = listed_users(&acting, &filter, 2).await;
            assert!(seen.iter().all(|user| user.organisation_id == Some(own.organisation.id)), "{seen:?}");
        }
        let organisations = acting.organisations(&PageRequest::default()).await.unwrap().items;
        assert_eq!(organisations.as_slice(), std::slice::from_ref(&own.organisation));
        let departments = acting.departments(DepartmentFilter::default(), &PageRequest::default()).await;
        assert_eq!(departments.unwrap().items.as_slice(), std::slice::from_ref(&own.department));
    }
    assert_eq!(everything(&fixture).await, before);
    fixture.verify().await;
}

/// What every call answers that these ids can be given to, in its path or in a field.
async fn answers(acting: &Acting, own: &Own, ids: Ids) -> Vec<(&'static str, String)> {
    let page = PageRequest::default();
    let organisation = organisation_fields("Renamed");
    let renamed = OrganisationPatch { name: Patch::Set("Renamed".into()), ..OrganisationPatch::default() };
    let department = department_fields("Renamed", &own.organisation);
    let to_organisation = UserFields { organisation_id: Some(ids.organisation), ..person("new@example.com") };
    let to_department = UserFields { department_id: Some(ids.department), ..person("new@example.com") };
    let to_both = UserFields { department_id: Some(ids.department), ..to_organisation.clone() };
    let to_own = UserFields { organisation_id: Some(own.organisation.id), ..to_department.clone() };
    let torn = UserFields { department_id: Some(own.department.id), ..to_organisation.clone() };
    let below = DepartmentFields { parent_id: Some(ids.department), ..department.clone() };
    let abroad = DepartmentFields { organisation_id: Some(ids.organisation), ..department.clone() };
    let below_patch = DepartmentPatch { parent_id: Patch::Set(ids.department), ..DepartmentPatch::default() };
    let move_patch = UserPatch { organisation_id: Patch::Set(ids.organisation), ..UserPatch::default() };
    let join_patch = UserPatch { department_id: Patch::Set(ids.department), ..UserPatch::default() };
    let both_patch = UserPatch { department_id: Patch::Set(ids.department), ..move_patch.clone() };
    let mut of_organisation = UserFilter::default();
    of_organisation.organisation_id = Some(ids.organisation);
    let mut of_department = UserFilter::default();
    of_department.department_id = Some(ids.department);
    let mut answers = Vec::new();
    macro_rules! ask {
        ($($call:expr),+ $(,)?) => {
            $(answers.push((stringify!($call), told(&$call.await)));)+
        };
    }
    ask!(
        acting.organisation(ids.organisation),
        acting.replace_organisation(ids.organisation, &organisation, None),
        acting.change_organisation(ids.organisation, &renamed, None),
        acting.delete_organisation(ids.organisation, None, false),
        acting.delete_organisation(ids.organisation, None, true),
        acting.departments(DepartmentFilter::organisation(ids.organisation), &page),
        acting.department(ids.department),
        acting.replace_department(ids.department, &department, None),
        acting.change_department(ids.department, &DepartmentPatch::default(), None),
        acting.delete_department(ids.department, None, false),
        acting.delete_department(ids.department, None, true),
        acting.create_department(&below),
        acting.create_department(&abroad),
        acting.replace_department(own.department.id, &below, None),
        acting.change_department(own.department.id, &below_patch, None),
        acting.user(ids.user),
        acting.replace_user(ids.user, &person("new@example.com"), None),
        acting.change_user(ids.user, &UserPatch::default(), None),
        acting.delete_user(ids.user, None),
        acting.users(&of_organisation, &page),
        acting.users(&of_department, &page),
        acting.create_user(&to_organisation),
        acting.create_user(&to_department),
        acting.create_user(&to_both),
        acting.create_user(&to_own),
        acting.create_user(&torn),
        acting.replace_user(own.user.id, &to_organisation, None),
        acting.replace_user(own.user.id, &to_department, None),
        acting.replace_user(own.user.id, &to_both, None),
        acting.replace_user(own.user.id, &torn, None),
        acting.change_user(own.user.id, &move_patch, None),
        acting.change_user(own.user.id, &join_patch, None),
        acting.change_user(own.user.id, &both_patch, None),
    );
    answers
}

async fn everything(fixture: &Fixture) -> (Vec<User>, Vec<Department>, Vec<Organisation>) {
    let (system, page) = (fixture.ums.system(), PageRequest::default());
    (
        system.users(&UserFilter::default(), &page).await.unwrap().items,
        system.departments(DepartmentFilter::default(), &page).await.unwrap().items,
        system.organisations(&page).await.unwrap().items,
    )
}
