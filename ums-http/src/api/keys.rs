//! The public keys of access tokens.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use ums_core::{JsonWebKeySet, UserManagement};

use crate::caller::Visitor;
use crate::describe::{Description, Output};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes.section("Keys", "For programs that check access tokens themselves.").open(
        Route::get("/.well-known/jwks.json", "public_keys", "The public keys of access tokens").details(
            "A JSON Web Key Set (RFC 7517): the key that signs, and those whose tokens are still taken, by `kid`. \
             Empty where tokens are signed with a secret (HS256).\n\nWho checks a token with them learns \
             who it was made for, and not what has ended its session since.",
        ),
        public_keys,
    );
}

const CACHE_CONTROL: (HeaderName, &str) = (header::CACHE_CONTROL, "How long the keys may be kept");
const JWK_SET: &str = "application/jwk-set+json";

/// Keys that anybody may keep for five minutes: as long as a rotation has to wait after it has announced its key.
struct PublicKeys(JsonWebKeySet);

impl IntoResponse for PublicKeys {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, JWK_SET), (header::CACHE_CONTROL, "public, max-age=300")];
        (headers, Json(self.0)).into_response()
    }
}

impl Output for PublicKeys {
    fn describe(description: &mut Description) {
        let schema = description.schema::<JsonWebKeySet>();
        description.answer(StatusCode::OK, "The keys.", Some((JWK_SET, schema)), &[CACHE_CONTROL]);
    }
}

async fn public_keys(_: Visitor, State(ums): State<UserManagement>) -> PublicKeys {
    PublicKeys(ums.public_keys())
}
