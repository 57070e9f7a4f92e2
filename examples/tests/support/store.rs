//! The store that a server left behind, opened by the library.

use std::path::Path;
use std::sync::Arc;

use ums_core::{HashOptions, SecretKey, UserManagement};
use ums_store_redb::RedbStore;

/// User management over the server's file, which no server may have open.
pub(crate) async fn open(directory: &Path) -> UserManagement {
    let store = RedbStore::open(directory.join("data/ums.redb")).unwrap();
    let secret = SecretKey::new(*b"it signs nothing that is kept here").unwrap();
    let cheap = HashOptions::new().memory_kibibytes(8).iterations(1);
    UserManagement::builder(Arc::new(store), secret).hashing(cheap).open().await.unwrap()
}

/// Looks that the file holds every invariant.
pub(crate) async fn verify(directory: &Path) {
    let findings = open(directory).await.verify().await.unwrap();
    let listed: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(listed.is_empty(), "the store breaks its invariants:\n{}", listed.join("\n"));
}
