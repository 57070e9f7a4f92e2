//! The operator's program.
#![cfg(feature = "redb")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use ums_core::log::MemorySink;
use ums_core::model::OrganisationFields;
use ums_core::store::{Commit, CommitId, Key, Op, Outcome, Store};
use ums_core::{PageRequest, SecretKey, UserFilter, UserManagement};
use ums_store_redb::RedbStore;

#[test]
fn check_says_what_works() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), "check", &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = text(&output.stdout);
    for part in ["configuration is understood", "redb://./data/ums.redb answers", "./logs can be written"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[tokio::test]
async fn check_changes_nothing_in_the_store() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("data")).unwrap();
    let file = directory.path().join("data/ums.redb");
    let events = std::sync::Arc::new(MemorySink::new(100));
    let open = async || {
        let store = std::sync::Arc::new(RedbStore::open(&file).unwrap());
        let secret = SecretKey::new(*b"0123456789abcdef0123456789abcdef").unwrap();
        UserManagement::builder(store, secret).log_sink(events.clone()).open().await.unwrap()
    };
    drop(open().await);
    // Other keys than before, and an administrator that is not there yet.
    let variables = [
        ("SECRET_KEY", "ffffffffffffffffffffffffffffffff"),
        ("ADMIN_EMAIL", "admin@example.com"),
        ("ADMIN_PASSWORD", "StrongPassword123"),
    ];
    let output = run(directory.path(), "check", &variables);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let ums = open().await;
    ums.log().flush().await.unwrap();
    assert!(events.events().iter().all(|event| event.action() != "key.rotate"), "{:?}", events.events());
    let users = ums.system().users(&UserFilter::default(), &PageRequest::default()).await.unwrap();
    assert_eq!(users.items, []);
}

#[test]
fn check_says_what_does_not() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    for (variables, code, complaint) in [
        ([("PORT", "x")], 2, "PORT is \"x\""),
        ([("LOG_DIR", "file/logs")], 1, "the log can't be written in file/logs"),
        ([("DATABASE_URL", "redb://file/ums.redb")], 1, "the store can't be opened"),
    ] {
        let output = run(directory.path(), "check", &variables);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(text(&output.stderr).contains(complaint), "{output:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_may_read_stops_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    assert!(run(directory.path(), "check", &[]).status.success());
    let secret = directory.path().join("data/ums.secret");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = run(directory.path(), "check", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("chmod 600 ./data/ums.secret"), "{output:?}");
    let own = [("SECRET_KEY", "0123456789abcdef0123456789abcdef")];
    assert!(run(directory.path(), "check", &own).status.success(), "a secret of the environment is enough");
}

#[tokio::test]
async fn verify_lists_what_is_broken() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("data")).unwrap();
    let file = directory.path().join("data/ums.redb");
    let store = std::sync::Arc::new(RedbStore::open(&file).unwrap());
    let secret = SecretKey::new(*b"0123456789abcdef0123456789abcdef").unwrap();
    let ums = UserManagement::builder(store.clone(), secret).open().await.unwrap();
    let fields = OrganisationFields { name: "Tech Corp".to_owned(), ..Default::default() };
    ums.system().create_organisation(&fields).await.unwrap();
    drop((ums, store));

    let output = run(directory.path(), "verify", &[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&output.stdout), "redb://./data/ums.redb: 0 broken invariants\n");

    let store = RedbStore::open(&file).unwrap();
    let lost = Op::delete(Key::new("organisations", "tech corp"));
    let applied = store.commit(&Commit::new(CommitId::from_u128(1), [lost])).await.unwrap();
    assert_eq!(applied, Outcome::Applied);
    drop(store);

    let output = run(directory.path(), "verify", &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = text(&output.stdout);
    assert!(said.contains("organisations tech corp: "), "{said}");
    assert!(said.ends_with("redb://./data/ums.redb: 1 broken invariant\n"), "{said}");
}

#[test]
fn verify_does_not_call_a_new_store_sound() {
    let directory = tempfile::tempdir().unwrap();
    for url in ["redb://./data/typo.redb", "memory:"] {
        let output = run(directory.path(), "verify", &[("DATABASE_URL", url)]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(text(&output.stderr).contains(&format!("there is no store at {url}")), "{output:?}");
    }
    assert!(!directory.path().join("data").exists());
}

#[test]
fn says_how_it_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), "help", &[]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("Usage: ums-server COMMAND"));
    let output = run(directory.path(), "version", &[]);
    assert_eq!(text(&output.stdout), concat!("ums-server ", env!("CARGO_PKG_VERSION"), "\n"));
    let output = run(directory.path(), "start", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no command \"start\""));
}

fn run(directory: &Path, command: &str, variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ums-server"))
        .arg(command)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_owned()).unwrap()
}
