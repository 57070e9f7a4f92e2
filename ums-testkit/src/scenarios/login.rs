//! Logging in, and what an account's changes do to those who are.

use ums_core::model::{Patch, Role, Status, UserPatch};

use super::support::{AnyStore, code, credentials, person, told};
use crate::{Fixture, PASSWORD};

pub(super) async fn every_refusal_is_alike(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    fixture.register("ada@example.com").await;
    let system = fixture.ums.system();
    for (email, status) in [("suspended@example.com", Status::Suspended), ("pending@example.com", Status::Pending)]
    {
        let user = fixture.register(email).await;
        let patch = UserPatch { status: Patch::Set(status), ..UserPatch::default() };
        system.change_user(user.id, &patch, None).await.unwrap();
    }
    system.create_user(&person("invited@example.com")).await.unwrap();
    let gone = fixture.register("gone@example.com").await;
    system.delete_user(gone.id, None).await.unwrap();

    let anonymous = fixture.ums.anonymous();
    let wrong = anonymous.login(&credentials("ada@example.com", "WrongPassword1234")).await;
    let (wrong, first) = (told(&wrong), &wrong);
    assert_eq!(code(first), "invalid_credentials");
    for (email, password) in [
        ("ada@example.com", ""),
        ("ada@example.com", "StrongPassword123 "),
        ("ada@example.com", "strongpassword123"),
        ("ada@example.com", "StrongPassword12"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        ("suspended@example.com", PASSWORD),
        ("pending@example.com", PASSWORD),
        ("invited@example.com", PASSWORD),
        ("invited@example.com", ""),
        ("gone@example.com", PASSWORD),
    ] {
        let refused = anonymous.login(&credentials(email, password)).await;
        assert_eq!(told(&refused), wrong, "{email} {password}");
    }
    anonymous.login(&credentials("ada@example.com", PASSWORD)).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn an_address_logs_in_in_every_case(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let ada = fixture.register("Ada@Example.com").await;
    for email in ["ada@example.com", "ADA@EXAMPLE.COM", "  Ada@example.com\n"] {
        assert_eq!(fixture.principal(email).await.user_id(), ada.id, "{email}");
    }
    fixture.verify().await;
}

pub(super) async fn what_changes_an_account_holds_at_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let organisation = fixture.organisation("Tech Corp").await;
    let ada = fixture.account("ada@example.com", Role::OrgAdmin, Some(&organisation)).await;
    let tokens = fixture.login("ada@example.com").await;
    let before = fixture.ums.acting_as(&fixture.principal_of(&tokens).await.unwrap());
    let change = |patch: UserPatch| {
        let system = system.clone();
        async move { system.change_user(ada.id, &patch, None).await.unwrap() }
    };

    // Whoever was let in a moment ago can't change anything past its rights, which the commit asks for again.
    let fields = ums_core::model::DepartmentFields {
        name: "Research".into(),
        organisation_id: Some(organisation.id),
        parent_id: None,
    };
    change(UserPatch { role: Patch::Set(Role::Member), ..UserPatch::default() }).await;
    assert_eq!(code(&before.create_department(&fields).await), "forbidden");
    assert_eq!(fixture.principal_of(&tokens).await.unwrap().actor().role(), Some(Role::Member));
    change(UserPatch { role: Patch::Set(Role::OrgAdmin), ..UserPatch::default() }).await;
    before.create_department(&fields).await.unwrap();

    change(UserPatch { status: Patch::Set(Status::Suspended), ..UserPatch::default() }).await;
    let renamed = ums_core::model::OrganisationPatch { name: Patch::Set("Mine".into()), ..Default::default() };
    assert_eq!(
        code(&before.change_organisation(organisation.id, &renamed, None).await),
        "invalid_access_token"
    );
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
    assert_eq!(code(&refreshed), "invalid_refresh_token");

    // Its sessions ended for good, and are not there again once it is active again.
    change(UserPatch { status: Patch::Set(Status::Active), ..UserPatch::default() }).await;
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
    assert_eq!(code(&refreshed), "invalid_refresh_token");

    let tokens = fixture.login("ada@example.com").await;
    system.delete_user(ada.id, None).await.unwrap();
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
    assert_eq!(code(&refreshed), "invalid_refresh_token");
    fixture.verify().await;
}

pub(super) async fn a_new_account_of_an_old_address_is_another(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let old = fixture.account("ada@example.com", Role::Admin, None).await;
    let tokens = fixture.login("ada@example.com").await;
    fixture.ums.system().delete_user(old.id, None).await.unwrap();
    let new = fixture.register("ada@example.com").await;
    assert!(new.id > old.id, "{} was given out again", old.id);
    assert_eq!(new.role, Role::Member);
    assert_eq!(code(&fixture.principal_of(&tokens).await), "invalid_access_token");
    let refreshed = fixture.ums.anonymous().refresh(&tokens.refresh_token).await;
    assert_eq!(code(&refreshed), "invalid_refresh_token");
    let own = fixture.acting("ada@example.com").await;
    assert_eq!(own.sessions(&Default::default()).await.unwrap().items.len(), 1);
    assert_eq!(code(&fixture.ums.system().user(old.id).await), "not_found");
    fixture.verify().await;
}
