//! Registering, tokens, sessions.

use http::StatusCode;
use serde_json::{Value, json};
use ums_core::model::DepartmentFields;
use ums_testkit::PASSWORD;

use crate::support::{Server, assert_faults, registration};

async fn log_in(server: &Server, email: &str, password: &str) -> Value {
    let credentials = json!({ "email": email, "password": password });
    server.post("/auth/login").json(&credentials).send().await.expect(StatusCode::OK)
}

#[tokio::test]
async fn the_first_requests_of_a_newcomer() {
    let server = Server::new().await;
    let made = server.post("/auth/register").json(&registration("ada@example.com")).send().await;
    let user = made.expect(StatusCode::CREATED);
    assert_eq!(made.header("location"), "/user/1");
    assert_eq!((&user["id"], &user["role"], &user["status"]), (&json!(1), &json!("admin"), &json!("active")));
    let mut fields: Vec<&str> = user.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let contract = [
        "created_at",
        "department_id",
        "email",
        "email_verified",
        "external_id",
        "full_name",
        "id",
        "organisation_id",
        "role",
        "status",
        "updated_at",
    ];
    assert_eq!(fields, contract);

    let tokens = log_in(&server, "ADA@example.com", PASSWORD).await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!((tokens.as_object().unwrap().len(), &tokens["refresh_expires_in"]), (5, &json!(172_800)));
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    let renewed = server.post("/auth/refresh").json(&refresh).send().await.expect(StatusCode::OK);
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);

    let token = renewed["access_token"].as_str().unwrap();
    let me = server.get("/auth/me").token(token).send().await.expect(StatusCode::OK);
    assert_eq!(me, user);
    let again = server.post("/auth/register").json(&registration("Ada@Example.com")).send().await;
    again.problem(409, "email_taken");
    let mut elsewhere = registration("bob@example.com");
    elsewhere["department_id"] = json!(7);
    let absent = server.post("/auth/register").json(&elsewhere).send().await;
    assert!(absent.faults().iter().all(|(field, _)| field == "department_id"));
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_password_that_is_refused_is_told_why() {
    let (server, _) = Server::with_admin().await;
    let organisation = server.fixture.organisation("Tech Corp").await;
    let fields =
        DepartmentFields { name: "Research".into(), organisation_id: Some(organisation.id), parent_id: None };
    let department = server.fixture.ums.system().create_department(&fields).await.unwrap().value;
    for (password, code, reason) in [
        ("only 14 points", "too_short", "must have 15 to 128 characters"),
        (&"0123456789 once ".repeat(9), "too_long", "must have 15 to 128 characters"),
        ("Tech Corp-password-2026", "predictable", "the organisation's name"),
        ("bob-password-2026", "predictable", "the e-mail address"),
        ("PasswordPassword", "common_password", "one of the most used passwords"),
        ("password-password-2026", "common_password", "nothing but words such as password"),
        ("horsehorsehorse", "common_password", "one short piece again and again"),
        ("lkjhgfdsa987654321", "common_password", "nothing but runs"),
    ] {
        let mut bob = registration("bob@example.com");
        (bob["password"], bob["department_id"]) = (json!(password), json!(department.id));
        let refused = server.post("/auth/register").json(&bob).send().await;
        assert_faults(&refused, &[("password", code)]);
        let message = refused.problem(422, "invalid")["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason) && !message.contains(password), "{password}: {message}");
    }
    server.fixture.verify().await;
}

#[tokio::test]
async fn wrong_credentials_are_answered_alike() {
    let (server, _) = Server::with_admin().await;
    let mut answers = Vec::new();
    for (email, password) in
        [("ada@example.com", "WrongPassword1234"), ("nobody@example.com", PASSWORD), ("", "")]
    {
        let call = server.post("/auth/login").json(&json!({ "email": email, "password": password }));
        let answer = call.header("x-request-id", "same").send().await;
        answer.problem(401, "invalid_credentials");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answers.push(answer.bytes);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test]
async fn no_token_and_a_bad_one_are_challenged_apart() {
    let (server, token) = Server::with_admin().await;
    let missing = server.get("/auth/me").send().await;
    missing.problem(401, "invalid_access_token");
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    for scheme in ["Basic YTpi", &token, "Token x"] {
        let other = server.get("/auth/me").header("authorization", scheme).send().await;
        other.problem(401, "invalid_access_token");
        assert_eq!(other.header("www-authenticate"), "Bearer");
    }
    let refresh_token = server.fixture.login("ada@example.com").await.refresh_token;
    for bad in ["", "x", "a.b.c", &format!("{token}x"), &refresh_token] {
        let answer = server.get("/auth/me").token(bad).send().await;
        answer.problem(401, "invalid_access_token");
        assert!(
            ["Bearer error=\"invalid_token\"", "Bearer"].contains(&answer.header("www-authenticate")),
            "{bad}"
        );
    }
    let bad = server.get("/auth/me").token("a.b.c").send().await;
    assert_eq!(bad.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    let twice = server.get("/auth/me").token(&token).token(&token).send().await;
    twice.problem(401, "invalid_access_token");
    server
        .get("/auth/me")
        .header("authorization", &format!("bEaReR {token}"))
        .send()
        .await
        .expect(StatusCode::OK);
    server.get("/auth/me").header("x-user-id", "1").send().await.problem(401, "invalid_access_token");
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let (server, token) = Server::with_admin().await;
    let other = server.token("ada@example.com").await;
    assert_eq!(server.post("/auth/logout").token(&token).send().await.status, StatusCode::NO_CONTENT);
    server.get("/auth/me").token(&token).send().await.problem(401, "invalid_access_token");
    server.get("/auth/me").token(&other).send().await.expect(StatusCode::OK);
    let third = server.token("ada@example.com").await;
    assert_eq!(server.post("/auth/logout-all").token(&other).send().await.status, StatusCode::NO_CONTENT);
    for ended in [&other, &third] {
        server.get("/auth/me").token(ended).send().await.problem(401, "invalid_access_token");
    }
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let (server, token) = Server::with_admin().await;
    let other = server.token("ada@example.com").await;
    let change = |current: &str| json!({ "current_password": current, "new_password": "AnotherPassword123" });
    let wrong = server.post("/auth/password").token(&token).json(&change("WrongPassword1234")).send().await;
    wrong.problem(403, "wrong_password");
    let done = server.post("/auth/password").token(&token).json(&change(PASSWORD)).send().await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    server.get("/auth/me").token(&token).send().await.expect(StatusCode::OK);
    server.get("/auth/me").token(&other).send().await.problem(401, "invalid_access_token");
    log_in(&server, "ada@example.com", "AnotherPassword123").await;
    let weak = json!({ "current_password": "AnotherPassword123", "new_password": "short" });
    let weak = server.post("/auth/password").token(&token).json(&weak).send().await;
    assert!(weak.faults().iter().all(|(field, _)| field == "new_password"), "{:?}", weak.faults());
    server.fixture.verify().await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let (server, token) = Server::with_admin().await;
    let other = server.token("ada@example.com").await;
    let list = server.get("/auth/sessions").token(&token).send().await.expect(StatusCode::OK);
    let sessions = list["items"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let foreign = sessions.iter().find(|session| session["current"] == false).unwrap();
    let mut fields: Vec<&str> = foreign.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "current", "expires_at", "id", "ip", "last_used_at", "user_agent"]);
    let path = format!("/auth/sessions/{}", foreign["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).token(&token).send().await.status, StatusCode::NO_CONTENT);
    server.get("/auth/me").token(&other).send().await.problem(401, "invalid_access_token");
    server.delete(&path).token(&token).send().await.problem(404, "not_found");
    server.fixture.verify().await;
}

#[tokio::test]
async fn ones_own_name_is_all_that_one_changes() {
    let (server, token) = Server::with_admin().await;
    let changed =
        server.patch("/auth/me").token(&token).json(&json!({ "full_name": " Ada King " })).send().await;
    assert_eq!(changed.expect(StatusCode::OK)["full_name"], "Ada King");
    let cleared = server.patch("/auth/me").token(&token).json(&json!({ "full_name": null })).send().await;
    assert!(cleared.faults().iter().all(|(field, _)| field == "full_name"));
    let email =
        server.patch("/auth/me").token(&token).json(&json!({ "email": "x@example.com" })).send().await;
    assert_faults(&email, &[("email", "unknown_field")]);
    server.fixture.verify().await;
}
