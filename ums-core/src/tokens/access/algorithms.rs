//! The same strictness under every algorithm, and keys that come and go.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use ums_testkit::keys;

use super::tests::{at, grant, part, with};
use super::*;
use crate::SecretKey;
use crate::tokens::key::{SigningAlgorithm, SigningKey, VerifyingKey};
use crate::tokens::keyring::RetiredKey;

const NOW: u64 = 1_795_482_123;

fn secret() -> SecretKey {
    SecretKey::new(*b"a secret of more than 32 bytes, as it must be").unwrap()
}

/// A key of each algorithm.
fn every_key() -> [SigningKey; 3] {
    [
        SigningKey::hs256(&secret()),
        SigningKey::from_pem(keys::ED25519.private).unwrap(),
        SigningKey::from_pem(keys::P256.private).unwrap(),
    ]
}

fn alone(key: SigningKey) -> Keyring {
    Keyring::new(key, Vec::new())
}

fn after(old: impl Into<VerifyingKey>, until: u64, new: SigningKey) -> Keyring {
    Keyring::new(new, vec![RetiredKey { key: old.into(), until: at(until) }])
}

fn issued(keyring: &Keyring) -> String {
    issue(keyring, &TokenOptions::new(), &grant(), 1, at(NOW)).unwrap()
}

fn taken(keyring: &Keyring, token: &str) -> Result<AccessGrant, Refusal> {
    taken_at(keyring, token, NOW)
}

fn taken_at(keyring: &Keyring, token: &str, second: u64) -> Result<AccessGrant, Refusal> {
    verify(keyring, &TokenOptions::new(), token, at(second)).map(|claims| claims.grant)
}

/// The claims of a good token under a header and a signature of somebody else's making.
fn forged(token: &str, header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let claims = token.split('.').nth(1).unwrap();
    let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
    let signature = sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_token_names_its_key_and_algorithm_and_is_the_same_text_each_time() {
    for key in every_key() {
        let (id, name) = (key.id().to_owned(), key.algorithm().name());
        let keyring = alone(key);
        let token = issued(&keyring);
        assert_eq!(part(&token, 0), json!({"alg": name, "kid": id, "typ": "at+jwt"}));
        assert_eq!(taken(&keyring, &token), Ok(grant()));
        assert_eq!(token, issued(&keyring));
    }
}

#[test]
fn every_edit_of_every_part_is_refused() {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    for key in every_key() {
        let keyring = alone(key);
        let token = issued(&keyring);
        for position in 0..token.len() {
            for letter in LETTERS.iter().filter(|letter| **letter != token.as_bytes()[position]) {
                let mut edited = token.clone().into_bytes();
                edited[position] = *letter;
                let edited = String::from_utf8(edited).unwrap();
                assert!(taken(&keyring, &edited).is_err(), "{edited}");
            }
            assert!(taken(&keyring, &token[..position]).is_err(), "the first {position} characters");
        }
    }
}

#[test]
fn the_key_chooses_the_algorithm_and_no_token_does() {
    for key in every_key() {
        let own = key.algorithm();
        let keyring = alone(key.clone());
        let token = issued(&keyring);
        let header = part(&token, 0);
        let sign = |message: &[u8]| key.sign(message).unwrap();
        assert_eq!(taken(&keyring, &forged(&token, &header, sign)), Ok(grant()));
        for name in [
            "none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "PS256", "ES256",
            "ES384", "EdDSA", "Ed25519", "eddsa", "es256", "hs256",
        ] {
            if name == own.name() {
                continue;
            }
            let header = with(header.clone(), "alg", json!(name));
            assert_eq!(taken(&keyring, &forged(&token, &header, sign)), Err(Refusal::Algorithm), "{name}");
            let unsigned = forged(&token, &header, |_| Vec::new());
            assert_eq!(taken(&keyring, &unsigned), Err(Refusal::Algorithm), "{name}");
        }
        for (name, value) in [("crit", json!(["exp"])), ("crit", json!([])), ("b64", json!(true))] {
            let header = with(header.clone(), name, value);
            assert_eq!(taken(&keyring, &forged(&token, &header, sign)), Err(Refusal::Malformed));
        }
        let unsigned = forged(&token, &header, |_| Vec::new());
        assert_eq!(taken(&keyring, &unsigned), Err(Refusal::Signature));
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for pair in [keys::ED25519, keys::P256] {
        let key = SigningKey::from_pem(pair.private).unwrap();
        let jwk = serde_json::to_string(&key.verifying_key().jwk().unwrap()).unwrap();
        let base64: String = pair.public.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(&base64).unwrap();
        let raw = der[der.len() - 32..].to_vec();
        // Beside a key of HS256, too: its id does not lend its algorithm.
        let keyring = after(VerifyingKey::hs256(&secret()), NOW + 3600, key);
        let token = issued(&keyring);
        let header = part(&token, 0);
        let texts =
            [pair.public.as_bytes(), pair.public.trim_end().as_bytes(), base64.as_bytes(), &der, &raw];
        for known in texts.into_iter().chain([jwk.as_bytes(), b""]) {
            for algorithm in [hmac::HMAC_SHA256, hmac::HMAC_SHA512] {
                let sign =
                    |message: &[u8]| hmac::sign(&hmac::Key::new(algorithm, known), message).as_ref().to_vec();
                assert_eq!(taken(&keyring, &forged(&token, &header, sign)), Err(Refusal::Signature));
                let claimed = with(header.clone(), "alg", json!("HS256"));
                assert_eq!(taken(&keyring, &forged(&token, &claimed, sign)), Err(Refusal::Algorithm));
                let hs256 = with(claimed, "kid", json!(VerifyingKey::hs256(&secret()).id()));
                assert_eq!(taken(&keyring, &forged(&token, &hs256, sign)), Err(Refusal::Signature));
            }
        }
    }
}

#[test]
fn a_retired_key_is_taken_until_its_overlap_ends_and_signs_nothing() {
    let (until, options) = (NOW + 600, TokenOptions::new());
    for old in every_key() {
        for new in [
            SigningKey::hs256(&SecretKey::new([9; 32]).unwrap()),
            SigningKey::from_pem(keys::ED25519_NEXT.private).unwrap(),
            SigningKey::from_pem(keys::P256_NEXT.private).unwrap(),
        ] {
            let before = issued(&alone(old.clone()));
            let keyring = after(old.clone(), until, new.clone());
            let token = issued(&keyring);
            assert_eq!(part(&token, 0)["kid"], new.id());
            assert_eq!(taken(&keyring, &token), Ok(grant()));
            assert_eq!(taken(&alone(old.clone()), &token), Err(Refusal::UnknownKey));
            assert_eq!(taken_at(&keyring, &before, until - 1), Ok(grant()));
            assert_eq!(taken_at(&keyring, &before, until), Err(Refusal::UnknownKey));
            assert_eq!(taken(&alone(new.clone()), &before), Err(Refusal::UnknownKey));
            // The old key's signature under the new one's name, with either algorithm.
            for name in [old.algorithm().name(), new.algorithm().name()] {
                let header = json!({"alg": name, "kid": new.id(), "typ": "at+jwt"});
                let token = forged(&before, &header, |message| old.sign(message).unwrap());
                assert!(taken(&keyring, &token).is_err());
            }
            // A token that names no key is the newest one's, or nobody's.
            let header = json!({"alg": old.algorithm().name(), "typ": "at+jwt"});
            let token = forged(&before, &header, |message| old.sign(message).unwrap());
            assert!(taken(&keyring, &token).is_err());
            assert!(verify(&keyring, &options, &before, at(NOW)).is_ok());
        }
    }
}

#[test]
fn public_keys_are_those_whose_tokens_are_taken() {
    let shown = |keyring: &Keyring, second: u64| {
        let set = serde_json::to_value(keyring.public(at(second))).unwrap();
        let keys = set["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let [hs256, ed25519, p256] = every_key();
    let ids = [ed25519.id().to_owned(), p256.id().to_owned()];
    assert_eq!(shown(&alone(hs256.clone()), NOW), Vec::<String>::new());
    let rotated = after(ed25519.clone(), NOW + 600, p256.clone());
    assert_eq!(shown(&rotated, NOW + 599), [ids[1].clone(), ids[0].clone()]);
    assert_eq!(shown(&rotated, NOW + 600), [ids[1].clone()]);
    assert_eq!(shown(&after(hs256, NOW + 600, p256.clone()), NOW), [ids[1].clone()]);
    assert_eq!(shown(&after(p256.clone(), NOW + 600, p256), NOW), [ids[1].clone()]);
    assert_eq!(ed25519.algorithm(), SigningAlgorithm::EdDsa);
}
