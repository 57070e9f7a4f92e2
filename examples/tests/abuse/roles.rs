//! Every role at every door.

use reqwest::Method;
use serde_json::{Value, json};
use ums_core::access::{Scope, TABLE};
use ums_core::model::Role;

use super::case::{Case, case};
use super::client::{Answer, Client};
use super::world::World;

pub(crate) const CASES: &[Case] = &[case!(30, "every role at every route", every_role_at_every_route)];

/// A route, as the document lists it.
struct Door {
    method: Method,
    path: String,
    /// The action that it requires; none for an open one.
    action: Option<String>,
    upload: bool,
}

async fn every_role_at_every_route() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let organisation = ada.makes("/organisation/", json!({"name": "Acme"})).await;
    let department =
        ada.makes("/department/", json!({"name": "Research", "organisation_id": organisation})).await;
    let of = |role: &str| json!({"role": role, "organisation_id": organisation, "department_id": department});
    let colleague = ada.makes_user(&world, "colleague", of("member")).await;
    let mut people = Vec::new();
    for role in Role::ALL {
        people.push((role, ada.makes_user(&world, role.as_str(), of(role.as_str())).await));
    }

    let document = world.anyone.get("/openapi.json").await.expect(200);
    let doors = doors(&document);
    assert!(doors.len() > 30, "{}", doors.len());
    let (mut denied, mut let_in) = (0, 0);
    for door in &doors {
        let path = door.path.replace("{id}", &own(&door.path, organisation, department, colleague.id));
        let Some(action) = &door.action else { continue };
        let what = format!("{} {path}", door.method);
        let nobody = knock(&world.anyone, door, &path).await;
        assert_eq!(nobody.status, 401, "{what}: {}", nobody.text());
        for (role, person) in &people {
            let scope = scope(action, *role);
            // What lets in changes things, or ends the session: those are tried elsewhere.
            if scope != Scope::Nothing && door.method != Method::GET {
                continue;
            }
            let answer = knock(&person.client, door, &path).await;
            if scope == Scope::Nothing {
                assert!(matches!(answer.status, 403 | 404), "{role} {what}: {}", answer.text());
                denied += 1;
            } else if scope == Scope::Everything || scope == Scope::Organisation {
                let absent = answer.status == 404 && path.contains("/999999");
                assert!(absent || answer.status == 200, "{role} {what}: {}", answer.text());
                let_in += 1;
            }
        }
    }
    assert!(denied > 20 && let_in > 20, "{denied} {let_in}");
    // Nobody changed anything.
    for (path, name) in [("/organisation/1", "name"), ("/department/1", "name"), ("/auth/me", "full_name")] {
        assert!(ada.client.get(path).await.expect(200)[name].is_string());
    }
    assert_eq!(colleague.client.get("/auth/me").await.expect(200)["role"], "member");
    let users = ada.client.get("/user/?limit=200").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 6, "{users:#}");
    world.end().await;
}

fn doors(document: &Value) -> Vec<Door> {
    let mut doors = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let content = operation["requestBody"]["content"].as_object();
            doors.push(Door {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                action: operation["x-action"].as_str().map(str::to_owned),
                upload: content.is_some_and(|content| content.contains_key("multipart/form-data")),
            });
        }
    }
    doors
}

/// The id that stands in a path for something in the callers' own organisation.
fn own(path: &str, organisation: u64, department: u64, user: u64) -> String {
    match path.split('/').nth(1).unwrap() {
        "organisation" => organisation.to_string(),
        "department" => department.to_string(),
        "user" => user.to_string(),
        "auth" => "0".repeat(32),
        _ => "999999".to_owned(),
    }
}

async fn knock(client: &Client, door: &Door, path: &str) -> Answer {
    match (&door.method, door.upload) {
        (_, true) => client.upload(path, b"no workbook".to_vec()).await,
        (&Method::GET | &Method::DELETE, _) => client.send(door.method.clone(), path, None).await,
        _ => client.send(door.method.clone(), path, Some(json!({}))).await,
    }
}

fn scope(action: &str, role: Role) -> Scope {
    let named = |row: &&(ums_core::access::Action, [Scope; 4])| {
        format!("{:?}", row.0).to_lowercase() == action.replace('_', "")
    };
    let row = TABLE.iter().find(named).unwrap_or_else(|| panic!("no row for {action}"));
    row.1[Role::ALL.iter().position(|other| *other == role).unwrap()]
}
