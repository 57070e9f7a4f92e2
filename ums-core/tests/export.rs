//! What goes out as a workbook, and that it comes in again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx};
use ums_core::export::{ExportOptions, ExportedWorkbook};
use ums_core::import::{ImportOptions, ImportReport, ImportStatus, OnExisting};
use ums_core::log::{LogQuery, Outcome};
use ums_core::model::{
    Department, DepartmentFields, Organisation, OrganisationFields, OrganisationId, Role, Status, User,
    UserFields,
};
use ums_core::{Acting, DepartmentFilter, Error, PageLimit, PageRequest, Password, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::{Fixture, PASSWORD};

async fn fixture() -> Fixture {
    Fixture::on(Arc::new(MemoryStore::new())).await
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

async fn export(acting: &Acting) -> ExportedWorkbook {
    acting.export_users(&ExportOptions::new()).await.unwrap()
}

async fn import(fixture: &Fixture, file: File, options: &ImportOptions) -> ImportReport {
    let report = fixture.ums.system().import_workbook(file, options).await.unwrap();
    assert_eq!(report.errors, []);
    report
}

/// The texts of a sheet, row by row.
fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<String>> {
    let mut workbook = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    let text = |cell: &Data| match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

fn bytes(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Everything in a store, less ids and times: what it is compared by.
async fn everything(fixture: &Fixture) -> Vec<String> {
    let system = fixture.ums.system();
    let request = PageRequest::new(PageLimit::MAXIMUM, None);
    let mut lines = Vec::new();
    let organisations = system.organisations(&request).await.unwrap().items;
    let organisation = |id: Option<OrganisationId>| {
        organisations.iter().find(|one| Some(one.id) == id).map(|one| one.name.clone())
    };
    for Organisation { name, address, description, .. } in &organisations {
        lines.push(format!("{name:?} {address:?} {description:?}"));
    }
    let departments = system.departments(DepartmentFilter::default(), &request).await.unwrap().items;
    let department = |id| departments.iter().find(|one| Some(one.id) == id).map(|one| one.name.clone());
    for Department { name, organisation_id, parent_id, .. } in &departments {
        lines.push(format!(
            "{name:?} of {:?} below {:?}",
            organisation(Some(*organisation_id)),
            department(*parent_id)
        ));
    }
    let mut request = request.clone();
    loop {
        let page = system.users(&UserFilter::default(), &request).await.unwrap();
        for User { external_id, full_name, email, role, status, department_id, organisation_id, .. } in
            page.items
        {
            // No workbook holds a password, and without one nobody is active.
            let status = if status == Status::Active { Status::Invited } else { status };
            let (organisation, department) = (organisation(organisation_id), department(department_id));
            lines.push(format!(
                "{email:?} {external_id:?} {full_name:?} {role} {status} {organisation:?} {department:?}"
            ));
        }
        let Some(cursor) = page.next_cursor else { break };
        request.cursor = Some(cursor);
    }
    lines.sort();
    lines
}

const AWKWARD: [&str; 30] = [
    "00123",
    "1e5",
    "1234567890123456",
    "2024-02-29",
    "TRUE",
    "#N/A",
    "=cmd|'/C calc'!A0",
    "+49 30 1234",
    "-7",
    "@SUM(1+1)",
    "＝1",
    "'=1",
    "''=1",
    "'quoted",
    "'",
    "\"double\", comma; semicolon",
    "🦀 👩‍👩‍👧",
    "עברית بالعربية",
    "\u{200B}=1",
    "a\u{A0}b  c",
    "e\u{301}",
    "_x0041_",
    "_x005F_x0041_",
    "snake_x000D_case",
    "<b>&amp;</b> ]]>",
    "{=SUM(A1)}",
    "What is wrong",
    "replace",
    "%PDF-1.7",
    "ﬁ ① Ⅷ",
];

async fn furnish(fixture: &Fixture) {
    let system = fixture.ums.system();
    let longest = "ß🦀".repeat(100);
    let mut names: Vec<&str> = AWKWARD.to_vec();
    names.push(&longest);
    for (number, name) in names.iter().enumerate() {
        let fields = OrganisationFields {
            name: format!("{name} of {number}"),
            address: Some((*name).to_owned()),
            description: Some(format!("{name} {}", "long ".repeat(350))),
        };
        let fields =
            if *name == longest { OrganisationFields { name: longest.clone(), ..fields } } else { fields };
        let organisation = system.create_organisation(&fields).await.unwrap().value;
        let mut parent_id = None;
        for name in [name, "Research", "zz above", "aa below"] {
            let fields = DepartmentFields {
                name: (*name).to_owned(),
                organisation_id: Some(organisation.id),
                parent_id,
            };
            parent_id = Some(system.create_department(&fields).await.unwrap().value.id);
        }
        let statuses = [None, Some(Status::Suspended), Some(Status::Pending)];
        let fields = UserFields {
            full_name: (*name).to_owned(),
            email: format!("{}person{number}@example.com", ["", "+", "=", "-"][number % 4]),
            external_id: Some((*name).to_owned()),
            role: Some(Role::ALL[number % 4]),
            status: statuses[number % 3],
            organisation_id: Some(organisation.id),
            department_id: parent_id.filter(|_| number % 5 != 0),
            password: (number % 2 == 0).then(|| Password::new(PASSWORD)),
        };
        system.create_user(&fields).await.unwrap();
    }
    for number in 0..450 {
        let fields = UserFields {
            full_name: format!("Nobody's {number}"),
            email: format!("nobody{number}@example.com"),
            ..UserFields::default()
        };
        system.create_user(&fields).await.unwrap();
    }
}

#[tokio::test]
async fn an_export_imports_into_an_empty_store_as_the_same() {
    let source = fixture().await;
    furnish(&source).await;
    let exported = export(&source.ums.system()).await;
    assert_eq!((exported.organisations, exported.departments, exported.users), (31, 124, 481));
    let workbook = bytes(exported.file);

    let target = fixture().await;
    let report = import(&target, file(&workbook), &ImportOptions::new()).await;
    assert_eq!(report.status, ImportStatus::Succeeded);
    assert_eq!(report.warnings, []);
    assert_eq!(
        (report.organisations.created, report.departments.created, report.users.created),
        (31, 124, 481)
    );
    assert_eq!(everything(&target).await, everything(&source).await);
    source.verify().await;
    target.verify().await;

    // What comes out of there is the same again, and changes nothing where it comes from.
    let again = bytes(export(&target.ums.system()).await.file);
    for name in ["organisations", "departments"] {
        // Departments are listed by their organisations' ids.
        let [mut again, mut first] = [&again, &workbook].map(|workbook| sheet(workbook, name));
        again.sort();
        first.sort();
        assert_eq!(again, first, "{name}");
    }
    let update = ImportOptions::new().on_existing(OnExisting::Update);
    for fixture in [&source, &target] {
        let before = everything(fixture).await;
        let report = import(fixture, file(&workbook), &update).await;
        assert_eq!(
            (report.organisations.unchanged, report.departments.unchanged, report.users.unchanged),
            (31, 124, 481)
        );
        assert_eq!(everything(fixture).await, before);
    }
}

#[tokio::test]
async fn no_cell_begins_like_a_formula_and_none_holds_a_secret() {
    let fixture = fixture().await;
    furnish(&fixture).await;
    let workbook = bytes(export(&fixture.ums.system()).await.file);
    let mut guarded = 0;
    for name in ["users", "departments", "organisations"] {
        for row in sheet(&workbook, name) {
            for cell in row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝']), "{cell}");
                assert!(!cell.contains("$argon2") && !cell.contains(PASSWORD), "{cell}");
                guarded += usize::from(cell.starts_with('\''));
            }
        }
    }
    assert!(guarded > 50, "{guarded}");
    let formulas = Xlsx::new(std::io::Cursor::new(&workbook)).unwrap().worksheet_formula("users").unwrap();
    assert!(formulas.rows().flatten().all(String::is_empty));
    let headings = &sheet(&workbook, "users")[0];
    assert_eq!(
        *headings,
        ["email", "external_id", "full_name", "department", "organisation", "role", "status"]
    );
}

#[tokio::test]
async fn everybody_exports_what_they_see() {
    let fixture = fixture().await;
    let system = fixture.ums.system();
    let (own, other) = (fixture.organisation("Own").await, fixture.organisation("Other").await);
    let mut ids = Vec::new();
    for (name, organisation, parent) in
        [("Top", &own, None), ("Below", &own, Some(0)), ("Beside", &own, None), ("Foreign", &other, None)]
    {
        let fields = DepartmentFields {
            name: name.into(),
            organisation_id: Some(organisation.id),
            parent_id: parent.map(|index: usize| ids[index]),
        };
        ids.push(system.create_department(&fields).await.unwrap().value.id);
    }
    let user = async |email: &str, role, department: Option<usize>, organisation: Option<&Organisation>| {
        let fields = UserFields {
            full_name: format!("Owner of {email}"),
            email: email.to_owned(),
            role: Some(role),
            organisation_id: organisation.map(|one| one.id),
            department_id: department.map(|index| ids[index]),
            password: Some(Password::new(PASSWORD)),
            ..UserFields::default()
        };
        system.create_user(&fields).await.unwrap();
    };
    user("admin@x.org", Role::Admin, None, None).await;
    user("chief@own.org", Role::OrgAdmin, None, Some(&own)).await;
    user("head@own.org", Role::DepartmentAdmin, Some(0), Some(&own)).await;
    user("below@own.org", Role::Member, Some(1), Some(&own)).await;
    user("beside@own.org", Role::Member, Some(2), Some(&own)).await;
    user("foreign@other.org", Role::Member, Some(3), Some(&other)).await;

    let acting = async |email: &str| fixture.ums.acting_as(&fixture.principal(email).await);
    let first =
        |rows: Vec<Vec<String>>| rows.into_iter().skip(1).map(|mut row| row.remove(0)).collect::<Vec<_>>();
    for (email, organisations, departments, users) in [
        (
            "admin@x.org",
            &["Other", "Own"][..],
            &["Below", "Beside", "Top", "Foreign"][..],
            &[
                "admin@x.org",
                "below@own.org",
                "beside@own.org",
                "chief@own.org",
                "foreign@other.org",
                "head@own.org",
            ][..],
        ),
        (
            "chief@own.org",
            &["Own"],
            &["Below", "Beside", "Top"],
            &["below@own.org", "beside@own.org", "chief@own.org", "head@own.org"],
        ),
        ("head@own.org", &["Own"], &["Below", "Beside", "Top"], &["head@own.org", "below@own.org"]),
    ] {
        let workbook = bytes(export(&acting(email).await).await.file);
        assert_eq!(first(sheet(&workbook, "organisations")), organisations, "{email}");
        assert_eq!(first(sheet(&workbook, "departments")), departments, "{email}");
        assert_eq!(first(sheet(&workbook, "users")), users, "{email}");
    }
    let narrowed = ExportOptions::new().organisation_id(other.id);
    let one = acting("admin@x.org").await.export_users(&narrowed).await.unwrap();
    assert_eq!((one.organisations, one.departments, one.users), (1, 1, 1));

    let refused = acting("below@own.org").await.export_users(&ExportOptions::new()).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let absent = ExportOptions::new().organisation_id(OrganisationId::try_from(99).unwrap());
    for options in [&narrowed, &absent] {
        let refused = acting("chief@own.org").await.export_users(options).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    }
    let refused = acting("admin@x.org").await.export_users(&absent).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let refused = fixture.ums.anonymous().export_users(&ExportOptions::new()).await;
    assert!(matches!(refused, Err(Error::InvalidAccessToken)), "{refused:?}");
    fixture.verify().await;
}

#[tokio::test]
async fn the_log_is_told_of_every_export() {
    let fixture = fixture().await;
    let own = fixture.organisation("Own").await;
    let chief = fixture.account("chief@own.org", Role::OrgAdmin, Some(&own)).await;
    fixture.account("member@own.org", Role::Member, Some(&own)).await;
    export(&fixture.ums.acting_as(&fixture.principal("chief@own.org").await)).await;
    let member = fixture.ums.acting_as(&fixture.principal("member@own.org").await);
    member.export_users(&ExportOptions::new()).await.unwrap_err();
    let mut query = LogQuery::default();
    query.action = Some("export.".into());
    fixture.ums.log().flush().await.unwrap();
    let events = fixture.ums.log().sink().query(&query).await.unwrap().items;
    let told: Vec<_> = events.iter().map(|event| (event.outcome(), event.actor_id())).collect();
    assert_eq!(told[1], (Some(Outcome::Success), Some(chief.id)));
    assert_eq!(told[0].0, Some(Outcome::Refused));
    assert_eq!(events[1].fields()["users"], 2);
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn the_template_imports_as_it_is_and_changes_nothing() {
    let fixture = fixture().await;
    let template = fixture.ums.system().import_template().await.unwrap();
    let report = import(&fixture, file(&template), &ImportOptions::new()).await;
    assert_eq!(report.status, ImportStatus::Succeeded);
    let warned: Vec<_> =
        report.warnings.iter().map(|fault| (&*fault.sheet, fault.row, &*fault.code)).collect();
    assert_eq!(
        warned,
        [
            ("organisations", Some(2), "example_row"),
            ("departments", Some(2), "example_row"),
            ("users", Some(2), "example_row"),
        ]
    );
    assert_eq!(everything(&fixture).await, Vec::<String>::new());
    fixture.verify().await;
}

#[tokio::test]
async fn the_template_is_for_those_who_import() {
    let fixture = fixture().await;
    let own = fixture.organisation("Own").await;
    for (email, role, allowed) in [
        ("a@own.org", Role::Admin, true),
        ("o@own.org", Role::OrgAdmin, true),
        ("d@own.org", Role::DepartmentAdmin, false),
        ("m@own.org", Role::Member, false),
    ] {
        fixture.account(email, role, Some(&own)).await;
        let acting = fixture.ums.acting_as(&fixture.principal(email).await);
        assert_eq!(acting.import_template().await.is_ok(), allowed, "{email}");
    }
}
