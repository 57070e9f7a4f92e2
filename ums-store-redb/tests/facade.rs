//! The whole domain on redb: what holds on the memory store holds here, and again after the file was opened anew.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io;
use std::sync::Arc;

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use ums_store::{Limits, Store};
use ums_store_redb::{RedbStore, RedbStoreBuilder};
use ums_testkit::{Fixture, scenarios};

/// A store of its own in memory: the domain does not care for the disk, which `conformance` and the crash tests see to, and
/// `fsync` would cost minutes.
fn in_memory(limits: Limits) -> Arc<dyn Store> {
    let backend = Arc::new(InMemoryBackend::new());
    let storage = move || Ok::<_, io::Error>(Shared(backend.clone()));
    Arc::new(RedbStore::builder().limits(limits).open_storage("memory", storage).unwrap())
}

/// The same bytes whenever they are opened.
#[derive(Debug)]
struct Shared(Arc<InMemoryBackend>);

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_scenario_holds() {
    scenarios::run(|| in_memory(RedbStoreBuilder::LIMITS)).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_done_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ums.redb");
    let store = RedbStore::open(&path).unwrap();
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    let admin = fixture.register("admin@example.com").await;
    let organisation = fixture.organisation("One").await;
    let tokens = fixture.login("admin@example.com").await;
    drop(fixture);
    store.close().await;
    drop(store);

    let fixture = Fixture::on(Arc::new(RedbStore::open(&path).unwrap())).await;
    let principal = fixture.ums.authenticate(&tokens.access_token).await.unwrap();
    let acting = fixture.ums.acting_as(&principal);
    assert_eq!(acting.me().await.unwrap().value, admin);
    assert_eq!(acting.organisation(organisation.id).await.unwrap().value, organisation);
    fixture.ums.anonymous().refresh(&tokens.refresh_token).await.unwrap();
    assert!(fixture.organisation("Two").await.id > organisation.id);
    fixture.verify().await;
}
