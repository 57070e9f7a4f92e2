//! Import of workbooks.

use http::{StatusCode, header};
use serde_json::json;
use ums_testkit::workbook::WorkbookMaker;

use crate::support::{Server, assert_faults};

fn workbook() -> Vec<u8> {
    let rows = [
        ["email", "full_name", "organisation", "department"],
        ["grace@example.com", "Grace Hopper", "Tech Corp", "Research"],
        ["not an address", "Alan Turing", "Tech Corp", "Research"],
        ["mary@example.com", "Mary Jackson", "Tech Corp", ""],
    ];
    WorkbookMaker::new().sheet("users", rows).bytes()
}

#[tokio::test]
async fn a_workbook_of_users_comes_in_and_its_report_stays() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    let sent = server.post("/import/excel").token(&token).form(&[("file", &workbook())]).send().await;
    let report = sent.expect(StatusCode::OK);
    assert_eq!(report["status"], "succeeded_with_errors", "{report}");
    assert_eq!(
        (&report["users"]["read"], &report["users"]["created"], &report["users"]["failed"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(report["departments"]["created"], 1);
    assert_eq!((&report["errors"][0]["row"], &report["errors"][0]["cell"]), (&json!(3), &json!("A3")));
    let path = format!("/import/{}", report["id"]);
    assert_eq!(server.get(&path).token(&token).send().await.expect(StatusCode::OK), report);
    let list = server.get("/import/").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(list["items"], json!([report]));
    let users = server.get("/user/?q=hopper").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(users["items"][0]["email"], "grace@example.com");
    server.fixture.verify().await;
}

#[tokio::test]
async fn the_query_decides_what_is_done() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    let post = |query: &str| {
        server.post(&format!("/import/excel?{query}")).token(&token).form(&[("file", &workbook())])
    };
    let rehearsed = post("dry_run=true").send().await.expect(StatusCode::OK);
    assert_eq!((&rehearsed["dry_run"], &rehearsed["users"]["created"]), (&json!(true), &json!(2)));
    server.get("/user/2").token(&token).send().await.problem(404, "not_found");
    let without = post("create_departments=false&on_missing=keep").send().await.expect(StatusCode::OK);
    assert_eq!((&without["departments"]["created"], &without["users"]["created"]), (&json!(0), &json!(1)));
    let failing = post("on_existing=fail").send().await.expect(StatusCode::OK);
    assert_eq!((&failing["users"]["created"], &failing["users"]["failed"]), (&json!(1), &json!(2)));
    let wrong = post(
        "dry_run=yes&on_existing=replace&on_missing=delete&create_departments=&organisation_id=x&mode=1",
    );
    let mut expected = ["dry_run", "on_existing", "on_missing", "create_departments", "organisation_id"]
        .map(|f| (f, "invalid_value"))
        .to_vec();
    expected.push(("mode", "unknown_parameter"));
    let wrong = wrong.send().await;
    assert_faults(&wrong, &expected);
    let nowhere = post("on_missing=suspend").send().await;
    assert_faults(&nowhere, &[("organisation_id", "required")]);
    let keyed = post("").header("idempotency-key", "two words").send().await;
    assert_faults(&keyed, &[("Idempotency-Key", "invalid_value")]);
    server.fixture.verify().await;
}

#[tokio::test]
async fn the_form_holds_one_file_and_nothing_else() {
    let (server, token) = Server::with_admin().await;
    let post = || server.post("/import/excel").token(&token);
    assert_faults(&post().form(&[]).send().await, &[("file", "required")]);
    let odd = post().form(&[("file", b"a"), ("file", b"b"), ("workbook", b"c")]).send().await;
    assert_faults(&odd, &[("file", "duplicate"), ("workbook", "unknown_field")]);
    post().send().await.problem(415, "unsupported_media_type");
    let json = post().json(&json!({ "file": "x" })).send().await;
    json.problem(415, "unsupported_media_type");
    assert_eq!(json.header("accept"), "multipart/form-data");
    let bare = post().header(header::CONTENT_TYPE, "multipart/form-data").body("x").send().await;
    bare.problem(415, "unsupported_media_type");
    let cut = post().header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit");
    let cut = cut.body("--limit\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nPK").send().await;
    cut.problem(400, "malformed_body");
}

#[tokio::test]
async fn what_is_no_workbook_is_said_to_be_none() {
    let (server, token) = Server::with_admin().await;
    for bytes in [&b""[..], b"email,name", b"PK\x03\x04", &workbook()[..500]] {
        let answer = server.post("/import/excel").token(&token).form(&[("file", bytes)]).send().await;
        let problem = answer.problem(422, "unreadable_workbook");
        assert_eq!(problem["errors"], json!([]));
    }
    server.post("/import/excel").form(&[("file", b"x")]).send().await.problem(401, "invalid_access_token");
    server.fixture.verify().await;
}
