//! JSON bodies.

use http::header;
use serde_json::json;

use crate::support::{Server, assert_faults, registration};

#[tokio::test]
async fn what_is_not_one_strict_object_is_malformed() {
    let server = Server::new().await;
    let deep = format!("{{\"full_name\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let many = format!("{{\"full_name\":[{}]}}", "1,".repeat(100_000) + "1");
    let cases: [&[u8]; 16] = [
        b"",
        b"null",
        b"[]",
        b"{",
        b"{} {}",
        b"{\"email\":\"a@b.c\",}",
        b"{\"email\":\"a@b.c\",\"email\":\"d@e.f\"}",
        b"{\"email\":NaN}",
        b"{\"department_id\":1e400}",
        b"\xef\xbb\xbf{}",
        b"{\"email\":\"\xff\"}",
        b"{\"email\":\"\\ud800\"}",
        b"email=a",
        b"{\"email\":\"\0\"}",
        deep.as_bytes(),
        many.as_bytes(),
    ];
    for case in cases {
        let call = server.post("/auth/register").header(header::CONTENT_TYPE, "application/json");
        call.body(case.to_vec()).send().await.problem(400, "malformed_body");
    }
}

#[tokio::test]
async fn only_json_in_utf_8_is_taken() {
    let server = Server::new().await;
    let body = registration("ada@example.com").to_string();
    for wrong in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json", "*/*"]
    {
        let call = server.post("/auth/register").header(header::CONTENT_TYPE, wrong).body(body.clone());
        let answer = call.send().await;
        answer.problem(415, "unsupported_media_type");
        assert_eq!(answer.header("accept"), "application/json");
    }
    server.post("/auth/register").body(body.clone()).send().await.problem(415, "unsupported_media_type");
    let packed = server.post("/auth/register").json(&json!({})).header(header::CONTENT_ENCODING, "gzip");
    packed.send().await.problem(415, "unsupported_media_type");
    let patch = "application/merge-patch+json";
    let call = server.post("/auth/register").header(header::CONTENT_TYPE, patch).body(body.clone());
    call.send().await.problem(415, "unsupported_media_type");
    for (email, right) in
        [("a@example.com", "Application/JSON"), ("b@example.com", "application/json;charset=\"UTF-8\"")]
    {
        let call = server.post("/auth/register").header(header::CONTENT_TYPE, right);
        let answer = call.body(registration(email).to_string()).send().await;
        assert_eq!(answer.status, 201, "{right}");
    }
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_merge_patch_comes_under_its_own_media_type_or_as_json() {
    let (server, token) = Server::with_admin().await;
    for media_type in ["application/merge-patch+json", "application/json"] {
        let call = server.patch("/auth/me").token(&token).header(header::CONTENT_TYPE, media_type);
        let answer = call.body(json!({ "full_name": media_type }).to_string()).send().await;
        assert_eq!(answer.expect(http::StatusCode::OK)["full_name"], media_type);
    }
    let call =
        server.patch("/auth/me").token(&token).header(header::CONTENT_TYPE, "application/json-patch+json");
    let answer = call.body("[]").send().await;
    answer.problem(415, "unsupported_media_type");
    assert_eq!(answer.header("accept"), "application/merge-patch+json, application/json");
}

#[tokio::test]
async fn every_fault_of_type_is_listed_at_once() {
    let (server, token) = Server::with_admin().await;
    let body = json!({
        "full_name": ["Ada"], "email": 7, "role": "emperor", "status": true, "department_id": "1",
        "organisation_id": 0, "password": {"secret": "hunter2"}, "is_admin": true, "id": 1, "password_hash": "x",
    });
    let answer = server.post("/user/").token(&token).json(&body).send().await;
    assert_faults(
        &answer,
        &[
            ("full_name", "invalid_type"),
            ("email", "invalid_type"),
            ("role", "invalid_value"),
            ("status", "invalid_type"),
            ("department_id", "invalid_type"),
            ("organisation_id", "invalid_value"),
            ("password", "invalid_type"),
            ("is_admin", "unknown_field"),
            ("id", "unknown_field"),
            ("password_hash", "unknown_field"),
        ],
    );
    assert!(!answer.text().contains("hunter2") && !answer.text().contains("emperor"), "{}", answer.text());
}

#[tokio::test]
async fn every_fault_of_rule_is_listed_at_once() {
    let server = Server::new().await;
    let body = json!({ "full_name": " ", "email": "nobody", "password": "short" });
    let answer = server.post("/auth/register").json(&body).send().await;
    let mut fields: Vec<String> = answer.faults().into_iter().map(|(field, _)| field).collect();
    fields.sort();
    assert_eq!(fields, ["email", "full_name", "password"]);
    let answer = server.post("/auth/register").json(&json!({})).send().await;
    assert_faults(&answer, &[("full_name", "required"), ("email", "required"), ("password", "required")]);
    let answer = server.post("/auth/refresh").json(&json!({})).send().await;
    assert_faults(&answer, &[("refresh_token", "required")]);
}

#[tokio::test]
async fn nobody_assigns_what_they_may_not() {
    let (server, _) = Server::with_admin().await;
    server.fixture.register("eve@example.com").await;
    let token = server.token("eve@example.com").await;
    for field in ["role", "organisation_id", "email_verified", "password_hash", "id", "created_at", "status"]
    {
        let answer =
            server.patch("/auth/me").token(&token).json(&json!({ field: 1, "full_name": "E" })).send().await;
        assert_faults(&answer, &[(field, "unknown_field")]);
    }
    let me = server.get("/auth/me").token(&token).send().await.expect(http::StatusCode::OK);
    assert_eq!((&me["role"], &me["full_name"]), (&json!("member"), &json!("Owner of eve@example.com")));
}
