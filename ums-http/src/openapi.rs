//! The OpenAPI 3.1 document, from the list of routes.

use std::collections::BTreeMap;

use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::info::{InfoBuilder, LicenseBuilder};
use utoipa::openapi::path::Paths;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::Tag;
use utoipa::openapi::{ComponentsBuilder, OpenApi, OpenApiBuilder, Ref, RefOr};

use crate::describe::{component, display_name, string_header};
use crate::problem::{self, Cause, ProblemDetails};
use crate::routes::Entry;

/// What the document calls the bearer token.
pub(crate) const SECURITY_SCHEME: &str = "access_token";

const INTRODUCTION: &str = "\
Authentication, organisations, departments, users, Excel import and the event log.

**Begin** with `POST /auth/register` and `POST /auth/login`, then send the access token as \
`Authorization: Bearer …` (the button *Authorize* does it here).

- A slash at the end of a path is optional.
- Request bodies are JSON; unknown fields are refused, and a `422` lists every fault at once.
- `PUT` replaces: an optional field left out is cleared. `PATCH` merges (RFC 7396): `null` clears.
- A single resource carries an `ETag`; send it back as `If-Match` so that nobody's change is lost.
- Lists come in pages: pass `next_cursor` on as `cursor` until it is `null`.
- Errors are problem details (RFC 9457); decide on `code`. `X-Request-Id` is echoed, or made, and finds the request in \
the log.";

/// Everything that the routes are, in one document.
pub(crate) fn document(
    entries: Vec<Entry>,
    schemas: BTreeMap<String, RefOr<Schema>>,
    tags: Vec<Tag>,
) -> OpenApi {
    let mut paths = Paths::new();
    for Entry { method, path, operation } in entries {
        paths.add_path_operation(path, vec![method], operation);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("UMS")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(INTRODUCTION))
                .license(Some(LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build())),
        )
        .paths(paths)
        .components(Some(components(schemas)))
        .tags(Some(tags))
        .build()
}

fn components(mut schemas: BTreeMap<String, RefOr<Schema>>) -> utoipa::openapi::Components {
    let mut beneath = Vec::new();
    ProblemDetails::schemas(&mut beneath);
    schemas.extend(beneath);
    schemas.insert(ProblemDetails::name().into_owned(), <ProblemDetails as utoipa::PartialSchema>::schema());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The `access_token` that `POST /auth/login` answers with."))
        .build();
    Cause::ALL
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, cause| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDetails::name())));
            let mut response = ResponseBuilder::new()
                .description(cause.description())
                .content(problem::MEDIA_TYPE, content.build());
            if let Some((name, text)) = cause.header() {
                response = response.header(display_name(&name), string_header(text));
            }
            components.response(component(cause), response.build())
        })
        .schemas_from_iter(schemas)
        .security_scheme(SECURITY_SCHEME, SecurityScheme::Http(scheme))
        .build()
}
