//! Whom an import suspends since its workbook does not name them, and whom it never does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

mod scripted;

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use scripted::{ScriptedStore, Turn, Work};
use ums_core::import::{ImportOptions, ImportReport, ImportStatus, OnMissing, WorkbookDirectory};
use ums_core::model::{Organisation, Role, Status, User};
use ums_core::store::Store;
use ums_core::{Error, ImportEvent, PageLimit, PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::{Call, CuttingStore};
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{FixedClock, Fixture};

fn file(maker: &WorkbookMaker) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&maker.bytes()).unwrap();
    file.rewind().unwrap();
    file
}

/// People by their number, each of the organisation named.
fn people(rows: impl IntoIterator<Item = (u32, &'static str)>) -> WorkbookMaker {
    let heading = ["email", "full_name", "organisation"].map(str::to_owned);
    let rows = rows.into_iter().map(|(number, organisation)| {
        [format!("p{number}@example.com"), format!("Person {number}"), organisation.to_owned()]
    });
    WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows))
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

/// An organisation with so many people, and another one that has nobody.
async fn staffed(fixture: &Fixture, count: u32) -> Organisation {
    let organisation = fixture.organisation("Tech Corp").await;
    fixture.organisation("Other").await;
    let workbook = file(&people((0..count).map(|number| (number, "Tech Corp"))));
    fixture.ums.system().import_workbook(workbook, &ImportOptions::new()).await.unwrap();
    organisation
}

fn whole(organisation: &Organisation) -> ImportOptions {
    ImportOptions::new().organisation_id(organisation.id).on_missing(OnMissing::Suspend)
}

async fn suspended(fixture: &Fixture) -> Vec<String> {
    let request = PageRequest::new(PageLimit::MAXIMUM, None);
    let users = fixture.ums.system().users(&UserFilter::default(), &request).await.unwrap().items;
    let is_suspended = |user: &User| user.status == Status::Suspended;
    users.into_iter().filter(is_suspended).map(|user| user.email).collect()
}

fn expect_nobody(report: &ImportReport) {
    assert_eq!((report.suspended, report.warnings.len()), (0, 1), "{report:?}");
    assert_eq!(report.warnings[0].code, "nobody_suspended");
    assert!(report.warnings[0].message.contains("another organisation"), "{report:?}");
}

#[tokio::test]
async fn a_workbook_about_another_organisation_suspends_nobody() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = instance(Arc::new(store), folder.path(), 0).await;
    let organisation = staffed(&fixture, 5).await;
    let system = fixture.ums.system();
    let other = || people((10..14).map(|number| (number, "Other")));
    let plan = system.import_workbook(file(&other()), &whole(&organisation).dry_run(true)).await.unwrap();
    expect_nobody(&plan);
    expect_nobody(&system.commit_import(plan.id).await.unwrap());
    // Nor does one of which a part is, nor one that names those who are elsewhere already.
    let mixed = people([(0, "Tech Corp"), (20, "Other"), (1, "Tech Corp")]);
    expect_nobody(&system.import_workbook(file(&mixed), &whole(&organisation)).await.unwrap());
    expect_nobody(&system.import_workbook(file(&other()), &whole(&organisation)).await.unwrap());
    let unsaid = people([(0, ""), (10, "")]);
    expect_nobody(&system.import_workbook(file(&unsaid), &whole(&organisation)).await.unwrap());
    assert!(suspended(&fixture).await.is_empty());
    let own = people([(0, ""), (1, "Tech Corp")]);
    let report = system.import_workbook(file(&own), &whole(&organisation)).await.unwrap();
    assert_eq!((report.suspended, report.warnings.len()), (3, 0));
    fixture.verify().await;
}

/// Cuts an import off at each of its commits, has another instance go on with it, and gives what comes of each that had
/// some rows behind it and some before it.
async fn interrupted(maker: &WorkbookMaker, staff: u32) -> Vec<(ImportReport, Vec<String>)> {
    let mut ended = Vec::new();
    for commits in 1..40 {
        let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
        let before = instance(Arc::new(store.clone()), folder.path(), 0).await;
        let organisation = staffed(&before, staff).await;
        let cutting = CuttingStore::new(store.clone(), commits, true);
        let cut = instance(Arc::new(cutting), folder.path(), 0).await;
        drop(cut.ums.system().import_workbook(file(maker), &whole(&organisation)).await);
        let listed = before.ums.system().imports(&PageRequest::default()).await.unwrap().items;
        if listed[0].status != ImportStatus::Running || listed[0].users.read == 0 {
            continue;
        }
        let next = instance(Arc::new(store), folder.path(), 61).await;
        assert_eq!(next.ums.resume_imports().await.unwrap(), 1);
        let report = next.ums.system().imports(&PageRequest::default()).await.unwrap().items.remove(0);
        assert_eq!(report.status, ImportStatus::Succeeded, "{report:?}");
        ended.push((report, suspended(&next).await));
        next.verify().await;
    }
    ended
}

#[tokio::test]
async fn an_import_that_was_interrupted_still_knows_who_stood_elsewhere() {
    let rows = (0..12).map(|number| if number < 2 { (20 + number, "Other") } else { (number, "Tech Corp") });
    let ended = interrupted(&people(rows), 15).await;
    assert!(ended.len() >= 3, "{}", ended.len());
    for (report, suspended) in ended {
        expect_nobody(&report);
        assert!(suspended.is_empty(), "{suspended:?}");
    }
}

#[tokio::test]
async fn an_import_that_was_interrupted_still_knows_whom_it_names() {
    let ended = interrupted(&people((0..12).map(|number| (number, "Tech Corp"))), 15).await;
    assert!(ended.len() >= 3, "{}", ended.len());
    for (report, suspended) in ended {
        assert_eq!(report.suspended, 3, "{report:?}");
        assert_eq!(suspended, ["p12@example.com", "p13@example.com", "p14@example.com"]);
    }
}

#[tokio::test]
async fn of_two_sheets_of_users_neither_is_read() {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let organisation = staffed(&fixture, 3).await;
    let maker = people([(0, ""), (10, "")]).sheet("Users ", [["email", "name"], ["p1@example.com", "P"]]);
    let refused = fixture.ums.system().import_workbook(file(&maker), &whole(&organisation)).await;
    let Err(Error::UnreadableWorkbook { cause }) = refused else { panic!("{refused:?}") };
    assert!(cause.contains("more than one sheet named users"), "{cause}");
    assert!(suspended(&fixture).await.is_empty());
    fixture.verify().await;
}

/// Does this before the first commit after an import looked for the users of an organisation.
fn before_the_first_suspension(store: &ScriptedStore, work: Work) {
    let (mut work, mut looked) = (Some(work), false);
    store.follow(move |call| {
        looked |= is_look(call);
        match looked && call.is_commit() {
            true => work.take().map_or(Turn::Act, Turn::Before),
            false => Turn::Act,
        }
    });
}

fn is_look(call: Call<'_>) -> bool {
    matches!(call, Call::Scan(scan) if scan.partition.starts_with("organisation/") && scan.prefix == "user/")
}

#[tokio::test]
async fn whoever_came_after_the_import_began_stays() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let scripted = ScriptedStore::new(Arc::new(store.clone()));
    let fixture = instance(Arc::new(scripted.clone()), folder.path(), 0).await;
    let organisation = staffed(&fixture, 4).await;
    let later = instance(Arc::new(store), folder.path(), 60).await;
    let (system, whole) = (fixture.ums.system(), whole(&organisation));
    let named = || file(&people([(0, ""), (1, ""), (2, "")]));
    let (other, own) = (later.clone(), organisation.clone());
    let meanwhile: Work =
        Box::pin(async move { drop(other.account("new@example.com", Role::Member, Some(&own)).await) });
    scripted.once_before(is_look, meanwhile);
    let report = system.import_workbook(named(), &whole).await.unwrap();
    assert_eq!((report.suspended, suspended(&later).await), (1, vec!["p3@example.com".to_owned()]));
    later.principal("new@example.com").await;

    // What counts of a plan is when it was made.
    scripted.behave();
    let named = file(&people([(0, ""), (1, "")]));
    let plan = system.import_workbook(named, &whole.dry_run(true)).await.unwrap();
    assert_eq!(plan.suspended, 1);
    later.account("newer@example.com", Role::Member, Some(&organisation)).await;
    let done = later.ums.system().commit_import(plan.id).await.unwrap();
    assert_eq!((done.suspended, suspended(&later).await.len()), (1, 2));
    later.principal("newer@example.com").await;
    later.verify().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_ends_the_suspending() {
    let store = ScriptedStore::new(Arc::new(MemoryStore::new()));
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    let organisation = staffed(&fixture, 30).await;
    let (system, whole) = (fixture.ums.system(), whole(&organisation));
    let (begin, begun) = tokio::sync::oneshot::channel::<()>();
    let caller = {
        let system = system.clone();
        tokio::spawn(async move {
            begun.await.unwrap();
            system.import_workbook(file(&people([(0, "")])), &whole).await
        })
    };
    let going = Box::pin(async move {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    });
    before_the_first_suspension(&store, going);
    begin.send(()).unwrap();
    let id = 2_u64.try_into().unwrap();
    while system.import(id).await.is_err() {
        tokio::task::yield_now().await;
    }
    let mut events = system.follow_import(id).await.unwrap();
    let report = loop {
        if let Some(ImportEvent::Finished(report)) = events.next().await.unwrap() {
            break report;
        }
    };
    assert_eq!(report.status, ImportStatus::Cancelled);
    assert!((1..29).contains(&report.suspended), "{}", report.suspended);
    assert_eq!(suspended(&fixture).await.len() as u64, report.suspended);
    fixture.verify().await;
}
