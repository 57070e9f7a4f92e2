//! Workbooks that go out.

use http::StatusCode;
use serde_json::{Value, json};
use ums_core::model::Role;

use crate::support::{Answer, Server, assert_faults};

/// The type of an `.xlsx` workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Looks that it is a workbook to be kept as a file, whole.
#[track_caller]
pub(crate) fn assert_workbook(answer: &Answer, name: &str) {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), XLSX);
    assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{name}\""));
    assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.bytes.starts_with(b"PK\x03\x04"));
}

pub(crate) async fn import(server: &Server, token: &str, workbook: &[u8]) -> Value {
    let sent = server.post("/import/excel").token(token).form(&[("file", workbook)]).send().await;
    sent.expect(StatusCode::OK)
}

#[tokio::test]
async fn the_template_is_a_file_that_imports_as_it_is() {
    let (server, token) = Server::with_admin().await;
    for path in ["/import/template.xlsx", "/import/template.xlsx/"] {
        let template = server.get(path).token(&token).send().await;
        assert_workbook(&template, "import-template.xlsx");
        let report = import(&server, &token, &template.bytes).await;
        assert_eq!(report["status"], "succeeded", "{report}");
        assert_eq!(report["users"]["read"], 0);
    }
    server.get("/import/template.xlsx").send().await.problem(401, "invalid_access_token");
    server.fixture.verify().await;
}

#[tokio::test]
async fn an_export_is_a_file_that_another_server_imports() {
    let (server, token) = Server::with_admin().await;
    let organisation = server.organisation(&token, "=Tech Corp").await;
    let department = server.department(&token, organisation, "Research").await;
    for number in 0..1000 {
        let user = json!({
            "full_name": format!("Person {number}"), "email": format!("p{number}@example.com"),
            "external_id": format!("{number:05}"), "department_id": department,
        });
        server.post("/user/").token(&token).json(&user).send().await.expect(StatusCode::CREATED);
    }
    let exported = server.get("/export/users.xlsx").token(&token).send().await;
    assert_workbook(&exported, "users.xlsx");

    let (other, other_token) = Server::with_admin().await;
    let report = import(&other, &other_token, &exported.bytes).await;
    assert_eq!(report["status"], "succeeded", "{report}");
    assert_eq!((&report["users"]["created"], &report["users"]["skipped"]), (&json!(1000), &json!(1)));
    let page = other.get("/user/?q=p42@").token(&other_token).send().await.expect(StatusCode::OK);
    let user = &page["items"][0];
    assert_eq!((&user["external_id"], &user["status"]), (&json!("00042"), &json!("invited")));
    let path = format!("/organisation/{}", user["organisation_id"]);
    let place = other.get(&path).token(&other_token).send().await.expect(StatusCode::OK);
    assert_eq!(place["name"], "=Tech Corp");
    other.fixture.verify().await;
}

#[tokio::test]
async fn an_export_is_narrowed_by_the_query() {
    let (server, token) = Server::with_admin().await;
    let (one, other) = (server.organisation(&token, "One").await, server.organisation(&token, "Other").await);
    let path = |query: &str| format!("/export/users.xlsx?{query}");
    let narrowed = server.get(&path(&format!("organisation_id={one}"))).token(&token).send().await;
    assert_workbook(&narrowed, "users.xlsx");
    let absent = server.get(&path("organisation_id=99")).token(&token).send().await;
    assert_faults(&absent, &[("organisation_id", "not_found")]);
    let wrong = server.get(&path("organisation_id=x&format=csv")).token(&token).send().await;
    assert_faults(&wrong, &[("organisation_id", "invalid_value"), ("format", "unknown_parameter")]);

    let own = server.fixture.organisation("Own").await;
    server.fixture.account("chief@own.org", Role::OrgAdmin, Some(&own)).await;
    server.fixture.account("member@own.org", Role::Member, Some(&own)).await;
    let chief = server.token("chief@own.org").await;
    let foreign = format!("organisation_id={other}");
    server.get(&path(&foreign)).token(&chief).send().await.problem(403, "forbidden");
    let member = server.token("member@own.org").await;
    server.get(&path("")).token(&member).send().await.problem(403, "forbidden");
}
