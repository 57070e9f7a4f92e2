//! Opening and closing: who may, what a file must be, and what is said if not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

use redb::{Database, TableDefinition};
use tempfile::TempDir;
use ums_store::{Commit, CommitId, Error, Key, Op, Outcome, Scan, Store};
use ums_store_redb::{OpenError, RedbStore};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(id: u128, sort: &str) -> Commit {
    Commit::new(CommitId::from_u128(id), [Op::put(Key::new("p", sort), "1")])
}

#[tokio::test]
async fn a_file_that_is_open_is_not_opened_again() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    let error = RedbStore::open(&path).unwrap_err();
    assert!(matches!(&error, OpenError::AlreadyOpen { path: named } if *named == path), "{error:?}");
    assert!(error.to_string().contains("open already"), "{error}");
    let clone = store.clone();
    drop(store);
    assert!(matches!(RedbStore::open(&path), Err(OpenError::AlreadyOpen { .. })), "a clone holds it");
    drop(clone);
    RedbStore::open(&path).unwrap();
}

/// The name of the variable that makes a test a child of another.
const CHILD: &str = "UMS_REDB_TEST_OPEN";

#[tokio::test]
async fn a_file_that_another_process_has_open_is_not_opened() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    store.commit(&put(1, "a")).await.unwrap();
    assert_eq!(open_in_child(&path), "AlreadyOpen");
    assert_eq!(store.commit(&put(2, "b")).await.unwrap(), Outcome::Applied);
    store.close().await;
    assert_eq!(open_in_child(&path), "Ok");
}

fn open_in_child(path: &Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_opens", "--nocapture"])
        .env(CHILD, path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.split_once("opened: "))
        .unwrap_or_else(|| panic!("{output:?}"))
        .1
        .to_owned()
}

/// Does nothing, unless it is the child of the test above.
#[test]
fn child_that_opens() {
    #[expect(clippy::disallowed_methods, reason = "how a test tells its child what to do")]
    let path = std::env::var_os(CHILD);
    if let Some(path) = path {
        let result = match RedbStore::open(path) {
            Ok(_) => "Ok",
            Err(OpenError::AlreadyOpen { .. }) => "AlreadyOpen",
            Err(_) => "another error",
        };
        println!("\nopened: {result}");
    }
}

#[test]
fn a_file_of_another_format_is_named_with_both() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    drop(RedbStore::open(&path).unwrap());
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    transaction.open_table(meta).unwrap().insert("format", 7).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let error = RedbStore::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Format { found: 7, .. }), "{error:?}");
    assert!(error.to_string().contains("format 7") && error.to_string().contains("format 1"), "{error}");
}

#[test]
fn files_of_others_are_left_alone() {
    let folder = folder();
    let text = folder.path().join("text");
    fs::write(&text, "not a database at all, but longer than any header of one ".repeat(200)).unwrap();
    let before = fs::read(&text).unwrap();
    assert!(matches!(RedbStore::open(&text), Err(OpenError::Foreign { .. })));
    assert_eq!(fs::read(&text).unwrap(), before);

    let other = folder.path().join("other.redb");
    let database = Database::create(&other).unwrap();
    let transaction = database.begin_write().unwrap();
    let table: TableDefinition<'_, u64, u64> = TableDefinition::new("theirs");
    transaction.open_table(table).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(RedbStore::open(&other), Err(OpenError::Foreign { .. })));
}

#[test]
fn an_empty_file_becomes_a_store() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    fs::write(&path, "").unwrap();
    RedbStore::open(&path).unwrap();
}

#[test]
fn a_missing_folder_is_said_to_be() {
    let folder = folder();
    let error = RedbStore::open(folder.path().join("missing").join("ums.redb")).unwrap_err();
    assert!(matches!(&error, OpenError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound));
    assert!(error.to_string().contains("missing"), "{error}");
}

/// A file that was cut, as by a copy that broke off.
#[tokio::test]
async fn a_file_that_was_cut_is_damaged() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    for id in 0..20 {
        store.commit(&put(id, &id.to_string())).await.unwrap();
    }
    drop(store);
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() / 2, 4096, 100, 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = RedbStore::open(&path).unwrap_err();
        assert!(
            matches!(error, OpenError::Corrupt { .. } | OpenError::Foreign { .. }),
            "{length} bytes: {error:?}"
        );
    }
    fs::write(&path, &whole).unwrap();
    RedbStore::open(&path).unwrap();
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let path = folder.path().join("ums.redb");
    drop(RedbStore::open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_still_tells_what_is_invalid() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    let clone = store.clone();
    store.commit(&put(1, "a")).await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(clone.commit(&put(2, "b")).await, Err(Error::Unavailable { .. })));
    assert!(matches!(clone.get(&[Key::new("p", "a")]).await, Err(Error::Unavailable { .. })));
    assert!(matches!(clone.scan(&Scan::partition("p")).await, Err(Error::Unavailable { .. })));
    assert!(matches!(clone.sweep().await, Err(Error::Unavailable { .. })));
    let empty = Commit::new(CommitId::from_u128(3), []);
    assert!(matches!(clone.commit(&empty).await, Err(Error::Invalid { .. })));
    let store = RedbStore::open(&path).unwrap();
    assert!(store.get(&[Key::new("p", "a")]).await.unwrap()[0].is_some());
    assert!(store.get(&[Key::new("p", "b")]).await.unwrap()[0].is_none());
}

/// What was handed over before closing is done, though nobody waits for it.
#[tokio::test]
async fn dropping_the_store_does_what_was_handed_over() {
    let folder = folder();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    for id in 0..50 {
        let commit = put(id, &format!("{id:02}"));
        let mut future = store.commit(&commit);
        let polled =
            std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context))).await;
        assert!(polled.is_pending() || polled.is_ready());
    }
    drop(store);
    let store = RedbStore::open(&path).unwrap();
    let page = store.scan(&Scan::partition("p")).await.unwrap();
    assert_eq!(page.items.len(), 50);
}
