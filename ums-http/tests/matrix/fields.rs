//! Every role × every field of every resource: what it may be set to is the field table's, and what is refused changes
//! nothing.

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Map, Value, json};
use ums_core::access::{Action, FIELDS, Field, Resource, Rule, Scope};
use ums_core::model::Role;
use ums_testkit::PASSWORD;

use crate::expected::{Expected, of_own, reaches};
use crate::operation::{Body, Operation};
use crate::stage::{Relation, Stage, new_name};

/// A value for a field, perhaps with others that it has to come with.
struct Trial {
    body: Value,
    /// The place that it names; `None` for nowhere.
    place: Option<Relation>,
    role: Role,
}

#[tokio::test]
async fn a_field_takes_what_its_row_says() {
    let mut trials = 0;
    for operation in setting().await {
        let (_, resource) = sets(&operation).unwrap();
        let properties = properties(&operation);
        for (_, field, _) in FIELDS.iter().filter(|(of, _, _)| *of == resource) {
            let known = properties.contains(field.as_str());
            for role in Role::ALL {
                let stage = Stage::new(Some(role)).await;
                for trial in of_field(&stage, &operation, *field) {
                    trials += 1;
                    let expected = if known {
                        expected(&operation, *field, role, &trial)
                    } else {
                        assert_eq!(resource.rule(*field, role), Rule::Never, "{resource:?} {field:?}");
                        Expected::Invalid
                    };
                    attempt(role, &operation, *field, &trial, expected).await;
                }
            }
        }
    }
    assert!(trials > 300, "only {trials} trials");
}

/// A field that is added to a body, or to what is answered, has to be added to the table.
#[tokio::test]
async fn every_field_has_a_row() {
    for operation in setting().await {
        let (_, resource) = sets(&operation).unwrap();
        for property in properties(&operation) {
            let row = FIELDS.iter().find(|(of, field, _)| *of == resource && field.as_str() == property);
            let (_, _, rules) = row.unwrap_or_else(|| {
                panic!("{} {} takes `{property}`: add its row to FIELDS", operation.method, operation.path)
            });
            assert!(rules.iter().any(|rule| *rule != Rule::Never), "{property}: who may set it?");
        }
    }
    let stage = Stage::new(Some(Role::Admin)).await;
    for (resource, shown) in [
        (Resource::Account, json!(stage.own.user)),
        (Resource::User, json!(stage.own.user)),
        (Resource::Department, json!(stage.own.department)),
        (Resource::Organisation, json!(stage.own.organisation)),
    ] {
        for name in shown.as_object().unwrap().keys() {
            let row = FIELDS.iter().any(|(of, field, _)| *of == resource && field.as_str() == name);
            assert!(row, "{resource:?} shows `{name}`: add its row to FIELDS");
        }
    }
}

/// The document says what is bounded.
#[tokio::test]
async fn the_document_says_what_fields_take() {
    let server = crate::support::Server::new().await;
    let document = server.get("/openapi.json").send().await.expect(http::StatusCode::OK);
    let said = |path: &str, method: &str| {
        document["paths"][path][method]["description"].as_str().unwrap().to_owned()
    };
    let user = "What fields take: `role`: up to the caller's own; `organisation_id`, `department_id`: what the caller \
                may reach.";
    assert!(said("/user/", "post").contains(user));
    assert!(said("/user/{id}", "patch").contains(user));
    assert!(said("/department/", "post").contains("`organisation_id`: what the caller may reach, for good."));
    assert!(said("/department/{id}", "put").contains("`organisation_id`: what it is: it stays for good."));
    assert!(!said("/organisation/", "post").contains("What fields take"));
}

/// The routes that set fields of a resource.
async fn setting() -> Vec<Operation> {
    Operation::all().await.into_iter().filter(|operation| sets(operation).is_some()).collect()
}

fn sets(operation: &Operation) -> Option<(Action, Resource)> {
    let action = operation.action?;
    let changes = operation.method == Method::PATCH || operation.method == Method::PUT;
    let makes = operation.method == Method::POST && action.is_without_target();
    Some((action, action.sets().filter(|_| changes || makes)?))
}

fn properties(operation: &Operation) -> BTreeSet<String> {
    let Body::Json(properties, _) = &operation.body else { panic!("{operation:?} takes no fields") };
    properties.iter().map(|(name, _)| name.clone()).collect()
}

fn of_field(stage: &Stage, operation: &Operation, field: Field) -> Vec<Trial> {
    let name = field.as_str();
    let one = |value: Value| vec![Trial { body: json!({ name: value }), place: None, role: Role::Member }];
    let at = |place: Relation, body: Value| Trial { body, place: Some(place), role: Role::Member };
    let (own, beside, foreign) = (&stage.own, &stage.beside, &stage.foreign);
    let patches = operation.method == Method::PATCH;
    match field {
        Field::Role => {
            let role = |role: Role| Trial { body: json!({ name: role }), place: None, role };
            Role::ALL.map(role).into()
        }
        Field::OrganisationId if operation.path.starts_with("/department/") => vec![
            at(Relation::Own, json!({ name: own.organisation.id })),
            at(Relation::Foreign, json!({ name: foreign.organisation.id })),
        ],
        Field::OrganisationId => {
            let to = |department, organisation| json!({ "department_id": department, name: organisation });
            let mut trials = vec![
                at(Relation::Own, to(json!(own.department.id), json!(own.organisation.id))),
                at(Relation::Foreign, to(json!(foreign.department.id), json!(foreign.organisation.id))),
            ];
            if patches {
                trials.push(Trial { body: to(Value::Null, Value::Null), place: None, role: Role::Member });
            }
            trials
        }
        Field::DepartmentId => {
            let mut trials = vec![
                at(Relation::Own, json!({ name: own.department.id })),
                at(Relation::Beside, json!({ name: beside.department.id })),
                at(Relation::Absent, json!({ name: 999_999 })),
            ];
            if patches {
                trials.push(at(Relation::Beside, json!({ name: null })));
            }
            trials
        }
        Field::ParentId => one(json!(beside.department.id)),
        Field::Name | Field::FullName | Field::Address | Field::Description | Field::ExternalId => {
            one(new_name().into())
        }
        Field::Email => one(format!("{}@example.com", new_name()).into()),
        Field::Password => one("Quite Another Password 88".into()),
        Field::Status => one("suspended".into()),
        Field::Id => one(4711.into()),
        Field::EmailVerified => one(true.into()),
        Field::PasswordHash => one(PASSWORD.into()),
        Field::CreatedAt | Field::UpdatedAt => one("2026-01-01T00:00:00.000Z".into()),
        _ => panic!("`{name}` is new: add values to try here"),
    }
}

fn expected(operation: &Operation, field: Field, role: Role, trial: &Trial) -> Expected {
    let (action, resource) = sets(operation).unwrap();
    let scope = action.scope(role);
    match of_own(operation, action, role) {
        Expected::Allowed => {}
        refused => return refused,
    }
    match resource.rule(field, role) {
        Rule::Never => Expected::Invalid,
        Rule::Any => Expected::Allowed,
        Rule::UpToOwn if trial.role <= role => Expected::Allowed,
        Rule::UpToOwn => Expected::Forbidden,
        Rule::ReachedOnce if !action.is_without_target() && trial.place != Some(Relation::Own) => {
            Expected::Invalid
        }
        Rule::Reached | Rule::ReachedOnce => match trial.place {
            None if scope == Scope::Everything => Expected::Allowed,
            Some(place) if reaches(scope, place) => Expected::Allowed,
            None | Some(Relation::Beside) => Expected::Forbidden,
            Some(_) => Expected::Invalid,
        },
        rule => panic!("add the rule {rule:?} to these tests"),
    }
}

async fn attempt(role: Role, operation: &Operation, field: Field, trial: &Trial, expected: Expected) {
    let stage = Stage::new(Some(role)).await;
    let target = match operation.path.split('/').nth(1).unwrap() {
        "user" => stage.own.user.id.to_string(),
        "department" => stage.own.department.id.to_string(),
        _ => stage.own.organisation.id.to_string(),
    };
    let mut body = Map::new();
    if operation.method != Method::PATCH {
        let Body::Json(_, required) = &operation.body else { panic!("{operation:?}") };
        for name in required {
            body.insert(
                name.clone(),
                match name.as_str() {
                    "email" => format!("{}@example.com", new_name()).into(),
                    _ => new_name().into(),
                },
            );
        }
        let properties = properties(operation);
        for (name, id) in [
            ("organisation_id", json!(stage.own.organisation.id)),
            ("department_id", json!(stage.own.department.id)),
        ] {
            if properties.contains(name) {
                body.insert(name.to_owned(), id);
            }
        }
    }
    for (name, value) in trial.body.as_object().unwrap() {
        body.insert(name.clone(), value.clone());
    }
    let before = stage.world().await;
    let path = operation.path.replace("{id}", &target);
    let answer = stage.request(operation.method.clone(), &path).json(&Value::Object(body)).send().await;
    let after = stage.world().await;
    let place = format!(
        "{role} {} {} {}: {expected:?}, got {} {}",
        operation.method,
        operation.path,
        trial.body,
        answer.status,
        answer.text()
    );
    match expected {
        Expected::Allowed => {
            assert!(answer.status.is_success(), "{place}");
            if field != Field::Password {
                let shown: Value = serde_json::from_slice(&answer.bytes).unwrap();
                assert_eq!(shown[field.as_str()], trial.body[field.as_str()], "{place}");
            }
            return;
        }
        Expected::Forbidden => assert_eq!(answer.status, 403, "{place}"),
        Expected::Absent => assert_eq!(answer.status, 404, "{place}"),
        _ => assert_eq!(answer.status, 422, "{place}"),
    }
    assert_eq!(before, after, "{place}");
}
