//! The OpenAPI document, and two pages that show it: Swagger UI and ReDoc, with no file from elsewhere.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, OriginalUri, Path, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, Uri, header};
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Required, Server};

use crate::application::Application;
use crate::caller::Visitor;
use crate::describe::{Description, Input, Output};
use crate::frame;
use crate::problem::{Cause, Problem};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Documentation", "This document, and pages that show it.")
        .open(Route::get("/openapi.json", "openapi", "Read this document"), openapi)
        .open(Route::get("/docs", "swagger_ui", "See Swagger UI"), swagger_ui)
        .open(Route::get("/docs/{file}", "swagger_ui_file", "Read a file of Swagger UI"), swagger_ui_file)
        .open(Route::get("/redoc", "redoc", "See ReDoc"), redoc)
        .open(Route::get("/redoc/{file}", "redoc_file", "Read a file of ReDoc"), redoc_file);
}

/// The document itself. Where the router is nested, the document says under which path.
async fn openapi(
    _: Visitor,
    uri: Uri,
    original: OriginalUri,
    State(application): State<Application>,
) -> OpenApiDocument {
    let mut document = (*application.document).clone();
    let mount_point = frame::mount_point(&original, &uri);
    if !mount_point.is_empty() {
        document.servers = Some(vec![Server::new(mount_point)]);
    }
    OpenApiDocument(document)
}

async fn swagger_ui(_: Visitor, uri: Uri) -> Page {
    Page::new(include_str!("../assets/swagger-ui.html"), "docs", &uri)
}

async fn swagger_ui_file(_: Visitor, FileName(name): FileName) -> Result<File, Problem> {
    if name == "initializer.js" {
        return Ok(File::script(include_str!("../assets/swagger-ui-initializer.js")));
    }
    let known = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"].contains(&name.as_str());
    let config = Arc::new(utoipa_swagger_ui::Config::default());
    let file = utoipa_swagger_ui::serve(&name, config).ok().flatten().filter(|_| known);
    let file = file.ok_or_else(Problem::route_not_found)?;
    Ok(File { media_type: file.content_type.into(), bytes: file.bytes })
}

async fn redoc(_: Visitor, uri: Uri) -> Page {
    Page::new(include_str!("../assets/redoc.html"), "redoc", &uri)
}

async fn redoc_file(_: Visitor, FileName(name): FileName) -> Result<File, Problem> {
    match name.as_str() {
        "initializer.js" => Ok(File::script(include_str!("../assets/redoc-initializer.js"))),
        "redoc.standalone.js" => Ok(File::script(include_str!("../assets/redoc.standalone.js"))),
        _ => Err(Problem::route_not_found()),
    }
}

struct OpenApiDocument(OpenApi);

impl IntoResponse for OpenApiDocument {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "no-cache")], Json(self.0)).into_response()
    }
}

impl Output for OpenApiDocument {
    fn describe(description: &mut Description) {
        let schema = ObjectBuilder::new().description(Some("OpenAPI 3.1")).build().into();
        description.answer(StatusCode::OK, "The document.", Some(("application/json", schema)), &[]);
    }
}

/// An HTML page whose files stand in a folder below it.
struct Page(String);

impl Page {
    /// Relative references, since the router may be nested: from `/docs` the folder has to be named, from `/docs/` not.
    fn new(html: &str, folder: &str, uri: &Uri) -> Self {
        let folder = if uri.path().ends_with('/') { String::new() } else { format!("{folder}/") };
        Self(html.replace("{folder}", &folder))
    }
}

/// Scripts only from here, never inline. Both pages style inline, and ReDoc searches in a worker made from a blob.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (headers, self.0).into_response()
    }
}

impl Output for Page {
    fn describe(description: &mut Description) {
        let schema = ObjectBuilder::new().schema_type(Type::String).build().into();
        description.answer(StatusCode::OK, "The page.", Some(("text/html", schema)), &[]);
    }
}

struct File {
    media_type: Cow<'static, str>,
    bytes: Cow<'static, [u8]>,
}

impl File {
    fn script(text: &'static str) -> Self {
        Self { media_type: "text/javascript; charset=utf-8".into(), bytes: text.as_bytes().into() }
    }
}

impl IntoResponse for File {
    /// The tag is the crate's version, with which alone the files change.
    fn into_response(self) -> Response {
        let tag = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
        let headers = [(header::CACHE_CONTROL, "no-cache"), (header::ETAG, tag)];
        ([(header::CONTENT_TYPE, &*self.media_type)], headers, self.bytes).into_response()
    }
}

impl Output for File {
    fn describe(description: &mut Description) {
        let schema = ObjectBuilder::new().schema_type(Type::String).build().into();
        description.answer(StatusCode::OK, "The file.", Some(("*/*", schema)), &[]);
    }
}

/// The name of a file in a path.
struct FileName(String);

impl<S: Send + Sync> FromRequestParts<S> for FileName {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        name.map(|Path(name)| Self(name)).map_err(|_| Problem::route_not_found())
    }
}

impl Input for FileName {
    fn describe(description: &mut Description) {
        let parameter = ParameterBuilder::new()
            .name("file")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        description.change_operation(|operation| operation.parameter(parameter.build()));
        description.problem(Cause::NotFound);
    }
}
