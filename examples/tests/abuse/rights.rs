//! Reaching for what belongs to others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::case::{Case, case};
use super::client::Answer;
use super::world::{Person, World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(31, "an organisation's administrator with ids of another", ids_of_another_organisation),
    case!(33, "an organisation's administrator who makes administrators", making_administrators),
    case!(34, "two administrators who lower each other", the_last_administrator),
    case!(35, "1,000 writes that race a move of who writes", writes_that_race_a_move),
    case!(36, "an account named by body or header", named_by_body_or_header),
    case!(38, "an account made again", made_again),
    case!(39, "cursors forged, edited, and of another's list", cursors),
];

struct Two {
    world: World,
    ada: Person,
    /// An administrator of the first organisation.
    alice: Person,
    /// A member of the second one.
    bob: Person,
    own: [u64; 2],
    foreign: [u64; 2],
}

/// Two organisations, each with a department.
async fn two() -> Two {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut made = Vec::new();
    for name in ["Acme", "Globex"] {
        let organisation = ada.makes("/organisation/", json!({"name": name})).await;
        let fields = json!({"name": format!("{name} Research"), "organisation_id": organisation});
        made.push([organisation, ada.makes("/department/", fields).await]);
    }
    let (own, foreign) = (made[0], made[1]);
    let alice =
        ada.makes_user(&world, "alice", json!({"role": "org_admin", "organisation_id": own[0]})).await;
    let bob = ada
        .makes_user(&world, "bobby", json!({"organisation_id": foreign[0], "department_id": foreign[1]}))
        .await;
    Two { world, ada, alice, bob, own, foreign }
}

async fn ids_of_another_organisation() {
    const ABSENT: u64 = 999_999;
    let Two { world, ada, alice, bob, own, foreign } = two().await;
    let before = everything_of(&ada, foreign[0]).await;
    let same = |foreign: Answer, absent: Answer, what: &str| {
        assert!(matches!(foreign.status, 404 | 422), "{what}: {}", foreign.text());
        assert_eq!(foreign.without_request_id(), absent.without_request_id(), "{what}");
    };

    let name = json!({"name": "Renamed"});
    let person = json!({"full_name": "Renamed", "email": "renamed@example.com"});
    for (path, id, fields) in
        [("organisation", foreign[0], &name), ("department", foreign[1], &name), ("user", bob.id, &person)]
    {
        for (method, rest, body) in [
            (Method::GET, "", None),
            (Method::PUT, "", Some(fields.clone())),
            (Method::PATCH, "", Some(json!({}))),
            (Method::DELETE, "", None),
            (Method::DELETE, "?cascade=true", None),
            (Method::GET, "/users", None),
            (Method::GET, "/departments", None),
        ] {
            let known = match rest {
                "/users" => path != "user",
                "/departments" => path == "organisation",
                "?cascade=true" => path != "user",
                _ => true,
            };
            if known {
                let at = |id: u64| format!("/{path}/{id}{rest}");
                let mut answers = Vec::new();
                for id in [id, ABSENT] {
                    answers.push(alice.client.send(method.clone(), &at(id), body.clone()).await);
                }
                let absent = answers.pop().unwrap();
                same(answers.pop().unwrap(), absent, &format!("{method} {}", at(id)));
            }
        }
    }

    let made = |fields: Value| {
        let mut all = json!({"full_name": "Mallory", "email": "mallory@example.com"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        all
    };
    for (path, of) in [
        (
            "/department/",
            &(|id: u64| json!({"name": "Mine", "organisation_id": id})) as &(dyn Fn(u64) -> Value + Sync),
        ),
        ("/user/", &|id| made(json!({"organisation_id": id}))),
    ] {
        let (theirs, absent) =
            (alice.client.post(path, of(foreign[0])).await, alice.client.post(path, of(ABSENT)).await);
        assert!((400..500).contains(&theirs.status), "{path}: {}", theirs.text());
        assert_eq!(theirs.without_request_id(), absent.without_request_id(), "{path}");
    }
    let joining = |id: u64| made(json!({"organisation_id": own[0], "department_id": id}));
    let (theirs, absent) = (
        alice.client.post("/user/", joining(foreign[1])).await,
        alice.client.post("/user/", joining(ABSENT)).await,
    );
    same(theirs, absent, "POST /user/ into a department");
    let below = |id: u64| json!({"name": "Below", "organisation_id": own[0], "parent_id": id});
    let (theirs, absent) = (
        alice.client.post("/department/", below(foreign[1])).await,
        alice.client.post("/department/", below(ABSENT)).await,
    );
    same(theirs, absent, "POST /department/ below another");
    let mine = format!("/user/{}", alice.id);
    for field in ["department_id", "organisation_id"] {
        let id = if field == "department_id" { foreign[1] } else { foreign[0] };
        let theirs = alice.client.patch(&mine, json!({field: id})).await;
        let absent = alice.client.patch(&mine, json!({field: ABSENT})).await;
        assert!((400..500).contains(&theirs.status), "{field}: {}", theirs.text());
        assert_eq!(theirs.without_request_id(), absent.without_request_id(), "PATCH {mine} {field}");
    }
    for query in ["/user/?organisation_id=", "/department/?organisation_id=", "/user/?department_id="] {
        let id = if query.contains("department_id") { foreign[1] } else { foreign[0] };
        let theirs = alice.client.get(&format!("{query}{id}")).await;
        let absent = alice.client.get(&format!("{query}{ABSENT}")).await;
        assert_eq!(theirs.without_request_id(), absent.without_request_id(), "{query}");
        assert!(!theirs.text().contains("bobby"), "{query}: {}", theirs.text());
    }
    import_rows(&alice).await;
    for id in [foreign[0], ABSENT] {
        let answer =
            alice.client.upload(&format!("/import/excel?organisation_id={id}"), workbook(None)).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text());
    }

    assert_eq!(everything_of(&ada, foreign[0]).await, before);
    world.end().await;
}

/// Rows that name the other organisation fail as rows do that name none at all.
async fn import_rows(alice: &Person) {
    let mut errors = Vec::new();
    for name in ["Globex", "Nowhere"] {
        let report = alice.client.upload("/import/excel", workbook(Some(name))).await.expect(200);
        assert_eq!(report["users"]["created"], 0, "{report:#}");
        let text = report["errors"].to_string().replace(name, "<organisation>");
        errors.push(text);
    }
    assert_eq!(errors[0], errors[1]);
}

fn workbook(organisation: Option<&str>) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let row = ["Mallory", "mallory@example.com", organisation.unwrap_or_default()];
    for (column, (heading, cell)) in ["Full name", "Email", "Organisation"].iter().zip(row).enumerate() {
        sheet.write_string(0, column as u16, *heading).unwrap();
        sheet.write_string(1, column as u16, cell).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

async fn everything_of(ada: &Person, organisation: u64) -> Vec<String> {
    let mut all = Vec::new();
    for rest in ["", "/departments?limit=200", "/users?limit=200"] {
        all.push(
            ada.client.get(&format!("/organisation/{organisation}{rest}")).await.expect(200).to_string(),
        );
    }
    all
}

async fn making_administrators() {
    let Two { world, ada, alice, own, .. } = two().await;
    let fields = json!({
        "full_name": "Mallory", "email": "mallory@example.com", "password": password_of("mallory"),
        "organisation_id": own[0], "role": "admin"
    });
    alice.client.post("/user/", fields).await.refused(403, "forbidden");
    let member = alice.makes_user(&world, "member", json!({"organisation_id": own[0]})).await;
    for id in [member.id, alice.id] {
        let raised = alice.client.patch(&format!("/user/{id}"), json!({"role": "admin"})).await;
        raised.refused(403, "forbidden");
    }
    let insider =
        ada.makes_user(&world, "insider", json!({"role": "admin", "organisation_id": own[0]})).await;
    let path = format!("/user/{}", insider.id);
    for answer in [
        alice.client.patch(&path, json!({"full_name": "Renamed"})).await,
        alice.client.patch(&path, json!({"role": "member"})).await,
        alice.client.patch(&path, json!({"password": password_of("taken")})).await,
        alice.client.patch(&path, json!({"status": "suspended"})).await,
        alice.client.delete(&path).await,
    ] {
        answer.refused(403, "forbidden");
    }
    let users = ada.client.get("/user/?role=admin").await.expect(200);
    let admins: Vec<_> = users["items"].as_array().unwrap().iter().map(|user| &user["full_name"]).collect();
    assert_eq!(admins, [&json!("ada of the tests"), &json!("insider of the tests")]);
    insider.client.get("/auth/me").await.expect(200);
    world.end().await;
}

async fn the_last_administrator() {
    let world = World::new().await;
    let mut ada = world.person("ada").await;
    for round in 0..10 {
        let grace = ada.makes_user(&world, &format!("grace{round}"), json!({"role": "admin"})).await;
        let lower = |one: &Person, other: &Person| {
            let (client, path) = (one.client.clone(), format!("/user/{}", other.id));
            async move { client.patch(&path, json!({"role": "member"})).await }
        };
        let (first, second) = tokio::join!(lower(&ada, &grace), lower(&grace, &ada));
        let done = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} {}", first.text(), second.text());
        let (left, lowered) = if first.status == 200 { (&ada, &grace) } else { (&grace, &ada) };
        assert_eq!(left.client.get("/auth/me").await.expect(200)["role"], "admin");
        assert_eq!(lowered.client.get("/auth/me").await.expect(200)["role"], "member");
        for (method, body) in [
            (Method::PATCH, Some(json!({"role": "member"}))),
            (Method::PATCH, Some(json!({"status": "suspended"}))),
            (Method::DELETE, None),
        ] {
            let answer = left.client.send(method, &format!("/user/{}", left.id), body).await;
            answer.refused(409, "last_admin");
        }
        ada = left.clone();
    }
    world.end().await;
}

async fn writes_that_race_a_move() {
    let Two { world, ada, alice, own, foreign, .. } = two().await;
    let target = alice.makes_user(&world, "target", json!({"organisation_id": own[0]})).await;
    let moved = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (client, moved, path) = (alice.client.clone(), moved.clone(), format!("/user/{}", target.id));
        writers.spawn(async move {
            let mut done = Vec::new();
            for write in 0..125 {
                let late = moved.load(Ordering::SeqCst);
                let name = format!("Writer {writer} {write}");
                let answer = client.patch(&path, json!({"full_name": name})).await;
                match answer.status {
                    200 => done.push((name, late)),
                    401 | 404 => {}
                    // Eight at once on one record may be too many: nothing was changed then.
                    _ => answer.refused(409, "contention"),
                }
            }
            done
        });
    }
    let fields = json!({"organisation_id": foreign[0], "role": "org_admin"});
    let answer = ada.client.patch(&format!("/user/{}", alice.id), fields).await;
    answer.expect(200);
    moved.store(true, Ordering::SeqCst);
    let done: Vec<(String, bool)> = writers.join_all().await.into_iter().flatten().collect();
    let late: Vec<_> = done.iter().filter(|(_, late)| *late).collect();
    assert!(late.is_empty(), "written with the rights of before the move: {late:?}");
    let name = ada.client.get(&format!("/user/{}", target.id)).await.expect(200)["full_name"].clone();
    assert!(done.is_empty() || done.iter().any(|(written, _)| name == written.as_str()), "{name}");
    alice.client.get(&format!("/user/{}", target.id)).await.refused(404, "not_found");
    alice.client.get(&format!("/organisation/{}/users", foreign[0])).await.expect(200);
    world.end().await;
}

async fn named_by_body_or_header() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let id = ada.id.to_string();
    for headers in [
        [("x-user-id", id.as_str()), ("x-role", "admin")],
        [("x-forwarded-user", "ada@example.com"), ("cookie", "user_id=1; access_token=1")],
        [("authorization", "Basic YWRhOmFkYQ=="), ("x-user-id", id.as_str())],
    ] {
        for path in ["/auth/me", "/user/", "/user/1", "/logs/"] {
            let answer = world.anyone.raw(Method::GET, path, &headers, None).await;
            assert_eq!(answer.status, 401, "{path} {headers:?}: {}", answer.text());
        }
    }
    let body = json!({"full_name": "Renamed", "user_id": ada.id});
    world.anyone.patch("/auth/me", body).await.refused(401, "invalid_access_token");
    world.anyone.get(&format!("/auth/me?user_id={id}")).await.refused(401, "invalid_access_token");
    world
        .anyone
        .get(&format!("/auth/me?access_token={}", ada.tokens.access))
        .await
        .refused(401, "invalid_access_token");
    assert_eq!(ada.client.get("/auth/me").await.expect(200)["full_name"], "ada of the tests");
    world.end().await;
}

async fn made_again() {
    let Two { world, ada, own, .. } = two().await;
    let fields = json!({"role": "org_admin", "organisation_id": own[0]});
    let old = ada.makes_user(&world, "person", fields).await;
    ada.client.delete(&format!("/user/{}", old.id)).await.expect(204);
    world.anyone.try_login(&old.email, &old.password).await.refused(401, "invalid_credentials");
    let new = ada.makes_user(&world, "person", json!({})).await;
    assert!(new.id > old.id);
    old.client.get("/auth/me").await.refused(401, "invalid_access_token");
    world.anyone.refresh(&old.tokens.refresh).await.refused(401, "invalid_refresh_token");
    let me = new.client.get("/auth/me").await.expect(200);
    assert_eq!((&me["role"], &me["organisation_id"]), (&json!("member"), &Value::Null));
    new.client.get(&format!("/organisation/{}", own[0])).await.refused(404, "not_found");
    assert_eq!(new.client.get("/auth/sessions").await.expect(200)["items"].as_array().unwrap().len(), 1);
    world.end().await;
}

async fn cursors() {
    let Two { world, ada, alice, own, foreign, .. } = two().await;
    for index in 0..4 {
        for organisation in [own[0], foreign[0]] {
            let email = format!("user-{index}-{organisation}@example.com");
            ada.makes(
                "/user/",
                json!({"full_name": "User", "email": email, "organisation_id": organisation}),
            )
            .await;
        }
    }
    let mut seen = Vec::new();
    let mut path = "/user/?limit=2".to_owned();
    let mut cursors = Vec::new();
    loop {
        let page = alice.client.get(&path).await.expect(200);
        for user in page["items"].as_array().unwrap() {
            assert_eq!(user["organisation_id"], own[0], "{user}");
            seen.push(user["id"].as_u64().unwrap());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        cursors.push(cursor.to_owned());
        path = format!("/user/?limit=2&cursor={cursor}");
    }
    assert_eq!(seen.len(), 5, "four and herself: {seen:?}");

    let cursor = &cursors[0];
    let mut forged: Vec<String> = (0..cursor.len()).map(|end| cursor[..end].to_owned()).skip(1).collect();
    for (position, old) in cursor.char_indices() {
        let new = if old == 'A' { 'B' } else { 'A' };
        forged.push(format!("{}{new}{}", &cursor[..position], &cursor[position + 1..]));
    }
    forged.extend(["1".to_owned(), "user-0-1@example.com".to_owned(), "AAAA".to_owned()]);
    for forged in &forged {
        let answer = alice.client.get(&format!("/user/?limit=2&cursor={forged}")).await;
        assert_eq!(answer.verdict(), (400, "invalid_cursor".to_owned()), "{forged}");
    }
    // A cursor of another list, or of another's, opens none.
    let theirs =
        ada.client.get("/user/?limit=2").await.expect(200)["next_cursor"].as_str().unwrap().to_owned();
    for path in [
        format!("/user/?limit=2&cursor={theirs}"),
        format!("/user/?limit=2&role=member&cursor={cursor}"),
        format!("/department/?limit=2&cursor={cursor}"),
    ] {
        alice.client.get(&path).await.refused(400, "invalid_cursor");
    }
    world.end().await;
}
