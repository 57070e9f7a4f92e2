//! New passwords, confirmed addresses and invitations, by tokens that are sent.

use http::StatusCode;
use serde_json::{Value, json};
use ums_core::notify::{MemoryNotifier, MessageKind};
use ums_testkit::PASSWORD;

use crate::support::{Answer, Server, assert_faults, registration};

const ADA: &str = "ada@example.com";
const ANOTHER: &str = "AnotherPassword123";

/// The token of the one message of this kind to this address.
async fn token(server: &Server, notifier: &MemoryNotifier, kind: MessageKind, email: &str) -> String {
    server.fixture.ums.deliver_messages().await.unwrap();
    let messages = notifier.take();
    let found: Vec<_> =
        messages.iter().filter(|message| message.kind == kind && message.recipient.email == email).collect();
    assert_eq!(found.len(), 1, "{messages:?}");
    found[0].token.as_ref().unwrap().reveal().to_owned()
}

async fn post(server: &Server, path: &str, body: &Value) -> Answer {
    server.post(path).json(body).send().await
}

async fn log_in(server: &Server, email: &str, password: &str) -> Answer {
    post(server, "/auth/login", &json!({ "email": email, "password": password })).await
}

/// Every token that is not good is answered alike.
#[track_caller]
fn assert_invalid(answer: &Answer) {
    let problem = answer.problem(422, "invalid_token");
    let message = "the token is expired, was used before, or is not valid; ask for a new one";
    assert_eq!(problem["detail"], message);
    assert_eq!(problem["errors"], json!([{ "field": "token", "code": "invalid_token", "message": message }]));
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew() {
    let (server, notifier) = Server::with_messages().await;
    post(&server, "/auth/register", &registration(ADA)).await.expect(StatusCode::CREATED);
    let session = server.token(ADA).await;
    let mut answers = Vec::new();
    for email in [ADA, "nobody@example.com", "no address"] {
        let answer = post(&server, "/auth/password/forgot", &json!({ "email": email })).await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::ACCEPTED, 0), "{email}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        answers.push(headers);
    }
    assert!(answers.iter().all(|headers| *headers == answers[0]), "{answers:?}");

    let token = token(&server, &notifier, MessageKind::PasswordReset, ADA).await;
    let reset = |password: &str| json!({ "token": token, "new_password": password });
    let weak = post(&server, "/auth/password/reset", &reset("short")).await;
    assert_faults(&weak, &[("new_password", "too_short")]);
    let done = post(&server, "/auth/password/reset", &reset(ANOTHER)).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    assert_invalid(&post(&server, "/auth/password/reset", &reset(ANOTHER)).await);
    for other in ["", "ums_pr_", &token[1..], "ums_pr_AAAAAAAAAAFfX19fX19fX19fX19fX19fX19fX19f"] {
        let body = json!({ "token": other, "new_password": ANOTHER });
        assert_invalid(&post(&server, "/auth/password/reset", &body).await);
    }
    server.get("/auth/me").token(&session).send().await.problem(401, "invalid_access_token");
    log_in(&server, ADA, PASSWORD).await.problem(401, "invalid_credentials");
    let tokens = log_in(&server, ADA, ANOTHER).await.expect(StatusCode::OK);
    let me = server.get("/auth/me").token(tokens["access_token"].as_str().unwrap()).send().await;
    assert_eq!(me.expect(StatusCode::OK)["email_verified"], true);
    server.fixture.verify().await;
}

#[tokio::test]
async fn an_address_is_confirmed() {
    let (server, notifier) = Server::with_messages().await;
    post(&server, "/auth/register", &registration(ADA)).await.expect(StatusCode::CREATED);
    let access = server.token(ADA).await;
    let first = token(&server, &notifier, MessageKind::EmailVerification, ADA).await;
    let again = server.post("/auth/verify-email/send").token(&access).send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    let second = token(&server, &notifier, MessageKind::EmailVerification, ADA).await;
    assert_invalid(&post(&server, "/auth/verify-email", &json!({ "token": first })).await);
    let done = post(&server, "/auth/verify-email", &json!({ "token": second })).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    assert_invalid(&post(&server, "/auth/verify-email", &json!({ "token": second })).await);
    let me = server.get("/auth/me").token(&access).send().await.expect(StatusCode::OK);
    assert_eq!(me["email_verified"], true);
    let needless = server.post("/auth/verify-email/send").token(&access).send().await;
    needless.problem(409, "already_verified");
    server.fixture.verify().await;
}

#[tokio::test]
async fn an_address_is_changed_once_the_new_one_is_confirmed() {
    const AUGUSTA: &str = "augusta@example.com";
    let (server, notifier) = Server::with_messages().await;
    post(&server, "/auth/register", &registration(ADA)).await.expect(StatusCode::CREATED);
    let access = server.token(ADA).await;
    let change = |email: &str, password: &str| {
        let body = json!({ "email": email, "current_password": password });
        server.post("/auth/email").token(&access).json(&body).send()
    };
    change(AUGUSTA, "WrongPassword1234").await.problem(403, "wrong_password");
    assert_faults(&change("no address", PASSWORD).await, &[("email", "invalid_email")]);
    assert_faults(&change("ADA@example.com", PASSWORD).await, &[("email", "unchanged")]);
    let asked = change(AUGUSTA, PASSWORD).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text());
    let token = token(&server, &notifier, MessageKind::EmailChange, AUGUSTA).await;
    let me = server.get("/auth/me").token(&access).send().await.expect(StatusCode::OK);
    assert_eq!(me["email"], ADA);

    // Somebody else is faster.
    let other = server.fixture.register(AUGUSTA).await;
    let verify = json!({ "token": token });
    post(&server, "/auth/verify-email", &verify).await.problem(409, "email_taken");
    server.fixture.ums.system().delete_user(other.id, None).await.unwrap();
    let done = post(&server, "/auth/verify-email", &verify).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
    let me = server.get("/auth/me").token(&access).send().await.expect(StatusCode::OK);
    assert_eq!((&me["email"], &me["email_verified"]), (&json!(AUGUSTA), &json!(true)));
    assert_invalid(&post(&server, "/auth/verify-email", &verify).await);
    server.fixture.verify().await;
}

#[tokio::test]
async fn an_invitation_is_accepted() {
    let (server, notifier) = Server::with_messages().await;
    post(&server, "/auth/register", &registration(ADA)).await.expect(StatusCode::CREATED);
    let access = server.token(ADA).await;
    let grace = json!({ "full_name": "Grace", "email": "grace@example.com" });
    let user = server.post("/user/").token(&access).json(&grace).send().await.expect(StatusCode::CREATED);
    assert_eq!(user["status"], "invited");
    let first = token(&server, &notifier, MessageKind::Invitation, "grace@example.com").await;
    let path = format!("/user/{}/invitation", user["id"]);
    let again = server.post(&path).token(&access).send().await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.text());
    let too_soon = server.post(&path).token(&access).send().await;
    assert_eq!(too_soon.headers["retry-after"], "60");
    too_soon.problem(429, "too_many_requests");
    let second = token(&server, &notifier, MessageKind::Invitation, "grace@example.com").await;

    let accept = |token: &str, password: &str, name: &str| json!({ "token": token, "password": password, "full_name": name });
    assert_invalid(&post(&server, "/auth/invitation/accept", &accept(&first, ANOTHER, "Grace")).await);
    let faulty = post(&server, "/auth/invitation/accept", &accept(&second, "short", " ")).await;
    assert_faults(&faulty, &[("full_name", "required"), ("password", "too_short")]);
    let accepted = accept(&second, ANOTHER, "Grace Hopper");
    let tokens = post(&server, "/auth/invitation/accept", &accepted).await.expect(StatusCode::OK);
    assert_invalid(&post(&server, "/auth/invitation/accept", &accepted).await);
    let own = tokens["access_token"].as_str().unwrap();
    let me = server.get("/auth/me").token(own).send().await.expect(StatusCode::OK);
    let expected = (&json!("Grace Hopper"), &json!("active"), &json!(true));
    assert_eq!((&me["full_name"], &me["status"], &me["email_verified"]), expected);
    log_in(&server, "grace@example.com", ANOTHER).await.expect(StatusCode::OK);

    server.post(&path).token(&access).send().await.problem(409, "not_invited");
    server.post("/user/999/invitation").token(&access).send().await.problem(404, "not_found");
    server.post(&path).token(own).send().await.problem(403, "forbidden");
    server.fixture.verify().await;
}

#[tokio::test]
async fn without_a_notifier_nothing_is_promised_to_who_may_know() {
    let (server, access) = Server::with_admin().await;
    let forgot = post(&server, "/auth/password/forgot", &json!({ "email": ADA })).await;
    assert_eq!(forgot.status, StatusCode::ACCEPTED);
    let send = server.post("/auth/verify-email/send").token(&access).send().await;
    send.problem(409, "no_notifier");
    let change = json!({ "email": "new@example.com", "current_password": PASSWORD });
    let change = server.post("/auth/email").token(&access).json(&change).send().await;
    change.problem(409, "no_notifier");
    let grace = json!({ "full_name": "Grace", "email": "grace@example.com" });
    let user = server.post("/user/").token(&access).json(&grace).send().await.expect(StatusCode::CREATED);
    let invite = server.post(&format!("/user/{}/invitation", user["id"])).token(&access).send().await;
    invite.problem(409, "no_notifier");
    server.fixture.verify().await;
}
