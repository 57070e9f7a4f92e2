//! A server to call, with no socket between.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;
use ums_core::notify::MemoryNotifier;
use ums_http::{HttpOptions, router};
use ums_store_memory::MemoryStore;
use ums_testkit::{Fixture, PASSWORD};

/// The router over a fixture.
pub(crate) struct Server {
    pub(crate) fixture: Fixture,
    pub(crate) router: Router,
}

impl Server {
    pub(crate) async fn new() -> Self {
        Self::with(HttpOptions::new()).await
    }

    pub(crate) async fn with(options: HttpOptions) -> Self {
        let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
        let router = router(fixture.ums.clone(), options);
        Self { fixture, router }
    }

    /// A server that sends messages into memory, when its fixture is told to.
    pub(crate) async fn with_messages() -> (Self, MemoryNotifier) {
        let (fixture, notifier) = Fixture::with_messages(Arc::new(MemoryStore::new())).await;
        let router = router(fixture.ums.clone(), HttpOptions::new());
        (Self { fixture, router }, notifier)
    }

    /// A server with an administrator, and an access token of theirs.
    pub(crate) async fn with_admin() -> (Self, String) {
        let server = Self::new().await;
        server.fixture.register("ada@example.com").await;
        let token = server.token("ada@example.com").await;
        (server, token)
    }

    /// The same, which keeps the workbooks of imports in this folder.
    pub(crate) async fn with_files(folder: &std::path::Path) -> (Self, String) {
        let files = Arc::new(ums_core::import::WorkbookDirectory::open(folder).unwrap());
        let store = Arc::new(MemoryStore::new());
        let fixture = Fixture::with(store, |builder| builder.import_files(files)).await;
        let router = router(fixture.ums.clone(), HttpOptions::new());
        let server = Self { fixture, router };
        server.fixture.register("ada@example.com").await;
        let token = server.token("ada@example.com").await;
        (server, token)
    }

    /// An access token of an account of the fixture.
    pub(crate) async fn token(&self, email: &str) -> String {
        self.fixture.login(email).await.access_token
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        Call { router: self.router.clone(), request }
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: &str) -> Call {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// Makes an organisation, and answers its id.
    pub(crate) async fn organisation(&self, token: &str, name: &str) -> u64 {
        let made = self.post("/organisation/").token(token).json(&json!({ "name": name })).send().await;
        made.expect(StatusCode::CREATED)["id"].as_u64().unwrap()
    }

    /// Makes a department, and answers its id.
    pub(crate) async fn department(&self, token: &str, organisation: u64, name: &str) -> u64 {
        let fields = json!({ "name": name, "organisation_id": organisation });
        let made = self.post("/department/").token(token).json(&fields).send().await;
        made.expect(StatusCode::CREATED)["id"].as_u64().unwrap()
    }
}

/// A request in the making.
pub(crate) struct Call {
    router: Router,
    request: Request<Body>,
}

impl Call {
    pub(crate) fn header(mut self, name: impl header::IntoHeaderName, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn json(self, value: &Value) -> Self {
        self.header(header::CONTENT_TYPE, "application/json").body(value.to_string())
    }

    /// A form with these fields, each with a file of these bytes.
    pub(crate) fn form(self, fields: &[(&str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, bytes) in fields {
            let head = format!(
                "--limit\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"a.xlsx\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--limit--\r\n");
        self.header(header::CONTENT_TYPE, "multipart/form-data; boundary=limit").body(body)
    }

    pub(crate) fn extension<T: Clone + Send + Sync + 'static>(mut self, extension: T) -> Self {
        self.request.extensions_mut().insert(extension);
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let (parts, body) = self.router.oneshot(self.request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The value of a header that is there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} in {self:?}")).to_str().unwrap()
    }

    /// The body as text; of a workbook, which is none, what of it happens to be.
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The body, of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).unwrap() }
    }

    /// The body of a problem with this status and code, after a look at all that every problem has.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem: Value = serde_json::from_slice(&self.bytes).unwrap();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("urn:ums:problem:{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert!(!problem["title"].as_str().unwrap().is_empty());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        assert_eq!(problem["errors"].is_array(), status == 422, "{problem}");
        problem
    }

    /// The fields and codes that a `422` lists.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let problem = self.problem(422, "invalid");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = problem["errors"].as_array().unwrap();
        errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
    }
}

/// Asserts that a `422` lists exactly these, in any order.
#[track_caller]
pub(crate) fn assert_faults(answer: &Answer, expected: &[(&str, &str)]) {
    let mut found = answer.faults();
    found.sort();
    let mut expected: Vec<_> =
        expected.iter().map(|(field, code)| (field.to_string(), code.to_string())).collect();
    expected.sort();
    assert_eq!(found, expected);
}

/// What somebody registers with.
pub(crate) fn registration(email: &str) -> Value {
    json!({ "full_name": "Ada Lovelace", "email": email, "password": PASSWORD })
}
