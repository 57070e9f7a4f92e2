//! The example server's messages: as files, by which people come to new passwords.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use support::{Client, PASSWORD, Server};

/// How long a server that sends nothing holds up the test before it fails.
const HUNG: Duration = Duration::from_secs(120);
const ADA: &str = "ada@example.com";
const ANOTHER: &str = "AnotherPassword123";

#[tokio::test]
async fn a_forgotten_password_is_set_anew_by_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("PUBLIC_URL", "https://users.example.com"), ("SERVICE_NAME", "Tech Corp")];
    let mut server = Server::start_with(directory.path(), &variables);
    let anyone = Client::new(&server.url);
    let ada = json!({"full_name": "Ada Lovelace", "email": ADA, "password": PASSWORD});
    anyone.post("/auth/register", ada).await.expect(201);
    let before = anyone.login(ADA).await;
    for email in ["nobody@example.com", ADA] {
        anyone.post("/auth/password/forgot", json!({ "email": email })).await.expect(202);
    }
    let message = message(&anyone, directory.path(), "password_reset").await;
    assert!(message.contains("\r\nTo: ada@example.com\r\n"), "{message}");
    assert!(message.contains("\r\nSubject: Choose a new password for Tech Corp\r\n"), "{message}");
    let link = "\r\nhttps://users.example.com/reset-password#token=";
    let (_, rest) = message.split_once(link).unwrap_or_else(|| panic!("no link in {message}"));
    let token = rest.split("\r\n").next().unwrap();

    let reset = json!({"token": token, "new_password": ANOTHER});
    anyone.post("/auth/password/reset", reset.clone()).await.expect(204);
    assert_eq!(anyone.post("/auth/password/reset", reset).await.expect(422)["code"], "invalid_token");
    before.get("/auth/me").await.expect(401);
    anyone.post("/auth/login", json!({"email": ADA, "password": PASSWORD})).await.expect(401);
    anyone.post("/auth/login", json!({"email": ADA, "password": ANOTHER})).await.expect(200);

    server.terminate();
    assert!(server.wait().success());
    support::store::verify(directory.path()).await;
    assert!(!server.traced().contains(token), "a token stands in what the server said of itself");
    for place in ["logs", "data/ums.redb"] {
        for file in files(&directory.path().join(place)) {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
            assert!(!found, "a token stands in {}", file.display());
        }
    }
}

/// The text of the one message of this kind, once it is there.
async fn message(client: &Client, directory: &Path, kind: &str) -> String {
    let messages = directory.join("data/messages");
    let wait = async {
        loop {
            let found: Vec<PathBuf> = files(&messages)
                .into_iter()
                .filter(|path| {
                    path.to_str().is_some_and(|path| path.contains(kind) && path.ends_with(".eml"))
                })
                .collect();
            match found.as_slice() {
                [] => {}
                [path] => return std::fs::read_to_string(path).unwrap(),
                several => panic!("more than one message: {several:?}"),
            }
            client.get("/healthz").await.expect(200);
        }
    };
    tokio::time::timeout(HUNG, wait).await.expect("a message")
}

fn files(place: &Path) -> Vec<PathBuf> {
    if place.is_file() {
        return vec![place.to_owned()];
    }
    std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect()
}
