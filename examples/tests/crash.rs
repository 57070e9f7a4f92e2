//! The example server under load, ended by SIGKILL and by SIGTERM, and started again on the same file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Method;
use serde_json::{Value, json};
use support::{Client, PASSWORD, Server};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use ums_core::model::{DepartmentFields, OrganisationFields, UserFields};

/// How many writers write at once.
const WRITERS: usize = 8;

/// How many writes are acknowledged before the server is told to end.
const ACKNOWLEDGED: usize = 400;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path());
    let load = Load::start(&server.url).await;
    load.enough().await;
    server.kill();
    let acknowledged = load.finish().await;
    all_there(directory.path(), &acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_stop() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let load = Load::start(&server.url).await;
    load.enough().await;
    server.terminate();
    let acknowledged = load.finish().await;
    assert!(server.wait().success());
    all_there(directory.path(), &acknowledged).await;
    let log = read_log(directory.path());
    for (path, _) in &acknowledged {
        let target = format!("\"target\":\"{}\"", path.trim_start_matches('/'));
        assert!(log.contains(&target), "the log was not flushed: {target}");
    }
}

/// The head of a request is there when the server is told to stop, its body comes later.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_before_a_stop() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let address = server.url.trim_start_matches("http://").to_owned();
    let body =
        json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD}).to_string();
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server asks for the body once it works on the request.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");

    server.terminate();
    until_refused(&address);
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(server.wait().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_delete_finishes_after_a_kill() {
    // The server may be done before it is killed: then try again with more to delete.
    for users in [2_000, 8_000, 32_000] {
        let directory = tempfile::tempdir().unwrap();
        let members = fill(directory.path(), users).await;
        if !kill_while_deleting(directory.path()).await {
            continue;
        }
        let server = Server::start(directory.path());
        let root = Client::new(&server.url).login("root@example.com").await;
        assert!(
            server.traced().contains("finished deletions that had been interrupted"),
            "it was not interrupted"
        );
        root.get("/organisation/1").await.expect(404);
        root.get("/department/1").await.expect(404);
        for member in members.iter().step_by(97).chain(members.last()) {
            root.get(&format!("/user/{member}")).await.expect(404);
        }
        let left = root.get("/user/").await.expect(200);
        assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left:#}");
        // The names are free again.
        root.post("/organisation/", json!({"name": "Tech Corp"})).await.expect(201);
        server.kill();
        return support::store::verify(directory.path()).await;
    }
    panic!("a delete of 32,000 users was never seen half done");
}

/// Waits until the server takes no more connections.
fn until_refused(address: &str) {
    let is_refused = (0..1_000_000).any(|_| TcpStream::connect(address).is_err());
    assert!(is_refused, "new connections are still taken");
}

/// Clients that write until the server is gone, and note what it acknowledged.
struct Load {
    writers: JoinSet<()>,
    acknowledged: Arc<Mutex<Vec<(String, Value)>>>,
    enough: Arc<Notify>,
}

impl Load {
    async fn start(url: &str) -> Self {
        let anyone = Client::new(url);
        let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
        anyone.post("/auth/register", ada).await.expect(201);
        let ada = anyone.login("ada@example.com").await;

        let (acknowledged, enough) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let count = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (anyone, ada, acknowledged, enough, count) =
                (anyone.clone(), ada.clone(), acknowledged.clone(), enough.clone(), count.clone());
            writers.spawn(async move {
                for round in 0.. {
                    let (client, path, body) = write(&anyone, &ada, writer, round);
                    let Ok(answer) = client.try_send(Method::POST, path, Some(body.clone())).await else {
                        return;
                    };
                    let made = answer.expect(201);
                    let place = if path == "/organisation/" { "organisation" } else { "user" };
                    let name = if path == "/organisation/" { &body["name"] } else { &body["email"] };
                    acknowledged.lock().unwrap().push((format!("/{place}/{}", made["id"]), name.clone()));
                    if count.fetch_add(1, Ordering::Relaxed) + 1 == ACKNOWLEDGED {
                        enough.notify_one();
                    }
                }
            });
        }
        Self { writers, acknowledged, enough }
    }

    async fn enough(&self) {
        self.enough.notified().await;
    }

    /// What was acknowledged, once every writer has noticed that the server is gone.
    async fn finish(mut self) -> Vec<(String, Value)> {
        while let Some(ended) = self.writers.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}

/// What a writer writes in a round: mostly invited users, now and then an organisation or somebody who registers.
fn write<'a>(
    anyone: &'a Client,
    ada: &'a Client,
    writer: usize,
    round: usize,
) -> (&'a Client, &'static str, Value) {
    let email = format!("user-{writer}-{round}@example.com");
    match round % 8 {
        0 => (anyone, "/auth/register", json!({"full_name": "A", "email": email, "password": PASSWORD})),
        1 => (ada, "/organisation/", json!({"name": format!("Organisation {writer} {round}")})),
        _ => (ada, "/user/", json!({"full_name": "A", "email": email})),
    }
}

/// Starts the server again and looks for everything that was acknowledged, then looks through the store.
async fn all_there(directory: &Path, acknowledged: &[(String, Value)]) {
    assert!(acknowledged.len() >= ACKNOWLEDGED);
    let server = Server::start(directory);
    let ada = Client::new(&server.url).login("ada@example.com").await;
    for (path, name) in acknowledged {
        let found = ada.get(path).await.expect(200);
        let field = if path.starts_with("/organisation") { "name" } else { "email" };
        assert_eq!(&found[field], name, "{path}");
    }
    server.kill();
    support::store::verify(directory).await;
}

fn read_log(directory: &Path) -> String {
    let files = std::fs::read_dir(directory.join("logs")).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// Makes a store with an administrator, and an organisation with a department and users in it. Returns their ids.
async fn fill(directory: &Path, users: usize) -> Vec<u64> {
    std::fs::create_dir(directory.join("data")).unwrap();
    let ums = support::store::open(directory).await;
    ums.ensure_admin("root@example.com", &ums_core::Password::new(PASSWORD)).await.unwrap().unwrap();
    let fields = OrganisationFields { name: "Tech Corp".to_owned(), ..Default::default() };
    let organisation = ums.system().create_organisation(&fields).await.unwrap().value.id;
    let fields = DepartmentFields {
        name: "Human Resources".to_owned(),
        organisation_id: Some(organisation),
        ..Default::default()
    };
    let department = ums.system().create_department(&fields).await.unwrap().value.id;
    let mut making = JoinSet::new();
    for number in 0..users {
        let ums = ums.clone();
        let fields = UserFields {
            full_name: "Member".to_owned(),
            email: format!("member-{number}@example.com"),
            organisation_id: Some(organisation),
            department_id: (number % 2 == 0).then_some(department),
            ..Default::default()
        };
        making.spawn(async move { ums.system().create_user(&fields).await.unwrap().value.id.as_u64() });
    }
    let mut ids = making.join_all().await;
    ids.sort_unstable();
    ids
}

/// Deletes the organisation, and kills the server as soon as its users begin to go. Whether it was killed before it was
/// done: it never answered.
async fn kill_while_deleting(directory: &Path) -> bool {
    let server = Server::start(directory);
    let root = Client::new(&server.url).login("root@example.com").await;
    let before = first_users(&root).await;
    let deleting = tokio::spawn({
        let root = root.clone();
        async move { root.try_send(Method::DELETE, "/organisation/1?cascade=true", None).await.is_ok() }
    });
    while first_users(&root).await == before && !deleting.is_finished() {}
    server.kill();
    !deleting.await.unwrap()
}

async fn first_users(root: &Client) -> Value {
    root.get("/user/?limit=200").await.expect(200)["items"].take()
}
