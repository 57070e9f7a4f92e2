//! The routes, as the OpenAPI document lists them.

use http::{Method, StatusCode};
use serde_json::Value;
use ums_core::Kind;
use ums_core::access::Action;

use crate::support::Server;

/// A route: what it acts on, and where ids go.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// What it asks for; none where it is open.
    pub(crate) action: Option<Action>,
    /// Where an id can be put.
    pub(crate) slots: Vec<Slot>,
    pub(crate) body: Body,
}

/// A place for an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Path(Kind),
    Query(String, Kind),
    Body(String, Kind),
}

/// What it takes.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    None,
    /// JSON: its properties, each with its schema, and the names of those required.
    Json(Vec<(String, Value)>, Vec<String>),
    /// A form with a workbook.
    Workbook,
}

impl Operation {
    /// Every route that a router has.
    pub(crate) async fn all() -> Vec<Self> {
        let server = Server::new().await;
        let document = server.get("/openapi.json").send().await.expect(StatusCode::OK);
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push(Self::read(&document, path, method, operation));
            }
        }
        operations
    }

    fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Self {
        let action = match &operation["x-action"] {
            Value::Null => None,
            name => Some(serde_json::from_value(name.clone()).unwrap()),
        };
        assert_eq!(action.is_none(), operation["security"] == serde_json::json!([]), "{method} {path}");
        let mut slots: Vec<Slot> = target(path).map(Slot::Path).into_iter().collect();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] == "query"
                && let Some(kind) = kind_of(name, &parameter["schema"])
            {
                slots.push(Slot::Query(name.to_owned(), kind));
            }
        }
        let body = Body::read(document, operation);
        if let Body::Json(properties, _) = &body {
            for (name, schema) in properties {
                if let Some(kind) = kind_of(name, schema) {
                    slots.push(Slot::Body(name.clone(), kind));
                }
            }
        }
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        Self { method, path: path.to_owned(), action, slots, body }
    }

    /// The kind of thing whose id stands in the path.
    pub(crate) fn target(&self) -> Option<Kind> {
        target(&self.path)
    }
}

impl Body {
    fn read(document: &Value, operation: &Value) -> Self {
        let Some(content) = operation["requestBody"]["content"].as_object() else { return Self::None };
        let (media_type, content) = content.iter().next().unwrap();
        if media_type.starts_with("multipart/") {
            return Self::Workbook;
        }
        let schema = resolve(document, &content["schema"]);
        let properties = schema["properties"].as_object().unwrap();
        let required = schema["required"].as_array().into_iter().flatten();
        Self::Json(
            properties.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect(),
            required.map(|name| name.as_str().unwrap().to_owned()).collect(),
        )
    }
}

/// What a schema is, where it only refers to another.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// What the `{id}` of a path is of.
fn target(path: &str) -> Option<Kind> {
    let before = path.split_once("/{id}").map(|(before, _)| before)?;
    Some(match before {
        "/organisation" => Kind::Organisation,
        "/department" => Kind::Department,
        "/user" => Kind::User,
        "/import" => Kind::Import,
        "/auth/sessions" => Kind::Session,
        _ => panic!(
            "{path} acts on something that these tests do not know: add its kind here in `target`, and one of each \
             relation to `Stage::id`"
        ),
    })
}

/// What a parameter or property holds the id of, where it holds one.
fn kind_of(name: &str, schema: &Value) -> Option<Kind> {
    let is = |kind: &Value| {
        kind == "integer" || kind.as_array().is_some_and(|all| all.contains(&"integer".into()))
    };
    if !name.ends_with("_id") || !is(&schema["type"]) {
        return None;
    }
    match name {
        "organisation_id" => Some(Kind::Organisation),
        "department_id" | "parent_id" => Some(Kind::Department),
        // Of an event, which is none of one's own organisation's where the actor is not.
        "actor_id" => None,
        _ => panic!(
            "`{name}` holds the id of something that these tests do not know: add its kind to `kind_of`"
        ),
    }
}
