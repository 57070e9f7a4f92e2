//! `ETag`, `If-Match`, `If-None-Match`.

use http::StatusCode;
use serde_json::json;

use crate::support::Server;

const UNKNOWN: &str = "\"00000000000000000000000000000001\"";

#[tokio::test]
async fn a_change_holds_only_for_the_version_it_was_meant_for() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    let organisation = server.department(&token, 1, "Human Resources").await;
    assert_eq!(organisation, 1);
    for path in ["/organisation/1", "/department/1", "/user/1", "/auth/me"] {
        let read = server.get(path).token(&token).send().await;
        let first = read.header("etag").to_owned();
        assert!(first.starts_with('"') && first.ends_with('"') && first.len() == 34, "{first}");
        let field = if path.starts_with("/user") || path.starts_with("/auth") { "full_name" } else { "name" };
        let patch = |name: &str| server.patch(path).token(&token).json(&json!({ field: name }));

        let changed = patch("First").header("if-match", &first).send().await;
        assert_eq!(changed.expect(StatusCode::OK)[field], "First");
        let second = changed.header("etag").to_owned();
        assert_ne!(first, second);
        assert_eq!(server.get(path).token(&token).send().await.header("etag"), second);

        for stale in [&first, UNKNOWN, &format!("W/{second}"), "nonsense", &format!("{first}, {UNKNOWN}"), ""]
        {
            patch("Lost").header("if-match", stale).send().await.problem(412, "precondition_failed");
        }
        patch("Second").header("if-match", &format!("{first}, {second}")).send().await.expect(StatusCode::OK);
        let last = patch("Third").header("if-match", "*").send().await;
        assert_eq!(last.expect(StatusCode::OK)[field], "Third");
        patch("Fourth").send().await.expect(StatusCode::OK);
    }
    server.fixture.verify().await;
}

#[tokio::test]
async fn replacing_and_deleting_obey_it_too() {
    let (server, token) = Server::with_admin().await;
    let id = server.organisation(&token, "Tech Corp").await;
    let path = format!("/organisation/{id}");
    let body = json!({ "name": "Tech Corporation" });
    let stale = server.put(&path).token(&token).json(&body).header("if-match", UNKNOWN).send().await;
    stale.problem(412, "precondition_failed");
    server
        .delete(&path)
        .token(&token)
        .header("if-match", UNKNOWN)
        .send()
        .await
        .problem(412, "precondition_failed");
    let tag = server.get(&path).token(&token).send().await.header("etag").to_owned();
    let replaced = server.put(&path).token(&token).json(&body).header("if-match", &tag).send().await;
    replaced.expect(StatusCode::OK);
    let tag = replaced.header("etag");
    let deleted = server.delete(&path).token(&token).header("if-match", tag).send().await;
    assert_eq!((deleted.status, deleted.bytes.len()), (StatusCode::NO_CONTENT, 0));
    server.delete(&path).token(&token).header("if-match", tag).send().await.problem(404, "not_found");
    server.delete(&path).token(&token).header("if-match", "W/\"x\"").send().await.problem(404, "not_found");
    server.fixture.verify().await;
}

#[tokio::test]
async fn what_a_client_has_already_is_not_sent_again() {
    let (server, token) = Server::with_admin().await;
    server.organisation(&token, "Tech Corp").await;
    let read = server.get("/organisation/1").token(&token).send().await;
    let tag = read.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("{UNKNOWN}, {tag}"), "*".into()] {
        let again = server.get("/organisation/1").token(&token).header("if-none-match", &known).send().await;
        assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0), "{known}");
        assert_eq!(again.header("etag"), tag);
    }
    let other = server.get("/organisation/1").token(&token).header("if-none-match", UNKNOWN).send().await;
    other.expect(StatusCode::OK);
    let refused = server.get("/organisation/1").header("if-none-match", &tag).send().await;
    refused.problem(401, "invalid_access_token");
    let patched = server.patch("/organisation/1").token(&token).json(&json!({})).header("if-none-match", "*");
    assert_ne!(patched.send().await.status, StatusCode::NOT_MODIFIED);
}
