//! What interrupts an import other than the end of its process, and dry runs that are interrupted.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod scripted;

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use scripted::{ScriptedStore, Turn, writes};
use tokio::sync::Semaphore;
use ums_core::import::{ImportOptions, ImportStatus, WorkbookDirectory};
use ums_core::model::Role;
use ums_core::store::Store;
use ums_core::{Error, ImportEvent, PageRequest, Random};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::CuttingStore;
use ums_testkit::workbook::{WorkbookMaker, users};
use ums_testkit::{FixedClock, Fixture, SeededRandom};

fn file(maker: &WorkbookMaker) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&maker.bytes()).unwrap();
    file.rewind().unwrap();
    file
}

async fn instance(store: Arc<dyn Store>, folder: &Path, later: u64) -> Fixture {
    let clock = FixedClock::new();
    clock.advance(Duration::from_secs(later));
    Fixture::with(store, |builder| {
        let files = WorkbookDirectory::open(folder).unwrap();
        builder.clock(Arc::new(clock)).resume_imports(false).import_files(Arc::new(files))
    })
    .await
}

/// Departments are remembered from row to row, and the last row is wrong.
fn people(count: u32) -> WorkbookMaker {
    let heading = ["email", "full_name", "department"].map(str::to_owned);
    let rows = (0..count).map(|number| {
        let email = if number + 1 == count { "nobody".into() } else { format!("p{number}@example.com") };
        [email, format!("Person {number}"), format!("Department {}", number % 3)]
    });
    WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows))
}

#[tokio::test]
async fn a_dry_run_that_is_interrupted_begins_anew_and_its_plan_is_whole() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let before = instance(Arc::new(store.clone()), folder.path(), 0).await;
    let organisation = before.organisation("Tech Corp").await;
    let options = ImportOptions::new().organisation_id(organisation.id).dry_run(true);
    let expected = before.ums.system().import_workbook(file(&people(60)), &options).await.unwrap();
    assert_eq!((expected.users.created, expected.users.failed, expected.departments.created), (59, 1, 3));
    let mut later = 0;
    for commits in [12, 9, 14] {
        let cutting = CuttingStore::new(store.clone(), commits, true);
        let interrupted = instance(Arc::new(cutting), folder.path(), later).await;
        if later == 0 {
            let broken = interrupted.ums.system().import_workbook(file(&people(60)), &options).await;
            assert!(matches!(broken, Err(Error::Store(_))), "{broken:?}");
        } else {
            assert_eq!(interrupted.ums.resume_imports().await.unwrap(), 1);
        }
        let listed = before.ums.system().imports(&PageRequest::default()).await.unwrap().items;
        assert_eq!(listed[0].status, ImportStatus::Running);
        assert!((1..60).contains(&listed[0].users.read), "{:?}", listed[0].users);
        later += 61;
    }
    let next = instance(Arc::new(store), folder.path(), later).await;
    assert_eq!(next.ums.resume_imports().await.unwrap(), 1);
    let system = next.ums.system();
    let planned = system.imports(&PageRequest::default()).await.unwrap().items.remove(0);
    assert_eq!((planned.users, planned.departments), (expected.users, expected.departments));
    assert_eq!((planned.status, &planned.errors), (expected.status, &expected.errors));
    let done = system.commit_import(planned.id).await.unwrap();
    assert_eq!((done.users, done.departments), (expected.users, expected.departments));
    next.verify().await;
}

#[tokio::test]
async fn a_dry_run_that_never_comes_to_its_end_is_given_up() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let options = ImportOptions::new().dry_run(true);
    for nth in 0..6 {
        let cutting = CuttingStore::new(store.clone(), 12, true);
        let interrupted = instance(Arc::new(cutting), folder.path(), 61 * nth).await;
        if nth == 0 {
            drop(interrupted.ums.system().import_workbook(file(&users(60)), &options).await);
        } else {
            drop(interrupted.ums.resume_imports().await);
        }
    }
    let next = instance(Arc::new(store), folder.path(), 61 * 6).await;
    assert_eq!(next.ums.resume_imports().await.unwrap(), 0);
    let report = next.ums.system().imports(&PageRequest::default()).await.unwrap().items.remove(0);
    assert_eq!(
        (report.status, report.errors.last().unwrap().code.as_str()),
        (ImportStatus::Failed, "given_up")
    );
    next.verify().await;
}

/// Counts what is asked of chance.
#[derive(Debug)]
struct Counted(SeededRandom, Arc<AtomicU64>);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.fill(bytes);
    }
}

#[tokio::test]
async fn a_dry_run_looks_at_passwords_and_hashes_none() {
    let draws = Arc::new(AtomicU64::new(0));
    let random = Counted(SeededRandom::new(1), draws.clone());
    let fixture =
        Fixture::with(Arc::new(MemoryStore::new()), |builder| builder.random(Arc::new(random))).await;
    let heading = ["email", "full_name", "password"].map(str::to_owned);
    let rows = |password: &str| {
        let rows = (0..40).map(|number| {
            let password = if number == 7 && !password.is_empty() { "short" } else { password };
            [format!("p{number}@example.com"), format!("Person {number}"), password.to_owned()]
        });
        file(&WorkbookMaker::new().sheet("users", std::iter::once(heading.clone()).chain(rows)))
    };
    let system = fixture.ums.system();
    let options = ImportOptions::new().dry_run(true);
    let drawn = || draws.swap(0, Ordering::Relaxed);
    drawn();
    system.import_workbook(rows(""), &options).await.unwrap();
    let without = drawn();
    let report = system.import_workbook(rows(ums_testkit::PASSWORD), &options).await.unwrap();
    let with = drawn();
    assert_eq!((report.users.created, report.users.failed), (39, 1));
    // Each hash has a salt.
    assert!(with < without + 39, "{without} draws without passwords, and {with} with them");
    fixture.verify().await;
}

/// Keeps imports of these people from being committed until there are permits.
fn held(store: &MemoryStore) -> (ScriptedStore, Arc<Semaphore>) {
    let (scripted, gate) = (ScriptedStore::new(Arc::new(store.clone())), Arc::new(Semaphore::new(0)));
    let shut = gate.clone();
    scripted.follow(move |call| {
        if !writes(call, "users/0", "person0@example.com") {
            return Turn::Act;
        }
        let shut = shut.clone();
        Turn::Before(Box::pin(async move { drop(shut.acquire().await) }))
    });
    (scripted, gate)
}

#[tokio::test]
async fn a_caller_who_goes_away_before_their_turn_calls_the_import_off_at_once() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let (scripted, gate) = held(&store);
    let fixture = instance(Arc::new(scripted), folder.path(), 0).await;
    let system = fixture.ums.system();
    for _ in 0..2 {
        let started = system.start_import(file(&users(20)), &ImportOptions::new(), None).await.unwrap();
        while system.import(started.id).await.unwrap().status != ImportStatus::Running {
            tokio::task::yield_now().await;
        }
    }
    let caller = {
        let system = system.clone();
        tokio::spawn(async move { system.import_workbook(file(&users(20)), &ImportOptions::new()).await })
    };
    let id = 3_u64.try_into().unwrap();
    while system.import(id).await.is_err() {
        tokio::task::yield_now().await;
    }
    caller.abort();
    let mut events = system.follow_import(id).await.unwrap();
    let report = loop {
        if let Some(ImportEvent::Finished(report)) = events.next().await.unwrap() {
            break report;
        }
    };
    assert_eq!((report.status, report.users.read), (ImportStatus::Cancelled, 0));
    gate.add_permits(100);
    for id in [1_u64, 2] {
        let mut events = system.follow_import(id.try_into().unwrap()).await.unwrap();
        while events.next().await.unwrap().is_some() {}
    }
    fixture.verify().await;
}

#[tokio::test]
async fn following_an_import_ends_with_the_session() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let (scripted, gate) = held(&store);
    let fixture = instance(Arc::new(scripted), folder.path(), 0).await;
    fixture.account("root@example.com", Role::Admin, None).await;
    let acting = fixture.ums.acting_as(&fixture.principal("root@example.com").await);
    let started = acting.start_import(file(&users(20)), &ImportOptions::new(), None).await.unwrap();
    let mut events = acting.follow_import(started.id).await.unwrap();
    assert!(matches!(events.next().await, Ok(Some(ImportEvent::Progress(_)))));
    acting.logout_all().await.unwrap();
    let ended = loop {
        match events.next().await {
            Ok(Some(ImportEvent::Progress(_))) => {}
            other => break other,
        }
    };
    assert!(matches!(ended, Err(Error::InvalidAccessToken)), "{ended:?}");
    gate.add_permits(100);
    let mut events = fixture.ums.system().follow_import(started.id).await.unwrap();
    while events.next().await.unwrap().is_some() {}
    fixture.verify().await;
}
