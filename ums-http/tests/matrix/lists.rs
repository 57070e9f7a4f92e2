//! Lists: no parameter and no cursor leads out of one's own organisation.

use http::{Method, StatusCode};
use serde_json::Value;
use ums_core::model::{OrganisationId, Role};

use crate::operation::{Operation, Slot};
use crate::stage::{FOREIGN, Place, Stage, new_name};

/// Every route that gives a list out.
async fn lists() -> Vec<Operation> {
    let server = crate::support::Server::new().await;
    let document = server.get("/openapi.json").send().await.expect(StatusCode::OK);
    let paged = |operation: &Operation| {
        let described = &document["paths"][&operation.path][operation.method.as_str().to_lowercase()];
        described["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == "cursor")
    };
    let lists: Vec<Operation> = Operation::all().await.into_iter().filter(paged).collect();
    assert!(lists.len() >= 9, "{lists:?}");
    lists
}

fn own_path(stage: &Stage, operation: &Operation) -> String {
    let id = match operation.slots.iter().find(|slot| matches!(slot, Slot::Path(_))) {
        Some(Slot::Path(kind)) => stage.id(*kind, crate::stage::Relation::Own),
        _ => String::new(),
    };
    operation.path.replace("{id}", &id)
}

#[tokio::test]
async fn lists_are_neither_sorted_nor_filtered_by_what_they_do_not_know() {
    let stage = Stage::new(Some(Role::OrgAdmin)).await;
    for operation in lists().await {
        let path = own_path(&stage, &operation);
        for unknown in [
            "sort=password_hash",
            "order_by=password_hash",
            "password_hash=x",
            "filter=password_hash:x",
            "filter[password_hash]=x",
            "session_epoch=0",
            "fields=password_hash",
            "include=credential",
            "id=1",
        ] {
            let answer = stage.request(Method::GET, &format!("{path}?{unknown}")).send().await;
            let faults = answer.faults();
            assert_eq!(faults.len(), 1, "{path} {unknown}");
            assert_eq!(faults[0].1, "unknown_parameter", "{path} {unknown}");
        }
    }
}

/// Both organisations hold the same numbers of things, made in turns, so that every page of a list of all would mix them.
async fn crowded() -> Stage {
    let stage = Stage::new(Some(Role::OrgAdmin)).await;
    let system = stage.server.fixture.ums.system();
    for _ in 0..4 {
        for place in [&stage.own, &stage.foreign] {
            let mut person = place.person(&format!("{}@example.com", new_name()));
            if place.organisation.id == stage.foreign.organisation.id {
                person.full_name = format!("Somebody {FOREIGN}");
            }
            system.create_user(&person).await.unwrap();
            department(&stage, place).await;
        }
    }
    stage
}

async fn department(stage: &Stage, place: &Place) {
    let fields = ums_core::model::DepartmentFields {
        name: format!("{} {}", place.department.name, new_name()),
        organisation_id: Some(place.organisation.id),
        parent_id: None,
    };
    stage.server.fixture.ums.system().create_department(&fields).await.unwrap();
}

/// The items and the cursors of a list, walked one item at a time.
async fn walk(stage: &Stage, path: &str) -> (Vec<Value>, Vec<String>) {
    let (mut items, mut cursors) = (Vec::new(), Vec::new());
    let mut next = format!("{path}?limit=1");
    loop {
        let page = stage.request(Method::GET, &next).send().await.expect(StatusCode::OK);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return (items, cursors) };
        cursors.push(cursor.to_owned());
        next = format!("{path}?limit=1&cursor={cursor}");
        assert!(cursors.len() < 200, "{path} does not end");
    }
}

#[tokio::test]
async fn pages_hold_and_count_ones_own_organisation_alone() {
    let stage = crowded().await;
    let whole = stage.server.fixture.ums.system();
    let mut filter = ums_core::UserFilter::default();
    filter.organisation_id = Some(stage.own.organisation.id);
    let users = whole.users(&filter, &ums_core::PageRequest::default()).await.unwrap().items.len();
    for (path, expected) in [("/user/", users), ("/department/", 6), ("/organisation/", 1)] {
        let (items, cursors) = walk(&stage, path).await;
        assert_eq!(items.len(), expected, "{path}");
        let own = |item: &Value| {
            let id = item.get("organisation_id").unwrap_or(&item["id"]).as_u64().unwrap();
            OrganisationId::try_from(id).unwrap() == stage.own.organisation.id
        };
        assert!(items.iter().all(own), "{path}: {items:?}");
        // As many pages as there are items of one's own: not even an empty page tells of others.
        assert_eq!(cursors.len(), expected - 1, "{path}");
        assert!(!format!("{items:?}").contains(FOREIGN), "{path}");
    }
}

#[tokio::test]
async fn a_cursor_that_is_edited_or_another_ones_is_refused() {
    let stage = crowded().await;
    let admin = stage.server.token("first@example.com").await;
    for path in ["/user/", "/department/"] {
        let (_, cursors) = walk(&stage, path).await;
        let cursor = cursors.first().unwrap();
        for at in 0..cursor.len() {
            let mut edited = cursor.clone().into_bytes();
            edited[at] = if edited[at] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(edited).unwrap();
            refused(&stage, path, &edited).await;
        }
        for length in 0..cursor.len() {
            refused(&stage, path, &cursor[..length]).await;
        }
        refused(&stage, path, &format!("{cursor}A")).await;
        refused(&stage, path, &format!("{cursor}{cursor}")).await;
        // An administrator's leads through everything, and is of no use to anybody else.
        let page = stage.server.get(&format!("{path}?limit=1")).token(&admin).send().await;
        let others = page.expect(StatusCode::OK)["next_cursor"].as_str().unwrap().to_owned();
        refused(&stage, path, &others).await;
        let filtered = format!("{path}?organisation_id={}&limit=1", stage.foreign.organisation.id);
        let page = stage.server.get(&filtered).token(&admin).send().await.expect(StatusCode::OK);
        refused(&stage, path, page["next_cursor"].as_str().unwrap()).await;
    }
}

async fn refused(stage: &Stage, path: &str, cursor: &str) {
    let answer = stage.request(Method::GET, &format!("{path}?limit=1&cursor={cursor}")).send().await;
    answer.problem(400, "invalid_cursor");
}
