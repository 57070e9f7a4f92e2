//! Imports on their way in: what is noted of them, for whom, and what is left of those whose caller goes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use ums_core::import::{ImportOptions, ImportStatus, WorkbookDirectory, WorkbookFiles};
use ums_core::model::{ImportId, Role};
use ums_core::{Acting, Conflict, Error, PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::WorkbookMaker;

fn workbook() -> File {
    let rows = [["email", "full_name"], ["ada@example.com", "Ada Lovelace"]];
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&WorkbookMaker::new().sheet("users", rows).bytes()).unwrap();
    file.rewind().unwrap();
    file
}

async fn with_files(path: &Path) -> Fixture {
    let files = Arc::new(WorkbookDirectory::open(path).unwrap());
    Fixture::with(Arc::new(MemoryStore::new()), |builder| builder.import_files(files)).await
}

async fn acting(fixture: &Fixture, email: &str) -> Acting {
    fixture.ums.acting_as(&fixture.principal(email).await)
}

/// Files that tell when one is to be kept, and wait until they are let go on.
#[derive(Debug, Default)]
struct Slow {
    begun: Notify,
    goes_on: Notify,
}

#[async_trait]
impl WorkbookFiles for Slow {
    async fn keep(&self, _: ImportId, _: File) -> io::Result<()> {
        self.begun.notify_one();
        self.goes_on.notified().await;
        Ok(())
    }

    async fn open(&self, _: ImportId) -> io::Result<File> {
        Err(io::ErrorKind::NotFound.into())
    }

    async fn remove(&self, _: ImportId) -> io::Result<()> {
        Ok(())
    }

    async fn ids(&self) -> io::Result<Vec<ImportId>> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn a_caller_who_goes_while_the_workbook_is_kept_calls_the_import_off() {
    let slow = Arc::new(Slow::default());
    let files = slow.clone();
    let fixture = Fixture::with(Arc::new(MemoryStore::new()), |builder| builder.import_files(files)).await;
    let (system, options) = (fixture.ums.system(), ImportOptions::new());
    tokio::select! {
        ended = system.import_once(workbook(), &options, Some("once")) => panic!("it ended: {ended:?}"),
        () = slow.begun.notified() => {}
    }
    let listed = system.imports(&PageRequest::default()).await.unwrap().items;
    assert_eq!(listed.iter().map(|report| report.status).collect::<Vec<_>>(), [ImportStatus::Queued]);
    slow.goes_on.notify_one();
    // Would wait for ever for one that nobody is at.
    let repeated = system.import_once(workbook(), &options, Some("once")).await.unwrap();
    assert_eq!((repeated.id, repeated.status), (listed[0].id, ImportStatus::Cancelled));
    assert_eq!(repeated.users.created, 0);
    fixture.ums.stop_imports().await;
    fixture.verify().await;
}

#[tokio::test]
async fn a_plan_stays_with_the_organisation_of_whoever_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_files(folder.path()).await;
    fixture.register("admin@example.com").await;
    let organisation = fixture.organisation("Tech Corp").await;
    fixture.account("own@example.com", Role::OrgAdmin, Some(&organisation)).await;
    let (own, admin) =
        (acting(&fixture, "own@example.com").await, acting(&fixture, "admin@example.com").await);
    let plan = own.import_workbook(workbook(), &ImportOptions::new().dry_run(true)).await.unwrap();
    let done = admin.commit_import(plan.id).await.unwrap();
    assert_eq!((done.id, done.users.created), (plan.id, 1));
    let users = admin.users(&UserFilter::default(), &PageRequest::default()).await.unwrap().items;
    let ada = users.iter().find(|user| user.email == "ada@example.com").unwrap();
    assert_eq!(ada.organisation_id, Some(organisation.id));
    fixture.verify().await;
}

#[tokio::test]
async fn a_dry_run_that_was_called_off_is_no_plan() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_files(folder.path()).await;
    let system = fixture.ums.system();
    let started = system.start_import(workbook(), &ImportOptions::new().dry_run(true), None).await.unwrap();
    system.cancel_import(started.id).await.unwrap();
    let mut events = system.follow_import(started.id).await.unwrap();
    while events.next().await.unwrap().is_some() {}
    assert_eq!(system.import(started.id).await.unwrap().status, ImportStatus::Cancelled);
    let refused = system.commit_import(started.id).await;
    assert!(matches!(refused, Err(Error::Conflict(Conflict::NotPlanned))), "{refused:?}");
    assert_eq!(system.import(started.id).await.unwrap().status, ImportStatus::Cancelled);
}
