//! Imports as those send them who make mistakes, lose their connection, or want to see what others' rows hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use http::{StatusCode, header};
use serde_json::{Value, json};
use ums_core::import::WorkbookDirectory;
use ums_http::{HttpOptions, router};
use ums_testkit::Fixture;
use ums_testkit::workbook::{WorkbookMaker, users};

use crate::support::Server;

/// Of 10,000 rows every 500th has no address, every 1,250th an unknown role, and nine a secret that can't be taken: 37.
fn faulty() -> (Vec<u8>, BTreeSet<u64>) {
    let heading = ["email", "full_name", "role", "password", "password_hash"].map(str::to_owned);
    let mut bad = BTreeSet::new();
    let mut rows = vec![heading];
    for number in 0..10_000_u32 {
        let (email, name) = (format!("p{number}@example.com"), format!("Person {number}"));
        let mut row = [email, name, "member".to_owned(), String::new(), String::new()];
        match number {
            _ if number % 500 == 499 => row[0] = "no address".into(),
            _ if number % 1_250 == 10 => row[2] = "emperor".into(),
            _ if number % 2_000 == 20 => row[3] = "s3cr3t".into(),
            _ if number % 2_500 == 30 => row[4] = "$argon2id$s3cr3t".into(),
            _ => {}
        }
        if row[0] == "no address" || row[2] == "emperor" || !row[3].is_empty() || !row[4].is_empty() {
            bad.insert(u64::from(number) + 2);
        }
        rows.push(row);
    }
    (WorkbookMaker::new().sheet("users", rows).bytes(), bad)
}

#[tokio::test]
async fn every_bad_row_is_told_with_its_place_and_no_secret_and_the_second_time_makes_nobody() {
    let (server, token) = Server::with_admin().await;
    let (workbook, bad) = faulty();
    assert_eq!(bad.len(), 37);
    let post = || server.post("/import/excel").token(&token).form(&[("file", &workbook)]);
    let answer = post().send().await;
    assert!(!answer.text().contains("s3cr3t"), "a secret is told");
    let report = answer.expect(StatusCode::OK);
    let counts = |report: &Value, name: &str| report["users"][name].as_u64().unwrap();
    assert_eq!(
        (counts(&report, "read"), counts(&report, "created"), counts(&report, "failed")),
        (10_000, 9_963, 37)
    );
    let errors = report["errors"].as_array().unwrap();
    let told: BTreeSet<u64> = errors.iter().map(|fault| fault["row"].as_u64().unwrap()).collect();
    assert_eq!(told, bad);
    for fault in errors {
        for name in ["sheet", "column", "cell", "code", "message"] {
            assert!(fault[name].as_str().is_some_and(|text| !text.is_empty()), "{name} of {fault}");
        }
        let is_secret = ["password", "password_hash"].contains(&fault["column"].as_str().unwrap());
        assert_eq!(fault.get("value").is_none(), is_secret, "{fault}");
    }
    let again = post().send().await.expect(StatusCode::OK);
    assert_eq!(
        (counts(&again, "created"), counts(&again, "skipped"), counts(&again, "failed")),
        (0, 9_963, 37)
    );
    server.fixture.verify().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_no_import_and_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"p.xlsx\"\r\n\r\n";
    let mut workbook = users(50).bytes();
    workbook.truncate(workbook.len() / 2);
    let parts = [Ok(head.as_bytes().to_vec()), Ok(workbook), Err(std::io::Error::other("it went away"))];
    let sent = server
        .post("/import/excel")
        .token(&token)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from_stream(futures_util::stream::iter(parts)))
        .send()
        .await;
    assert!(sent.status.is_client_error(), "{}", sent.status);
    let list = server.get("/import/").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(list["items"], json!([]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    server.fixture.verify().await;
}

#[tokio::test]
async fn a_key_is_known_to_the_next_instance() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let (workbook, other) = (users(20).bytes(), users(21).bytes());
    let post = |server: &Server, token: &str, workbook: &[u8]| {
        let request = server.post("/import/excel").token(token).header("idempotency-key", "a");
        request.form(&[("file", workbook)])
    };
    let first = post(&server, &token, &workbook).send().await.expect(StatusCode::OK);
    let files = Arc::new(WorkbookDirectory::open(folder.path()).unwrap());
    let fixture = Fixture::with(server.fixture.store.clone(), |builder| builder.import_files(files)).await;
    let next = Server { router: router(fixture.ums.clone(), HttpOptions::new()), fixture };
    let token = next.token("ada@example.com").await;
    assert_eq!(post(&next, &token, &workbook).send().await.expect(StatusCode::OK), first);
    post(&next, &token, &other).send().await.problem(422, "idempotency_key_reused");
    next.fixture.verify().await;
}
