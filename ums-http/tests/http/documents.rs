//! The OpenAPI document and the pages that show it.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use ums_http::HttpOptions;

use crate::support::Server;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(server: &Server) -> Value {
    server.get("/openapi.json").send().await.expect(StatusCode::OK)
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&method.as_str()), "{method} of {path}");
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn every_route_of_the_contract_is_in_the_document_and_no_other() {
    let server = Server::new().await;
    let found: BTreeSet<String> = operations(&document(&server).await)
        .into_iter()
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let expected: BTreeSet<String> = [
        "POST /auth/register",
        "POST /auth/login",
        "POST /auth/refresh",
        "POST /auth/logout",
        "POST /auth/logout-all",
        "GET /auth/me",
        "PATCH /auth/me",
        "POST /auth/password",
        "POST /auth/password/forgot",
        "POST /auth/password/reset",
        "POST /auth/verify-email",
        "POST /auth/verify-email/send",
        "POST /auth/email",
        "POST /auth/invitation/accept",
        "GET /auth/sessions",
        "DELETE /auth/sessions/{id}",
        "GET /organisation/",
        "POST /organisation/",
        "GET /organisation/{id}",
        "PUT /organisation/{id}",
        "PATCH /organisation/{id}",
        "DELETE /organisation/{id}",
        "GET /organisation/{id}/departments",
        "GET /organisation/{id}/users",
        "GET /department/",
        "POST /department/",
        "GET /department/{id}",
        "PUT /department/{id}",
        "PATCH /department/{id}",
        "DELETE /department/{id}",
        "GET /department/{id}/users",
        "GET /user/",
        "POST /user/",
        "GET /user/{id}",
        "PUT /user/{id}",
        "PATCH /user/{id}",
        "DELETE /user/{id}",
        "DELETE /user/{id}/sessions",
        "POST /user/{id}/invitation",
        "POST /import/excel",
        "GET /import/",
        "GET /import/template.xlsx",
        "GET /import/{id}/errors.xlsx",
        "GET /import/{id}",
        "GET /import/{id}/events",
        "POST /import/{id}/commit",
        "DELETE /import/{id}",
        "GET /logs/",
        "GET /logs/export",
        "GET /export/users.xlsx",
        "GET /.well-known/jwks.json",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /openapi.json",
        "GET /docs",
        "GET /docs/{file}",
        "GET /redoc",
        "GET /redoc/{file}",
    ]
    .map(str::to_owned)
    .into();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn every_route_is_served_and_refuses_without_a_token_unless_it_is_open() {
    let server = Server::new().await;
    let mut open = BTreeSet::new();
    for (method, path, operation) in operations(&document(&server).await) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        for spelling in [path.clone(), format!("{}/", path.trim_end_matches('/'))] {
            let concrete = spelling.replace("{id}", "1").replace("{file}", "initializer.js");
            let answer = server.call(method.clone(), &concrete).send().await;
            let is_open = operation["security"] == json!([]);
            if is_open {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                open.insert(operation["operationId"].as_str().unwrap().to_owned());
            } else {
                answer.problem(401, "invalid_access_token");
                assert_eq!(operation["security"], json!([{ "access_token": [] }]));
                assert!(operation["x-action"].is_string());
            }
            assert!(![404, 405].contains(&answer.status.as_u16()), "{method} {concrete}: {}", answer.status);
        }
    }
    let expected = [
        "accept_invitation",
        "forgot_password",
        "health",
        "login",
        "openapi",
        "public_keys",
        "readiness",
        "redoc",
        "redoc_file",
        "refresh",
        "register",
        "reset_password",
        "swagger_ui",
        "swagger_ui_file",
        "verify_email",
    ];
    assert_eq!(open, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn the_document_is_sound() {
    let server = Server::new().await;
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{place}: id twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{place}");
        assert!(
            operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(tag.as_str().unwrap())),
            "{place}"
        );
        let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        let in_path = |name: &str| {
            parameters.iter().any(|p| p["in"] == "path" && p["name"] == name && p["required"] == true)
        };
        for name in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(in_path(name), "{place}: {name}");
        }
        assert_eq!(
            path.matches('{').count(),
            parameters.iter().filter(|p| p["in"] == "path").count(),
            "{place}"
        );
        assert!(parameters.iter().all(|parameter| parameter["schema"].is_object()), "{place}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place}: no success");
        assert!(responses.contains_key("500") && responses.contains_key("503"), "{place}");
        let has_no_body =
            ["logout", "/send", "/invitation", "/commit"].iter().any(|part| path.contains(part));
        let has_no_body = has_no_body && !path.ends_with("/accept");
        let writes = ["POST", "PUT", "PATCH"].contains(&&*method) && !has_no_body;
        assert_eq!(operation["requestBody"].is_object(), writes, "{place}");
        for (case, status) in [(writes, "415"), (writes, "413"), (path.contains("{id}"), "404")] {
            assert!(!case || responses.contains_key(status), "{place}: {status}");
        }
        let shows_something = operation["security"] != json!([])
            || ["login", "refresh"].iter().any(|id| operation["operationId"] == *id);
        assert_eq!(responses.contains_key("401"), shows_something, "{place}");
    }
    let scheme = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    let mut found = document["components"]["securitySchemes"]["access_token"].clone();
    assert!(found.as_object_mut().unwrap().remove("description").is_some());
    assert_eq!(found, scheme);
    check_references(&document, &document);
}

/// Every `$ref` leads somewhere.
fn check_references(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let target = document.pointer(reference.strip_prefix('#').unwrap());
                assert!(target.is_some(), "{reference}");
            }
            members.values().for_each(|member| check_references(member, document));
        }
        Value::Array(elements) => elements.iter().for_each(|element| check_references(element, document)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_states_every_constraint_of_a_field() {
    let server = Server::new().await;
    let document = document(&server).await;
    let schemas = &document["components"]["schemas"];
    for (schema, field, keyword, value) in [
        ("OrganisationFields", "name", "minLength", json!(1)),
        ("OrganisationFields", "name", "maxLength", json!(200)),
        ("OrganisationFields", "address", "maxLength", json!(500)),
        ("OrganisationFields", "description", "maxLength", json!(2000)),
        ("OrganisationPatch", "name", "maxLength", json!(200)),
        ("OrganisationPatch", "address", "maxLength", json!(500)),
        ("OrganisationPatch", "description", "maxLength", json!(2000)),
        ("DepartmentFields", "name", "minLength", json!(1)),
        ("DepartmentFields", "name", "maxLength", json!(200)),
        ("DepartmentFields", "organisation_id", "minimum", json!(1)),
        ("DepartmentFields", "parent_id", "minimum", json!(1)),
        ("DepartmentPatch", "parent_id", "minimum", json!(1)),
        ("UserFields", "full_name", "minLength", json!(1)),
        ("UserFields", "full_name", "maxLength", json!(200)),
        ("UserFields", "email", "maxLength", json!(254)),
        ("UserFields", "email", "format", json!("email")),
        ("UserFields", "external_id", "maxLength", json!(200)),
        ("UserFields", "department_id", "minimum", json!(1)),
        ("UserFields", "password", "format", json!("password")),
        ("UserPatch", "email", "maxLength", json!(254)),
        ("UserPatch", "external_id", "maxLength", json!(200)),
        ("Registration", "full_name", "maxLength", json!(200)),
        ("Registration", "email", "maxLength", json!(254)),
        ("Registration", "password", "maxLength", json!(128)),
        ("PasswordChange", "new_password", "maxLength", json!(128)),
        ("MePatch", "full_name", "maxLength", json!(200)),
    ] {
        let found = &schemas[schema]["properties"][field][keyword];
        assert!(
            *found == value || found.as_f64() == value.as_f64() && value.is_number(),
            "{schema}.{field} {keyword}: {found}"
        );
    }
    for (schema, required) in [
        ("Registration", &["email", "full_name", "password"][..]),
        ("Credentials", &["email", "password"]),
        ("Refresh", &["refresh_token"]),
        ("PasswordChange", &["current_password", "new_password"]),
        ("OrganisationFields", &["name"]),
        ("UserFields", &["email", "full_name"]),
    ] {
        let mut found: Vec<&str> = schemas[schema]["required"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        found.sort_unstable();
        assert_eq!(found, required, "{schema}");
    }
    // What is read is refused with unknown fields, and the document says so.
    for (_, path, operation) in operations(&document) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        for media in content.values() {
            let Some(reference) = media["schema"]["$ref"].as_str() else { continue };
            let schema = document.pointer(reference.trim_start_matches('#')).unwrap();
            assert_eq!(schema["additionalProperties"], json!(false), "{path}: {reference}");
        }
    }
    let limit = &document["paths"]["/user/"]["get"]["parameters"];
    let limit = limit.as_array().unwrap().iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(
        (limit["schema"]["minimum"].as_f64(), limit["schema"]["maximum"].as_f64()),
        (Some(1.0), Some(200.0))
    );
}

#[tokio::test]
async fn the_pages_load_nothing_from_elsewhere() {
    let server = Server::new().await;
    for (path, folder) in [("/docs", "docs/"), ("/docs/", ""), ("/redoc", "redoc/"), ("/redoc/", "")] {
        let page = server.get(path).send().await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        let policy = page.header("content-security-policy");
        assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"), "{policy}");
        let text = page.text();
        let references: Vec<&str> =
            text.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")).collect();
        assert!(references.len() >= 2, "{text}");
        let base = if path.ends_with('/') { path } else { "/" };
        for reference in references {
            assert!(reference.starts_with(folder) && !reference.contains(':'), "{reference}");
            let file = server.get(&format!("{base}{reference}")).send().await;
            assert_eq!(file.status, StatusCode::OK, "{base}{reference}");
            let tag = file.header("etag").to_owned();
            let again = server.get(&format!("{base}{reference}")).header("if-none-match", &tag).send().await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        }
    }
    for path in
        ["/docs/index.html", "/docs/oauth2-redirect.html", "/redoc/x", "/docs/..%2f", "/docs/swagger-ui.js"]
    {
        server.get(path).send().await.problem(404, "route_not_found");
    }
}

#[tokio::test]
async fn the_pages_can_be_left_out() {
    let server = Server::with(HttpOptions::new().docs(false)).await;
    for path in ["/docs", "/redoc", "/openapi.json", "/docs/swagger-ui.css"] {
        server.get(path).send().await.problem(404, "route_not_found");
    }
}
