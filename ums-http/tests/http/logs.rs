//! The event log.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, assert_faults};

#[tokio::test]
async fn what_was_done_is_logged_with_the_request_that_did_it() {
    let (server, token) = Server::with_admin().await;
    let call = server.post("/organisation/").token(&token).header("x-request-id", "trace-7");
    call.json(&json!({ "name": "Tech Corp" })).send().await.expect(StatusCode::CREATED);
    let page = server.get("/logs/").token(&token).send().await.expect(StatusCode::OK);
    let newest = &page["items"][0];
    assert_eq!(
        (&newest["action"], &newest["target"]),
        (&json!("organisation.create"), &json!("organisation/1"))
    );
    assert_eq!((&newest["request_id"], &newest["actor_id"]), (&json!("trace-7"), &json!(1)));
    assert_eq!((&newest["outcome"], newest["fields"].is_object()), (&json!("success"), true));
    for (query, count) in [
        ("action=organisation.", 1),
        ("action=auth.", 2),
        ("target=organisation/1", 1),
        ("actor_id=2", 0),
        ("level=error", 0),
        ("outcome=failed", 0),
        ("q=TRACE-7", 1),
        ("until=2000-01-01T00:00:00Z", 0),
        ("since=2000-01-01T00:00:00.000Z&level=info", 3),
    ] {
        let page = server.get(&format!("/logs/?{query}")).token(&token).send().await.expect(StatusCode::OK);
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
    let wrong =
        server.get("/logs/?level=loud&outcome=maybe&since=yesterday&until=1&actor_id=0").token(&token);
    let fields = ["level", "outcome", "since", "until", "actor_id"].map(|field| (field, "invalid_value"));
    assert_faults(&wrong.send().await, &fields);
}

#[tokio::test]
async fn the_export_is_the_whole_list_a_line_each() {
    let (server, token) = Server::with_admin().await;
    for number in 0..250 {
        server.organisation(&token, &format!("Organisation {number}")).await;
    }
    let export = server.get("/logs/export?action=organisation.create").token(&token).send().await;
    assert_eq!((export.status, export.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
    let lines: Vec<Value> = export.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 250);
    assert!(export.text().ends_with('\n'));
    let page = server.get("/logs/?action=organisation.create&limit=200").token(&token).send().await;
    assert_eq!(page.expect(StatusCode::OK)["items"].as_array().unwrap()[..], lines[..200]);
    let paged = server.get("/logs/export?limit=1").token(&token).send().await;
    assert_faults(&paged, &[("limit", "unknown_parameter")]);
    server.get("/logs/export").send().await.problem(401, "invalid_access_token");
}
