//! The secret beside the data.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ums_core::SystemRandom;
use ums_server::secret_file::{SecretFileError, read_or_make};

#[test]
fn is_made_once_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/deep/secret");
    read_or_make(&path, &SystemRandom).unwrap();

    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim_end().len(), 64);
    assert!(text.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&directory.path().join("data/deep")), 0o700);
    assert_eq!(mode(&directory.path().join("data")), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");

    read_or_make(&path, &SystemRandom).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn two_servers_have_two_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let made = ["a", "b"].map(|name| {
        let path = directory.path().join(name);
        read_or_make(&path, &SystemRandom).unwrap();
        fs::read_to_string(path).unwrap()
    });
    assert_ne!(made[0], made[1]);
}

#[test]
fn is_refused_where_others_may_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    read_or_make(&path, &SystemRandom).unwrap();
    for shared in [0o640, 0o604, 0o660, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(shared)).unwrap();
        let error = read_or_make(&path, &SystemRandom).unwrap_err();
        assert!(matches!(error, SecretFileError::Permissions { mode, .. } if mode == shared), "{error}");
        assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    read_or_make(&path, &SystemRandom).unwrap();
}

#[test]
fn is_refused_where_it_is_damaged_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    for damaged in ["", "hush-hush\n", "0123456789abcdef0123456789abcde\n\n\n\n"] {
        fs::write(&path, damaged).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_or_make(&path, &SystemRandom).unwrap_err();
        assert!(matches!(error, SecretFileError::Damaged { .. }), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn says_where_it_could_not_be_made() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = read_or_make(&file.join("secret"), &SystemRandom).unwrap_err();
    assert!(matches!(error, SecretFileError::Io { .. }), "{error}");
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
