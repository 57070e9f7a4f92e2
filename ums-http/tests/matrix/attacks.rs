//! What somebody tries who wants more than the tables give: by import, by fields of their own, by claiming to be another.

use futures_util::future::join;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use ums_core::UserFilter;
use ums_core::model::{Role, Status, UserFields};
use ums_testkit::PASSWORD;
use ums_testkit::workbook::WorkbookMaker;

use crate::operation::Operation;
use crate::stage::{ACTOR, FOREIGN, Place, Stage};
use crate::support::{assert_faults, registration};

/// An import is no way into another organisation: its rows are refused as those that name nothing are.
#[tokio::test]
async fn a_row_that_names_another_organisation_names_nothing() {
    let stage = Stage::new(Some(Role::OrgAdmin)).await;
    let (organisation, department) =
        (stage.foreign.organisation.id.to_string(), stage.foreign.department.id.to_string());
    let users = |column: &str, there: &str, nowhere: &str| {
        (
            "users",
            vec![
                ["email".to_owned(), "full_name".into(), column.into()],
                ["one@example.com".to_owned(), "One".into(), there.into()],
                ["two@example.com".to_owned(), "Two".into(), nowhere.into()],
            ],
        )
    };
    let named = |sheet: &'static str, column: &str, there: &str, nowhere: &str| {
        (
            sheet,
            vec![
                ["name".to_owned(), column.to_owned(), "x".into()],
                ["One".to_owned(), there.to_owned(), String::new()],
                ["Two".to_owned(), nowhere.to_owned(), String::new()],
            ],
        )
    };
    let before = stage.world().await;
    for (sheet, rows) in [
        users("organisation", FOREIGN, "nowhere"),
        users("organisation_id", &organisation, "999999"),
        users("department_id", &department, "999999"),
        named("departments", "organisation", FOREIGN, "nowhere"),
        named("departments", "organisation_id", &organisation, "999999"),
    ] {
        let what = format!("{sheet} {:?}", rows[0]);
        let workbook = WorkbookMaker::new().sheet(sheet, rows).bytes();
        let call = stage.request(Method::POST, "/import/excel").form(&[("file", &workbook)]);
        let report = call.send().await.expect(StatusCode::OK);
        let told: Vec<_> = report["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                (
                    error["row"].as_u64().unwrap(),
                    error["column"].clone(),
                    error["code"].clone(),
                    error["message"].clone(),
                )
            })
            .collect();
        assert_eq!(told.len(), 2, "{what}: {report}");
        assert_eq!((told[0].0, told[1].0), (2, 3), "{what}");
        assert_eq!((&told[0].1, &told[0].2, &told[0].3), (&told[1].1, &told[1].2, &told[1].3), "{what}");
    }
    // The address of somebody there is taken, as anybody who registers would learn; the account stays as it is.
    let email = &stage.foreign.user.email;
    for mode in ["skip", "update", "fail"] {
        let rows = [["email", "full_name"], [email, "Renamed"]];
        let workbook = WorkbookMaker::new().sheet("users", rows).bytes();
        let path = format!("/import/excel?on_existing={mode}");
        let call = stage.request(Method::POST, &path).form(&[("file", &workbook)]);
        let report = call.send().await.expect(StatusCode::OK);
        assert_eq!(report["errors"][0]["code"], "email_taken", "{report}");
    }
    let rows = [["name", "address"], [FOREIGN, "taken over"]];
    let workbook = WorkbookMaker::new().sheet("organisations", rows).bytes();
    let path = "/import/excel?on_existing=update";
    let call = stage.request(Method::POST, path).form(&[("file", &workbook)]);
    let report = call.send().await.expect(StatusCode::OK);
    assert_eq!(report["organisations"]["failed"], 1, "{report}");
    let after = stage.world().await;
    assert_eq!((&before.0, &before.1, &before.2), (&after.0, &after.1, &after.2));
    stage.server.fixture.verify().await;
}

#[tokio::test]
async fn nobody_assigns_themselves_what_is_not_theirs_to_set() {
    let assigned = [
        ("role", json!("admin")),
        ("organisation_id", json!(2)),
        ("department_id", json!(3)),
        ("status", json!("active")),
        ("email_verified", json!(true)),
        ("password_hash", json!(PASSWORD)),
        ("id", json!(1)),
        ("created_at", json!("2026-01-01T00:00:00.000Z")),
    ];
    for role in Role::ALL {
        let stage = Stage::new(Some(role)).await;
        let before = stage.world().await;
        for (name, value) in &assigned {
            let body = json!({ "full_name": "Renamed", *name: value });
            let answer = stage.request(Method::PATCH, "/auth/me").json(&body).send().await;
            assert_faults(&answer, &[(*name, "unknown_field")]);
        }
        let mut all: Value = assigned.iter().cloned().collect();
        let expected: Vec<_> = assigned.iter().map(|(name, _)| (*name, "unknown_field")).collect();
        let answer = stage.request(Method::PATCH, "/auth/me").json(&all).send().await;
        assert_faults(&answer, &expected);
        // Nor by the other door to the same account.
        all["organisation_id"] = json!(stage.own.organisation.id);
        let path = format!("/user/{}", stage.actor.as_ref().unwrap().id);
        let answer = stage.request(Method::PATCH, &path).json(&all).send().await;
        let unknown = ["email_verified", "password_hash", "id", "created_at"];
        assert_faults(&answer, &unknown.map(|name| (name, "unknown_field")));
        assert_eq!(stage.world().await, before, "{role}");
    }
}

#[tokio::test]
async fn an_org_admin_neither_makes_nor_touches_an_admin() {
    let stage = Stage::new(Some(Role::OrgAdmin)).await;
    let admin = UserFields { role: Some(Role::Admin), ..stage.own.person("admin@example.com") };
    let system = stage.server.fixture.ums.system();
    let admin = system.create_user(&admin).await.unwrap().value.id;
    let actor = stage.actor.as_ref().unwrap().id;
    let person = json!({ "full_name": "Ada", "email": "ada@example.com", "role": "admin" });
    let before = stage.world().await;
    for (method, path, body) in [
        (Method::POST, "/user/".to_owned(), person.clone()),
        (Method::PATCH, format!("/user/{}", stage.own.user.id), json!({ "role": "admin" })),
        (Method::PATCH, format!("/user/{actor}"), json!({ "role": "admin" })),
        (
            Method::PUT,
            format!("/user/{actor}"),
            json!({ "full_name": "Ada", "email": ACTOR, "role": "admin" }),
        ),
        (Method::PATCH, format!("/user/{admin}"), json!({ "role": "member" })),
        (Method::PATCH, format!("/user/{admin}"), json!({ "full_name": "Renamed" })),
        (Method::PATCH, format!("/user/{admin}"), json!({ "password": "Quite Another Password 88" })),
        (Method::PATCH, format!("/user/{admin}"), json!({ "status": "suspended" })),
        (Method::PUT, format!("/user/{admin}"), json!({ "full_name": "A", "email": "admin@example.com" })),
        (Method::DELETE, format!("/user/{admin}"), Value::Null),
    ] {
        let call = stage.request(method.clone(), &path);
        let call = if body.is_null() { call } else { call.json(&body) };
        let answer = call.send().await;
        answer.problem(403, "forbidden");
        assert_eq!(stage.world().await, before, "{method} {path} {body}");
    }
    for rows in [
        [["email", "full_name", "role"], ["new@example.com", "New", "admin"]],
        [["email", "full_name", "role"], [&stage.own.user.email, "Raised", "admin"]],
        [["email", "full_name", "role"], ["admin@example.com", "Lowered", "member"]],
    ] {
        let workbook = WorkbookMaker::new().sheet("users", rows).bytes();
        let path = "/import/excel?on_existing=update";
        let call = stage.request(Method::POST, path).form(&[("file", &workbook)]);
        let report = call.send().await.expect(StatusCode::OK);
        assert_eq!(report["errors"][0]["code"], "forbidden", "{rows:?} {report}");
        assert_eq!(stage.world().await.2, before.2, "{rows:?}");
    }
    stage.server.fixture.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_admins_who_demote_each_other_leave_one() {
    for _ in 0..20 {
        let stage = Stage::new(Some(Role::Admin)).await;
        let fixture = &stage.server.fixture;
        let (one, other) =
            (stage.actor.as_ref().unwrap(), fixture.principal("first@example.com").await.user_id());
        let token = stage.server.token("first@example.com").await;
        let member = json!({ "role": "member" });
        let first = stage.request(Method::PATCH, &format!("/user/{other}")).json(&member).send();
        let path = format!("/user/{}", one.id);
        let second = stage.server.patch(&path).token(&token).json(&member).send();
        let (first, second) = join(tokio::spawn(first), tokio::spawn(second)).await;
        let statuses = [first.unwrap().status.as_u16(), second.unwrap().status.as_u16()];
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 403, 404, 409].contains(status)), "{statuses:?}");
        let (left, mut filter) = (fixture.ums.system(), UserFilter::default());
        (filter.role, filter.status) = (Some(Role::Admin), Some(Status::Active));
        let left = left.users(&filter, &ums_core::PageRequest::default()).await.unwrap().items;
        assert_eq!(left.len(), 1, "{left:?}");
        // Who is left can't leave.
        let token = stage.server.token(&left[0].email).await;
        let path = format!("/user/{}", left[0].id);
        for call in [stage.server.patch(&path).json(&member), stage.server.delete(&path)] {
            call.token(&token).send().await.problem(409, "last_admin");
        }
        fixture.verify().await;
    }
}

/// Who acts comes from the token and from nowhere else.
#[tokio::test]
async fn nobody_is_who_they_say_they_are() {
    const HEADERS: [&str; 6] = [
        "x-user-id",
        "user-id",
        "x-forwarded-user",
        "x-remote-user",
        "x-authenticated-userid",
        "x-original-user",
    ];
    for operation in Operation::all().await.iter().filter(|operation| operation.action.is_some()) {
        let stage = Stage::new(None).await;
        let path = operation.path.replace("{id}", "1");
        for named in ["?user_id=1", ""] {
            let mut call = stage.request(operation.method.clone(), &format!("{path}{named}"));
            for header in HEADERS {
                call = call.header(header, "1");
            }
            call = call.header("cookie", "user_id=1; session=1; access_token=1");
            let answer = call.json(&json!({ "user_id": 1, "actor_id": 1, "sub": "1" })).send().await;
            answer.problem(401, "invalid_access_token");
        }
    }
    // With a token, it is the token's account that acts, and the log says so.
    let stage = Stage::new(Some(Role::Member)).await;
    let mut call = stage.request(Method::PATCH, "/auth/me").json(&json!({ "full_name": "Renamed" }));
    for header in HEADERS {
        call = call.header(header, "1");
    }
    let actor = stage.actor.as_ref().unwrap();
    assert_eq!(call.send().await.expect(StatusCode::OK)["id"], json!(actor.id));
    let fixture = &stage.server.fixture;
    fixture.ums.log().flush().await.unwrap();
    let event = fixture.log.events().into_iter().rfind(|event| event.action() == "user.update").unwrap();
    assert_eq!(event.actor_id(), Some(actor.id));
    let body = json!({ "full_name": "Renamed", "user_id": 1 });
    let answer = stage.request(Method::PATCH, "/auth/me").json(&body).send().await;
    assert_faults(&answer, &[("user_id", "unknown_field")]);
}

#[tokio::test]
async fn an_address_that_comes_back_brings_no_rights_back() {
    let stage = Stage::new(Some(Role::OrgAdmin)).await;
    let fixture = &stage.server.fixture;
    let actor = stage.actor.clone().unwrap();
    let tokens = fixture.login(&actor.email).await;
    fixture.ums.system().delete_user(actor.id, None).await.unwrap();
    let again = stage.server.post("/auth/register").json(&registration(&actor.email)).send().await;
    let again = again.expect(StatusCode::CREATED);
    assert!(again["id"].as_u64().unwrap() > actor.id.as_u64());
    assert_eq!((&again["role"], &again["organisation_id"]), (&json!("member"), &Value::Null));
    stage.request(Method::GET, "/auth/me").send().await.problem(401, "invalid_access_token");
    let old = stage.server.get("/auth/me").token(&tokens.access_token).send().await;
    old.problem(401, "invalid_access_token");
    let body = json!({ "refresh_token": tokens.refresh_token });
    let old = stage.server.post("/auth/refresh").json(&body).send().await;
    old.problem(401, "invalid_refresh_token");
    let token = stage.server.token(&actor.email).await;
    let sessions = stage.server.get("/auth/sessions").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    for place in [&stage.own, &stage.foreign] {
        sees_nothing(&stage, &token, place).await;
    }
    fixture.verify().await;
}

async fn sees_nothing(stage: &Stage, token: &str, place: &Place) {
    for path in [
        format!("/organisation/{}", place.organisation.id),
        format!("/department/{}", place.department.id),
        format!("/user/{}", place.user.id),
    ] {
        stage.server.get(&path).token(token).send().await.problem(404, "not_found");
    }
    for path in ["/import/", "/logs/"] {
        stage.server.get(path).token(token).send().await.problem(403, "forbidden");
    }
}
