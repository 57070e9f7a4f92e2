//! Accounts that people make for themselves.

use std::time::Duration;

use ums_core::model::{Patch, Role, Status, UserFields, UserPatch};
use ums_core::{Origin, Password, PasswordChange, RegistrationMode, UserFilter};

use super::support::{
    AnyStore, absent_department, at_once, code, credentials, faults, pages, person, registration,
};
use super::throttling::retry_after;
use crate::{Fixture, PASSWORD};

pub(super) async fn the_first_account_is_the_administrator(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let first = fixture.register("ada@example.com").await;
    let second = fixture.register("grace@example.com").await;
    assert_eq!((first.role, first.status), (Role::Admin, Status::Active));
    assert_eq!((second.role, second.status), (Role::Member, Status::Active));
    assert!(first.id < second.id);
    assert_eq!(fixture.acting("ada@example.com").await.me().await.unwrap().value, first);
    fixture.verify().await;
}

pub(super) async fn of_many_at_once_one_is_the_administrator(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let made = at_once(16, |number| {
        let ums = fixture.ums.clone();
        async move { ums.anonymous().register(&registration(&format!("user{number}@example.com"))).await }
    })
    .await;
    let roles: Vec<Role> = made.into_iter().map(|made| made.unwrap().value.role).collect();
    assert_eq!(roles.iter().filter(|role| **role == Role::Admin).count(), 1, "{roles:?}");
    fixture.verify().await;
}

pub(super) async fn of_many_from_one_address_a_hundred_pass(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let from = |ip: [u8; 4]| fixture.ums.anonymous().with(Origin::new().ip(ip.into()));
    let ended = at_once(64, |_| {
        let acting = from([192, 0, 2, 1]);
        async move { code(&acting.register(&registration("ada@example.com")).await) }
    })
    .await;
    assert_eq!(ended.iter().filter(|code| **code == "ok").count(), 1, "{ended:?}");
    assert_eq!(ended.iter().filter(|code| **code == "email_taken").count(), 63, "{ended:?}");

    // What breaks rules is told, and counts: some of it tells what is in the store.
    let faulty = from([192, 0, 2, 1]).register(&registration("no address")).await;
    assert_eq!(code(&faulty), "invalid");
    for number in 65..100 {
        let email = format!("user{number}@example.com");
        from([192, 0, 2, 1]).register(&registration(&email)).await.unwrap();
    }
    let refused = from([192, 0, 2, 1]).register(&registration("user100@example.com")).await;
    assert_eq!(retry_after(&refused), Some(Duration::from_secs(36)));
    let refused = from([192, 0, 2, 1]).register(&registration("no address")).await;
    assert_eq!(code(&refused), "too_many_requests");
    from([192, 0, 2, 2]).register(&registration("user101@example.com")).await.unwrap();
    // The embedding program has no address and no bounds.
    fixture.register("user102@example.com").await;
    fixture.clock.advance(Duration::from_secs(36));
    from([192, 0, 2, 1]).register(&registration("user100@example.com")).await.unwrap();
    let refused = from([192, 0, 2, 1]).register(&registration("user103@example.com")).await;
    assert_eq!(code(&refused), "too_many_requests");
    fixture.verify().await;
}

pub(super) async fn every_fault_is_told_at_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let mut faulty = registration("no address");
    faulty.full_name = " ".into();
    faulty.password = Password::new("short");
    let refused = fixture.ums.anonymous().register(&faulty).await;
    let expected = [("full_name", "required"), ("email", "invalid_email"), ("password", "too_short")];
    assert_eq!(faults(&refused), expected);

    let mut faulty = registration("ada.lovelace@example.com");
    faulty.password = Password::new("AdaLovelace12345");
    let refused = fixture.ums.anonymous().register(&faulty).await;
    assert_eq!(faults(&refused), [("password", "predictable")]);
    for common in ["PasswordPassword", "aaaaaaaaaaaaaaa", "qwertyuiop123456"] {
        let mut faulty = registration("ada@example.com");
        faulty.password = Password::new(common);
        let refused = fixture.ums.anonymous().register(&faulty).await;
        assert_eq!(faults(&refused), [("password", "common_password")], "{common}");
    }
    // Nothing came of it: the next one is still the first.
    assert_eq!(fixture.register("ada@example.com").await.role, Role::Admin);
    fixture.verify().await;
}

pub(super) async fn an_address_is_taken_in_every_case(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let ada = fixture.register("Ada@Example.com").await;
    assert_eq!(ada.email, "Ada@Example.com");
    for taken in ["ada@example.com", "ADA@EXAMPLE.COM", " Ada@example.com "] {
        let refused = fixture.ums.anonymous().register(&registration(taken)).await;
        assert_eq!(code(&refused), "email_taken", "{taken}");
        let refused = fixture.ums.system().create_user(&person(taken)).await;
        assert_eq!(code(&refused), "email_taken", "{taken}");
    }
    let system = fixture.ums.system();
    let users = pages(200, |request| {
        let system = system.clone();
        async move { system.users(&UserFilter::default(), &request).await }
    })
    .await;
    assert_eq!(users, [ada]);
    fixture.verify().await;
}

pub(super) async fn a_department_brings_its_organisation(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("first@example.com").await;
    let organisation = fixture.organisation("Tech Corp").await;
    let department = fixture.department("Research", &organisation, None).await;
    let mut joining = registration("ada@example.com");
    joining.department_id = Some(department.id);
    let ada = fixture.ums.anonymous().register(&joining).await.unwrap().value;
    assert_eq!((ada.department_id, ada.organisation_id), (Some(department.id), Some(organisation.id)));
    assert_eq!(ada.role, Role::Member);

    let mut astray = registration("grace@example.com");
    astray.department_id = Some(absent_department());
    let refused = fixture.ums.anonymous().register(&astray).await;
    assert_eq!(faults(&refused), [("department_id", "not_found")]);
    fixture.verify().await;
}

pub(super) async fn approval_lets_accounts_wait(store: AnyStore) {
    let approval = |builder: ums_core::Builder| builder.registration(RegistrationMode::Approval);
    let fixture = Fixture::with(store, approval).await;
    // Somebody has to be there to approve.
    assert_eq!(fixture.register("admin@example.com").await.status, Status::Active);
    let ada = fixture.register("ada@example.com").await;
    assert_eq!((ada.role, ada.status), (Role::Member, Status::Pending));
    let refused = fixture.ums.anonymous().login(&credentials("ada@example.com", PASSWORD)).await;
    assert_eq!(code(&refused), "invalid_credentials");

    let patch = UserPatch { status: Patch::Set(Status::Active), ..UserPatch::default() };
    fixture.acting("admin@example.com").await.change_user(ada.id, &patch, None).await.unwrap();
    assert_eq!(fixture.acting("ada@example.com").await.me().await.unwrap().value.status, Status::Active);
    fixture.verify().await;
}

pub(super) async fn closed_is_closed(store: AnyStore) {
    let closed = |builder: ums_core::Builder| builder.registration(RegistrationMode::Closed);
    let fixture = Fixture::with(store, closed).await;
    let refused = fixture.ums.anonymous().register(&registration("ada@example.com")).await;
    assert_eq!(code(&refused), "forbidden");
    let refused = fixture.ums.anonymous().login(&credentials("ada@example.com", PASSWORD)).await;
    assert_eq!(code(&refused), "invalid_credentials");
    fixture.verify().await;
}

pub(super) async fn the_first_account_may_be_like_any_other(store: AnyStore) {
    let choose = |builder: ums_core::Builder| builder.first_account_becomes_admin(false);
    let fixture = Fixture::with(store, choose).await;
    assert_eq!(fixture.register("ada@example.com").await.role, Role::Member);
    // Whoever came first, the owner may name an administrator later, once.
    let password = Password::new(PASSWORD);
    let taken = fixture.ums.ensure_admin("ada@example.com", &password).await;
    assert_eq!(code(&taken), "email_taken");
    let admin = fixture.ums.ensure_admin("admin@example.com", &password).await.unwrap().unwrap();
    assert_eq!((admin.role, admin.status), (Role::Admin, Status::Active));
    assert_eq!(fixture.ums.ensure_admin("other@example.com", &password).await.unwrap(), None);
    let last = fixture.ums.system().delete_user(admin.id, None).await;
    assert_eq!(code(&last), "last_admin");
    fixture.verify().await;
}

pub(super) async fn the_first_administrator_is_made_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let password = Password::new(PASSWORD);
    let refused = fixture.ums.ensure_admin("no address", &Password::new("short")).await;
    assert_eq!(faults(&refused), [("email", "invalid_email"), ("password", "too_short")]);
    // Some starts name one address, some another; whoever is first wins, and nobody else gets an account.
    let made = at_once(8, |number| {
        let (ums, password) = (fixture.ums.clone(), password.clone());
        async move { ums.ensure_admin(&format!("admin{}@example.com", number / 4), &password).await }
    })
    .await;
    let made: Vec<_> = made.into_iter().filter_map(|made| made.expect("an answer")).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!((made[0].role, made[0].status), (Role::Admin, Status::Active));
    let users = fixture.ums.system().users(&UserFilter::default(), &Default::default()).await.unwrap();
    assert_eq!(users.items, made);
    assert_eq!(fixture.ums.ensure_admin("later@example.com", &password).await.unwrap(), None);
    assert_eq!(fixture.register("ada@example.com").await.role, Role::Member);
    fixture.verify().await;
}

pub(super) async fn no_password_is_made_of_the_organisations_name(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let (one, other) = (fixture.organisation("Tech Corp").await, fixture.organisation("Widget House").await);
    let department = fixture.department("Research", &one, None).await;
    let made_of_it = Password::new("TechCorp-password-2026");
    let predictable = [("password", "predictable")];

    let mut joining = registration("ada@example.com");
    joining.password = made_of_it.clone();
    joining.department_id = Some(department.id);
    assert_eq!(faults(&fixture.ums.anonymous().register(&joining).await), predictable);
    let system = fixture.ums.system();
    let fields = UserFields { password: Some(made_of_it.clone()), ..person("grace@example.com") };
    let in_organisation = UserFields { organisation_id: Some(one.id), ..fields.clone() };
    assert_eq!(faults(&system.create_user(&in_organisation).await), predictable);
    // What an organisation's administrator leaves out means their own.
    fixture.account("org@example.com", Role::OrgAdmin, Some(&one)).await;
    let acting = fixture.acting("org@example.com").await;
    assert_eq!(faults(&acting.create_user(&fields).await), predictable);
    let change = PasswordChange { current_password: Password::new(PASSWORD), new_password: made_of_it };
    assert_eq!(faults(&acting.change_password(&change).await), [("new_password", "predictable")]);

    // Nor does it tell what another organisation is called.
    for password in ["WidgetHouse-password-2026", PASSWORD] {
        let abroad = UserFields {
            organisation_id: Some(other.id),
            password: Some(Password::new(password)),
            ..person("new@example.com")
        };
        assert_eq!(faults(&acting.create_user(&abroad).await), [("organisation_id", "not_found")]);
    }
    fixture.ums.anonymous().register(&registration("ada@example.com")).await.unwrap();
    fixture.verify().await;
}
