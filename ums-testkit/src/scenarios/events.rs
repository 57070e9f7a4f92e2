//! What the log is told: of each thing done or refused one event, for whom it may concern.

use std::time::Duration;

use ums_core::log::{Level, LogEvent, LogQuery, Outcome};
use ums_core::model::{
    DepartmentPatch, OrganisationId, OrganisationPatch, Patch, Role, SessionId, UserFields, UserId, UserPatch,
};
use ums_core::{MePatch, Origin, PageRequest, Password, PasswordChange, UserFilter};

use super::support::{
    AnyStore, absent_department, absent_user, code, credentials, department_fields, organisation_fields, person,
    registration,
};
use crate::{Fixture, PASSWORD};

/// The events of a fixture, as they come.
struct Events<'a> {
    fixture: &'a Fixture,
    seen: usize,
}

impl<'a> Events<'a> {
    async fn from_here(fixture: &'a Fixture) -> Self {
        let mut events = Self { fixture, seen: 0 };
        events.latest().await;
        events
    }

    /// Those that came since it was asked last.
    async fn latest(&mut self) -> Vec<LogEvent> {
        self.fixture.ums.log().flush().await.expect("flushed");
        let events = self.fixture.log.events();
        let new = events[self.seen..].to_vec();
        self.seen = events.len();
        new
    }

    async fn one(&mut self) -> LogEvent {
        let mut new = self.latest().await;
        assert_eq!(new.len(), 1, "{new:?}");
        new.remove(0)
    }

    /// One thing was done.
    async fn done(
        &mut self,
        action: &str,
        target: &str,
        actor: Option<UserId>,
        organisation: Option<OrganisationId>,
    ) {
        let event = self.one().await;
        assert_eq!((event.action(), event.target()), (action, Some(target)), "{event:?}");
        assert_eq!((event.outcome(), event.level()), (Some(Outcome::Success), Level::Info), "{event:?}");
        assert_eq!((event.actor_id(), event.organisation_id()), (actor, organisation), "{event:?}");
        assert!(!event.fields().contains_key("code"), "{event:?}");
    }

    /// One thing was refused.
    async fn refused(
        &mut self,
        action: &str,
        code: &str,
        target: Option<&str>,
        actor: Option<UserId>,
        organisation: Option<OrganisationId>,
    ) {
        let event = self.one().await;
        assert_eq!((event.action(), event.target()), (action, target), "{event:?}");
        assert_eq!(event.outcome(), Some(Outcome::Refused), "{event:?}");
        assert_eq!((event.actor_id(), event.organisation_id()), (actor, organisation), "{event:?}");
        assert_eq!(event.fields()["code"], code, "{event:?}");
        let warns = ["forbidden", "invalid_credentials", "refresh_token_reused", "wrong_password"];
        let level = if warns.contains(&code) { Level::Warn } else { Level::Info };
        assert_eq!(event.level(), level, "{event:?}");
    }
}

pub(super) async fn accounts_and_sessions_leave_one_each(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let system = fixture.ums.system();
    let anonymous = fixture.ums.anonymous();
    let password = Password::new(PASSWORD);
    let mut events = Events::from_here(&fixture).await;
    fixture.ums.ensure_admin("admin@example.com", &password).await.unwrap().unwrap();
    events.done("user.create", "user/1", None, None).await;
    fixture.ums.ensure_admin("admin@example.com", &password).await.unwrap();
    assert_eq!(events.latest().await, []);

    let organisation = fixture.organisation("One").await;
    let department = fixture.department("Research", &organisation, None).await;
    events.latest().await;
    let one = Some(organisation.id);
    let mut joining = registration("ada@example.com");
    joining.department_id = Some(department.id);
    let ada = anonymous.register(&joining).await.unwrap().value;
    let (own, target) = (Some(ada.id), format!("user/{}", ada.id));
    let registered = events.one().await;
    assert_eq!((registered.action(), registered.target()), ("auth.register", Some(&*target)));
    assert_eq!(registered.organisation_id(), one);
    anonymous.register(&joining).await.unwrap_err();
    events.refused("auth.register", "email_taken", None, None, None).await;

    let tokens = fixture.login("ada@example.com").await;
    events.done("auth.login", &target, own, one).await;
    anonymous.login(&credentials("nobody@example.com", PASSWORD)).await.unwrap_err();
    events.refused("auth.login", "invalid_credentials", None, None, None).await;
    anonymous.login(&credentials("ada@example.com", "WrongPassword1234")).await.unwrap_err();
    // Whose log-in failed is for those who look after the account to know.
    events.refused("auth.login", "invalid_credentials", Some(&target), None, one).await;

    let next = anonymous.refresh(&tokens.refresh_token).await.unwrap();
    events.done("auth.refresh", &target, own, one).await;
    anonymous.refresh("nonsense").await.unwrap_err();
    events.refused("auth.refresh", "invalid_refresh_token", None, None, None).await;
    let principal = fixture.principal_of(&next).await.unwrap();
    let origin = Origin::new().request_id("r-1").ip([192, 0, 2, 1].into());
    let acting = fixture.ums.acting_as(&principal).with(origin);
    // Reading is nobody's business.
    acting.me().await.unwrap();
    acting.sessions(&PageRequest::default()).await.unwrap();
    acting.organisation(organisation.id).await.unwrap();
    acting.user(absent_user()).await.unwrap_err();
    assert_eq!(events.latest().await, []);

    acting.change_me(&MePatch { full_name: Patch::Set("Ada King".into()) }, None).await.unwrap();
    let event = events.one().await;
    assert_eq!((event.action(), event.target()), ("user.update", Some(&*target)));
    assert_eq!((event.request_id(), event.ip()), (Some("r-1"), Some([192, 0, 2, 1].into())));
    assert_eq!((event.actor_id(), event.organisation_id()), (own, one));
    assert_eq!(event.fields()["changed"], serde_json::json!(["full_name"]));
    acting.change_me(&MePatch { full_name: Patch::Clear }, None).await.unwrap_err();
    events.refused("user.update", "invalid", Some(&target), own, one).await;

    let change = |current: &str| PasswordChange {
        current_password: Password::new(current),
        new_password: Password::new("AnotherPassword456"),
    };
    acting.change_password(&change("WrongPassword1234")).await.unwrap_err();
    events.refused("auth.password", "wrong_password", Some(&target), own, one).await;
    acting.change_password(&change(PASSWORD)).await.unwrap();
    events.done("auth.password", &target, own, one).await;
    let nowhere = SessionId::from_u128(7);
    acting.end_session(nowhere).await.unwrap_err();
    events.refused("auth.session_end", "not_found", Some(&format!("session/{nowhere}")), own, one).await;
    acting.logout().await.unwrap();
    events.done("auth.logout", &target, own, one).await;
    acting.logout().await.unwrap_err();
    events.refused("auth.logout", "invalid_access_token", Some(&target), own, one).await;

    // A token that was stolen.
    let credentials = credentials("ada@example.com", "AnotherPassword456");
    let tokens = anonymous.login(&credentials).await.unwrap();
    anonymous.refresh(&tokens.refresh_token).await.unwrap();
    fixture.clock.advance(Duration::from_secs(11));
    events.latest().await;
    anonymous.refresh(&tokens.refresh_token).await.unwrap_err();
    events.refused("auth.refresh", "refresh_token_reused", Some(&target), None, None).await;

    let tokens = anonymous.login(&credentials).await.unwrap();
    let acting = fixture.ums.acting_as(&fixture.principal_of(&tokens).await.unwrap());
    events.latest().await;
    acting.logout_all().await.unwrap();
    events.done("auth.logout_all", &target, own, one).await;
    system.logout().await.unwrap_err();
    events.refused("auth.logout", "invalid_access_token", None, None, None).await;
    fixture.verify().await;
}

pub(super) async fn changes_of_the_directory_leave_one_each(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    // The administrator belongs to another organisation than those acted on.
    fixture.register("first@example.com").await;
    let home = fixture.organisation("Home").await;
    let admin = fixture.account("admin@example.com", Role::Admin, Some(&home)).await;
    let acting = fixture.acting("admin@example.com").await;
    let mut events = Events::from_here(&fixture).await;
    let (by, at_home) = (Some(admin.id), Some(home.id));

    let one = acting.create_organisation(&organisation_fields("One")).await.unwrap().value;
    let (of_one, target) = (Some(one.id), format!("organisation/{}", one.id));
    events.done("organisation.create", &target, by, of_one).await;
    acting.create_organisation(&organisation_fields("One")).await.unwrap_err();
    events.refused("organisation.create", "name_taken", None, by, at_home).await;
    acting.change_organisation(one.id, &OrganisationPatch::default(), None).await.unwrap();
    events.done("organisation.update", &target, by, of_one).await;
    acting.replace_organisation(one.id, &organisation_fields("Uno"), None).await.unwrap();
    events.done("organisation.update", &target, by, of_one).await;

    let department = acting.create_department(&department_fields("Research", &one)).await.unwrap().value;
    let of_department = format!("department/{}", department.id);
    events.done("department.create", &of_department, by, of_one).await;
    acting.change_department(department.id, &DepartmentPatch::default(), None).await.unwrap();
    events.done("department.update", &of_department, by, of_one).await;
    acting.change_department(absent_department(), &DepartmentPatch::default(), None).await.unwrap_err();
    events.refused("department.update", "not_found", Some("department/999999"), by, at_home).await;

    let fields = UserFields { department_id: Some(department.id), ..person("ada@example.com") };
    let ada = acting.create_user(&fields).await.unwrap().value;
    let of_ada = format!("user/{}", ada.id);
    events.done("user.create", &of_ada, by, of_one).await;
    acting.create_user(&fields).await.unwrap_err();
    events.refused("user.create", "email_taken", None, by, at_home).await;
    acting.replace_user(ada.id, &fields, None).await.unwrap();
    events.done("user.update", &of_ada, by, of_one).await;
    // What was set is told by name, and by name only.
    let email = Patch::Set("ada.king@example.com".to_owned());
    let patch = UserPatch { email, password: Patch::Set(Password::new(PASSWORD)), ..UserPatch::default() };
    for (patch, changed) in [(patch, vec!["email", "password", "status"]), (UserPatch::default(), Vec::new())] {
        acting.change_user(ada.id, &patch, None).await.unwrap();
        let told = events.latest().await;
        let [event, ..] = &told[..] else { panic!("nothing was told") };
        assert_eq!((event.action(), event.target()), ("user.update", Some(&*of_ada)));
        assert_eq!(event.fields()["changed"], serde_json::json!(changed));
        let text = format!("{told:?}");
        assert!(!text.contains("ada.king") && !text.contains(PASSWORD), "{text}");
    }

    acting.delete_department(department.id, None, false).await.unwrap_err();
    events.refused("department.delete", "not_empty", Some(&of_department), by, at_home).await;
    acting.delete_organisation(one.id, None, false).await.unwrap_err();
    events.refused("organisation.delete", "not_empty", Some(&target), by, of_one).await;
    // Those of the organisation are to know of it, not those of the administrator's.
    acting.delete_user(ada.id, None).await.unwrap();
    events.done("user.delete", &of_ada, by, of_one).await;
    acting.delete_department(department.id, None, true).await.unwrap();
    events.done("department.delete", &of_department, by, of_one).await;
    acting.delete_organisation(one.id, None, true).await.unwrap();
    events.done("organisation.delete", &target, by, of_one).await;
    fixture.ums.system().delete_user(absent_user(), None).await.unwrap_err();
    events.refused("user.delete", "not_found", Some("user/999999"), None, None).await;
    fixture.verify().await;
}

pub(super) async fn each_sees_what_concerns_them(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let (one, other) = (fixture.organisation("One").await, fixture.organisation("Other").await);
    fixture.account("one@example.com", Role::OrgAdmin, Some(&one)).await;
    fixture.account("other@example.com", Role::OrgAdmin, Some(&other)).await;
    fixture.account("member@example.com", Role::Member, Some(&one)).await;
    let top = fixture.department("Top", &one, None).await;
    fixture.member_of("department@example.com", Role::DepartmentAdmin, &top).await;
    for email in ["one@example.com", "other@example.com", "member@example.com"] {
        fixture.login(email).await;
    }
    let mut events = Events::from_here(&fixture).await;
    for email in ["member@example.com", "department@example.com"] {
        let acting = fixture.acting(email).await;
        events.latest().await;
        assert_eq!(code(&acting.logs(&LogQuery::default(), &PageRequest::default()).await), "forbidden");
        let me = acting.me().await.unwrap().value;
        events.refused("log.read", "forbidden", None, Some(me.id), Some(one.id)).await;
    }
    let beside = fixture.department("Beside", &one, None).await;
    let acting = fixture.acting("department@example.com").await;
    let mut filter = UserFilter::default();
    filter.department_id = Some(beside.id);
    events.latest().await;
    acting.users(&filter, &PageRequest::default()).await.unwrap_err();
    let me = acting.me().await.unwrap().value;
    let target = format!("department/{}", beside.id);
    events.refused("user.list", "forbidden", Some(&target), Some(me.id), Some(one.id)).await;
    let anonymous = fixture.ums.anonymous().logs(&LogQuery::default(), &PageRequest::default()).await;
    assert_eq!(code(&anonymous), "invalid_access_token");

    let acting = fixture.acting("one@example.com").await;
    for asked in [None, Some(one.id), Some(other.id)] {
        let mut query = LogQuery::default();
        query.organisation_id = asked;
        for limit in [1, 3, 200] {
            let seen = super::support::pages(limit, |request| {
                let (acting, query) = (acting.clone(), query.clone());
                async move { acting.logs(&query, &request).await }
            })
            .await;
            let expected: Vec<LogEvent> = fixture.log.events().into_iter().rev().collect();
            let expected: Vec<LogEvent> =
                expected.into_iter().filter(|event| event.organisation_id() == Some(one.id)).collect();
            assert!(expected.len() > 5);
            assert_eq!(seen, expected, "{limit}");
        }
    }
    let admin = fixture.acting("admin@example.com").await;
    let all = admin.logs(&LogQuery::default(), &PageRequest::new(200.try_into().unwrap(), None)).await;
    assert_eq!(all.unwrap().items.len(), fixture.log.events().len());
    fixture.verify().await;
}
