//! The example server as a newcomer meets it: started with nothing configured, and called over a socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::io::Write;
use std::net::TcpStream;

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use support::process::command;
use support::{Client, PASSWORD, Server};

#[tokio::test]
async fn serves_the_first_requests_as_written() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    let anyone = Client::new(&server.url);

    let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
    let answer = anyone.post("/auth/register", ada).await;
    assert_eq!(answer.location.as_deref(), Some("/user/1"));
    let user = answer.expect(201);
    assert_eq!((&user["id"], &user["role"]), (&json!(1), &json!("admin")));

    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = anyone.post("/auth/login", credentials).await.expect(200);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let refresh = json!({"refresh_token": tokens["refresh_token"]});
    let renewed = anyone.post("/auth/refresh", refresh).await.expect(200);
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    let ada = anyone.with_token(&renewed["access_token"]);

    let corp = json!({"name": "Tech Corp", "address": "Mumbai, India", "description": "Software company"});
    assert_eq!(ada.post("/organisation/", corp).await.expect(201)["id"], 1);
    let department = json!({"name": "Human Resources", "organisation_id": 1});
    assert_eq!(ada.post("/department/", department).await.expect(201)["id"], 1);

    let grace = |department: u64| {
        json!({
            "full_name": "Grace Hopper", "email": "grace@example.com", "password": PASSWORD,
            "department_id": department
        })
    };
    let problem = anyone.post("/auth/register", grace(7)).await.expect(422);
    assert_eq!(problem["errors"][0]["field"], "department_id", "{problem:#}");
    let user = anyone.post("/auth/register", grace(1)).await.expect(201);
    assert_eq!((&user["role"], &user["organisation_id"]), (&json!("member"), &json!(1)));

    import_a_workbook(&ada).await;
    read_replace_and_delete(&ada, &user["id"]).await;
    every_step_is_in_the_log(&ada).await;
    the_docs_are_served(&anyone).await;

    drop((ada, anyone));
    server.terminate();
    assert!(server.wait().success());
    support::store::verify(directory.path()).await;
}

async fn import_a_workbook(ada: &Client) {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in [
        ["Full name", "Email", "Organisation", "Department"],
        ["Alan Turing", "alan@example.com", "Tech Corp", "Human Resources"],
        ["Nobody", "no address", "Tech Corp", "Human Resources"],
        ["Joan Clarke", "joan@example.com", "Tech Corp", "Research"],
    ]
    .iter()
    .enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    let report = ada.upload("/import/excel", workbook.save_to_buffer().unwrap()).await.expect(200);
    assert_eq!(report["status"], "succeeded_with_errors", "{report:#}");
    let users = &report["users"];
    assert_eq!(
        (&users["read"], &users["created"], &users["failed"]),
        (&json!(3), &json!(2), &json!(1)),
        "{report:#}"
    );
    assert_eq!(report["departments"]["created"], 1, "{report:#}");
    assert_eq!(
        (&report["errors"][0]["row"], &report["errors"][0]["cell"]),
        (&json!(3), &json!("B3")),
        "{report:#}"
    );
    let found = ada.get("/user/?q=turing").await.expect(200);
    assert_eq!(found["items"][0]["email"], "alan@example.com", "{found:#}");
}

async fn read_replace_and_delete(ada: &Client, user: &Value) {
    let (user, organisation, department) =
        (format!("/user/{user}"), "/organisation/1".to_owned(), "/department/1".to_owned());
    assert_eq!(ada.get(&organisation).await.expect(200)["address"], "Mumbai, India");
    assert_eq!(ada.get(&department).await.expect(200)["name"], "Human Resources");
    assert_eq!(ada.get(&user).await.expect(200)["full_name"], "Grace Hopper");

    let replaced = ada.put(&organisation, json!({"name": "Technology Corp"})).await.expect(200);
    assert_eq!((&replaced["name"], &replaced["address"]), (&json!("Technology Corp"), &Value::Null));
    assert_eq!(ada.put(&department, json!({"name": "People"})).await.expect(200)["name"], "People");
    let fields =
        json!({"full_name": "Rear Admiral Hopper", "email": "grace@example.com", "department_id": 1});
    assert_eq!(ada.put(&user, fields).await.expect(200)["full_name"], "Rear Admiral Hopper");

    assert_eq!(ada.delete(&organisation).await.expect(409)["code"], "not_empty");
    assert_eq!(ada.delete(&department).await.expect(409)["code"], "not_empty");
    ada.delete(&user).await.expect(204);
    assert_eq!(ada.get(&user).await.expect(404)["code"], "not_found");
    ada.delete("/department/1?cascade=true").await.expect(204);
    ada.get(&department).await.expect(404);
    ada.delete("/organisation/1?cascade=true").await.expect(204);
    ada.get(&organisation).await.expect(404);
}

async fn every_step_is_in_the_log(ada: &Client) {
    let log = ada.get("/logs/?limit=200").await.expect(200);
    let items = log["items"].as_array().unwrap();
    let with = |action: &str, outcome: &str| {
        items.iter().any(|event| event["action"] == action && event["outcome"] == outcome)
    };
    for action in [
        "auth.register",
        "auth.login",
        "auth.refresh",
        "organisation.create",
        "organisation.update",
        "organisation.delete",
        "department.create",
        "department.update",
        "department.delete",
        "user.update",
        "user.delete",
    ] {
        assert!(with(action, "success"), "no success of {action}: {log:#}");
    }
    assert!(items.iter().any(|event| event["action"].as_str().unwrap().starts_with("import")), "{log:#}");
    assert!(with("auth.register", "refused"), "the refused registration is told: {log:#}");
    let created = items.iter().find(|event| event["action"] == "organisation.create").unwrap();
    assert_eq!((&created["actor_id"], &created["target"]), (&json!(1), &json!("organisation/1")));
    assert_eq!(created["ip"], "127.0.0.1");
    assert!(!log.to_string().contains(PASSWORD));
}

async fn the_docs_are_served(anyone: &Client) {
    assert_eq!(anyone.get("/healthz").await.expect(200)["status"], "ok");
    assert_eq!(anyone.get("/readyz").await.expect(200)["status"], "ok");
    let document = anyone.get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in ["/docs", "/redoc"] {
        let page = anyone.text(path).await;
        assert!(page.contains("<html"), "{path}: {page}");
        assert!(
            !page.contains("src=\"http") && !page.contains("href=\"http"),
            "{path} loads from elsewhere: {page}"
        );
    }
}

#[tokio::test]
async fn says_how_to_go_on_and_keeps_its_secret() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path());
    server.interrupt();
    assert!(server.wait().success());
    let said = server.said();
    for part in [
        format!("{}/docs", server.url),
        format!("{}/redoc", server.url),
        "redb://./data/ums.redb".to_owned(),
        "./data/ums.secret".to_owned(),
        "./logs".to_owned(),
        format!("curl {}/auth/register", server.url),
    ] {
        assert!(said.contains(&part), "{part} is not in:\n{said}");
    }
    let secret = std::fs::read_to_string(directory.path().join("data/ums.secret")).unwrap();

    // The body of the request that it proposes, sent to it as it stands.
    let body = said.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    let server = Server::start(directory.path());
    let anyone = Client::new(&server.url);
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(anyone.post("/auth/register", body).await.expect(201)["role"], "admin");
    let ada = anyone.login("ada@example.com").await;
    server.kill();

    let server = Server::start(directory.path());
    assert_eq!(std::fs::read_to_string(directory.path().join("data/ums.secret")).unwrap(), secret);
    let token = ada.token().unwrap();
    let me = Client::new(&server.url).with_token(&json!(token)).get("/auth/me").await.expect(200);
    assert_eq!(me["email"], "ada@example.com", "a token outlives the process");
    server.terminate();
    let mut server = server;
    server.wait();
    assert!(!server.said().contains("curl"), "there is an account already");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let _server = Server::start(directory.path());
    let output = command("server", directory.path()).env("PORT", "0").output().unwrap();
    assert!(!output.status.success());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("open already"), "{complaint}");
}

#[test]
fn what_it_does_not_understand_stops_it() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "PORT=eighty\nREGISTRATION=maybe\nHOST=nowhere\n").unwrap();
    let output = command("server", directory.path()).env("HOST", "127.0.0.1").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    for part in ["PORT is \"eighty\"", "0 to 65535", "REGISTRATION is \"maybe\"", "open, approval or closed"]
    {
        assert!(complaint.contains(part), "{part} is not in:\n{complaint}");
    }
    assert!(!complaint.contains("HOST"), "the environment comes before .env: {complaint}");
    assert!(!directory.path().join("data").exists(), "nothing is made");
}

#[tokio::test]
async fn an_administrator_comes_from_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let variables =
        [("DATABASE_URL", "memory:"), ("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", PASSWORD)];
    let server = Server::start_with(directory.path(), &variables);
    let anyone = Client::new(&server.url);
    let root = anyone.login("root@example.com").await;
    assert_eq!(root.get("/auth/me").await.expect(200)["role"], "admin");
    let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
    assert_eq!(anyone.post("/auth/register", ada).await.expect(201)["role"], "member");
}

/// Anyone on the network could be the first to come.
#[tokio::test]
async fn no_stranger_becomes_the_administrator() {
    let directory = tempfile::tempdir().unwrap();
    let public = ("HOST", "0.0.0.0");
    let mut server = Server::start_with(directory.path(), &[public]);
    let mallory = json!({"full_name": "Mallory", "email": "mallory@example.com", "password": PASSWORD});
    assert_eq!(Client::new(&server.url).post("/auth/register", mallory).await.expect(201)["role"], "member");
    server.terminate();
    server.wait();
    let said = server.said();
    assert!(said.contains("There is no administrator"), "{said}");

    // The owner may come later all the same.
    let variables = [public, ("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", PASSWORD)];
    let server = Server::start_with(directory.path(), &variables);
    let root = Client::new(&server.url).login("root@example.com").await;
    assert_eq!(root.get("/auth/me").await.expect(200)["role"], "admin");
}

/// Behind a proxy every connection comes from the proxy.
#[tokio::test]
async fn a_trusted_proxy_says_who_calls() {
    for (trusted, client) in [("127.0.0.0/8", "198.51.100.9"), ("192.0.2.1", "127.0.0.1")] {
        let directory = tempfile::tempdir().unwrap();
        let variables =
            [("DATABASE_URL", "memory:"), ("TRUSTED_PROXIES", trusted), ("MAX_BODY_BYTES", "1024")];
        let mut server = Server::start_with(directory.path(), &variables);
        let anyone = Client::new(&server.url).through_proxy("203.0.113.7, 198.51.100.9");
        let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
        anyone.post("/auth/register", ada).await.expect(201);
        let ada = anyone.login("ada@example.com").await;
        let sessions = ada.get("/auth/sessions").await.expect(200);
        assert_eq!(sessions["items"][0]["ip"], client);
        let large = json!({"name": "a".repeat(1024)});
        assert_eq!(ada.post("/organisation/", large).await.expect(413)["code"], "too_large");
        server.terminate();
        server.wait();
        let said = server.said();
        assert!(said.contains(&format!("proxies {trusted}")), "{said}");
    }
}

/// Connections that say nothing, or only half of it, hold nobody up.
#[tokio::test]
async fn serves_beside_hundreds_of_slow_clients() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[("DATABASE_URL", "memory:")]);
    let address = server.url.trim_start_matches("http://");
    let slow = (0..500).map(|number| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = "POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
        stream.write_all(&head.as_bytes()[..number % (head.len() + 1)]).unwrap();
        stream
    });
    let slow: Vec<_> = slow.collect();
    let anyone = Client::new(&server.url);
    let ada = json!({"full_name": "Ada Lovelace", "email": "ada@example.com", "password": PASSWORD});
    anyone.post("/auth/register", ada).await.expect(201);
    anyone.login("ada@example.com").await.get("/auth/me").await.expect(200);
    drop(slow);
}

#[test]
fn embed_runs() {
    let directory = tempfile::tempdir().unwrap();
    let expected = "1 Ada Lovelace <ada@example.com>, admin\n2 Grace Hopper <grace@example.com>, member\n";
    for arguments in [&[][..], &["users.redb"]] {
        let output = command("embed", directory.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    }
    assert!(directory.path().join("users.redb").exists());
    let lines = include_str!("../embed.rs").lines().count();
    assert!(lines < 60, "the example has {lines} lines");
}
