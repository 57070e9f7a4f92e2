//! Users, made and changed by others.

use ums_core::model::{Patch, Role, Status, UserFields, UserPatch};
use ums_core::{MePatch, Password, UserFilter};

use super::support::{
    AnyStore, absent_department, absent_user, code, credentials, faults, listed_users, person,
};
use crate::{Fixture, PASSWORD};

pub(super) async fn every_fault_is_told_at_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let faulty = UserFields {
        full_name: "x".repeat(201),
        email: "a@b@c".into(),
        external_id: Some(" ".into()),
        password: Some(Password::new("short")),
        ..UserFields::default()
    };
    let expected = [
        ("external_id", "required"),
        ("email", "invalid_email"),
        ("full_name", "too_long"),
        ("password", "too_short"),
    ];
    assert_eq!(sorted(faults(&system.create_user(&faulty).await)), sorted(expected.to_vec()));
    let ada = system.create_user(&person("ada@example.com")).await.unwrap().value;
    assert_eq!(sorted(faults(&system.replace_user(ada.id, &faulty, None).await)), sorted(expected.to_vec()));
    let patch = UserPatch {
        full_name: Patch::Clear,
        email: Patch::Clear,
        external_id: Patch::Set("\u{7}".into()),
        role: Patch::Clear,
        status: Patch::Clear,
        password: Patch::Clear,
        ..UserPatch::default()
    };
    let refused = system.change_user(ada.id, &patch, None).await;
    let expected = [
        ("email", "required"),
        ("external_id", "control_character"),
        ("full_name", "required"),
        ("password", "required"),
        ("role", "required"),
        ("status", "required"),
    ];
    assert_eq!(sorted(faults(&refused)), expected);

    let astray = UserFields { department_id: Some(absent_department()), ..person("b@example.com") };
    assert_eq!(faults(&system.create_user(&astray).await), [("department_id", "not_found")]);
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let department = fixture.department("Research", &one, None).await;
    let torn = UserFields {
        organisation_id: Some(other.id),
        department_id: Some(department.id),
        ..person("b@example.com")
    };
    assert_eq!(faults(&system.create_user(&torn).await), [("department_id", "wrong_organisation")]);
    assert_eq!(system.user(ada.id).await.unwrap().value, ada);
    fixture.verify().await;
}

pub(super) async fn a_status_goes_with_a_password(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let with = |status: Option<Status>, password: bool| UserFields {
        status,
        password: password.then(|| Password::new(PASSWORD)),
        ..person("ada@example.com")
    };
    let refused = system.create_user(&with(Some(Status::Active), false)).await;
    assert_eq!(faults(&refused), [("status", "password_required")]);
    let refused = system.create_user(&with(Some(Status::Invited), true)).await;
    assert_eq!(faults(&refused), [("status", "password_given")]);

    let ada = system.create_user(&with(None, false)).await.unwrap().value;
    assert_eq!((ada.status, ada.role), (Status::Invited, Role::Member));
    let refused = system.change_user(ada.id, &standing(Status::Active), None).await;
    assert_eq!(faults(&refused), [("status", "password_required")]);
    // A password makes an invited account an active one.
    let patch = UserPatch { password: Patch::Set(Password::new(PASSWORD)), ..UserPatch::default() };
    let ada = system.change_user(ada.id, &patch, None).await.unwrap().value;
    assert_eq!(ada.status, Status::Active);
    fixture.login("ada@example.com").await;
    let refused = system.change_user(ada.id, &standing(Status::Invited), None).await;
    assert_eq!(faults(&refused), [("status", "password_given")]);
    for status in [Status::Suspended, Status::Pending, Status::Active] {
        assert_eq!(system.change_user(ada.id, &standing(status), None).await.unwrap().value.status, status);
    }
    fixture.login("ada@example.com").await;

    let suspended = UserFields { email: "b@example.com".into(), ..with(Some(Status::Suspended), true) };
    let suspended = system.create_user(&suspended).await.unwrap().value;
    assert_eq!(suspended.status, Status::Suspended);
    system.change_user(suspended.id, &standing(Status::Active), None).await.unwrap();
    fixture.login("b@example.com").await;
    fixture.verify().await;
}

pub(super) async fn replacing_clears_and_patching_merges(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let organisation = fixture.organisation("One").await;
    let department = fixture.department("Research", &organisation, None).await;
    let fields = UserFields {
        external_id: Some("E-1".into()),
        role: Some(Role::DepartmentAdmin),
        department_id: Some(department.id),
        password: Some(Password::new(PASSWORD)),
        ..person("ada@example.com")
    };
    let made = system.create_user(&fields).await.unwrap();
    let id = made.value.id;
    assert_eq!(made.value.organisation_id, Some(organisation.id));
    assert_eq!(system.user(id).await.unwrap(), made);

    fixture.clock.advance(std::time::Duration::from_secs(1));
    let patch = UserPatch { full_name: Patch::Set("Ada Lovelace".into()), ..UserPatch::default() };
    let patched = system.change_user(id, &patch, Some(made.version)).await.unwrap();
    let mut expected = made.value.clone();
    expected.full_name = "Ada Lovelace".into();
    expected.updated_at = fixture.now();
    assert_eq!(patched.value, expected);

    let patch =
        UserPatch { external_id: Patch::Clear, department_id: Patch::Clear, ..UserPatch::default() };
    let patched = system.change_user(id, &patch, None).await.unwrap().value;
    assert_eq!((patched.external_id, patched.department_id), (None, None));
    assert_eq!(patched.organisation_id, Some(organisation.id));

    let stale = Some(made.version);
    let expected = "precondition_failed";
    assert_eq!(code(&system.change_user(id, &UserPatch::default(), stale).await), expected);
    assert_eq!(code(&system.replace_user(id, &fields, stale).await), expected);
    assert_eq!(code(&system.delete_user(id, stale).await), expected);

    // What can't be empty stays: role, status, password.
    let replaced = system.replace_user(id, &person("Ada@Example.com"), None).await.unwrap();
    assert_eq!((replaced.value.organisation_id, replaced.value.department_id), (None, None));
    assert_eq!((replaced.value.role, replaced.value.status), (Role::DepartmentAdmin, Status::Active));
    assert_eq!(replaced.value.email, "Ada@Example.com");
    fixture.login("ada@example.com").await;
    system.delete_user(id, Some(replaced.version)).await.unwrap();
    assert_eq!(code(&system.user(id).await), "not_found");
    assert_eq!(code(&system.delete_user(id, None).await), "not_found");
    assert_eq!(code(&system.change_user(absent_user(), &UserPatch::default(), None).await), "not_found");
    assert_eq!(code(&system.replace_user(absent_user(), &fields, None).await), "not_found");
    fixture.verify().await;
}

pub(super) async fn an_external_id_is_unique_within_an_organisation(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let known_as = |email: &str, external_id: &str, organisation: Option<_>| UserFields {
        external_id: Some(external_id.to_owned()),
        organisation_id: organisation,
        ..person(email)
    };
    let ada = system.create_user(&known_as("ada@example.com", "7", Some(one.id))).await.unwrap().value;
    let refused = system.create_user(&known_as("b@example.com", " 7 ", Some(one.id))).await;
    assert_eq!(code(&refused), "external_id_taken");
    // It is compared letter for letter, for the other system may tell them apart.
    system.create_user(&known_as("x@example.com", "a", Some(one.id))).await.unwrap();
    system.create_user(&known_as("y@example.com", "A", Some(one.id))).await.unwrap();
    let grace = system.create_user(&known_as("grace@example.com", "7", Some(other.id))).await.unwrap().value;
    let nobodys = system.create_user(&known_as("nobody@example.com", "7", None)).await.unwrap().value;

    for user in [grace.id, nobodys.id] {
        let into = UserPatch { organisation_id: Patch::Set(one.id), ..UserPatch::default() };
        assert_eq!(code(&system.change_user(user, &into, None).await), "external_id_taken");
        let into = UserPatch { external_id: Patch::Set("8".into()), ..into };
        system.change_user(user, &into, None).await.unwrap();
        let back = UserPatch { organisation_id: Patch::Clear, ..UserPatch::default() };
        system.change_user(user, &back, None).await.unwrap();
        // Moved out, its id is free again.
        system.delete_user(user, None).await.unwrap();
    }
    let cleared = UserPatch { external_id: Patch::Clear, ..UserPatch::default() };
    system.change_user(ada.id, &cleared, None).await.unwrap();
    system.create_user(&known_as("b@example.com", "7", Some(one.id))).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn moving_moves_every_entry(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    let (from, to) =
        (fixture.department("From", &one, None).await, fixture.department("To", &other, None).await);
    let fields = UserFields {
        full_name: "Ada Lovelace".into(),
        external_id: Some("7".into()),
        department_id: Some(from.id),
        ..person("ada@example.com")
    };
    let ada = system.create_user(&fields).await.unwrap().value;
    let patch = UserPatch {
        organisation_id: Patch::Set(other.id),
        department_id: Patch::Set(to.id),
        ..UserPatch::default()
    };
    // The department alone would be of another organisation than the user.
    let half = UserPatch { organisation_id: Patch::Keep, ..patch.clone() };
    let refused = system.change_user(ada.id, &half, None).await;
    assert_eq!(faults(&refused), [("department_id", "wrong_organisation")]);
    let ada = system.change_user(ada.id, &patch, None).await.unwrap().value;
    assert_eq!((ada.organisation_id, ada.department_id), (Some(other.id), Some(to.id)));

    let in_organisation = |id, q: Option<&str>| {
        let mut filter = UserFilter::default();
        filter.organisation_id = Some(id);
        filter.q = q.map(str::to_owned);
        filter
    };
    for q in [None, Some("love"), Some("ada@"), Some("ada")] {
        assert_eq!(listed_users(&system, &in_organisation(one.id, q), 2).await, [], "{q:?}");
        let found = listed_users(&system, &in_organisation(other.id, q), 2).await;
        assert_eq!(found.as_slice(), std::slice::from_ref(&ada), "{q:?}");
    }
    // Its old place holds nothing of it.
    system.delete_department(from.id, None, false).await.unwrap();
    system.delete_organisation(one.id, None, false).await.unwrap();
    assert_eq!(code(&system.delete_department(to.id, None, false).await), "not_empty");

    let away = UserPatch {
        organisation_id: Patch::Clear,
        department_id: Patch::Clear,
        full_name: Patch::Set("Augusta King".into()),
        email: Patch::Set("augusta@example.com".into()),
        ..UserPatch::default()
    };
    let ada = system.change_user(ada.id, &away, None).await.unwrap().value;
    let search = |q: &str| {
        let mut filter = UserFilter::default();
        filter.q = Some(q.to_owned());
        filter
    };
    assert_eq!(listed_users(&system, &search("love"), 2).await, []);
    assert_eq!(listed_users(&system, &search("king"), 2).await, [ada]);
    system.delete_organisation(other.id, None, true).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn an_address_can_be_changed(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let ada = fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    let system = fixture.ums.system();
    let readdressed = |email: &str| UserPatch { email: Patch::Set(email.to_owned()), ..UserPatch::default() };
    let taken = system.change_user(ada.id, &readdressed("ADMIN@example.com"), None).await;
    assert_eq!(code(&taken), "email_taken");
    system.change_user(ada.id, &readdressed("ADA@example.com"), None).await.unwrap();
    fixture.login("ada@example.com").await;
    system.change_user(ada.id, &readdressed("augusta@example.com"), None).await.unwrap();
    let old = fixture.ums.anonymous().login(&credentials("ada@example.com", PASSWORD)).await;
    assert_eq!(code(&old), "invalid_credentials");
    assert_eq!(fixture.principal("augusta@example.com").await.user_id(), ada.id);
    assert!(fixture.principal_of(&tokens).await.is_ok());
    assert_ne!(fixture.register("ada@example.com").await.id, ada.id);
    fixture.verify().await;
}

pub(super) async fn a_password_that_is_set_ends_every_session(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let ada = fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    let set = |password: &str| UserPatch {
        password: Patch::Set(Password::new(password)),
        ..UserPatch::default()
    };
    let acting = fixture.acting("admin@example.com").await;
    let refused = acting.change_user(ada.id, &set("short"), None).await;
    assert_eq!(faults(&refused), [("password", "too_short")]);
    assert!(fixture.principal_of(&tokens).await.is_ok());
    acting.change_user(ada.id, &set("AnotherPassword456"), None).await.unwrap();
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    let anonymous = fixture.ums.anonymous();
    assert_eq!(code(&anonymous.refresh(&tokens.refresh_token).await), "invalid_refresh_token");
    let old = anonymous.login(&credentials("ada@example.com", PASSWORD)).await;
    assert_eq!(code(&old), "invalid_credentials");
    anonymous.login(&credentials("ada@example.com", "AnotherPassword456")).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn one_changes_oneself(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let ada = fixture.register("ada@example.com").await;
    let acting = fixture.acting("ada@example.com").await;
    let before = acting.me().await.unwrap();
    let patch = MePatch { full_name: Patch::Set(" Ada King ".into()) };
    let after = acting.change_me(&patch, Some(before.version)).await.unwrap();
    assert_eq!((after.value.full_name.as_str(), after.value.id), ("Ada King", ada.id));
    assert_eq!(acting.me().await.unwrap(), after);
    assert_eq!(code(&acting.change_me(&patch, Some(before.version)).await), "precondition_failed");
    let cleared = acting.change_me(&MePatch { full_name: Patch::Clear }, None).await;
    assert_eq!(faults(&cleared), [("full_name", "required")]);
    let mut filter = UserFilter::default();
    filter.q = Some("king".into());
    assert_eq!(listed_users(&fixture.ums.system(), &filter, 2).await, [after.value]);
    for nobody in [fixture.ums.anonymous(), fixture.ums.system()] {
        assert_eq!(code(&nobody.me().await), "invalid_access_token");
        assert_eq!(code(&nobody.change_me(&patch, None).await), "invalid_access_token");
    }

    // Whoever has been suspended meanwhile changes nothing any more.
    let suspended = UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() };
    fixture.ums.system().change_user(ada.id, &suspended, None).await.unwrap();
    assert_eq!(code(&acting.change_me(&patch, None).await), "invalid_access_token");
    fixture.verify().await;
}

fn standing(status: Status) -> UserPatch {
    UserPatch { status: Patch::Set(status), ..UserPatch::default() }
}

fn sorted<'a>(mut faults: Vec<(&'a str, &'static str)>) -> Vec<(&'a str, &'static str)> {
    faults.sort_unstable();
    faults
}
