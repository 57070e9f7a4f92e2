//! Workbooks imported into a store: what comes of their rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use ums_core::import::{ImportCounts, ImportOptions, ImportReport, ImportStatus, OnExisting};
use ums_core::model::{DepartmentFields, Role, Status, UserId};
use ums_core::store::Limits;
use ums_core::{DepartmentFilter, Error, PageLimit, PageRequest, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::{WorkbookMaker, users};

async fn fixture() -> Fixture {
    Fixture::on(Arc::new(MemoryStore::new())).await
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

async fn import(fixture: &Fixture, maker: &WorkbookMaker, options: &ImportOptions) -> ImportReport {
    fixture.ums.system().import_workbook(file(&maker.bytes()), options).await.unwrap()
}

fn counts(numbers: [u64; 6]) -> ImportCounts {
    let [read, created, updated, unchanged, skipped, failed] = numbers;
    ImportCounts { read, created, updated, unchanged, skipped, failed }
}

fn faults(report: &ImportReport) -> Vec<(Option<u32>, Option<&str>, &str)> {
    let errors = report.errors.iter();
    errors.map(|fault| (fault.row, fault.cell.as_deref(), fault.code.as_str())).collect()
}

#[tokio::test]
async fn three_programs_workbooks_come_to_the_same() {
    let mut came_to = Vec::new();
    for writer in ["rust_xlsxwriter", "openpyxl", "libreoffice"] {
        let fixture = fixture().await;
        let path = format!("{}/tests/fixtures/{writer}.xlsx", env!("CARGO_MANIFEST_DIR"));
        let workbook = File::open(path).unwrap();
        let report = fixture.ums.system().import_workbook(workbook, &ImportOptions::new()).await.unwrap();
        assert_eq!(report.status, ImportStatus::SucceededWithErrors, "{writer}");
        for counts in [&report.users, &report.departments, &report.organisations] {
            assert!(counts.read > 0, "{writer}: {counts:?}");
        }
        let page = fixture.ums.system().users(&UserFilter::default(), &PageRequest::default()).await;
        let page = page.unwrap();
        fixture.verify().await;
        came_to.push((report.users, report.departments, report.organisations, report.errors, page.items));
    }
    assert_eq!(came_to[0].0, counts([11, 4, 0, 0, 0, 7]));
    assert_eq!(came_to[0], came_to[1]);
    assert_eq!(came_to[0], came_to[2]);
}

#[tokio::test]
async fn ten_thousand_rows_are_accounted_for() {
    // As generous as a store on a disk, so that batches are as large as there.
    let limits = Limits::FLOOR.with_operations(100_000).with_commit_bytes(64_000_000);
    let fixture = Fixture::on(Arc::new(MemoryStore::with_limits(limits))).await;
    let report = import(&fixture, &users(10_000), &ImportOptions::new()).await;
    assert_eq!(report.users, counts([10_000, 10_000, 0, 0, 0, 0]));
    assert_eq!(report.status, ImportStatus::Succeeded);
    let mut seen = 0;
    let mut request = PageRequest::new(PageLimit::MAXIMUM, None);
    loop {
        let page = fixture.ums.system().users(&UserFilter::default(), &request).await.unwrap();
        seen += page.items.len();
        let Some(cursor) = page.next_cursor else { break };
        request.cursor = Some(cursor);
    }
    assert_eq!(seen, 10_000);
    let again = import(&fixture, &users(10_000), &ImportOptions::new()).await;
    assert_eq!(again.users, counts([10_000, 0, 0, 0, 10_000, 0]));
    fixture.verify().await;
}

#[tokio::test]
async fn a_row_that_is_wrong_stops_no_other() {
    let fixture = fixture().await;
    let organisation = fixture.organisation("Tech Corp").await;
    let maker = WorkbookMaker::new().sheet(
        "users",
        [
            ["email", "full_name", "department", "organisation", "role", "password"],
            ["ada@example.com", "Ada", "Research", "tech corp", "org_admin", "StrongPassword123"],
            ["not an address", "Nobody", "", "", "", ""],
            ["grace@example.com", "Grace", "Research", "Nowhere", "", ""],
            ["ADA@example.com", "Ada again", "", "", "", ""],
            ["linus@example.com", "Linus", "Research", "", "", ""],
            ["marie@example.com", "Marie", "", "", "", "too short"],
            ["rosa@example.com", "Rosa", "", "", "boss", ""],
            ["kurt@example.com", "Kurt", "research", "Tech Corp", "", ""],
        ],
    );
    let report = import(&fixture, &maker, &ImportOptions::new()).await;
    assert_eq!(report.users, counts([8, 2, 0, 0, 0, 6]));
    assert_eq!(report.departments, counts([0, 1, 0, 0, 0, 0]));
    let mut found = faults(&report);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            (Some(3), Some("A3"), "invalid_email"),
            (Some(4), Some("D4"), "not_found"),
            (Some(5), Some("A5"), "duplicate_in_file"),
            (Some(6), Some("D6"), "required"),
            (Some(7), Some("F7"), "too_short"),
            (Some(8), Some("E8"), "invalid_role"),
        ]
    );
    let secret = report.errors.iter().find(|fault| fault.code == "too_short").unwrap();
    assert_eq!(secret.value, None);
    let ada = fixture.principal("ada@example.com").await;
    let ada = fixture.ums.acting_as(&ada).me().await.unwrap().value;
    assert_eq!((ada.role, ada.status), (Role::OrgAdmin, Status::Active));
    assert_eq!(ada.organisation_id, Some(organisation.id));
    fixture.verify().await;
}

#[tokio::test]
async fn departments_come_in_any_order_and_circles_are_named() {
    let fixture = fixture().await;
    let organisation = fixture.organisation("Tech Corp").await;
    let maker = WorkbookMaker::new().sheet(
        "departments",
        [
            ["name", "parent"],
            ["Payroll", "Human Resources"],
            ["Human Resources", "Board"],
            ["Board", ""],
            ["One", "Other"],
            ["Other", "One"],
        ],
    );
    let options = ImportOptions::new().organisation_id(organisation.id);
    let report = import(&fixture, &maker, &options).await;
    assert_eq!(report.departments, counts([5, 3, 0, 0, 0, 2]));
    assert_eq!(faults(&report), [(Some(5), Some("B5"), "cycle"), (Some(6), Some("B6"), "cycle")]);
    assert!(report.errors.iter().all(|fault| fault.message.ends_with("5, 6")), "{:?}", report.errors);
    let filter = DepartmentFilter::organisation(organisation.id);
    let departments = fixture.ums.system().departments(filter, &PageRequest::default()).await.unwrap();
    let by_name = |name: &str| departments.items.iter().find(|found| found.name == name).unwrap();
    assert_eq!(by_name("Payroll").parent_id, Some(by_name("Human Resources").id));
    assert_eq!(by_name("Human Resources").parent_id, Some(by_name("Board").id));
    fixture.verify().await;
}

#[tokio::test]
async fn existing_users_are_skipped_updated_or_refused() {
    let fixture = fixture().await;
    let organisation = fixture.organisation("Tech Corp").await;
    let sheet = |name: &str, email: &str| {
        WorkbookMaker::new().sheet(
            "users",
            [["employee id", "email", "name"], ["0042", email, name], ["0043", "b@x.org", "Bea"]],
        )
    };
    let options = ImportOptions::new().organisation_id(organisation.id);
    let first = import(&fixture, &sheet("Ada", "ada@x.org"), &options).await;
    assert_eq!(first.users, counts([2, 2, 0, 0, 0, 0]));

    let update = options.clone().on_existing(OnExisting::Update);
    let second = import(&fixture, &sheet("Ada Lovelace", "lovelace@x.org"), &update).await;
    assert_eq!(second.users, counts([2, 0, 1, 1, 0, 0]));
    let mut filter = UserFilter::default();
    filter.q = Some("lovelace".into());
    let found = fixture.ums.system().users(&filter, &PageRequest::default()).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(found.items[0].email, "lovelace@x.org");
    assert_eq!(found.items[0].external_id.as_deref(), Some("0042"));

    let fail = options.on_existing(OnExisting::Fail);
    let third = import(&fixture, &sheet("Ada Lovelace", "lovelace@x.org"), &fail).await;
    assert_eq!(third.users, counts([2, 0, 0, 0, 0, 2]));
    assert_eq!(third.status, ImportStatus::Failed);
    fixture.verify().await;
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let fixture = fixture().await;
    let maker = WorkbookMaker::new()
        .sheet(
            "users",
            [
                ["email", "name", "dept", "company"],
                ["a@x.org", "A", "Ops", "New"],
                ["b@x.org", "B", "Ops", "New"],
            ],
        )
        .sheet("departments", [["name", "organisation"], ["Sales", "New"]])
        .sheet("organisations", [["name"], ["New"]]);
    let rehearsed = import(&fixture, &maker, &ImportOptions::new().dry_run(true)).await;
    assert!(rehearsed.dry_run);
    let request = PageRequest::default();
    let system = fixture.ums.system();
    assert!(system.users(&UserFilter::default(), &request).await.unwrap().items.is_empty());
    assert!(system.organisations(&request).await.unwrap().items.is_empty());
    fixture.verify().await;

    let real = import(&fixture, &maker, &ImportOptions::new()).await;
    assert_eq!(real.users, counts([2, 2, 0, 0, 0, 0]));
    assert_eq!(real.departments, counts([1, 2, 0, 0, 0, 0]));
    assert_eq!(real.organisations, counts([1, 1, 0, 0, 0, 0]));
    assert_eq!(
        (rehearsed.users, rehearsed.departments, rehearsed.organisations),
        (real.users, real.departments, real.organisations)
    );
    fixture.verify().await;
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let fixture = fixture().await;
    for bytes in [&b""[..], b"email,name\na@x.org,A\n", &users(3).bytes()[..900]] {
        let read = fixture.ums.system().import_workbook(file(bytes), &ImportOptions::new()).await;
        assert!(matches!(read, Err(Error::UnreadableWorkbook { .. })), "{read:?}");
    }
    assert!(fixture.ums.system().imports(&PageRequest::default()).await.unwrap().items.is_empty());
    assert!(fixture.ums.system().user(UserId::try_from(1).unwrap()).await.is_err());
}

#[tokio::test]
async fn an_organisation_admin_imports_into_its_own_organisation_alone() {
    let fixture = fixture().await;
    let (own, other) = (fixture.organisation("Own").await, fixture.organisation("Other").await);
    fixture.account("chief@own.org", Role::OrgAdmin, Some(&own)).await;
    let foreign = fixture.account("member@other.org", Role::Member, Some(&other)).await;
    fixture.account("member@own.org", Role::Member, Some(&own)).await;
    let fields = DepartmentFields {
        name: "Secret".into(),
        organisation_id: Some(other.id),
        ..DepartmentFields::default()
    };
    fixture.ums.system().create_department(&fields).await.unwrap();
    let maker = WorkbookMaker::new().sheet(
        "users",
        [
            ["email", "name", "organisation", "role"],
            ["new@own.org", "New", "", ""],
            ["spy@own.org", "Spy", "Other", ""],
            ["ghost@own.org", "Ghost", "No such", ""],
            ["member@other.org", "Taken over", "", ""],
            ["boss@own.org", "Boss", "", "admin"],
        ],
    );
    let chief = fixture.principal("chief@own.org").await;
    let acting = fixture.ums.acting_as(&chief);
    let update = ImportOptions::new().on_existing(OnExisting::Update);
    let report = acting.import_workbook(file(&maker.bytes()), &update).await.unwrap();
    assert_eq!(report.users, counts([5, 1, 0, 0, 0, 4]));
    assert_eq!(
        faults(&report),
        [
            (Some(3), Some("C3"), "not_found"),
            (Some(4), Some("C4"), "not_found"),
            (Some(5), Some("A5"), "email_taken"),
            (Some(6), None, "forbidden"),
        ]
    );
    let untouched = fixture.ums.system().user(foreign.id).await.unwrap().value;
    assert_eq!(untouched, foreign);
    assert_eq!(acting.import(report.id).await.unwrap(), report);
    assert_eq!(acting.imports(&PageRequest::default()).await.unwrap().items, [report]);

    let into_other = ImportOptions::new().organisation_id(other.id);
    let refused = acting.import_workbook(file(&maker.bytes()), &into_other).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let member = fixture.principal("member@own.org").await;
    let member = fixture.ums.acting_as(&member);
    let refused = member.import_workbook(file(&maker.bytes()), &ImportOptions::new()).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    assert!(matches!(member.imports(&PageRequest::default()).await, Err(Error::Forbidden)));
    fixture.verify().await;
}
