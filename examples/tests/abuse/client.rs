//! A client that sends what it is told, byte for byte, and remembers every secret that passes.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::canary;

/// Calls a server, with a token where it has one.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

/// What a log-in gave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: url.to_owned(), token: None }
    }

    /// The same, with this access token.
    pub(crate) fn bearing(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers: &[(&str, &str)] =
            if body.is_some() { &[("content-type", "application/json")] } else { &[] };
        self.raw(method, path, headers, body.map(|body| body.to_string().into_bytes())).await
    }

    /// Sends exactly these headers, besides the token, and exactly these bytes.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            canary::note(&body);
            request = request.body(body);
        }
        read(request).await
    }

    pub(crate) async fn upload(&self, path: &str, workbook: Vec<u8>) -> Answer {
        let part = Part::bytes(workbook).file_name("people.xlsx");
        read(self.request(Method::POST, path).multipart(Form::new().part("file", part))).await
    }

    pub(crate) async fn try_login(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({"email": email, "password": password})).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Tokens {
        self.try_login(email, password).await.tokens()
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        self.post("/auth/refresh", json!({"refresh_token": refresh_token})).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

async fn read(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    canary::note(&bytes);
    if status >= 400 {
        canary::error(&bytes);
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json", "{status}");
    }
    Answer { status, headers, bytes }
}

impl Answer {
    /// The body, of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).unwrap() }
    }

    /// The status, and the code of a problem.
    pub(crate) fn verdict(&self) -> (u16, String) {
        let body: Value = serde_json::from_slice(&self.bytes).unwrap_or_default();
        (self.status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// An error must have this status and this code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.verdict(), (status, code.to_owned()), "{}", self.text());
    }

    /// A `422` that lists exactly this fault.
    #[track_caller]
    pub(crate) fn fault(&self, field: &str, code: &str) {
        let problem = self.expect(422);
        let errors = problem["errors"].as_array().unwrap();
        let found: Vec<_> = errors.iter().map(|error| (&error["field"], &error["code"])).collect();
        assert_eq!(found, [(&json!(field), &json!(code))], "{problem:#}");
    }

    #[track_caller]
    pub(crate) fn tokens(&self) -> Tokens {
        let body = self.expect(200);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// The body and what goes with it, but for the request's id: what a client could tell two answers apart by.
    pub(crate) fn without_request_id(&self) -> String {
        let id = self.headers["x-request-id"].to_str().unwrap();
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        format!("{} {}\n{}", self.status, headers.join("\n"), self.text().replace(id, "<request id>"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
