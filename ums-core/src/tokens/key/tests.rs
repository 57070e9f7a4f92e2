//! Which texts are keys, what keys are called, and which signatures they take.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ums_testkit::keys;

use super::*;

/// The scalar of RFC 6979, A.2.5, in PKCS#8 without its public half.
const RFC_6979: &str =
    "MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDJr6nYRbp1FmtcIVdnsdaTTlDD2zbomxJ7imIrEg9nIQ==";

fn pem(label: &str, base64: &str) -> String {
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_key_has_the_algorithm_of_its_kind_and_one_name_in_both_halves() {
    for (pair, algorithm) in [
        (keys::ED25519, SigningAlgorithm::EdDsa),
        (keys::ED25519_NEXT, SigningAlgorithm::EdDsa),
        (keys::P256, SigningAlgorithm::Es256),
        (keys::P256_NEXT, SigningAlgorithm::Es256),
    ] {
        let signing = SigningKey::from_pem(pair.private).unwrap();
        assert_eq!((signing.algorithm(), signing.verifying_key().algorithm()), (algorithm, algorithm));
        let signature = signing.sign(b"message").unwrap();
        assert_eq!(Some(&signature), signing.sign(b"message").as_ref(), "the same each time");
        for public in [pair.public, pair.private] {
            let verifying = VerifyingKey::from_pem(public).unwrap();
            assert_eq!((verifying.id(), verifying.algorithm()), (signing.id(), algorithm));
            assert!(verifying.verifies(&signature, b"message"));
            assert!(!verifying.verifies(&signature, b"messagf"));
        }
    }
}

#[test]
fn names_of_public_keys_are_thumbprints() {
    // RFC 8037, A.2 and A.3; the one of P-256 was made with Python's hashlib.
    let rfc = pem("PUBLIC KEY", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let key = VerifyingKey::from_pem(&rfc).unwrap();
    assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let jwk = serde_json::to_value(key.jwk().unwrap()).unwrap();
    let expected = serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "use": "sig", "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    });
    assert_eq!(jwk, expected);
    let key = VerifyingKey::from_pem(keys::P256.public).unwrap();
    let jwk = serde_json::to_value(key.jwk().unwrap()).unwrap();
    let expected = serde_json::json!({
        "kty": "EC", "crv": "P-256", "x": "E3prSREs0K35URcwx-6IWPbA0OmgH1ooSWUYzqmpQko",
        "y": "OUf-QvI4JPEERJTcoojzeNme4aMhgnGjwpQ34_BPnSE",
        "use": "sig", "alg": "ES256", "kid": "Xxo85yqee_m5Yjxlsx_Wt7bG5_XGUOxnE6eQeL6R-vE",
    });
    assert_eq!(jwk, expected);
}

#[test]
fn a_secret_is_no_public_key() {
    assert_eq!(VerifyingKey::hs256(&SecretKey::new([7; 32]).unwrap()).jwk(), None);
}

#[test]
fn signs_with_eddsa_as_rfc_8037_says() {
    let private = pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g");
    let signature = SigningKey::from_pem(&private)
        .unwrap()
        .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
        .unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn signs_with_es256_as_rfc_6979_says_but_for_the_lower_s() {
    let key = SigningKey::from_pem(&pem("PRIVATE KEY", RFC_6979)).unwrap();
    for (message, r, s) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            // n − s, where s is f7cb1c94….
            "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        assert_eq!(hexadecimal(&key.sign(message.as_bytes()).unwrap()), format!("{r}{s}"), "{message}");
    }
}

/// RFC 7515, A.3. Its s is the higher one, so the signature is taken only once it is turned into the lower.
#[test]
fn of_the_two_signatures_that_ecdsa_knows_it_takes_one() {
    let point = [
        &[4][..],
        &URL_SAFE_NO_PAD.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU").unwrap(),
        &URL_SAFE_NO_PAD.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0").unwrap(),
    ];
    let key = VerifyingKey::p256(point.concat().try_into().unwrap()).unwrap();
    let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS\
        9pc19yb290Ijp0cnVlfQ";
    let higher = URL_SAFE_NO_PAD
        .decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
        .unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&higher).unwrap();
    let lower = signature.normalize_s();
    assert!(key.verifies(&lower.to_bytes(), message.as_bytes()));
    assert!(!key.verifies(&higher, message.as_bytes()));
    assert!(!key.verifies(lower.to_der().as_bytes(), message.as_bytes()), "in ASN.1");
}

#[test]
fn half_of_the_order_is_the_highest_s() {
    let with = |last: u8| {
        let mut signature = [[1; 32], HALF_ORDER].concat();
        signature[63] = last;
        is_low(&signature)
    };
    assert!(with(0xa8) && with(0xa7) && !with(0xa9));
    assert!(!is_low(&[0; 31]) && is_low(&[0; 64]));
}

#[test]
fn signatures_of_zeros_and_of_the_wrong_length_are_refused() {
    let secret = SecretKey::new([7; 32]).unwrap();
    for key in [
        VerifyingKey::hs256(&secret),
        VerifyingKey::from_pem(keys::ED25519.public).unwrap(),
        VerifyingKey::from_pem(keys::P256.public).unwrap(),
    ] {
        for length in [0, 1, 31, 32, 33, 63, 64, 65, 70, 72, 128] {
            assert!(!key.verifies(&vec![0; length], b"message"), "{} {length}", key.algorithm());
        }
    }
}

/// Ed25519 signatures are malleable where S is not held below the group's order (RFC 8032, section 5.1.7).
#[test]
fn an_s_beyond_the_order_is_refused() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let key = SigningKey::from_pem(keys::ED25519.private).unwrap();
    let mut signature = key.sign(b"message").unwrap();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert!(!key.verifying_key().verifies(&signature, b"message"));
}

#[test]
fn refuses_what_is_no_key_of_ours_and_says_what_it_is() {
    let [private, public] = [keys::ED25519.private, keys::ED25519.public];
    let body = |document: &str| document.lines().nth(1).unwrap().to_owned();
    for (text, expected) in [
        (String::new(), InvalidKey::Pem),
        ("hush hush".to_owned(), InvalidKey::Pem),
        (body(private), InvalidKey::Pem),
        (private.replace("-----END PRIVATE KEY-----\n", ""), InvalidKey::Pem),
        (private.replace("END PRIVATE", "END PUBLIC"), InvalidKey::Pem),
        (format!("{private}{private}"), InvalidKey::Pem),
        (public.to_owned(), InvalidKey::Public),
        (pem("ENCRYPTED PRIVATE KEY", &body(private)), InvalidKey::Encrypted),
        (pem("EC PRIVATE KEY", &body(private)), InvalidKey::NotPkcs8),
        (pem("RSA PRIVATE KEY", &body(private)), InvalidKey::NotPkcs8),
        (pem("CERTIFICATE", &body(private)), InvalidKey::Label),
        (pem("PRIVATE KEY", &body(public)), InvalidKey::Kind),
        (pem("PRIVATE KEY", &STANDARD.encode([7; 32])), InvalidKey::Kind),
        (pem("PRIVATE KEY", ED448), InvalidKey::Kind),
        (pem("PRIVATE KEY", P384), InvalidKey::Kind),
    ] {
        assert_eq!(SigningKey::from_pem(&text).unwrap_err(), expected, "{text}");
        assert!(!expected.to_string().contains("hush"));
    }
    for text in [
        pem("PUBLIC KEY", &body(private)),
        pem("PUBLIC KEY", &STANDARD.encode([7; 44])),
        pem("PUBLIC KEY", P384_PUBLIC),
        // A point that is not on the curve, and one that is compressed.
        pem("PUBLIC KEY", &STANDARD.encode([pem::P256_PREFIX, &[4], &[7; 64]].concat())),
        pem("PUBLIC KEY", P256_COMPRESSED),
    ] {
        assert_eq!(VerifyingKey::from_pem(&text).unwrap_err(), InvalidKey::Kind, "{text}");
    }
    assert_eq!(VerifyingKey::from_pem("").unwrap_err(), InvalidKey::Pem);
}

#[test]
fn shows_its_name_and_no_more() {
    let key = SigningKey::from_pem(keys::P256.private).unwrap();
    let id = key.id().to_owned();
    assert_eq!(format!("{key:?}"), format!("SigningKey {{ id: {id:?}, algorithm: Es256, .. }}"));
    let key = VerifyingKey::from(key);
    assert_eq!(format!("{key:?}"), format!("VerifyingKey {{ id: {id:?}, algorithm: Es256, .. }}"));
}

const ED448: &str = "MEcCAQAwBQYDK2VxBDsEOcCP3yRzjXPBBQphbPx+mIQECiOUy5tc8ucVt7dYMOcl\
    a9lpTZ3MXFpoNyEhhqGKYAI8O9Z2ta+OVA==";
const P384: &str = "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBua+R7e0EynEBJQgZd\
    yVMxcJ9/1HURvHEj168hWtpXmQOjEFDbNQ55q+CevvuSeaGhZANiAASycN405G3+\
    XEU1hlPCiQirTDRb9aLz49hZpplCrbVKI4mBDteu9AyrsYjjKqt8m81KVvG4DGbl\
    cry3T9t6U6LL7hmfOveHZKjfeGlxJjLTSsJ/vQxRnZPUIVl/55kkCtI=";
const P384_PUBLIC: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEsnDeNORt/lxFNYZTwokIq0w0W/Wi8+PY\
    WaaZQq21SiOJgQ7XrvQMq7GI4yqrfJvNSlbxuAxm5XK8t0/belOiy+4Znzr3h2So\
    33hpcSYy00rCf70MUZ2T1CFZf+eZJArS";
const P256_COMPRESSED: &str = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADE3prSREs0K35URcwx+6IWPbA0Omg\
    H1ooSWUYzqmpQko=";
