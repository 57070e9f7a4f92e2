//! Who calls.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use ums_core::{Acting, Error, Origin};
use utoipa::openapi::security::SecurityRequirement;

use crate::application::Application;
use crate::client;
use crate::describe::{Description, Input};
use crate::openapi::SECURITY_SCHEME;
use crate::problem::{Cause, Problem};
use crate::query;
use crate::request_id::RequestId;

/// The facade, acting for the account whose access token came with the request. Only an authenticated request makes
/// one, so a handler that takes it can't be reached otherwise.
pub(crate) struct Caller(Acting);

/// The facade, acting for nobody in particular: for the routes that are open.
pub(crate) struct Visitor(Acting);

impl FromRequestParts<Application> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Self, Problem> {
        let token = bearer_token(&parts.headers)?;
        let origin = origin(parts, application);
        let principal = application.ums.authenticate_from(token, &origin).await?;
        query::refuse_stray(parts)?;
        Ok(Self(application.ums.acting_as(&principal).with(origin)))
    }
}

impl FromRequestParts<Application> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Self, Problem> {
        query::refuse_stray(parts)?;
        Ok(Self(application.ums.anonymous().with(origin(parts, application))))
    }
}

impl Input for Caller {
    fn describe(description: &mut Description) {
        description.change_operation(|operation| {
            operation.security(SecurityRequirement::new(SECURITY_SCHEME, [] as [&str; 0]))
        });
        description.problem(Cause::Unauthenticated);
        description.problem(Cause::Forbidden);
        description.problem(Cause::Invalid);
    }
}

impl Input for Visitor {
    fn describe(description: &mut Description) {
        description.change_operation(|operation| operation.securities(Some([])));
        description.problem(Cause::Invalid);
    }
}

impl Deref for Caller {
    type Target = Acting;

    fn deref(&self) -> &Acting {
        &self.0
    }
}

impl Deref for Visitor {
    type Target = Acting;

    fn deref(&self) -> &Acting {
        &self.0
    }
}

fn origin(parts: &Parts, application: &Application) -> Origin {
    let mut origin = Origin::default();
    if let Some(id) = parts.extensions.get::<RequestId>() {
        origin = origin.request_id(id.as_str());
    }
    if let Some(address) = client::address(parts, &application.options) {
        origin = origin.ip(address);
    }
    if let Some(name) = client::user_agent(&parts.headers) {
        origin = origin.user_agent(&name);
    }
    origin
}

/// The token of `Authorization: Bearer`. Another scheme is no attempt to show a token; two headers are one too many to
/// trust either.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(Problem::token_missing)?;
    if values.next().is_some() {
        return Err(Error::InvalidAccessToken.into());
    }
    let (scheme, token) =
        value.to_str().unwrap_or_default().split_once(' ').ok_or_else(Problem::token_missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Problem::token_missing()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(values: &[&str]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        bearer_token(&headers).map(str::to_owned).map_err(|problem| format!("{problem:?}"))
    }

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for value in ["Bearer abc.def", "bearer abc.def", "BEARER  abc.def "] {
            assert_eq!(challenge(&[value]).unwrap(), "abc.def", "{value}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        for values in [&[][..], &["Basic YTpi"], &["Bearer"], &["abc.def"], &["Bearer a", "Bearer b"]] {
            assert!(challenge(values).is_err(), "{values:?}");
        }
    }
}
