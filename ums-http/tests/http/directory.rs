//! Organisations, departments, users.

use http::StatusCode;
use serde_json::json;
use ums_core::model::Role;

use crate::support::Server;

#[tokio::test]
async fn an_organisation_from_first_to_last() {
    let (server, token) = Server::with_admin().await;
    let fields =
        json!({ "name": "Tech Corp", "address": "Mumbai, India", "description": "Software company" });
    let made = server.post("/organisation/").token(&token).json(&fields).send().await;
    let organisation = made.expect(StatusCode::CREATED);
    assert_eq!((&organisation["id"], made.header("location")), (&json!(1), "/organisation/1"));
    assert!(made.headers.contains_key("etag"));
    let read = server.get("/organisation/1").token(&token).send().await;
    assert_eq!((read.expect(StatusCode::OK), read.header("etag")), (organisation, made.header("etag")));
    let taken =
        server.post("/organisation/").token(&token).json(&json!({ "name": "TECH corp" })).send().await;
    taken.problem(409, "name_taken");

    let replaced = server.put("/organisation/1").token(&token).json(&json!({ "name": "Tech" })).send().await;
    let replaced = replaced.expect(StatusCode::OK);
    assert_eq!((&replaced["name"], &replaced["address"]), (&json!("Tech"), &json!(null)));
    let patch = json!({ "address": "Pune", "description": null });
    let patched =
        server.patch("/organisation/1").token(&token).json(&patch).send().await.expect(StatusCode::OK);
    assert_eq!((&patched["name"], &patched["address"]), (&json!("Tech"), &json!("Pune")));

    server.department(&token, 1, "Human Resources").await;
    server.delete("/organisation/1").token(&token).send().await.problem(409, "not_empty");
    server.delete("/organisation/1?cascade=false").token(&token).send().await.problem(409, "not_empty");
    let unclear = server.delete("/organisation/1?cascade=1").token(&token).send().await;
    assert_eq!(unclear.faults(), [("cascade".into(), "invalid_value".into())]);
    let gone = server.delete("/organisation/1/?cascade=true").token(&token).send().await;
    assert_eq!((gone.status, gone.bytes.len()), (StatusCode::NO_CONTENT, 0));
    server.get("/organisation/1").token(&token).send().await.problem(404, "not_found");
    server.get("/department/1").token(&token).send().await.problem(404, "not_found");
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_department_from_first_to_last() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    let fields = json!({ "name": "Human Resources", "organisation_id": 1 });
    let made = server.post("/department/").token(&token).json(&fields).send().await;
    assert_eq!(
        (&made.expect(StatusCode::CREATED)["id"], made.header("location")),
        (&json!(1), "/department/1")
    );
    server.post("/department/").token(&token).json(&fields).send().await.problem(409, "name_taken");
    let below = json!({ "name": "Payroll", "organisation_id": 1, "parent_id": 1 });
    let below = server.post("/department/").token(&token).json(&below).send().await;
    let id = below.expect(StatusCode::CREATED)["id"].clone();
    let path = below.header("location");
    let cycle = server.patch("/department/1").token(&token).json(&json!({ "parent_id": id })).send().await;
    assert_eq!(cycle.faults()[0].0, "parent_id");
    let replaced = server.put(path).token(&token).json(&json!({ "name": "Pay" })).send().await;
    assert_eq!(replaced.expect(StatusCode::OK)["parent_id"], json!(null));
    let patched = server.patch(path).token(&token).json(&json!({ "parent_id": 1 })).send().await;
    assert_eq!(patched.expect(StatusCode::OK)["parent_id"], json!(1));
    server.delete("/department/1").token(&token).send().await.problem(409, "not_empty");
    assert_eq!(server.delete(path).token(&token).send().await.status, StatusCode::NO_CONTENT);
    let gone = server.delete("/department/1?cascade=true").token(&token).send().await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    server.get("/department/1").token(&token).send().await.problem(404, "not_found");
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_user_from_first_to_last() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    server.department(&token, 1, "Human Resources").await;
    let fields = json!({ "full_name": "Grace Hopper", "email": "grace@example.com", "department_id": 1, "external_id": "E1" });
    let made = server.post("/user/").token(&token).json(&fields).send().await;
    let user = made.expect(StatusCode::CREATED);
    assert_eq!((&user["id"], made.header("location")), (&json!(2), "/user/2"));
    assert_eq!((&user["status"], &user["organisation_id"]), (&json!("invited"), &json!(1)));
    let again = server.post("/user/").token(&token).json(&fields).send().await;
    assert!(
        ["email_taken", "external_id_taken"]
            .contains(&again.expect(StatusCode::CONFLICT)["code"].as_str().unwrap())
    );
    let put =
        json!({ "full_name": "Grace B. M. Hopper", "email": "grace@example.com", "organisation_id": 1 });
    let replaced = server.put("/user/2").token(&token).json(&put).send().await.expect(StatusCode::OK);
    assert_eq!((&replaced["external_id"], &replaced["department_id"]), (&json!(null), &json!(null)));
    let patch = json!({ "role": "org_admin" });
    let patched = server.patch("/user/2").token(&token).json(&patch).send().await.expect(StatusCode::OK);
    assert_eq!(patched["role"], "org_admin");
    assert_eq!(server.delete("/user/2").token(&token).send().await.status, StatusCode::NO_CONTENT);
    server.get("/user/2").token(&token).send().await.problem(404, "not_found");
    server.delete("/user/1").token(&token).send().await.problem(409, "last_admin");
    let lowered = server.patch("/user/1").token(&token).json(&json!({ "role": "member" })).send().await;
    lowered.problem(409, "last_admin");
    server.fixture.verify().await;
}

#[tokio::test]
async fn what_is_outside_ones_sight_is_absent_and_what_is_in_it_forbidden() {
    let server = Server::new().await;
    let (tech, other) =
        (server.fixture.organisation("Tech Corp").await, server.fixture.organisation("Other").await);
    server.fixture.account("grace@example.com", Role::OrgAdmin, Some(&tech)).await;
    server.fixture.account("alan@example.com", Role::Member, Some(&other)).await;
    let token = server.token("grace@example.com").await;
    for path in ["/organisation/2", "/user/2"] {
        server.get(path).token(&token).send().await.problem(404, "not_found");
        server.delete(path).token(&token).send().await.problem(404, "not_found");
    }
    server.delete("/organisation/1").token(&token).send().await.problem(403, "forbidden");
    server
        .post("/organisation/")
        .token(&token)
        .json(&json!({ "name": "New" }))
        .send()
        .await
        .problem(403, "forbidden");
    let list = server.get("/organisation/").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let alan = server.token("alan@example.com").await;
    for path in ["/logs/", "/import/", "/logs/export"] {
        server.get(path).token(&alan).send().await.problem(403, "forbidden");
    }
    let refused = server.post("/import/excel").token(&alan).form(&[("file", b"x")]).send().await;
    refused.problem(403, "forbidden");
    server.fixture.verify().await;
}

#[tokio::test]
async fn texts_come_back_exactly_or_are_refused() {
    let (server, token) = Server::with_admin().await;
    let id = server.organisation(&token, "Tech Corp").await;
    let path = format!("/organisation/{id}");
    for (field, maximum) in [("name", 200), ("address", 500), ("description", 2000)] {
        let patch =
            async |text: &str| server.patch(&path).token(&token).json(&json!({ field: text })).send().await;
        let longest = "\u{1f600}".repeat(maximum);
        for text in
            [&*longest, "x", "=cmd|'/C calc'!A0", "<script>alert(1)</script>", "\u{0e01}\u{301}", "\"; --"]
        {
            let answer = patch(text).await;
            assert_eq!(answer.expect(StatusCode::OK)[field], text);
            assert_eq!(server.get(&path).token(&token).send().await.expect(StatusCode::OK)[field], text);
        }
        for text in [format!("{longest}x"), "a\0b".into(), "a\r\nb".into(), "\u{7f}".into()] {
            assert_eq!(patch(&text).await.faults()[0].0, field, "{text:?}");
        }
    }
    server.fixture.verify().await;
}

#[tokio::test]
async fn who_calls_is_found_out_before_anything_else() {
    let server = Server::new().await;
    for call in [
        server.post("/organisation/").body("{"),
        server.post("/organisation/").json(&json!({ "naem": 1 })),
        server.get("/organisation/0"),
        server.get("/user/?limit=0&x=1"),
        server.patch("/user/1").header("if-match", "nonsense"),
        server.post("/import/excel?mode=1").body("x"),
        server.delete("/organisation/1?cascade=maybe"),
    ] {
        call.send().await.problem(401, "invalid_access_token");
    }
}
