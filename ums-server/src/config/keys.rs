//! The keys that sign access tokens, and those that they replace.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ums_core::{SecretKey, SigningAlgorithm, SigningKey, Timestamp, VerifyingKey};
use zeroize::Zeroizing;

use super::variables::Variables;
use crate::secret_file::shared_mode;

/// What the key that signs replaced, and until when its tokens are taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreviousKeys {
    /// The secret before (`PREVIOUS_SECRET_KEY`).
    pub secret_key: Option<SecretKey>,
    /// The key that signed before, or the one that will sign next (`PREVIOUS_SIGNING_KEY_FILE`).
    pub signing_key: Option<VerifyingKey>,
    /// When the overlap ends (`PREVIOUS_KEY_UNTIL`).
    pub until: Timestamp,
}

/// No key is larger: a PEM document of one is a few hundred bytes.
const LARGEST: u64 = 16 * 1024;

/// The key of `SIGNING_KEY_FILE`, which has to be of the kind that `ALGORITHM` names; none for HS256, whose key is the
/// secret.
pub(super) fn read_signing_key(variables: &mut Variables) -> Option<SigningKey> {
    let is_named = variables.is_set("ALGORITHM");
    let algorithm = variables.read("ALGORITHM", read_algorithm);
    // Nothing is said of the file where the algorithm is not understood.
    let algorithm = if is_named { algorithm } else { Some(SigningAlgorithm::Hs256) };
    let is_set = variables.is_set("SIGNING_KEY_FILE");
    let key = variables.read("SIGNING_KEY_FILE", |path| match algorithm {
        Some(SigningAlgorithm::Hs256) => {
            Err("unset, since ALGORITHM is HS256, which signs with the secret; or ALGORITHM EdDSA or ES256"
                .to_owned())
        }
        Some(algorithm) => read_key_for(algorithm, path).map(Some),
        None => Ok(None),
    });
    if !is_set && let Some(algorithm @ (SigningAlgorithm::EdDsa | SigningAlgorithm::Es256)) = algorithm {
        let needed = format!("the path of a private key in PEM, since ALGORITHM is {algorithm}");
        variables.refuse_unset("SIGNING_KEY_FILE", &needed);
    }
    key.flatten()
}

fn read_key_for(algorithm: SigningAlgorithm, path: &str) -> Result<SigningKey, String> {
    let key = SigningKey::from_pem(&read_file(path, Readers::Owner)?)
        .map_err(|error| format!("a file with a private key in PEM; what it holds is {error}"))?;
    match key.algorithm() {
        found if found == algorithm => Ok(key),
        found => Err(format!("a key for {algorithm} (ALGORITHM); this one is for {found}")),
    }
}

pub(super) fn read_previous_keys(variables: &mut Variables) -> Option<PreviousKeys> {
    let is_set = variables.is_set("PREVIOUS_SECRET_KEY") || variables.is_set("PREVIOUS_SIGNING_KEY_FILE");
    let is_bounded = variables.is_set("PREVIOUS_KEY_UNTIL");
    let secret_key = variables.read_secret("PREVIOUS_SECRET_KEY", read_secret);
    let signing_key = variables.read("PREVIOUS_SIGNING_KEY_FILE", |path| {
        VerifyingKey::from_pem(&read_file(path, Readers::OwnerOfPrivateKeys)?).map_err(|error| {
            format!("a file with a public or a private key in PEM; what it holds is {error}")
        })
    });
    let until = variables.read("PREVIOUS_KEY_UNTIL", |value| {
        value.parse::<Timestamp>().map_err(|_| "a time such as 2026-11-24T01:02:03Z".to_owned())
    });
    if is_set && !is_bounded {
        variables.refuse_unset(
            "PREVIOUS_KEY_UNTIL",
            "when the previous key's tokens are refused, such as 2026-11-24T01:02:03Z: the time of this start, and \
             REFRESH_TOKEN_EXPIRE_DAYS for a secret or ACCESS_TOKEN_EXPIRE_MINUTES for a signing key",
        );
    }
    if is_bounded && !is_set {
        let needed = "a previous key, since PREVIOUS_KEY_UNTIL is set; or PREVIOUS_SIGNING_KEY_FILE";
        variables.refuse_unset("PREVIOUS_SECRET_KEY", needed);
    }
    let until = until?;
    is_set.then_some(PreviousKeys { secret_key, signing_key, until })
}

pub(super) fn read_secret(value: String) -> Result<SecretKey, String> {
    SecretKey::new(value).map_err(|error| format!("at least 32 bytes: {error}"))
}

fn read_algorithm(value: &str) -> Result<SigningAlgorithm, String> {
    let known = [SigningAlgorithm::Hs256, SigningAlgorithm::EdDsa, SigningAlgorithm::Es256];
    let found = known.into_iter().find(|algorithm| algorithm.name() == value);
    found.ok_or_else(|| "HS256, EdDSA or ES256".to_owned())
}

/// Who may read a file of keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    /// Anybody, where it holds a public key.
    OwnerOfPrivateKeys,
}

fn read_file(path: &str, readers: Readers) -> Result<Zeroizing<String>, String> {
    let told = |error: std::io::Error| format!("a file that can be read ({error})");
    let file = File::open(Path::new(path)).map_err(told)?;
    // Its descriptor is looked at, so that what is checked is what is read.
    let mode = shared_mode(&file).map_err(told)?;
    let mut text = Zeroizing::new(String::new());
    let length = file.take(LARGEST + 1).read_to_string(&mut text).map_err(told)?;
    if length as u64 > LARGEST {
        return Err(format!("a file of one key, of at most {LARGEST} bytes"));
    }
    match mode {
        Some(mode) if readers == Readers::Owner || text.contains("PRIVATE KEY") => Err(format!(
            "a file that its owner alone may read; others may read this one (mode {mode:03o}): run `chmod 600`, and \
             replace the key if others may have read it"
        )),
        _ => Ok(text),
    }
}
