//! Imports beside each other and beside everything else, and those that say all that there is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod scripted;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use scripted::{ScriptedStore, Work, writes};
use ums_core::import::{ImportOptions, ImportReport, ImportStatus, OnExisting, OnMissing};
use ums_core::model::{Role, Status, User};
use ums_core::{Error, PageLimit, PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::WorkbookMaker;

fn file(maker: &WorkbookMaker) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&maker.bytes()).unwrap();
    file.rewind().unwrap();
    file
}

fn people(numbers: impl IntoIterator<Item = u32>) -> WorkbookMaker {
    let heading = ["email", "full_name", "department"].map(str::to_owned);
    let rows = numbers.into_iter().map(|number| {
        [format!("p{number}@example.com"), format!("Person {number}"), format!("Department {}", number % 7)]
    });
    WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows))
}

async fn everyone(fixture: &Fixture) -> Vec<User> {
    let mut request = PageRequest::new(PageLimit::MAXIMUM, None);
    let mut users = Vec::new();
    loop {
        let page = fixture.ums.system().users(&UserFilter::default(), &request).await.unwrap();
        users.extend(page.items);
        let Some(cursor) = page.next_cursor else { return users };
        request.cursor = Some(cursor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_imports_and_registrations_end_consistent() {
    let store = MemoryStore::new();
    let fixture = Fixture::on(Arc::new(store.clone())).await;
    let other = Fixture::on(Arc::new(store)).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let options = ImportOptions::new().organisation_id(organisation.id);
    let (first, second) = (file(&people(0..120)), file(&people((60..180).rev())));
    let one = {
        let (acting, options) = (fixture.ums.system(), options.clone());
        tokio::spawn(async move { acting.import_workbook(first, &options).await.unwrap() })
    };
    let two = {
        let (acting, options) = (other.ums.system(), options.clone());
        tokio::spawn(async move { acting.import_workbook(second, &options).await.unwrap() })
    };
    let mut registered = 0;
    for number in (0..180).step_by(9) {
        let registration = ums_core::Registration {
            full_name: "Somebody else".into(),
            email: format!("P{number}@example.com"),
            password: ums_core::Password::new(ums_testkit::PASSWORD),
            department_id: None,
        };
        match fixture.ums.anonymous().register(&registration).await {
            Ok(_) => registered += 1,
            Err(error) => assert_eq!(error.code(), "email_taken"),
        }
    }
    let (one, two): (ImportReport, ImportReport) = (one.await.unwrap(), two.await.unwrap());
    let users = everyone(&fixture).await;
    let addresses: BTreeSet<_> = users.iter().map(|user| user.email.to_lowercase()).collect();
    assert_eq!((users.len(), addresses.len()), (180, 180));
    for report in [&one, &two] {
        assert_eq!(report.status, ImportStatus::Succeeded, "{report:?}");
        assert_eq!(report.users.created + report.users.skipped, 120);
    }
    assert_eq!(one.users.created + two.users.created + registered, 180);
    assert_eq!(one.departments.created + two.departments.created, 7);
    fixture.verify().await;
}

#[tokio::test]
async fn whom_a_whole_workbook_does_not_name_is_suspended() {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let elsewhere = fixture.organisation("Other").await;
    fixture.account("stranger@example.com", Role::Member, Some(&elsewhere)).await;
    fixture.account("root@example.com", Role::Admin, Some(&organisation)).await;
    fixture.account("chief@example.com", Role::OrgAdmin, Some(&organisation)).await;
    fixture.account("gone@example.com", Role::OrgAdmin, Some(&organisation)).await;
    let sheet = |rows: &[[&str; 3]]| {
        let heading = ["external_id", "email", "name"];
        file(&WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows.iter().copied())))
    };
    let system = fixture.ums.system();
    let keep = ImportOptions::new().organisation_id(organisation.id);
    let first = [["1", "a@example.com", "A"], ["2", "b@example.com", "B"], ["3", "c@example.com", "C"]];
    system.import_workbook(sheet(&first), &keep).await.unwrap();

    let chief = fixture.principal("chief@example.com").await;
    let acting = fixture.ums.acting_as(&chief);
    let whole = ImportOptions::new().on_missing(OnMissing::Suspend).on_existing(OnExisting::Skip);
    let broken = [["1", "a@example.com", "A"], ["2", "no address", "B"]];
    let report = acting.import_workbook(sheet(&broken), &whole).await.unwrap();
    assert_eq!((report.suspended, report.warnings[0].code.as_str()), (0, "nobody_suspended"));
    let report = acting.import_workbook(sheet(&[]), &whole).await.unwrap();
    assert_eq!((report.suspended, report.warnings[0].code.as_str()), (0, "nobody_suspended"));

    // The second has another address by now, and is known by the external id; the third is not named.
    let second = [["1", "a@example.com", "A"], ["2", "new@example.com", "B"]];
    let tried = acting.import_workbook(sheet(&second), &whole.clone().dry_run(true)).await.unwrap();
    assert_eq!(
        (
            tried.suspended,
            everyone(&fixture).await.iter().filter(|user| user.status == Status::Suspended).count()
        ),
        (2, 0)
    );
    let report = acting.import_workbook(sheet(&second), &whole).await.unwrap();
    assert_eq!((report.users.skipped, report.suspended, report.status), (2, 2, ImportStatus::Succeeded));
    let suspended: Vec<_> = everyone(&fixture)
        .await
        .into_iter()
        .filter(|user| user.status == Status::Suspended)
        .map(|user| user.email)
        .collect();
    assert_eq!(suspended, ["c@example.com", "gone@example.com"]);
    let again = acting.import_workbook(sheet(&second), &whole).await.unwrap();
    assert_eq!(again.suspended, 0);

    // Nor the last administrator, by whoever may.
    let report = system
        .import_workbook(sheet(&second), &whole.clone().organisation_id(organisation.id))
        .await
        .unwrap();
    assert_eq!(report.suspended, 1, "the chief");
    let nowhere = system.import_workbook(sheet(&second), &whole).await;
    assert!(matches!(nowhere, Err(Error::Invalid(_))), "{nowhere:?}");
    fixture.verify().await;
}

#[tokio::test]
async fn a_row_that_fails_leaves_no_department_that_was_made_for_it() {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let organisation = fixture.organisation("Tech Corp").await;
    fixture.account("chief@example.com", Role::OrgAdmin, Some(&organisation)).await;
    let chief = fixture.principal("chief@example.com").await;
    let rows = [["email", "name", "department", "role"], ["boss@example.com", "Boss", "Board", "admin"]];
    let workbook = file(&WorkbookMaker::new().sheet("users", rows));
    let report =
        fixture.ums.acting_as(&chief).import_workbook(workbook, &ImportOptions::new()).await.unwrap();
    assert_eq!((report.users.failed, report.departments.created), (1, 0));
    let filter = ums_core::DepartmentFilter::organisation(organisation.id);
    let departments = fixture.ums.system().departments(filter, &PageRequest::default()).await.unwrap();
    assert!(departments.items.is_empty());
    fixture.verify().await;
}

async fn with_files(store: &MemoryStore, folder: &tempfile::TempDir) -> Fixture {
    let files = ums_core::import::WorkbookDirectory::open(folder.path()).unwrap();
    Fixture::with(Arc::new(store.clone()), |builder| builder.import_files(Arc::new(files))).await
}

#[tokio::test]
async fn a_plan_is_committed_as_it_was_decided() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = with_files(&store, &folder).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let system = fixture.ums.system();
    let options = ImportOptions::new().organisation_id(organisation.id).on_existing(OnExisting::Update);
    system.import_workbook(file(&people(0..10)), &options).await.unwrap();
    let heading = ["email", "full_name", "department"].map(str::to_owned);
    let rows = (5..40).map(|number| {
        let email = if number == 20 { "nobody".into() } else { format!("p{number}@example.com") };
        [email, format!("Changed {number}"), format!("Unit {number}")]
    });
    let changed = WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows));
    let plan = system.import_workbook(file(&changed), &options.clone().dry_run(true)).await.unwrap();
    assert_eq!((plan.users.updated, plan.users.created, plan.users.failed), (5, 29, 1));
    assert_eq!(everyone(&fixture).await.len(), 10);
    let done = system.commit_import(plan.id).await.unwrap();
    assert_eq!((done.id, done.dry_run), (plan.id, false));
    assert_eq!((done.users, done.departments, &done.errors), (plan.users, plan.departments, &plan.errors));
    assert_eq!(everyone(&fixture).await.len(), 39);
    let again = system.commit_import(plan.id).await;
    assert_eq!(again.unwrap_err().code(), "not_planned");
    fixture.verify().await;
}

#[tokio::test]
async fn a_plan_that_does_not_hold_any_more_is_refused_whole() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let fixture = with_files(&store, &folder).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let system = fixture.ums.system();
    let options = ImportOptions::new().organisation_id(organisation.id).dry_run(true);
    let plan = system.import_workbook(file(&people(0..30)), &options).await.unwrap();
    fixture.account("p29@example.com", Role::Member, None).await;
    let stale = system.commit_import(plan.id).await;
    assert_eq!(stale.unwrap_err().code(), "plan_stale");
    assert_eq!(everyone(&fixture).await.len(), 1);
    assert_eq!(system.import(plan.id).await.unwrap().users, plan.users);
    fixture.clock.advance(std::time::Duration::from_secs(60 * 60));
    let late = system.commit_import(plan.id).await;
    assert_eq!(late.unwrap_err().code(), "plan_expired");
    fixture.verify().await;
}

#[tokio::test]
async fn a_row_that_changes_after_the_look_is_left_alone() {
    let (store, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
    let scripted = ScriptedStore::new(Arc::new(store.clone()));
    let files = ums_core::import::WorkbookDirectory::open(folder.path()).unwrap();
    let slow =
        Fixture::with(Arc::new(scripted.clone()), |builder| builder.import_files(Arc::new(files))).await;
    let quick = Fixture::on(Arc::new(store)).await;
    let organisation = quick.organisation("Tech Corp").await;
    let options = ImportOptions::new().organisation_id(organisation.id);
    let system = slow.ums.system();
    let plan = system.import_workbook(file(&people(0..12)), &options.dry_run(true)).await.unwrap();
    let other = quick.clone();
    let meanwhile: Work =
        Box::pin(async move { drop(other.account("p7@example.com", Role::Member, None).await) });
    scripted.once_before(|call| writes(call, "users/0", "p7@example.com"), meanwhile);
    let done = system.commit_import(plan.id).await.unwrap();
    assert_eq!((done.users.created, done.users.failed), (11, 1), "{done:?}");
    let faults: Vec<_> = done.errors.iter().map(|fault| (fault.row, fault.code.as_str())).collect();
    assert_eq!(faults, [(Some(9), "changed_meanwhile")]);
    let users = everyone(&quick).await;
    let theirs = users.iter().find(|user| user.email == "p7@example.com").unwrap();
    assert_eq!((users.len(), theirs.organisation_id), (12, None));
    scripted.behave();
    quick.verify().await;
}
