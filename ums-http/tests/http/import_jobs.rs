//! Imports that are answered before they are done, repeated, followed and called off.

use http::StatusCode;
use serde_json::{Value, json};
use ums_testkit::workbook::users;

use crate::support::{Answer, Server};

/// The events of a stream: each with its name and its data.
fn events(answer: &Answer) -> Vec<(String, Value)> {
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let text = answer.text();
    let blocks = text.split("\n\n").filter(|block| !block.is_empty() && *block != ":");
    blocks
        .map(|block| {
            let (name, data) = block.split_once('\n').unwrap();
            let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            (name.strip_prefix("event: ").unwrap().to_owned(), data)
        })
        .collect()
}

#[tokio::test]
async fn an_import_that_is_answered_at_once_is_followed_to_its_end() {
    let (server, token) = Server::with_admin().await;
    let workbook = users(60).bytes();
    let sent = server
        .post("/import/excel")
        .token(&token)
        .header("prefer", "respond-async, wait=10")
        .form(&[("file", &workbook)])
        .send()
        .await;
    let report = sent.expect(StatusCode::ACCEPTED);
    assert_eq!(sent.header("preference-applied"), "respond-async");
    let path = format!("/import/{}", report["id"]);
    assert_eq!(sent.header("location"), path);
    let events = events(&server.get(&format!("{path}/events")).token(&token).send().await);
    let (finished, progress) = events.split_last().unwrap();
    assert_eq!((&*finished.0, &finished.1["users"]["created"]), ("finished", &json!(60)));
    assert!(!progress.is_empty());
    let mut before = 0;
    for (name, data) in progress {
        assert_eq!((&**name, &data["bytes_total"]), ("progress", &json!(workbook.len())));
        let done = data["rows_done"].as_u64().unwrap();
        assert!(before <= done && done <= data["rows_read"].as_u64().unwrap(), "{data}");
        before = done;
    }
    assert_eq!(server.get(&path).token(&token).send().await.expect(StatusCode::OK), finished.1);
    let late = server.delete(&path).token(&token).send().await;
    late.problem(409, "import_finished");
    server.get("/import/99/events").token(&token).send().await.problem(404, "not_found");
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_repeated_request_answers_with_the_first_one_s_import() {
    let (server, token) = Server::with_admin().await;
    let post = |query: &str, key: &str, rows: u32| {
        let request = server.post(&format!("/import/excel{query}")).token(&token);
        request.header("idempotency-key", key).form(&[("file", &users(rows).bytes())])
    };
    let (one, other) = tokio::join!(post("", "a", 20).send(), post("", "a", 20).send());
    let first = one.expect(StatusCode::OK);
    assert_eq!(other.expect(StatusCode::OK), first);
    assert_eq!(first["users"]["created"], 20);
    assert_eq!(post("", "\"a\"", 20).send().await.expect(StatusCode::OK), first);
    let accepted = post("", "a", 20).header("prefer", "respond-async").send().await;
    assert_eq!(accepted.expect(StatusCode::ACCEPTED), first);
    post("", "a", 21).send().await.problem(422, "idempotency_key_reused");
    post("?on_existing=update", "a", 20).send().await.problem(422, "idempotency_key_reused");
    let second = post("", "b", 20).send().await.expect(StatusCode::OK);
    assert_eq!((&second["users"]["skipped"], second["id"] == first["id"]), (&json!(20), false));
    let list = server.get("/import/").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_workbook_that_cannot_be_read_leaves_nothing_but_where_nobody_waited() {
    let (server, token) = Server::with_admin().await;
    let post = || {
        let request = server.post("/import/excel").token(&token).header("idempotency-key", "a");
        request.form(&[("file", b"no workbook")])
    };
    let (one, other) = tokio::join!(post().send(), post().send());
    one.problem(422, "unreadable_workbook");
    other.problem(422, "unreadable_workbook");
    let list = server.get("/import/").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(list["items"], json!([]));
    let report = post().header("prefer", "respond-async").send().await.expect(StatusCode::ACCEPTED);
    let path = format!("/import/{}/events", report["id"]);
    let events = events(&server.get(&path).token(&token).send().await);
    let (_, finished) = events.last().unwrap();
    assert_eq!(
        (&finished["status"], &finished["errors"][0]["code"]),
        (&json!("failed"), &json!("unreadable_workbook"))
    );
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_dry_run_is_committed_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let post = |rows: u32| {
        let request = server.post("/import/excel?dry_run=true").token(&token);
        request.form(&[("file", &users(rows).bytes())])
    };
    let plan = post(20).send().await.expect(StatusCode::OK);
    let path = format!("/import/{}/commit", plan["id"]);
    let done = server.post(&path).token(&token).send().await.expect(StatusCode::OK);
    assert_eq!((&done["id"], &done["dry_run"], &done["users"]), (&plan["id"], &json!(false), &plan["users"]));
    server.post(&path).token(&token).send().await.problem(409, "not_planned");

    let stale = post(21).send().await.expect(StatusCode::OK);
    server.fixture.account("person20@example.com", ums_core::model::Role::Member, None).await;
    let path = format!("/import/{}/commit", stale["id"]);
    server.post(&path).token(&token).send().await.problem(409, "plan_stale");
    let late = post(21).send().await.expect(StatusCode::OK);
    server.fixture.clock.advance(std::time::Duration::from_secs(60 * 60));
    let token = server.token("ada@example.com").await;
    let path = format!("/import/{}/commit", late["id"]);
    server.post(&path).token(&token).send().await.problem(410, "plan_expired");
    server.post("/import/99/commit").token(&token).send().await.problem(404, "not_found");
    server.fixture.verify().await;
}
