//! Access tokens of an attacker's own making.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use ums_core::{Clock, SecretKey};

use super::case::{Case, case};
use super::world::{SECRET, World};

pub(crate) const CASES: &[Case] = &[
    case!(16, "tokens with no signature, another algorithm, an unknown extension", other_algorithms),
    case!(17, "tokens rightly signed that say what is wrong", wrong_claims),
    case!(29, "tokens of a key that has been replaced", a_replaced_key),
];

/// A token, taken apart.
#[derive(Clone)]
struct Parts {
    header: Value,
    claims: Value,
}

impl Parts {
    fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        Self { header: next(), claims: next() }
    }

    fn message(&self) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    /// Signed as it should be.
    fn signed(&self) -> String {
        self.signed_with(hmac::HMAC_SHA256, SECRET.as_bytes())
    }

    fn signed_with(&self, algorithm: hmac::Algorithm, key: &[u8]) -> String {
        let message = self.message();
        let signature = hmac::sign(&hmac::Key::new(algorithm, key), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn with_header(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut parts = self.clone();
        parts.header[name] = value.into();
        parts
    }

    fn with_claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut parts = self.clone();
        parts.claims[name] = value.into();
        parts
    }

    fn without_claim(&self, name: &str) -> Self {
        let mut parts = self.clone();
        parts.claims.as_object_mut().unwrap().remove(name).unwrap();
        parts
    }
}

async fn other_algorithms() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let real = Parts::of(&ada.tokens.access);
    let mut forged = Vec::new();
    for none in ["none", "None", "NONE", "nOnE"] {
        let parts = real.with_header("alg", none);
        forged.push(format!("{}.", parts.message()));
        forged.push(parts.signed());
    }
    forged.push(real.with_header("alg", "HS512").signed_with(hmac::HMAC_SHA512, SECRET.as_bytes()));
    forged.push(real.with_header("alg", "HS384").signed_with(hmac::HMAC_SHA384, SECRET.as_bytes()));
    forged.push(real.signed_with(hmac::HMAC_SHA256, b""));
    forged.push(real.with_header("crit", json!(["exp"])).signed());
    forged.push(real.with_header("crit", json!(["urn:unknown"])).with_header("urn:unknown", true).signed());
    forged.push(real.with_header("kid", "another").signed());
    forged.push(
        real.with_header("jwk", json!({"kty": "oct", "k": "AAAA"})).signed_with(hmac::HMAC_SHA256, &[0; 3]),
    );
    for forged in forged {
        refuses(&world, &forged).await;
    }
    world.anyone.bearing(&real.signed()).get("/auth/me").await.expect(200);
    world.end().await;
}

async fn wrong_claims() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let real = Parts::of(&ada.tokens.access);
    let now = real.claims["iat"].as_u64().unwrap();
    world.anyone.bearing(&real.signed()).get("/auth/me").await.expect(200);
    let mut forged = vec![
        real.with_claim("exp", now - 6),
        real.with_claim("exp", (now + 60).to_string()),
        real.with_claim("exp", (now + 60) as f64 + 0.5),
        real.with_claim("exp", -1),
        real.with_claim("exp", Value::Null),
        real.with_claim("nbf", now + 3600),
        real.with_claim("iss", "elsewhere"),
        real.with_claim("aud", "elsewhere"),
        real.with_claim("aud", json!(["ums", "elsewhere"])),
        real.with_claim("sub", "0"),
        real.with_claim("sub", "999999"),
        real.with_header("typ", "JWT"),
    ];
    forged.extend(
        ["exp", "iss", "aud", "sub", "sid", "nbf", "iat", "jti"].map(|name| real.without_claim(name)),
    );
    let mut untyped = real.clone();
    untyped.header.as_object_mut().unwrap().remove("typ").unwrap();
    forged.push(untyped);
    for forged in forged {
        refuses(&world, &forged.signed()).await;
    }
    world.end().await;
}

async fn refuses(world: &World, token: &str) {
    let answer = world.anyone.bearing(token).get("/auth/me").await;
    assert_eq!(answer.verdict(), (401, "invalid_access_token".to_owned()), "{token}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
}

async fn a_replaced_key() {
    const NEW_SECRET: &str = "canary-secret-that-came-afterwards-0123";
    let world = World::new().await;
    let ada = world.person("ada").await;
    let until = world.clock.now().plus(Duration::from_secs(600));
    let world = world
        .restart(NEW_SECRET, |builder| builder.retired_secret(SecretKey::new(SECRET).unwrap(), until))
        .await;

    // Nobody is logged out: what the old key signed is taken, and renewed under the new one.
    world.anyone.bearing(&ada.tokens.access).get("/auth/me").await.expect(200);
    let renewed = world.anyone.refresh(&ada.tokens.refresh).await.tokens();
    world.anyone.bearing(&renewed.access).get("/auth/me").await.expect(200);
    let key = |token: &str| Parts::of(token).header["kid"].clone();
    assert_ne!(key(&renewed.access), key(&ada.tokens.access));
    // Without the new key, the old one makes no tokens of its own.
    let forged = Parts::of(&renewed.access).signed();
    refuses(&world, &forged).await;

    world.advance(601);
    refuses(&world, &ada.tokens.access).await;
    world.anyone.refresh(&ada.tokens.refresh).await.refused(401, "invalid_refresh_token");
    world.anyone.bearing(&renewed.access).get("/auth/me").await.expect(200);
    world.end().await;
}
