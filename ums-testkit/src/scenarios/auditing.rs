//! What the log is told of rights: changes of them, tokens refused, and reaching beyond them.

use std::io::{Seek, Write};
use std::time::Duration;

use serde_json::{Value, json};
use ums_core::import::{ImportOptions, OnExisting};
use ums_core::log::{Level, LogEvent, LogQuery, Outcome};
use ums_core::model::{DepartmentId, OrganisationId, Patch, Role, Status, UserFields, UserPatch};
use ums_core::{Acting, Origin, PageRequest, UserFilter};

use super::support::{AnyStore, absent_user, code, person};
use crate::Fixture;
use crate::workbook::WorkbookMaker;

/// The events of one action since the fixture began.
async fn of_action(fixture: &Fixture, action: &str) -> Vec<LogEvent> {
    fixture.ums.log().flush().await.expect("flushed");
    fixture.log.events().into_iter().filter(|event| event.action() == action).collect()
}

fn rights(
    role: &str,
    status: &str,
    organisation: Option<OrganisationId>,
    department: Option<DepartmentId>,
) -> Value {
    json!({ "role": role, "status": status, "organisation_id": organisation, "department_id": department })
}

pub(super) async fn a_change_of_rights_is_told_with_before_and_after(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let admin = fixture.register("admin@example.com").await;
    let (one, two) = (fixture.organisation("One").await, fixture.organisation("Two").await);
    let department = fixture.department("Research", &one, None).await;
    let ada = fixture.account("ada@example.com", Role::Member, Some(&one)).await;
    let acting = fixture.acting("admin@example.com").await.with(Origin::new().request_id("r-1"));
    let unchanged = UserPatch { full_name: Patch::Set("Renamed".into()), ..UserPatch::default() };
    acting.change_user(ada.id, &unchanged, None).await.unwrap();
    assert_eq!(of_action(&fixture, "user.rights").await, []);

    let change = UserPatch {
        role: Patch::Set(Role::OrgAdmin),
        status: Patch::Set(Status::Suspended),
        department_id: Patch::Set(department.id),
        ..UserPatch::default()
    };
    acting.change_user(ada.id, &change, None).await.unwrap();
    let told = of_action(&fixture, "user.rights").await;
    let [event] = &told[..] else { panic!("{told:?}") };
    assert_eq!((event.actor_id(), event.target()), (Some(admin.id), Some(&*format!("user/{}", ada.id))));
    assert_eq!((event.outcome(), event.organisation_id()), (Some(Outcome::Success), Some(one.id)));
    assert_eq!(event.request_id(), Some("r-1"));
    let now = rights("org_admin", "suspended", Some(one.id), Some(department.id));
    assert_eq!(event.fields()["before"], rights("member", "active", Some(one.id), None));
    assert_eq!(event.fields()["after"], now);

    // Who moves is news in both organisations, and in neither of the other.
    let fields = UserFields { organisation_id: Some(two.id), ..person("ada@example.com") };
    acting.replace_user(ada.id, &fields, None).await.unwrap();
    let told = of_action(&fixture, "user.rights").await.split_off(1);
    let [there, here] = &told[..] else { panic!("{told:?}") };
    assert_eq!((there.organisation_id(), here.organisation_id()), (Some(two.id), Some(one.id)));
    let gone = rights("org_admin", "suspended", None, None);
    assert_eq!(there.fields()["before"], gone);
    assert_eq!(there.fields()["after"], rights("org_admin", "suspended", Some(two.id), None));
    assert_eq!((&here.fields()["before"], &here.fields()["after"]), (&now, &gone));

    // What is refused changes none.
    let last = UserPatch { role: Patch::Set(Role::Member), ..UserPatch::default() };
    assert_eq!(code(&acting.change_user(admin.id, &last, None).await), "last_admin");
    assert_eq!(of_action(&fixture, "user.rights").await.len(), 3);
    fixture.verify().await;
}

pub(super) async fn an_import_is_told_from_start_to_end_with_the_rights_it_gives(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let one = fixture.organisation("One").await;
    let ada = fixture.account("ada@example.com", Role::Member, Some(&one)).await;
    let acting = fixture.acting("admin@example.com").await;
    let rows = [
        ["email", "full_name", "role", "organisation"],
        ["ada@example.com", "Ada", "org_admin", "One"],
        ["grace@example.com", "Grace", "department_admin", "One"],
        ["alan@example.com", "Alan", "member", "One"],
        ["wrong", "Wrong", "admin", "One"],
    ];
    let bytes = WorkbookMaker::new().sheet("users", rows).bytes();
    for dry_run in [true, false] {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).and_then(|()| file.rewind()).expect("written");
        let options = ImportOptions::new().dry_run(dry_run).on_existing(OnExisting::Update);
        let report = acting.import_workbook(file, &options).await.unwrap();
        let target = format!("import/{}", report.id);
        for (action, outcome) in [("import.start", Outcome::Success), ("import.run", Outcome::Success)] {
            let event = of_action(&fixture, action).await.pop().expect("told");
            assert_eq!((event.target(), event.outcome()), (Some(&*target), Some(outcome)), "{action}");
            assert_eq!(event.fields()["dry_run"], dry_run);
        }
        let ended = of_action(&fixture, "import.run").await.pop().expect("told");
        let counts = ["read", "created", "updated", "failed"].map(|name| ended.fields()[name].as_u64());
        assert_eq!(counts, [4, 2, 1, 1].map(Some));
        let told = of_action(&fixture, "user.rights").await;
        assert_eq!(told.len(), if dry_run { 0 } else { 2 }, "{told:?}");
    }
    let told = of_action(&fixture, "user.rights").await;
    let of_ada = told.iter().find(|event| event.target() == Some(&*format!("user/{}", ada.id))).expect("told");
    assert_eq!(of_ada.fields()["before"]["role"], "member");
    let of_grace = told.iter().find(|event| event.fields()["before"].is_null()).expect("told");
    assert_eq!(of_grace.fields()["after"]["role"], "department_admin");
    fixture.verify().await;
}

pub(super) async fn reaching_out_of_sight_is_told_to_those_reached_for(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let (one, two) = (fixture.organisation("One").await, fixture.organisation("Two").await);
    let department = fixture.department("Research", &two, None).await;
    let grace = fixture.member_of("grace@example.com", Role::OrgAdmin, &department).await;
    let ada = fixture.account("ada@example.com", Role::OrgAdmin, Some(&one)).await;
    let (of_one, of_two) =
        (fixture.acting("ada@example.com").await, fixture.acting("grace@example.com").await);
    let mut in_two = UserFilter::default();
    in_two.department_id = Some(department.id);
    let patch = UserPatch::default();
    assert_eq!(code(&of_one.user(grace.id).await), "not_found");
    assert_eq!(code(&of_one.change_user(grace.id, &patch, None).await), "not_found");
    assert_eq!(code(&of_one.delete_department(department.id, None, true).await), "not_found");
    assert_eq!(code(&of_one.organisation(two.id).await), "not_found");
    assert_eq!(code(&of_one.users(&in_two, &PageRequest::default()).await), "not_found");
    // What is not there is out of nobody's sight.
    assert_eq!(code(&of_one.user(absent_user()).await), "not_found");
    assert_eq!(code(&of_one.delete_user(absent_user(), None).await), "not_found");

    let told = of_action(&fixture, "access.denied").await;
    let expected = [
        ("user.read", format!("user/{}", grace.id)),
        ("user.update", format!("user/{}", grace.id)),
        ("department.delete", format!("department/{}", department.id)),
        ("organisation.read", format!("organisation/{}", two.id)),
        ("user.list", format!("department/{}", department.id)),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (event, (action, target)) in told.iter().zip(expected) {
        assert_eq!((event.fields()["action"].as_str(), event.target()), (Some(action), Some(&*target)));
        assert_eq!((event.level(), event.outcome()), (Level::Warn, Some(Outcome::Refused)));
        assert_eq!((event.actor_id(), event.organisation_id()), (Some(ada.id), Some(two.id)));
    }
    assert_eq!(seen(&of_two, "access.").await, told.len());
    assert_eq!(seen(&of_one, "access.").await, 0);
    // Their own log does not tell the one from the other either.
    let mut query = LogQuery::default();
    query.action = Some("user.delete".to_owned());
    let absent = of_one.logs(&query, &PageRequest::default()).await.unwrap().items.len();
    assert_eq!(code(&of_one.delete_user(grace.id, None).await), "not_found");
    let after = of_one.logs(&query, &PageRequest::default()).await.unwrap().items.len();
    assert_eq!((absent, after), (1, 2));
    fixture.verify().await;
}

async fn seen(acting: &Acting, action: &str) -> usize {
    let mut query = LogQuery::default();
    query.action = Some(action.to_owned());
    acting.logs(&query, &PageRequest::default()).await.unwrap().items.len()
}

pub(super) async fn a_token_that_is_refused_is_told_unless_it_expired(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let ada = fixture.register("ada@example.com").await;
    let tokens = fixture.login("ada@example.com").await;
    let origin = Origin::new().request_id("r-1").ip([192, 0, 2, 1].into());
    let refused = async |token: &str| {
        assert_eq!(code(&fixture.ums.authenticate_from(token, &origin).await), "invalid_access_token");
        of_action(&fixture, "auth.authenticate").await
    };
    let (message, signature) = tokens.access_token.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let told = refused(&format!("{message}.{turned}")).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].level(), told[0].outcome()), (Level::Warn, Some(Outcome::Refused)));
    assert_eq!(told[0].fields()["reason"], "wrong_signature");
    assert_eq!((told[0].ip(), told[0].request_id()), (origin.ip, Some("r-1")));
    assert_eq!((told[0].actor_id(), told[0].target()), (None, None), "nobody is who a forged token says");
    let told = refused("nonsense").await;
    assert_eq!((told.len(), told[1].level()), (2, Level::Info));
    assert_eq!(told[1].fields()["reason"], "malformed");

    fixture.clock.advance(Duration::from_secs(3_700));
    assert_eq!(refused(&tokens.access_token).await.len(), 2, "an expired token is nothing out of the ordinary");

    let tokens = fixture.login("ada@example.com").await;
    fixture.acting("ada@example.com").await.logout_all().await.unwrap();
    let told = refused(&tokens.access_token).await;
    assert_eq!((told[2].level(), told[2].target()), (Level::Info, Some(&*format!("user/{}", ada.id))));
    assert_eq!(told[2].fields()["reason"], "session_ended");
    // A flood leaves a few, and then how many they were.
    for _ in 0..50 {
        refused("nonsense").await;
    }
    let before = of_action(&fixture, "auth.authenticate").await.len();
    assert!(before < 10, "{before}");
    fixture.clock.advance(Duration::from_secs(60));
    let told = refused("nonsense").await;
    assert_eq!(told.len(), before + 1);
    let passed_over = told[before].fields()["passed_over"].as_u64().expect("counted");
    assert_eq!(passed_over + u64::try_from(before).expect("few"), 53);
    let all = format!("{:?}", fixture.log.events());
    assert!(!all.contains(&turned) && !all.contains(signature) && !all.contains("nonsense"));
    fixture.verify().await;
}

pub(super) async fn an_export_of_the_log_is_told_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let admin = fixture.register("admin@example.com").await;
    for number in 0..250 {
        fixture.organisation(&format!("Organisation {number}")).await;
    }
    let acting = fixture.acting("admin@example.com").await;
    let (mut cursor, mut exported) = (None, 0);
    loop {
        let page = acting.export_logs(&LogQuery::default(), cursor).await.unwrap();
        exported += page.items.len();
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let told = of_action(&fixture, "log.export").await;
    let [event] = &told[..] else { panic!("{told:?}") };
    assert_eq!((event.actor_id(), event.outcome()), (Some(admin.id), Some(Outcome::Success)));
    assert_eq!(exported + 1, fixture.log.events().len());
    let member = fixture.account("member@example.com", Role::Member, None).await;
    let acting = fixture.acting("member@example.com").await;
    assert_eq!(code(&acting.export_logs(&LogQuery::default(), None).await), "forbidden");
    let event = of_action(&fixture, "log.export").await.pop().expect("told");
    assert_eq!((event.actor_id(), event.outcome()), (Some(member.id), Some(Outcome::Refused)));
    fixture.verify().await;
}
