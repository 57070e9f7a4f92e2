//! A client of the HTTP interface.

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::PASSWORD;

/// Calls a server, with an access token once logged in.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
    /// The body, of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:#?}");
        self.body
    }
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: url.to_owned(), token: None }
    }

    /// The same, as a proxy passes its requests on.
    pub(crate) fn through_proxy(&self, forwarded_for: &'static str) -> Self {
        let headers = [(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static(forwarded_for))];
        let http = reqwest::Client::builder().no_proxy().default_headers(headers.into_iter().collect());
        Self { http: http.build().unwrap(), ..self.clone() }
    }

    pub(crate) fn with_token(&self, token: &Value) -> Self {
        Self { token: Some(token.as_str().expect("a token").to_owned()), ..self.clone() }
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Logs in with the password of these tests.
    pub(crate) async fn login(&self, email: &str) -> Self {
        let tokens =
            self.post("/auth/login", json!({"email": email, "password": PASSWORD})).await.expect(200);
        self.with_token(&tokens["access_token"])
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn upload(&self, path: &str, workbook: Vec<u8>) -> Answer {
        let part = Part::bytes(workbook).file_name("users.xlsx");
        let request = self.request(Method::POST, path).multipart(Form::new().part("file", part));
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// What is served there as text, which must be there.
    pub(crate) async fn text(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).send().await.unwrap();
        response.error_for_status().unwrap().text().await.unwrap()
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.try_send(method, path, body).await.unwrap()
    }

    /// As the others, for a server that may be gone.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await?).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn read(response: reqwest::Response) -> reqwest::Result<Answer> {
    let (status, location) = (response.status(), header(&response, "location"));
    let retry_after = header(&response, "retry-after");
    let body = response.bytes().await?;
    Ok(Answer { status, location, retry_after, body: parse(&body) })
}

fn header(response: &reqwest::Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

fn parse(body: &[u8]) -> Value {
    if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() }
}
