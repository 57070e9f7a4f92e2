//! How much may be sent, how long things may take, and what happens when the store hangs, fails or panics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{StatusCode, header};
use serde_json::json;
use tokio::time::Instant;
use ums_core::store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};
use ums_http::{HttpOptions, router};
use ums_store_memory::MemoryStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, PASSWORD};

use crate::support::{Server, registration};

pub(crate) const ANSWERS: u8 = 0;
pub(crate) const HANGS: u8 = 1;
pub(crate) const FAILS: u8 = 2;
pub(crate) const PANICS: u8 = 3;

/// What a [`Moody`] store does when it is called.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mood(Arc<AtomicU8>);

impl Mood {
    pub(crate) fn set(&self, mood: u8) {
        self.0.store(mood, Ordering::SeqCst);
    }
}

/// A store that works until it is told not to.
#[derive(Debug)]
struct Moody {
    store: MemoryStore,
    mood: Mood,
}

impl Moody {
    async fn feel(&self) -> Result<(), Error> {
        match self.mood.0.load(Ordering::SeqCst) {
            HANGS => std::future::pending().await,
            FAILS => Err(Error::unavailable("disk 7 is on fire")),
            PANICS => panic!("the store lost its head"),
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl Store for Moody {
    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.feel().await?;
        self.store.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.feel().await?;
        self.store.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        self.feel().await?;
        self.store.commit(commit).await
    }
}

pub(crate) async fn moody(options: HttpOptions) -> (Server, Mood) {
    let mood = Mood::default();
    let fixture = Fixture::on(Arc::new(Moody { store: MemoryStore::new(), mood: mood.clone() })).await;
    let router = router(fixture.ums.clone(), options);
    (Server { fixture, router }, mood)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_too_slow_says_so() {
    let (server, mood) = moody(HttpOptions::new().request_timeout(Duration::from_secs(5))).await;
    server.fixture.register("ada@example.com").await;
    let token = server.token("ada@example.com").await;
    mood.set(HANGS);
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    for call in [
        server.get("/readyz"),
        server.post("/auth/login").json(&credentials),
        server.post("/organisation/").token(&token).json(&json!({ "name": "Tech Corp" })),
    ] {
        let answer = call.send().await;
        answer.problem(503, "timeout");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!answer.headers.contains_key("connection"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_too_slow_is_told_so() {
    let server = Server::with(HttpOptions::new().request_timeout(Duration::from_secs(5))).await;
    let started = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{\"email\":"))]);
    let call = server.post("/auth/login").header(header::CONTENT_TYPE, "application/json");
    let answer = call.body(Body::from_stream(started.chain(stream::pending()))).send().await;
    answer.problem(408, "request_timeout");
    assert_eq!(answer.header("connection"), "close");
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_to_keep_a_pace() {
    let (server, token) = Server::with_admin().await;
    let head = "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n";
    let trickle = stream::unfold(tokio::time::interval(Duration::from_secs(1)), async |mut second| {
        second.tick().await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), second))
    });
    let begun = Instant::now();
    let call = server.post("/import/excel").token(&token);
    let call = call.header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit");
    let answer =
        call.body(Body::from_stream(stream::iter([Ok(Bytes::from(head))]).chain(trickle))).send().await;
    answer.problem(408, "request_timeout");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_is_limited_however_it_comes() {
    let (server, token) = Server::with_admin().await;
    let mebibyte = 1024 * 1024;
    let padded = |length: usize| {
        let mut text = json!({ "name": "Tech Corp" }).to_string().into_bytes();
        text.resize(length, b' ');
        text
    };
    let post =
        || server.post("/organisation/").token(&token).header(header::CONTENT_TYPE, "application/json");
    post().body(padded(mebibyte)).send().await.expect(StatusCode::CREATED);
    let large = post().body(padded(mebibyte + 1)).send().await;
    assert!(large.problem(413, "too_large")["detail"].as_str().unwrap().contains("1048576 bytes"));
    let chunks: Vec<_> =
        padded(2 * mebibyte).chunks(1000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
    post().body(Body::from_stream(stream::iter(chunks))).send().await.problem(413, "too_large");
    post().header(header::CONTENT_LENGTH, "99999999").send().await.problem(413, "too_large");
}

#[tokio::test]
async fn an_upload_is_limited_on_its_own() {
    let server = Server::with(HttpOptions::new().upload_limit(20_000).body_limit(100)).await;
    server.fixture.register("ada@example.com").await;
    let token = server.token("ada@example.com").await;
    let large = vec![b'x'; 30_000];
    let answer = server.post("/import/excel").token(&token).form(&[("file", &large)]).send().await;
    answer.problem(413, "too_large");
    let mut form =
        b"--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_vec();
    form.extend_from_slice(&large);
    let chunks: Vec<_> = form.chunks(999).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
    let call = server.post("/import/excel").token(&token);
    let call = call.header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit");
    call.body(Body::from_stream(stream::iter(chunks))).send().await.problem(413, "too_large");
    let small = server.post("/import/excel").token(&token).form(&[("file", &large[..10_000])]).send().await;
    small.problem(422, "unreadable_workbook");
}

#[tokio::test]
async fn an_upload_may_be_larger_than_any_other_body() {
    let (server, token) = Server::with_admin().await;
    let answer =
        server.post("/import/excel").token(&token).form(&[("file", &vec![b'x'; 5_000_000])]).send().await;
    answer.problem(422, "unreadable_workbook");
}

#[tokio::test(start_paused = true)]
async fn an_import_that_is_too_slow_is_no_fault_of_the_client() {
    let (server, mood) = moody(HttpOptions::new()).await;
    server.fixture.register("ada@example.com").await;
    let token = server.token("ada@example.com").await;
    let rows = [["email", "full_name"], ["grace@example.com", "Grace Hopper"]];
    let mut form =
        b"--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n".to_vec();
    form.extend(WorkbookMaker::new().sheet("users", rows).bytes());
    let last = async move {
        mood.set(HANGS);
        Ok::<_, std::io::Error>(b"\r\n--limit--\r\n".to_vec())
    };
    let chunks = stream::iter([Ok(form)]).chain(stream::once(last));
    let call = server.post("/import/excel").token(&token);
    let call = call.header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit");
    call.body(Body::from_stream(chunks)).send().await.problem(503, "timeout");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let server = Server::new().await;
    let broken = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("reset"))];
    let call = server.post("/auth/login").header(header::CONTENT_TYPE, "application/json");
    call.body(Body::from_stream(stream::iter(broken))).send().await.problem(400, "malformed_body");
}

#[tokio::test]
async fn a_store_that_fails_is_503_and_why_stays_here() {
    let (server, mood) = moody(HttpOptions::new()).await;
    server.get("/readyz").send().await.expect(StatusCode::OK);
    mood.set(FAILS);
    let answer = server.get("/readyz").send().await;
    answer.problem(503, "store_unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(!answer.text().contains("fire"));
    server.get("/healthz").send().await.expect(StatusCode::OK);
    mood.set(ANSWERS);
    server.get("/readyz").send().await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_server_goes_on() {
    let (server, mood) = moody(HttpOptions::new()).await;
    mood.set(PANICS);
    let answer = server.get("/readyz").header("x-request-id", "panic-1").send().await;
    assert_eq!(answer.problem(500, "internal")["request_id"], "panic-1");
    assert!(!answer.text().contains("head"));
    mood.set(ANSWERS);
    server
        .post("/auth/register")
        .json(&registration("ada@example.com"))
        .send()
        .await
        .expect(StatusCode::CREATED);
    server.fixture.verify().await;
}
