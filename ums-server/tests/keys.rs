//! Keys from files, and a server that is restarted with others.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use ums_core::{Credentials, Error, Password, Registration, SigningKey, TokenPair};
use ums_server::config::{Config, ConfigError};
use ums_server::{Log, System};
use ums_testkit::{PASSWORD, keys};

const OLD: &str = "an old secret of thirty-two bytes or more";
const NEW: &str = "a new secret of thirty-two bytes or more!";
const FUTURE: &str = "9999-01-01T00:00:00Z";
const PAST: &str = "2026-01-01T00:00:00Z";

#[test]
fn a_key_is_read_for_its_algorithm_alone() {
    let directory = tempfile::tempdir().unwrap();
    let ed25519 = write(&directory, "ed25519.pem", keys::ED25519.private, 0o600);
    let p256 = write(&directory, "p256.pem", keys::P256.private, 0o400);
    let key = |algorithm, path: &str| {
        read(&[("ALGORITHM", algorithm), ("SIGNING_KEY_FILE", path)])
            .map(|config| config.signing_key.unwrap())
    };
    let id = |pem| SigningKey::from_pem(pem).unwrap().id().to_owned();
    assert_eq!(key("EdDSA", &ed25519).unwrap().id(), id(keys::ED25519.private));
    assert_eq!(key("ES256", &p256).unwrap().id(), id(keys::P256.private));

    let public = write(&directory, "public.pem", keys::P256.public, 0o600);
    let shared = write(&directory, "shared.pem", keys::P256.private, 0o640);
    let empty = write(&directory, "empty.pem", "", 0o600);
    let large = write(&directory, "large.pem", &"x".repeat(20_000), 0o600);
    let absent = directory.path().join("absent.pem").display().to_string();
    for (algorithm, path, expected) in [
        ("ES256", &ed25519, "a key for ES256 (ALGORITHM); this one is for EdDSA"),
        ("EdDSA", &p256, "a key for EdDSA (ALGORITHM); this one is for ES256"),
        ("ES256", &public, "a public key, where the private key is needed"),
        ("ES256", &shared, "(mode 640): run `chmod 600`"),
        ("ES256", &empty, "not one PEM document"),
        ("ES256", &large, "at most 16384 bytes"),
        ("ES256", &absent, "a file that can be read (No such file"),
        ("HS256", &p256, "unset, since ALGORITHM is HS256"),
    ] {
        let error = key(algorithm, path).unwrap_err();
        assert_eq!(error.faults().len(), 1, "{error}");
        let text = error.to_string();
        assert!(text.contains(expected) && text.contains("SIGNING_KEY_FILE"), "{text}");
        assert!(!text.contains("BEGIN") && !text.contains("MC4C") && !text.contains("MIGH"), "{text}");
    }
    let error = read(&[("ALGORITHM", "none"), ("SIGNING_KEY_FILE", &p256)]).unwrap_err();
    assert!(matches!(error.faults(), [fault] if fault.variable == "ALGORITHM"), "{error}");
    let error = read(&[("ALGORITHM", "EdDSA")]).unwrap_err();
    assert!(error.to_string().contains("SIGNING_KEY_FILE is not set"), "{error}");
}

#[test]
fn previous_keys_have_an_end() {
    let directory = tempfile::tempdir().unwrap();
    let public = write(&directory, "public.pem", keys::P256.public, 0o644);
    let private = write(&directory, "private.pem", keys::P256.private, 0o600);
    let shared = write(&directory, "shared.pem", keys::P256.private, 0o644);
    for path in [&public, &private] {
        let config = read(&[("PREVIOUS_SIGNING_KEY_FILE", path), ("PREVIOUS_KEY_UNTIL", FUTURE)]).unwrap();
        let previous = config.previous_keys.unwrap();
        assert_eq!(
            previous.signing_key.unwrap().id(),
            SigningKey::from_pem(keys::P256.private).unwrap().id()
        );
        assert!(previous.secret_key.is_none() && previous.until == FUTURE.parse().unwrap());
    }
    assert!(
        read(&[("PREVIOUS_SECRET_KEY", OLD), ("PREVIOUS_KEY_UNTIL", PAST)]).is_ok(),
        "over, and no fault"
    );
    for (variables, named, expected) in [
        (&[("PREVIOUS_SECRET_KEY", OLD)][..], "PREVIOUS_KEY_UNTIL", "is not set"),
        (&[("PREVIOUS_SIGNING_KEY_FILE", &public)], "PREVIOUS_KEY_UNTIL", "is not set"),
        (&[("PREVIOUS_KEY_UNTIL", FUTURE)], "PREVIOUS_SECRET_KEY", "is not set"),
        (&[("PREVIOUS_SECRET_KEY", OLD), ("PREVIOUS_KEY_UNTIL", "soon")], "PREVIOUS_KEY_UNTIL", "soon"),
        (
            &[("PREVIOUS_SECRET_KEY", "hush"), ("PREVIOUS_KEY_UNTIL", FUTURE)],
            "PREVIOUS_SECRET_KEY",
            "a secret",
        ),
        (
            &[("PREVIOUS_SIGNING_KEY_FILE", &shared), ("PREVIOUS_KEY_UNTIL", FUTURE)],
            "PREVIOUS_SIGNING_KEY_FILE",
            "mode 644",
        ),
    ] {
        let error = read(variables).unwrap_err();
        let [fault] = error.faults() else { panic!("{error}") };
        let text = fault.to_string();
        assert!(fault.variable == named && text.contains(expected), "{text}");
        assert!(!text.contains("hush") && !text.contains("old secret"), "{text}");
    }
    let error = read(&[("PREVIOUS_SECRET_KEY", "hush"), ("PREVIOUS_SIGNING_KEY_FILE", &shared)]).unwrap_err();
    assert_eq!(error.faults().len(), 3, "every fault at once: {error}");
}

/// The whole way of an operator, each time a process of its own: here by opening the same files again.
#[tokio::test]
async fn a_server_is_restarted_with_other_keys_and_nobody_is_logged_out() {
    let directory = tempfile::tempdir().unwrap();
    let ed25519 = write(&directory, "ed25519.pem", keys::ED25519.private, 0o600);
    let p256 = write(&directory, "p256.pem", keys::P256.private, 0o600);
    let run = async |variables: &[(&str, &str)]| Run::start(directory.path(), variables).await;

    let first = run(&[("SECRET_KEY", OLD)]).await;
    first.register().await;
    let of_first = first.log_in().await;
    first.stop().await;

    // Another secret and a key pair at once; the old secret signed access tokens, too.
    let asymmetric = [("SECRET_KEY", NEW), ("ALGORITHM", "EdDSA"), ("SIGNING_KEY_FILE", &ed25519)];
    let overlap = [("PREVIOUS_SECRET_KEY", OLD), ("PREVIOUS_KEY_UNTIL", FUTURE)];
    let second = run(&[&asymmetric[..], &overlap].concat()).await;
    assert!(second.takes(&of_first).await);
    let of_second = second.refresh(&of_first).await.unwrap();
    assert!(second.takes(&of_second).await);
    assert_eq!(second.refresh(&of_first).await.unwrap(), of_second);
    second.stop().await;

    // The overlap is over: what the old secret made is refused, what it was renewed to is not.
    let third = run(&[&asymmetric[..], &[overlap[0], ("PREVIOUS_KEY_UNTIL", PAST)]].concat()).await;
    assert!(!third.takes(&of_first).await && third.takes(&of_second).await);
    assert!(matches!(third.refresh(&of_first).await, Err(Error::InvalidRefreshToken)));
    third.stop().await;

    // Another pair, of another kind.
    let next = [("SECRET_KEY", NEW), ("ALGORITHM", "ES256"), ("SIGNING_KEY_FILE", &p256)];
    let overlap = [("PREVIOUS_SIGNING_KEY_FILE", ed25519.as_str()), ("PREVIOUS_KEY_UNTIL", FUTURE)];
    let fourth = run(&[&next[..], &overlap].concat()).await;
    assert!(fourth.takes(&of_second).await);
    fourth.stop().await;
    let fifth = run(&next).await;
    assert!(!fifth.takes(&of_second).await);
    let renewed = fifth.refresh(&of_second).await.unwrap();
    assert!(fifth.takes(&renewed).await);
    fifth.stop().await;

    let log: String = fs::read_dir(directory.path().join("logs"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(log.matches(r#""action":"key.rotate""#).count(), 2, "{log}");
    for secret in [OLD, NEW, "MC4CAQ", &of_first.refresh_token, &of_first.access_token] {
        assert!(!log.contains(secret), "{secret}");
    }
}

/// One run of a server on the files of a directory.
struct Run(System);

impl Run {
    async fn start(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let url = format!("redb://{}", directory.join("ums.redb").display());
        let logs = directory.join("logs").display().to_string();
        let all = [variables, &[("DATABASE_URL", &url), ("LOG_DIR", &logs)]].concat();
        let config = read(&all).unwrap();
        let log = Log::open(&config).unwrap();
        Self(System::open(&config, &log).await.unwrap())
    }

    async fn stop(self) {
        self.0.close().await;
    }

    async fn register(&self) {
        let ada = Registration {
            full_name: "Ada".into(),
            email: "ada@example.com".into(),
            password: Password::new(PASSWORD),
            department_id: None,
        };
        self.0.user_management().anonymous().register(&ada).await.unwrap();
    }

    async fn log_in(&self) -> TokenPair {
        let credentials = Credentials { email: "ada@example.com".into(), password: Password::new(PASSWORD) };
        self.0.user_management().anonymous().login(&credentials).await.unwrap()
    }

    async fn takes(&self, tokens: &TokenPair) -> bool {
        match self.0.user_management().authenticate(&tokens.access_token).await {
            Ok(_) => true,
            Err(Error::InvalidAccessToken) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn refresh(&self, tokens: &TokenPair) -> Result<TokenPair, Error> {
        self.0.user_management().anonymous().refresh(&tokens.refresh_token).await
    }
}

fn write(directory: &TempDir, name: &str, text: &str, mode: u32) -> String {
    let path: PathBuf = directory.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}
