//! The one way in which routes are added: each with who may use it and what the OpenAPI document says of it.

use std::collections::BTreeMap;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, on};
use serde_json::json;
use tower_http::limit::RequestBodyLimitLayer;
use ums_core::access::{Action, FIELDS, Resource, Rule, Scope};
use ums_core::model::Role;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{OpenApi, RefOr};

use crate::application::Application;
use crate::caller::{Caller, Visitor};
use crate::describe::{Description, Endpoint};
use crate::limits::{self, Limits};
use crate::openapi;
use crate::options::HttpOptions;
use crate::problem::Cause;

/// The routes so far, and what the document says of them.
pub(crate) struct Routes<'a> {
    options: &'a HttpOptions,
    router: Router<Application>,
    entries: Vec<Entry>,
    schemas: BTreeMap<String, RefOr<Schema>>,
    tags: Vec<Tag>,
}

/// One route, as the document lists it.
pub(crate) struct Entry {
    pub(crate) method: HttpMethod,
    pub(crate) path: &'static str,
    pub(crate) operation: Operation,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Anybody.
    Open,
    /// Accounts, as far as the row of this action in [`ums_core::access::TABLE`] reaches.
    Requires(Action),
}

/// A method and a path, with what people are told of them.
pub(crate) struct Route {
    method: HttpMethod,
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    details: &'static str,
    conflicts: &'static [&'static str],
    problems: &'static [Cause],
    upload: bool,
    patient: bool,
}

/// Routes on one subject.
pub(crate) struct Section<'a, 'b> {
    routes: &'a mut Routes<'b>,
    tag: &'static str,
}

impl<'a> Routes<'a> {
    pub(crate) fn new(options: &'a HttpOptions) -> Self {
        Self {
            options,
            router: Router::new(),
            entries: Vec::new(),
            schemas: BTreeMap::new(),
            tags: Vec::new(),
        }
    }

    /// Begins a section of the document; the routes added to it stand there.
    pub(crate) fn section(&mut self, tag: &'static str, text: &str) -> Section<'_, 'a> {
        self.tags.push(TagBuilder::new().name(tag).description(Some(text)).build());
        Section { routes: self, tag }
    }

    /// The router of all of them, and the document that describes them.
    pub(crate) fn finish(self) -> (Router<Application>, OpenApi) {
        let document = openapi::document(self.entries, self.schemas, self.tags);
        (self.router, document)
    }

    fn add<H, T>(&mut self, tag: &str, access: Access, route: Route, handler: H)
    where
        H: Endpoint<T>,
        T: 'static,
    {
        let mut description = Description::default();
        H::describe(&mut description);
        let query = description.reads_query();
        let limits = if route.upload {
            Limits { body: self.options.upload_limit, time: self.options.import_timeout, query }
        } else {
            let time = if route.patient { self.options.import_timeout } else { self.options.request_timeout };
            Limits { body: self.options.body_limit, time, query }
        };
        let methods = on(filter(&route.method), handler)
            .route_layer(RequestBodyLimitLayer::new(limits.body))
            .route_layer(from_fn_with_state(limits, limits::within));
        for path in spellings(route.path) {
            self.router = std::mem::take(&mut self.router).route(&path, methods.clone());
        }

        for cause in route.problems {
            description.problem(*cause);
        }
        if !route.conflicts.is_empty() {
            description.problem(Cause::Conflict);
        }
        let (operation, schemas) = description.finish();
        let operation = operation
            .tag(tag)
            .operation_id(Some(route.id))
            .summary(Some(route.summary))
            .description(Some(route.text(access)))
            .extensions(required_action(access))
            .build();
        self.schemas.extend(schemas);
        self.entries.push(Entry { method: route.method, path: route.path, operation });
    }
}

impl Section<'_, '_> {
    /// Adds a route for anybody. Its handler takes a [`Visitor`].
    pub(crate) fn open<H, T>(&mut self, route: Route, handler: H) -> &mut Self
    where
        H: Endpoint<T, Actor = Visitor>,
        T: 'static,
    {
        self.routes.add(self.tag, Access::Open, route, handler);
        self
    }

    /// Adds a route for accounts that may do this. Its handler takes a [`Caller`], which only a valid access token
    /// makes; what the action reaches is decided by the core, which knows the target.
    pub(crate) fn requires<H, T>(&mut self, action: Action, route: Route, handler: H) -> &mut Self
    where
        H: Endpoint<T, Actor = Caller>,
        T: 'static,
    {
        self.routes.add(self.tag, Access::Requires(action), route, handler);
        self
    }
}

impl Route {
    pub(crate) fn get(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(HttpMethod::Get, path, id, summary)
    }

    pub(crate) fn post(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(HttpMethod::Post, path, id, summary)
    }

    pub(crate) fn put(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(HttpMethod::Put, path, id, summary)
    }

    pub(crate) fn patch(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(HttpMethod::Patch, path, id, summary)
    }

    pub(crate) fn delete(path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self::new(HttpMethod::Delete, path, id, summary)
    }

    fn new(method: HttpMethod, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            details: "",
            conflicts: &[],
            problems: &[],
            upload: false,
            patient: false,
        }
    }

    /// What else there is to know, in Markdown.
    pub(crate) fn details(mut self, text: &'static str) -> Self {
        self.details = text;
        self
    }

    /// The codes that it answers `409` with, each followed by when.
    pub(crate) fn conflicts(mut self, codes: &'static [&'static str]) -> Self {
        self.conflicts = codes;
        self
    }

    /// What it may be answered with that neither its arguments nor its answer tell.
    pub(crate) fn problems(mut self, causes: &'static [Cause]) -> Self {
        self.problems = causes;
        self
    }

    /// It takes an upload: larger than other bodies, and longer.
    pub(crate) fn upload(mut self) -> Self {
        self.upload = true;
        self
    }

    /// It may take as long as an import.
    pub(crate) fn patient(mut self) -> Self {
        self.patient = true;
        self
    }

    fn text(&self, access: Access) -> String {
        let mut paragraphs = Vec::new();
        if !self.details.is_empty() {
            paragraphs.push(self.details.to_owned());
        }
        paragraphs.push(match access {
            Access::Open => "Needs no access token.".to_owned(),
            Access::Requires(action) => format!("Who may: {}.", who(action)),
        });
        if let Access::Requires(action) = access
            && matches!(self.method, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch)
            && let Some(resource) = action.sets()
        {
            paragraphs.extend(fields(action, resource));
        }
        if !self.conflicts.is_empty() {
            paragraphs.push(format!("`409`: {}.", self.conflicts.join("; ")));
        }
        paragraphs.join("\n\n")
    }
}

/// Both spellings of a path: without and with a slash at its end.
fn spellings(path: &str) -> Vec<String> {
    match path.trim_end_matches('/') {
        "" => vec!["/".to_owned()],
        bare => vec![bare.to_owned(), format!("{bare}/")],
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

/// The action's row in words.
fn who(action: Action) -> String {
    let reaches = Role::ALL.into_iter().filter_map(|role| {
        let reach = match action.scope(role) {
            Scope::Nothing => return None,
            Scope::Oneself => "themselves",
            Scope::Department => "in their department and those below it",
            Scope::Organisation => "in their organisation",
            _ => "everywhere",
        };
        Some(format!("`{role}` {reach}"))
    });
    reaches.collect::<Vec<_>>().join(", ")
}

/// What is bounded of the fields that the action sets, in words; every other field takes what its schema says.
fn fields(action: Action, resource: Resource) -> Option<String> {
    let bound = |rule| {
        let of_it = FIELDS.iter().filter(|(of, field, _)| {
            *of == resource
                && Role::ALL
                    .into_iter()
                    .any(|role| action.scope(role) != Scope::Nothing && resource.rule(*field, role) == rule)
        });
        let names: Vec<String> = of_it.map(|(_, field, _)| format!("`{}`", field.as_str())).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let once = if action.is_without_target() {
        "what the caller may reach, for good"
    } else {
        "what it is: it stays for good"
    };
    let sentences = [
        bound(Rule::UpToOwn).map(|names| format!("{names}: up to the caller's own")),
        bound(Rule::Reached).map(|names| format!("{names}: what the caller may reach")),
        bound(Rule::ReachedOnce).map(|names| format!("{names}: {once}")),
    ];
    let sentences: Vec<String> = sentences.into_iter().flatten().collect();
    (!sentences.is_empty()).then(|| format!("What fields take: {}.", sentences.join("; ")))
}

fn required_action(access: Access) -> Option<utoipa::openapi::extensions::Extensions> {
    match access {
        Access::Open => None,
        Access::Requires(action) => Some(ExtensionsBuilder::new().add("x-action", json!(action)).build()),
    }
}
