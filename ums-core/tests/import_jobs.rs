//! Imports as jobs: who is at one, who takes it up, and what calls it off.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ums_core::import::{ImportOptions, ImportStatus, WorkbookDirectory, WorkbookFiles};
use ums_core::{Conflict, Error, ImportEvent, PageRequest};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::CuttingStore;
use ums_testkit::workbook::{WorkbookMaker, users};
use ums_testkit::{FixedClock, Fixture};

fn workbook(rows: u32) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&users(rows).bytes()).unwrap();
    file.rewind().unwrap();
    file
}

async fn instance(store: &MemoryStore, files: Option<&Path>, later: u64) -> Fixture {
    let clock = FixedClock::new();
    clock.advance(Duration::from_secs(later));
    Fixture::with(Arc::new(store.clone()), |builder| {
        let builder = builder.clock(Arc::new(clock)).resume_imports(false);
        match files {
            Some(path) => builder.import_files(Arc::new(WorkbookDirectory::open(path).unwrap())),
            None => builder,
        }
    })
    .await
}

/// Has an import break off after some commits, on an instance whose power is cut.
async fn broken_off(store: &MemoryStore, files: Option<&Path>) {
    let cutting = Arc::new(CuttingStore::new(store.clone(), 12, false));
    let fixture = Fixture::with(cutting, |builder| match files {
        Some(path) => builder.import_files(Arc::new(WorkbookDirectory::open(path).unwrap())),
        None => builder,
    })
    .await;
    let broken = fixture.ums.system().import_workbook(workbook(60), &ImportOptions::new()).await;
    assert!(matches!(broken, Err(Error::Store(_))), "{broken:?}");
}

#[tokio::test]
async fn a_job_is_taken_up_once_its_lease_has_run_out_and_not_before() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    broken_off(&store, Some(folder.path())).await;
    let early = instance(&store, Some(folder.path()), 59).await;
    assert_eq!(early.ums.resume_imports().await.unwrap(), 0);
    let listed = early.ums.system().imports(&PageRequest::default()).await.unwrap().items;
    assert_eq!((listed.len(), listed[0].status), (1, ImportStatus::Running));
    assert!(listed[0].users.read < 60, "it came to its end before the power was cut");
    let late = instance(&store, Some(folder.path()), 61).await;
    assert_eq!(late.ums.resume_imports().await.unwrap(), 1);
    let report = late.ums.system().import(listed[0].id).await.unwrap();
    assert_eq!((report.status, report.users.created), (ImportStatus::Succeeded, 60));
    assert_eq!(late.ums.resume_imports().await.unwrap(), 0);
    late.verify().await;
}

#[tokio::test]
async fn the_only_instance_takes_a_job_up_at_once() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    broken_off(&store, Some(folder.path())).await;
    let files = Arc::new(WorkbookDirectory::open(folder.path()).unwrap());
    let only = Fixture::with(Arc::new(store), |builder| {
        builder.import_files(files).resume_imports(false).only_instance(true)
    })
    .await;
    let system = only.ums.system();
    let id = system.imports(&PageRequest::default()).await.unwrap().items[0].id;
    let early = system.failed_rows(id).await;
    assert!(matches!(early, Err(Error::Conflict(Conflict::ImportUnfinished))), "{early:?}");
    assert_eq!(only.ums.resume_imports().await.unwrap(), 1);
    let report = system.import(id).await.unwrap();
    assert_eq!((report.status, report.users.created), (ImportStatus::Succeeded, 60));
    assert!(system.failed_rows(id).await.unwrap().is_none());
    // What it is at itself stays its own.
    let started = system.start_import(workbook(400), &ImportOptions::new(), None).await.unwrap();
    assert_eq!(only.ums.resume_imports().await.unwrap(), 0);
    let mut events = system.follow_import(started.id).await.unwrap();
    while events.next().await.unwrap().is_some() {}
    assert_eq!(system.import(started.id).await.unwrap().status, ImportStatus::Succeeded);
    only.verify().await;
}

#[tokio::test]
async fn an_instance_without_the_workbook_says_that_it_was_interrupted() {
    let store = MemoryStore::new();
    broken_off(&store, None).await;
    let fixture = instance(&store, None, 61).await;
    assert_eq!(fixture.ums.resume_imports().await.unwrap(), 0);
    let listed = fixture.ums.system().imports(&PageRequest::default()).await.unwrap().items;
    let last = listed[0].errors.last().unwrap();
    assert_eq!((listed[0].status, last.code.as_str()), (ImportStatus::Failed, "interrupted"));
    // That is a fault of no row.
    assert!(fixture.ums.system().failed_rows(listed[0].id).await.unwrap().is_none());
    fixture.verify().await;
}

#[tokio::test]
async fn why_it_failed_is_told_however_much_was_wrong_before() {
    let store = MemoryStore::new();
    let cutting = CuttingStore::new(store.clone(), 500, false);
    let before = Fixture::with(Arc::new(cutting), |builder| builder).await;
    let wrong = (0..6_000).map(|number| [format!("nobody{number}"), "Somebody".to_owned()]);
    let rows = std::iter::once(["email", "full_name"].map(str::to_owned)).chain(wrong);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&WorkbookMaker::new().sheet("users", rows).bytes()).unwrap();
    file.rewind().unwrap();
    let broken = before.ums.system().import_workbook(file, &ImportOptions::new()).await;
    assert!(matches!(broken, Err(Error::Store(_))), "{broken:?}");
    let later = instance(&store, None, 61).await;
    assert_eq!(later.ums.resume_imports().await.unwrap(), 0);
    let system = later.ums.system();
    let report = system.imports(&PageRequest::default()).await.unwrap().items.remove(0);
    assert!((1_001..6_000).contains(&report.users.failed), "{:?}", report.users);
    assert_eq!((report.status, report.errors_truncated), (ImportStatus::Failed, true));
    assert_eq!(report.errors.len(), 1_000);
    let [others @ .., last] = report.errors.as_slice() else { panic!("{report:?}") };
    assert_eq!((last.code.as_str(), last.row), ("interrupted", None));
    assert!((2..).map(Some).zip(others).all(|(row, fault)| fault.row == row), "the first of the others");
    // Also when the rest is kept no more.
    let much_later = instance(&store, None, 40 * 24 * 60 * 60).await;
    let again = much_later.ums.system().import(report.id).await.unwrap();
    assert_eq!(again.errors, report.errors);
    later.verify().await;
}

#[tokio::test]
async fn an_import_that_is_called_off_stops_between_two_batches() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = instance(&store, Some(folder.path()), 0).await;
    let system = fixture.ums.system();
    let started = system.start_import(workbook(400), &ImportOptions::new(), None).await.unwrap();
    let mut events = system.follow_import(started.id).await.unwrap();
    let report = loop {
        match events.next().await.unwrap().unwrap() {
            ImportEvent::Progress(progress) if progress.rows_done > 0 => {
                drop(system.cancel_import(started.id).await);
            }
            ImportEvent::Progress(_) => {}
            ImportEvent::Finished(report) => break report,
        }
    };
    assert_eq!(report.status, ImportStatus::Cancelled);
    assert!((1..400).contains(&report.users.created), "{report:?}");
    assert_eq!(events.next().await.unwrap(), None);
    let late = system.cancel_import(started.id).await;
    assert!(matches!(late, Err(Error::Conflict(Conflict::ImportFinished))), "{late:?}");
    fixture.verify().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_calls_the_import_off() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = instance(&store, Some(folder.path()), 0).await;
    let system = fixture.ums.system();
    let caller = {
        let system = system.clone();
        tokio::spawn(async move { system.import_workbook(workbook(400), &ImportOptions::new()).await })
    };
    let id = 1_u64.try_into().unwrap();
    let mut events = loop {
        match system.follow_import(id).await {
            Ok(events) => break events,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    while let Some(event) = events.next().await.unwrap() {
        match event {
            ImportEvent::Progress(progress) if progress.rows_done > 0 => caller.abort(),
            ImportEvent::Progress(_) => {}
            ImportEvent::Finished(report) => assert_eq!(report.status, ImportStatus::Cancelled),
        }
    }
    fixture.verify().await;
}

#[tokio::test]
async fn an_instance_that_ends_leaves_its_imports_for_the_next() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = instance(&store, Some(folder.path()), 0).await;
    let system = fixture.ums.system();
    let started = system.start_import(workbook(400), &ImportOptions::new(), None).await.unwrap();
    let mut events = system.follow_import(started.id).await.unwrap();
    while let Some(ImportEvent::Progress(progress)) = events.next().await.unwrap() {
        if progress.rows_done > 0 {
            break;
        }
    }
    fixture.ums.stop_imports().await;
    let refused = system.import_workbook(workbook(1), &ImportOptions::new()).await;
    assert!(matches!(refused, Err(Error::Overloaded { .. })), "{refused:?}");
    // At once: the lease was given back.
    let next = instance(&store, Some(folder.path()), 0).await;
    assert_eq!(next.ums.resume_imports().await.unwrap(), 1);
    let report = next.ums.system().import(started.id).await.unwrap();
    assert_eq!((report.status, report.users.created), (ImportStatus::Succeeded, 400));
    next.verify().await;
}

#[tokio::test]
async fn workbooks_are_removed_once_nobody_asks_for_them() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = instance(&store, Some(folder.path()), 0).await;
    let report = fixture.ums.system().import_workbook(workbook(3), &ImportOptions::new()).await.unwrap();
    let nothing = tempfile::tempfile().unwrap();
    assert!(fixture.ums.system().import_workbook(nothing, &ImportOptions::new()).await.is_err());
    let files = WorkbookDirectory::open(folder.path()).unwrap();
    files.keep(99_u64.try_into().unwrap(), workbook(1)).await.unwrap();
    assert!(fixture.ums.system().imported_workbook(report.id).await.unwrap().is_some());
    fixture.ums.sweep_imports().await.unwrap();
    assert_eq!(files.ids().await.unwrap(), [report.id], "of no import, and of one that could not be read");
    let later = instance(&store, Some(folder.path()), 24 * 60 * 60 + 1).await;
    later.ums.sweep_imports().await.unwrap();
    assert!(files.ids().await.unwrap().is_empty());
    assert!(later.ums.system().imported_workbook(report.id).await.unwrap().is_none());
    later.verify().await;
}

/// A clock on which every look at it takes a second.
#[derive(Debug, Default)]
struct Ticking(std::sync::atomic::AtomicI64);

impl ums_core::Clock for Ticking {
    fn now(&self) -> ums_core::Timestamp {
        let seconds = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        ums_core::Timestamp::from_unix_milliseconds(4_951_155_723_456 + seconds * 1_000)
    }
}

#[tokio::test]
async fn a_workbook_that_takes_too_long_is_refused_by_the_limit_s_name() {
    let mut limits = ums_core::import::ImportLimits::default();
    limits.seconds = 3;
    let fixture = Fixture::with(Arc::new(MemoryStore::new()), |builder| {
        builder.clock(Arc::new(Ticking::default())).import_limits(limits)
    })
    .await;
    let refused = fixture.ums.system().import_workbook(workbook(60), &ImportOptions::new()).await;
    assert!(
        matches!(&refused, Err(Error::UnreadableWorkbook { cause }) if cause.contains("limit seconds, which is 3")),
        "{refused:?}"
    );
    fixture.verify().await;
}
