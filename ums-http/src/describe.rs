//! What a handler's signature says of its operation: each extractor and each answer describes its own part, so that the
//! document can't differ from what is read and written.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{OriginalUri, State};
use axum::handler::Handler;
use http::{HeaderName, StatusCode, Uri};
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{ResponseBuilder, ResponsesBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr, Required};
use utoipa::{IntoParams, ToSchema};

use crate::application::Application;
use crate::problem::{Cause, Problem};

/// A handler whose arguments and answer describe themselves. Its first argument is who calls.
pub(crate) trait Endpoint<Arguments>: Handler<Arguments, Application> {
    /// [`Caller`](crate::caller::Caller) or [`Visitor`](crate::caller::Visitor).
    type Actor;

    fn describe(description: &mut Description);
}

/// Something that a handler reads from a request.
pub(crate) trait Input {
    fn describe(description: &mut Description);
}

/// Something that a handler answers with.
pub(crate) trait Output {
    fn describe(description: &mut Description);
}

impl<T: Output> Output for Result<T, Problem> {
    fn describe(description: &mut Description) {
        T::describe(description);
    }
}

/// What is read without a client's noticing.
impl<T> Input for State<T> {
    fn describe(_: &mut Description) {}
}

impl Input for Uri {
    fn describe(_: &mut Description) {}
}

impl Input for OriginalUri {
    fn describe(_: &mut Description) {}
}

macro_rules! endpoints {
    ($([$($input:ident),*])+) => {$(
        impl<F, M, A, $($input,)* U, R> Endpoint<(M, A, $($input,)*)> for F
        where
            F: Handler<(M, A, $($input,)*), Application> + Fn(A, $($input),*) -> U,
            U: Future<Output = R>,
            A: Input,
            $($input: Input,)*
            R: Output,
        {
            type Actor = A;

            fn describe(description: &mut Description) {
                A::describe(description);
                $($input::describe(description);)*
                R::describe(description);
            }
        }
    )+};
}

endpoints! {
    []
    [I1]
    [I1, I2]
    [I1, I2, I3]
    [I1, I2, I3, I4]
    [I1, I2, I3, I4, I5]
}

/// An operation of the OpenAPI document in the making.
#[derive(Default)]
pub(crate) struct Description {
    operation: OperationBuilder,
    responses: ResponsesBuilder,
    causes: BTreeSet<Cause>,
    reads_query: bool,
    pub(crate) schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Description {
    /// The operation, to be named, with every problem that it may answer.
    pub(crate) fn finish(mut self) -> (OperationBuilder, BTreeMap<String, RefOr<Schema>>) {
        self.problem(Cause::Unavailable);
        self.problem(Cause::Internal);
        let mut responses = self.responses;
        for cause in self.causes {
            responses =
                responses.response(cause.status().as_str(), Ref::from_response_name(component(cause)));
        }
        (self.operation.responses(responses.build()), self.schemas)
    }

    /// Whether anything it reads comes from the query.
    pub(crate) fn reads_query(&self) -> bool {
        self.reads_query
    }

    pub(crate) fn change_operation(&mut self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) {
        self.operation = change(std::mem::take(&mut self.operation));
    }

    /// It may be answered with this problem.
    pub(crate) fn problem(&mut self, cause: Cause) {
        self.causes.insert(cause);
    }

    /// It reads this header.
    pub(crate) fn header(&mut self, name: &str, text: &str) {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        self.parameter(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(text))
                .schema(Some(schema))
                .build(),
        );
    }

    /// It reads an id from its path.
    pub(crate) fn path_id(&mut self, text: &str, schema: RefOr<Schema>) {
        self.parameter(
            ParameterBuilder::new()
                .name("id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(text))
                .schema(Some(schema))
                .build(),
        );
    }

    /// It reads these query parameters.
    pub(crate) fn query<T: IntoParams>(&mut self) {
        self.reads_query = true;
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            self.parameter(parameter);
        }
    }

    /// It reads such a body, of any of these media types.
    pub(crate) fn body<T: ToSchema>(&mut self, media_types: &[&str]) {
        let schema = self.schema::<T>();
        self.content_body(media_types, &schema);
    }

    /// It reads a body of this schema, of any of these media types.
    pub(crate) fn content_body(&mut self, media_types: &[&str], schema: &RefOr<Schema>) {
        let body = media_types
            .iter()
            .fold(RequestBodyBuilder::new().required(Some(Required::True)), |body, media_type| {
                body.content(*media_type, Content::new(Some(schema.clone())))
            });
        self.change_operation(|operation| operation.request_body(Some(body.build())));
    }

    /// It answers so where it succeeds.
    pub(crate) fn answer(
        &mut self,
        status: StatusCode,
        text: &str,
        content: Option<(&str, RefOr<Schema>)>,
        headers: &[(HeaderName, &str)],
    ) {
        let mut response = ResponseBuilder::new().description(text);
        if let Some((media_type, schema)) = content {
            response = response.content(media_type, ContentBuilder::new().schema(Some(schema)).build());
        }
        for (name, text) in headers {
            response = response.header(display_name(name), string_header(text));
        }
        let responses = std::mem::take(&mut self.responses);
        self.responses = responses.response(status.as_str(), response.build());
    }

    /// A reference to the schema, which goes among the document's components.
    pub(crate) fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut beneath = Vec::new();
        T::schemas(&mut beneath);
        self.schemas.extend(beneath);
        let name = T::name().into_owned();
        self.schemas.insert(name.clone(), T::schema());
        Ref::from_schema_name(name).into()
    }

    fn parameter(&mut self, parameter: Parameter) {
        self.change_operation(|operation| operation.parameter(parameter));
    }
}

/// What the document calls the answer for a cause.
pub(crate) fn component(cause: Cause) -> String {
    format!("{cause:?}")
}

/// A header of an answer.
pub(crate) fn string_header(text: &str) -> utoipa::openapi::header::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(text))
        .build()
}

/// A header's name as documents write it: `WWW-Authenticate`, `ETag`, `Retry-After`.
pub(crate) fn display_name(name: &HeaderName) -> String {
    match name.as_str() {
        "etag" => return "ETag".into(),
        "www-authenticate" => return "WWW-Authenticate".into(),
        _ => {}
    }
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    name.as_str().split('-').map(capital).collect::<Vec<_>>().join("-")
}
