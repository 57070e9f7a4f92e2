//! The public keys of access tokens.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use ums_core::{Builder, SigningKey, VerifyingKey};
use ums_http::{HttpOptions, router};
use ums_store_memory::MemoryStore;
use ums_testkit::{Fixture, keys};

use crate::support::Server;

async fn server(choose: impl FnOnce(Builder) -> Builder) -> Server {
    let fixture = Fixture::with(Arc::new(MemoryStore::new()), choose).await;
    let router = router(fixture.ums.clone(), HttpOptions::new());
    Server { fixture, router }
}

#[tokio::test]
async fn a_secret_is_not_among_them() {
    let answer = Server::new().await.get("/.well-known/jwks.json").send().await;
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert_eq!(answer.expect(StatusCode::OK), json!({ "keys": [] }));
}

#[tokio::test]
async fn anybody_may_read_and_keep_them() {
    let server = server(|builder| {
        builder.signing_key(SigningKey::from_pem(keys::P256.private).unwrap()).retired_key(
            VerifyingKey::from_pem(keys::ED25519.private).unwrap(),
            "9999-01-01T00:00:00Z".parse().unwrap(),
        )
    })
    .await;
    for path in ["/.well-known/jwks.json", "/.well-known/jwks.json/"] {
        let answer = server.get(path).send().await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let body = answer.expect(StatusCode::OK);
        let keys = body["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        let members = |index: usize| {
            let mut names: Vec<_> = keys[index].as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(members(0), ["alg", "crv", "kid", "kty", "use", "x", "y"], "and nothing private");
        assert_eq!(members(1), ["alg", "crv", "kid", "kty", "use", "x"]);
        assert_eq!((&keys[0]["alg"], &keys[1]["alg"]), (&json!("ES256"), &json!("EdDSA")));
        assert_eq!(keys[0]["kid"], "Xxo85yqee_m5Yjxlsx_Wt7bG5_XGUOxnE6eQeL6R-vE");
    }
}
