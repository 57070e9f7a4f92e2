//! Deleting what others belong to.

use ums_core::DepartmentFilter;
use ums_core::model::{Role, UserFields};

use super::support::{
    AnyStore, code, credentials, department_fields, listed_users, organisation_fields, person,
};
use crate::{Fixture, PASSWORD};

pub(super) async fn what_is_not_empty_stays_as_it_is(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let organisation = fixture.organisation("One").await;
    let top = fixture.department("Top", &organisation, None).await;
    let before = system.organisation(organisation.id).await.unwrap();
    assert_eq!(code(&system.delete_organisation(organisation.id, None, false).await), "not_empty");

    let below = fixture.department("Below", &organisation, Some(&top)).await;
    let above = system.department(top.id).await.unwrap();
    assert_eq!(code(&system.delete_department(top.id, None, false).await), "not_empty");
    assert_eq!(system.department(top.id).await.unwrap(), above);

    let fields = UserFields { department_id: Some(below.id), ..person("ada@example.com") };
    let ada = system.create_user(&fields).await.unwrap().value;
    let seen = system.department(below.id).await.unwrap();
    assert_eq!(code(&system.delete_department(below.id, None, false).await), "not_empty");
    assert_eq!(code(&system.delete_organisation(organisation.id, None, false).await), "not_empty");
    // Nothing was changed, so whoever read them before may go by that.
    assert_eq!(system.department(below.id).await.unwrap(), seen);
    assert_eq!(system.organisation(organisation.id).await.unwrap(), before);
    fixture.verify().await;

    // It is as open as before.
    fixture.department("Beside", &organisation, Some(&top)).await;
    let fields = UserFields { department_id: Some(top.id), ..person("grace@example.com") };
    let grace = system.create_user(&fields).await.unwrap().value;

    system.delete_user(ada.id, None).await.unwrap();
    system.delete_department(below.id, Some(seen.version), false).await.unwrap();
    system.delete_user(grace.id, None).await.unwrap();
    let of_one = DepartmentFilter::organisation(organisation.id);
    for department in system.departments(of_one, &Default::default()).await.unwrap().items {
        system.delete_department(department.id, None, department.parent_id.is_none()).await.unwrap();
    }
    system.delete_organisation(organisation.id, Some(before.version), false).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn a_cascade_takes_everything_along(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let mut tokens = Vec::new();
    let mut parent = None;
    for level in 0..4 {
        let department = fixture.department(&format!("Level {level}"), &one, parent.as_ref()).await;
        for number in 0..5 {
            let fields = UserFields {
                full_name: "One Two Three Four Five Six Seven Eight Nine".into(),
                external_id: Some(format!("{level}-{number}")),
                department_id: Some(department.id),
                password: Some(ums_core::Password::new(PASSWORD)),
                ..person(&format!("user{level}{number}@example.com"))
            };
            system.create_user(&fields).await.unwrap();
            tokens.push(fixture.login(&fields.email).await);
        }
        parent = Some(department);
    }
    fixture.account("direct@example.com", Role::OrgAdmin, Some(&one)).await;
    let stays = fixture.account("stays@example.com", Role::Member, Some(&other)).await;

    system.delete_organisation(one.id, None, true).await.unwrap();
    assert_eq!(code(&system.organisation(one.id).await), "not_found");
    assert_eq!(code(&system.department(parent.unwrap().id).await), "not_found");
    for tokens in &tokens {
        assert_eq!(code(&fixture.principal_of(tokens).await), "invalid_access_token");
        let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
        assert_eq!(code(&refreshed), "invalid_refresh_token");
    }
    let login = fixture.ums.anonymous().login(&credentials("direct@example.com", PASSWORD)).await;
    assert_eq!(code(&login), "invalid_credentials");
    let left = listed_users(&system, &Default::default(), 50).await;
    assert_eq!(left.iter().map(|user| &*user.email).collect::<Vec<_>>(), ["admin@example.com", "stays@example.com"]);
    assert_eq!(left[1], stays);
    fixture.verify().await;

    // Names, addresses and all are free again, and nothing of before comes back with them.
    let again = fixture.organisation("One").await;
    assert!(again.id > other.id);
    let filter = DepartmentFilter::organisation(again.id);
    assert_eq!(system.departments(filter, &Default::default()).await.unwrap().items, []);
    fixture.department("Level 0", &again, None).await;
    fixture.account("user00@example.com", Role::Member, Some(&again)).await;
    fixture.verify().await;
}

pub(super) async fn a_departments_cascade_takes_its_own(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let one = fixture.organisation("One").await;
    let top = fixture.department("Top", &one, None).await;
    let middle = fixture.department("Middle", &one, Some(&top)).await;
    let bottom = fixture.department("Bottom", &one, Some(&middle)).await;
    let beside = fixture.department("Beside", &one, Some(&top)).await;
    let mut users = Vec::new();
    for department in [&top, &middle, &bottom, &beside] {
        let email = format!("{}@example.com", department.name);
        users.push(fixture.member_of(&email, Role::Member, department).await);
    }
    system.delete_department(middle.id, None, true).await.unwrap();
    for gone in [&middle, &bottom] {
        assert_eq!(code(&system.department(gone.id).await), "not_found");
    }
    for gone in &users[1..3] {
        assert_eq!(code(&system.user(gone.id).await), "not_found");
    }
    for stays in [&top, &beside] {
        assert_eq!(system.department(stays.id).await.unwrap().value, *stays);
    }
    for stays in [&users[0], &users[3]] {
        assert_eq!(system.user(stays.id).await.unwrap().value, *stays);
    }
    fixture.verify().await;
}

pub(super) async fn a_cascade_spares_the_last_administrator(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let one = fixture.organisation("One").await;
    let department = fixture.department("Top", &one, None).await;
    let admin = fixture.member_of("admin@example.com", Role::Admin, &department).await;
    fixture.member_of("ada@example.com", Role::Member, &department).await;
    let system = fixture.ums.system();
    let before = system.organisation(one.id).await.unwrap();
    assert_eq!(code(&system.delete_organisation(one.id, None, true).await), "last_admin");
    assert_eq!(code(&system.delete_department(department.id, None, true).await), "last_admin");
    assert_eq!(system.organisation(one.id).await.unwrap(), before);
    assert_eq!(listed_users(&system, &Default::default(), 50).await.len(), 2);
    fixture.verify().await;

    let second = fixture.account("second@example.com", Role::Admin, None).await;
    system.delete_department(department.id, None, true).await.unwrap();
    assert_eq!(code(&system.user(admin.id).await), "not_found");
    assert_eq!(code(&system.delete_user(second.id, None).await), "last_admin");
    fixture.verify().await;
}

pub(super) async fn nobody_deletes_by_cascade_whom_they_may_not(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let one = fixture.organisation("One").await;
    let top = fixture.department("Top", &one, None).await;
    let below = fixture.department("Below", &one, Some(&top)).await;
    fixture.account("org@example.com", Role::OrgAdmin, Some(&one)).await;
    fixture.member_of("ada@example.com", Role::Member, &top).await;
    let high = fixture.member_of("high@example.com", Role::Admin, &below).await;
    let acting = fixture.acting("org@example.com").await;
    assert_eq!(code(&acting.delete_user(high.id, None).await), "forbidden");
    assert_eq!(code(&acting.delete_department(top.id, None, true).await), "forbidden");
    assert_eq!(listed_users(&fixture.ums.system(), &Default::default(), 50).await.len(), 4);
    fixture.ums.system().delete_user(high.id, None).await.unwrap();
    acting.delete_department(top.id, None, true).await.unwrap();
    assert_eq!(listed_users(&fixture.ums.system(), &Default::default(), 50).await.len(), 2);
    fixture.verify().await;
}

/// More of them than a commit takes.
pub(super) async fn a_user_goes_with_every_session(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let ada = fixture.register("ada@example.com").await;
    let mut last = None;
    for _ in 0..130 {
        last = Some(fixture.login("ada@example.com").await);
    }
    fixture.ums.system().delete_user(ada.id, None).await.unwrap();
    assert_eq!(code(&fixture.principal_of(&last.unwrap()).await), "invalid_access_token");
    // The store holds nothing of the user: `verify` looks at what no index leads to, too.
    fixture.verify().await;
}

pub(super) async fn one_may_delete_oneself(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("first@example.com").await;
    let admin = fixture.account("admin@example.com", Role::Admin, None).await;
    let acting = fixture.acting("admin@example.com").await;
    acting.delete_user(admin.id, None).await.unwrap();
    assert_eq!(code(&acting.create_organisation(&organisation_fields("One")).await), "invalid_access_token");
    assert_eq!(code(&acting.me().await), "invalid_access_token");

    // An organisation's administrator who deletes the department that they are in.
    let one = fixture.organisation("One").await;
    let top = fixture.department("Top", &one, None).await;
    fixture.member_of("org@example.com", Role::OrgAdmin, &top).await;
    let acting = fixture.acting("org@example.com").await;
    acting.delete_department(top.id, None, true).await.unwrap();
    let made = acting.create_department(&department_fields("Top", &one)).await;
    assert_eq!(code(&made), "invalid_access_token");
    fixture.verify().await;
}
