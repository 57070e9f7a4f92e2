//! Passwords that come in a workbook are held to the policy, each as that of the account that it makes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::io::{Seek, Write};
use std::sync::Arc;

use ums_core::import::{ImportOptions, ImportReport};
use ums_core::model::{DepartmentFields, Role};
use ums_core::{Acting, PasswordPolicy};
use ums_store_memory::MemoryStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, PASSWORD};

async fn import(acting: &Acting, maker: &WorkbookMaker, options: &ImportOptions) -> ImportReport {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&maker.bytes()).unwrap();
    file.rewind().unwrap();
    acting.import_workbook(file, options).await.unwrap()
}

fn faults(report: &ImportReport) -> Vec<(Option<&str>, &str)> {
    report.errors.iter().map(|fault| (fault.cell.as_deref(), fault.code.as_str())).collect()
}

/// A sheet with one account each that goes by this column to its organisation.
fn sheet(heading: &str, rows: &[[&str; 2]]) -> WorkbookMaker {
    let heading = ["email", "full_name", heading, "password"].map(str::to_owned);
    let rows = rows.iter().enumerate();
    let rows = rows.map(|(number, [place, password])| {
        [
            format!("user{number}@example.com"),
            "Somebody".to_owned(),
            (*place).to_owned(),
            (*password).to_owned(),
        ]
    });
    WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows))
}

#[tokio::test]
async fn none_is_made_of_its_organisations_name_however_the_row_says_which() {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let (tech, widget) =
        (fixture.organisation("Tech Corp").await, fixture.organisation("Widget House").await);
    let fields =
        DepartmentFields { name: "Research".into(), organisation_id: Some(widget.id), parent_id: None };
    let system = fixture.ums.system();
    let research = system.create_department(&fields).await.unwrap().value;
    fixture.account("org@example.com", Role::OrgAdmin, Some(&tech)).await;
    let (of_tech, of_widget) = ("TechCorp-password-2026", "Widget House 2026");
    let expected = [(Some("D2"), "predictable")];

    let none = ImportOptions::new();
    let by_name = sheet("organisation", &[["tech corp", of_tech], ["Tech Corp", of_widget]]);
    let report = import(&system, &by_name, &none).await;
    assert_eq!((faults(&report), report.users.created), (expected.to_vec(), 1));

    let (id, department) = (tech.id.to_string(), research.id.to_string());
    let by_id = sheet("organisation_id", &[[&id, of_tech]]);
    assert_eq!(faults(&import(&system, &by_id, &none).await), expected);
    let by_department = sheet("department_id", &[[&department, of_widget]]);
    assert_eq!(faults(&import(&system, &by_department, &none).await), expected);
    let by_import = sheet("role", &[["", of_widget]]);
    let mut options = ImportOptions::new();
    options.organisation_id = Some(widget.id);
    assert_eq!(faults(&import(&system, &by_import, &options).await), expected);
    let acting = fixture.ums.acting_as(&fixture.principal("org@example.com").await);
    let by_actor = sheet("role", &[["", of_tech]]);
    assert_eq!(faults(&import(&acting, &by_actor, &none).await), expected);
    fixture.verify().await;
}

#[tokio::test]
async fn each_that_is_refused_fails_its_row_with_its_own_reason() {
    let policy = PasswordPolicy::new(8).unwrap();
    let fixture =
        Fixture::with(Arc::new(MemoryStore::new()), |builder| builder.password_policy(policy)).await;
    let rows = [
        ["", "seven77"],
        ["", "Princess1"],
        ["", "horsehorsehorse"],
        ["", "qwertyuiopasdfghjkl123"],
        ["", "user4-password-2026"],
        ["", PASSWORD],
    ];
    let report = import(&fixture.ums.system(), &sheet("role", &rows), &ImportOptions::new()).await;
    let expected = ["too_short", "common_password", "common_password", "common_password", "predictable"];
    assert_eq!(report.errors.iter().map(|fault| fault.code.as_str()).collect::<Vec<_>>(), expected);
    let mut messages: Vec<_> = report.errors.iter().map(|fault| fault.message.as_str()).collect();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(messages.len(), 5, "{messages:?}");
    assert!(report.errors.iter().all(|fault| fault.value.is_none()));
    assert_eq!(report.users.created, 1);
    fixture.verify().await;
}
