//! Which texts are access tokens of ours, and which are not.

use aws_lc_rs::hmac;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::SecretKey;
use crate::tokens::Keys;

const SECRET: &[u8] = b"a secret of more than 32 bytes, as it must be";
const NOW: u64 = 1_795_482_123;

fn keyring() -> Keyring {
    Keys::new(SecretKey::new(SECRET).unwrap()).keyring()
}

pub(super) fn at(seconds: u64) -> Timestamp {
    from_seconds(seconds)
}

pub(super) fn grant() -> AccessGrant {
    AccessGrant {
        user: UserId::try_from(7).unwrap(),
        session: SessionId::from_u128(0xabc),
        role: Role::OrgAdmin,
        organisation: Some(OrganisationId::try_from(3).unwrap()),
    }
}

fn issued() -> String {
    issue(&keyring(), &TokenOptions::new(), &grant(), 1, at(NOW)).unwrap()
}

fn verified(token: &str) -> Result<AccessClaims, Refusal> {
    verify(&keyring(), &TokenOptions::new(), token, at(NOW))
}

fn header() -> Value {
    json!({"alg": "HS256", "kid": keyring().signing().id(), "typ": "at+jwt"})
}

fn claims() -> Value {
    json!({
        "iss": "ums", "aud": "ums", "sub": "7", "sid": "00000000000000000000000000000abc", "jti": "x",
        "iat": NOW, "nbf": NOW, "exp": NOW + 3600, "role": "org_admin", "org": 3,
    })
}

/// A token that whoever has the secret could make, with any header and claims.
fn signed(algorithm: hmac::Algorithm, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(algorithm, SECRET), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn forged(header: &Value, claims: &Value) -> String {
    signed(hmac::HMAC_SHA256, &header.to_string(), &claims.to_string())
}

pub(super) fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap();
    object
}

pub(super) fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
}

#[test]
fn says_what_it_was_given() {
    let token = issued();
    let claims = verified(&token).unwrap();
    assert_eq!(claims.grant, grant());
    assert_eq!((claims.issued_at, claims.expires_at), (at(NOW), at(NOW + 3600)));
    assert_eq!(claims.id, "00000000000000000000000000000abc-1");
}

#[test]
fn a_generation_has_one_token_and_an_id_of_its_own() {
    let token = |generation| issue(&keyring(), &TokenOptions::new(), &grant(), generation, at(NOW)).unwrap();
    assert_eq!(token(1), token(1));
    assert_ne!(verified(&token(1)).unwrap().id, verified(&token(2)).unwrap().id);
}

#[test]
fn has_the_header_and_claims_of_the_contract_and_no_others() {
    let token = issued();
    assert_eq!(part(&token, 0), header());
    let id = part(&token, 1)["jti"].clone();
    assert_eq!(part(&token, 1), with(claims(), "jti", id));
    let nobody = AccessGrant { organisation: None, ..grant() };
    let token = issue(&keyring(), &TokenOptions::new(), &nobody, 1, at(NOW)).unwrap();
    assert_eq!(part(&token, 1)["org"], Value::Null);
    assert_eq!(verified(&token).unwrap().grant, nobody);
}

/// Made with Python's hmac module from the secret's bytes.
#[test]
fn takes_a_token_that_another_implementation_signed() {
    let token = "eyJ0eXAiOiAiYXQrand0IiwgImFsZyI6ICJIUzI1NiIsICJraWQiOiAiNGQwODc3M2FlYTQ2YjU4NyJ9.ewogImlzc\
        yI6ICJ1bXMiLAogImF1ZCI6ICJ1bXMiLAogInN1YiI6ICI3IiwKICJzaWQiOiAiMDAwMDAwMDAwMDAwMDAwMDAwMDA\
        wMDAwMDAwMDBhYmMiLAogImp0aSI6ICJ4IiwKICJpYXQiOiAxNzk1NDgyMTIzLAogIm5iZiI6IDE3OTU0ODIxMjMsC\
        iAiZXhwIjogMTc5NTQ4NTcyMywKICJyb2xlIjogIm9yZ19hZG1pbiIsCiAib3JnIjogMwp9.5J5ud9hOu-xDxkw8uy\
        Bzj8cJ06MNqpdpzuRyImrKGHs";
    assert_eq!(verified(token).unwrap().grant, grant());
}

#[test]
fn every_prefix_every_edit_and_every_extension_is_refused() {
    let token = issued();
    assert!(verified(&token).is_ok());
    for end in 0..token.len() {
        assert!(verified(&token[..end]).is_err(), "the first {end} characters");
    }
    for position in 0..token.len() {
        for byte in (0..0x80_u8).filter(|byte| *byte != token.as_bytes()[position]) {
            let mut edited = token.clone().into_bytes();
            edited[position] = byte;
            let edited = String::from_utf8(edited).unwrap();
            assert!(verified(&edited).is_err(), "{edited}");
        }
    }
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    for edited in [
        format!("{token}="),
        format!("{token}A"),
        format!("{token}."),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{payload}.{header}.{signature}"),
    ] {
        assert!(verified(&edited).is_err(), "{edited:?}");
    }
}

proptest! {
    #[test]
    fn takes_no_other_text(text in r"[A-Za-z0-9_.=-]{0,300}|.{0,80}") {
        prop_assert!(verified(&text).is_err());
    }

    #[test]
    fn takes_no_claims_that_are_not_ours(claims in r#"\{("(exp|sub|role|x)":("?[0-9.e-]{0,12}"?|null|\[\]),?){0,5}\}|.{0,60}"#) {
        let token = signed(hmac::HMAC_SHA256, &header().to_string(), &claims);
        prop_assert_eq!(verified(&token), Err(Refusal::Claims));
    }
}

#[test]
fn only_our_header_is_taken() {
    assert_eq!(verified(&forged(&header(), &claims())).map(|claims| claims.grant), Ok(grant()));
    assert_eq!(
        verified(&forged(&without(header(), "kid"), &claims())).map(|claims| claims.grant),
        Ok(grant())
    );
    let changed = |name, value| with(header(), name, value);
    for (header, expected) in [
        (changed("alg", json!("none")), Refusal::Algorithm),
        (changed("alg", json!("None")), Refusal::Algorithm),
        (changed("alg", json!("NONE")), Refusal::Algorithm),
        (changed("alg", json!("nOnE")), Refusal::Algorithm),
        (changed("alg", json!("")), Refusal::Algorithm),
        (changed("alg", json!("hs256")), Refusal::Algorithm),
        (changed("alg", json!(["HS256"])), Refusal::Malformed),
        (without(header(), "alg"), Refusal::Malformed),
        (changed("alg", json!("HS384")), Refusal::Algorithm),
        (changed("alg", json!("HS512")), Refusal::Algorithm),
        (changed("alg", json!("RS256")), Refusal::Algorithm),
        (changed("alg", json!("ES256")), Refusal::Algorithm),
        (changed("alg", json!("EdDSA")), Refusal::Algorithm),
        (changed("typ", json!("JWT")), Refusal::Type),
        (changed("typ", json!("jwt")), Refusal::Type),
        (changed("typ", json!("AT+JWT")), Refusal::Type),
        (changed("typ", json!("")), Refusal::Type),
        (changed("typ", json!(null)), Refusal::Malformed),
        (without(header(), "typ"), Refusal::Malformed),
        (changed("kid", json!("0000000000000000")), Refusal::UnknownKey),
        (changed("kid", json!("")), Refusal::UnknownKey),
        (changed("kid", json!("../../dev/null")), Refusal::UnknownKey),
        (changed("kid", json!(1)), Refusal::Malformed),
        (changed("crit", json!(["exp"])), Refusal::Malformed),
        (changed("crit", json!(["b64"])), Refusal::Malformed),
        (changed("crit", json!([])), Refusal::Malformed),
        (changed("b64", json!(false)), Refusal::Malformed),
        (changed("jwk", json!({"kty": "oct", "k": "AAAA"})), Refusal::Malformed),
        (changed("jku", json!("https://example.com/keys")), Refusal::Malformed),
        (changed("x5u", json!("https://example.com/key")), Refusal::Malformed),
        (changed("x5c", json!([])), Refusal::Malformed),
        (changed("zip", json!("DEF")), Refusal::Malformed),
        (json!({}), Refusal::Malformed),
        (json!(null), Refusal::Malformed),
        (json!(["HS256", keyring().signing().id(), "at+jwt"]), Refusal::Malformed),
    ] {
        assert_eq!(verified(&forged(&header, &claims())), Err(expected), "{header}");
    }
    let twice = r#"{"alg":"HS512","alg":"HS256","typ":"at+jwt"}"#;
    assert_eq!(verified(&signed(hmac::HMAC_SHA256, twice, &claims().to_string())), Err(Refusal::Malformed));
}

#[test]
fn another_algorithm_under_the_same_key_and_no_signature_at_all_are_refused() {
    let (header, claims) = (header().to_string(), claims().to_string());
    assert_eq!(verified(&signed(hmac::HMAC_SHA512, &header, &claims)), Err(Refusal::Signature));
    let truthful = header.replace("HS256", "HS512");
    assert_eq!(verified(&signed(hmac::HMAC_SHA512, &truthful, &claims)), Err(Refusal::Algorithm));
    let token = signed(hmac::HMAC_SHA256, &header, &claims);
    let (message, _) = token.rsplit_once('.').unwrap();
    assert_eq!(verified(&format!("{message}.")), Err(Refusal::Signature));
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(header.replace("HS256", "none")),
        URL_SAFE_NO_PAD.encode(&claims)
    );
    assert_eq!(verified(&none), Err(Refusal::Algorithm));
}

#[test]
fn claims_must_be_there_and_of_their_kind() {
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "role", "org"] {
        let claims = without(claims(), name);
        assert_eq!(verified(&forged(&header(), &claims)), Err(Refusal::Claims), "without {name}");
    }
    let seconds =
        [json!("1"), json!(1.5), json!(NOW as f64), json!(-1), json!(null), json!([NOW]), json!(1e300)];
    for name in ["iat", "nbf", "exp"] {
        for value in &seconds {
            let claims = with(claims(), name, value.clone());
            assert_eq!(verified(&forged(&header(), &claims)), Err(Refusal::Claims), "{claims}");
        }
    }
    for (name, value) in [
        ("iss", json!(null)),
        ("iss", json!(["ums"])),
        ("aud", json!(["ums"])),
        ("aud", json!({"ums": true})),
        ("sub", json!(7)),
        ("sub", json!("0")),
        ("sub", json!("-7")),
        ("sub", json!("7 ")),
        ("sub", json!("")),
        ("sid", json!("abc")),
        ("sid", json!("00000000000000000000000000000ABC")),
        ("jti", json!(1)),
        ("role", json!("root")),
        ("role", json!("Admin")),
        ("role", json!(["admin"])),
        ("org", json!("3")),
        ("org", json!(0)),
        ("org", json!(3.0)),
    ] {
        let claims = with(claims(), name, value);
        assert_eq!(verified(&forged(&header(), &claims)), Err(Refusal::Claims), "{claims}");
    }
    let twice = claims().to_string().replacen('{', r#"{"role":"admin","#, 1);
    assert_eq!(verified(&signed(hmac::HMAC_SHA256, &header().to_string(), &twice)), Err(Refusal::Claims));
    let sid = "00000000000000000000000000000abc";
    let array = json!(["ums", "ums", "7", sid, "x", NOW, NOW, NOW + 3600, "org_admin", 3]).to_string();
    for claims in ["", "null", "[]", "7", "{", &array] {
        let token = signed(hmac::HMAC_SHA256, &header().to_string(), claims);
        assert_eq!(verified(&token), Err(Refusal::Claims), "{claims}");
    }
}

#[test]
fn a_claim_that_a_later_release_adds_does_no_harm() {
    assert!(verified(&forged(&header(), &with(claims(), "department", json!(1)))).is_ok());
}

#[test]
fn issuer_and_audience_are_compared_exactly() {
    for (name, value, expected) in [
        ("iss", "other", Refusal::Issuer),
        ("iss", "UMS", Refusal::Issuer),
        ("iss", "", Refusal::Issuer),
        ("aud", "other", Refusal::Audience),
        ("aud", "ums ", Refusal::Audience),
    ] {
        assert_eq!(
            verified(&forged(&header(), &with(claims(), name, json!(value)))),
            Err(expected),
            "{name} {value}"
        );
    }
    let options = TokenOptions::new().issuer("the \"issuer\"").audience("é");
    let token = issue(&keyring(), &options, &grant(), 1, at(NOW)).unwrap();
    assert!(verify(&keyring(), &options, &token, at(NOW)).is_ok());
    assert_eq!(verified(&token), Err(Refusal::Issuer));
}

#[test]
fn is_valid_from_its_start_to_its_end_give_or_take_five_seconds() {
    let token = issued();
    let at_second =
        |second| verify(&keyring(), &TokenOptions::new(), &token, at(second)).map(|claims| claims.grant);
    for (second, expected) in [
        (NOW - 6, Err(Refusal::NotYetValid)),
        (NOW - 5, Ok(grant())),
        (NOW, Ok(grant())),
        (NOW + 3599, Ok(grant())),
        (NOW + 3604, Ok(grant())),
        (NOW + 3605, Err(Refusal::Expired)),
        (NOW + 1_000_000, Err(Refusal::Expired)),
        (0, Err(Refusal::NotYetValid)),
    ] {
        assert_eq!(at_second(second), expected, "{second}");
    }
    let hour = NOW + 3600;
    for (claims, expected) in [
        (with(claims(), "nbf", json!(hour)), Err(Refusal::NotYetValid)),
        (with(claims(), "iat", json!(hour)), Err(Refusal::NotYetValid)),
        (with(claims(), "nbf", json!(u64::MAX)), Err(Refusal::NotYetValid)),
        (with(claims(), "exp", json!(0)), Err(Refusal::Expired)),
        (with(claims(), "exp", json!(u64::MAX)), Ok(grant())),
    ] {
        assert_eq!(verified(&forged(&header(), &claims)).map(|claims| claims.grant), expected, "{claims}");
    }
}

#[test]
fn the_lifetime_is_the_options() {
    let options = TokenOptions::new().access_lifetime(std::time::Duration::from_millis(90_900));
    let token = issue(&keyring(), &options, &grant(), 1, at(NOW)).unwrap();
    assert_eq!(verified(&token).unwrap().expires_at, at(NOW + 90));
}

#[test]
fn what_is_too_long_is_not_even_parsed() {
    let padded = |length: usize| {
        let token = forged(&header(), &with(claims(), "jti", json!("")));
        let claims = with(claims(), "jti", json!("x".repeat((length - token.len()) / 4 * 3)));
        forged(&header(), &claims)
    };
    let longest = padded(4092);
    assert!(longest.len() <= 4096 && verified(&longest).is_ok(), "{}", longest.len());
    let longer = padded(4104);
    assert!(longer.len() > 4096);
    assert_eq!(verified(&longer), Err(Refusal::TooLong));
    assert_eq!(verified(&".".repeat(1 << 20)), Err(Refusal::TooLong));
}

#[test]
fn another_secret_refuses_it() {
    let other = Keys::new(SecretKey::new([8; 32]).unwrap()).keyring();
    let options = TokenOptions::new();
    assert_eq!(verify(&other, &options, &issued(), at(NOW)), Err(Refusal::UnknownKey));
    let anonymous = forged(&without(header(), "kid"), &claims());
    assert_eq!(verify(&other, &options, &anonymous, at(NOW)), Err(Refusal::Signature));
}
