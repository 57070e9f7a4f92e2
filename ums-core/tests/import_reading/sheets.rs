//! Which sheets are read, and what their rows are taken for.

use ums_core::import::{ImportLimits, ImportOptions, SheetEvent, SheetRow};
use ums_core::model::OrganisationId;
use ums_testkit::package::{Package, row, text};
use ums_testkit::workbook::{WorkbookMaker, users};

use crate::listing::{events, list, list_with};

#[test]
fn every_row_of_ten_thousand_is_accounted_for() {
    const BAD: [u32; 4] = [17, 4_242, 9_998, 10_001];
    let rows = (1..=10_001).map(|number| match number {
        1 => ["email".to_owned(), "name".to_owned()],
        number if BAD.contains(&number) => [format!("person{number}"), format!("Person {number}")],
        number => [format!("person{number}@example.com"), format!("Person {number}")],
    });
    let workbook = WorkbookMaker::new().sheet("users", rows).bytes();
    let events = events(&workbook, &ImportLimits::default(), &ImportOptions::new()).unwrap();
    assert_eq!(events.len(), 10_000);
    let mut faulty = Vec::new();
    for (number, event) in (2..).zip(&events) {
        match event {
            SheetEvent::Row(SheetRow::User(row)) => {
                assert_eq!(row.number(), number);
                assert_eq!(row.record.email.as_given(), format!("person{number}@example.com"));
                assert_eq!(row.record.full_name.as_str(), format!("Person {number}"));
            }
            SheetEvent::Faulty(_, faults) => {
                let fault = &faults[0];
                assert_eq!((fault.row, fault.code.as_str()), (Some(number), "invalid_email"));
                assert_eq!(fault.cell, Some(format!("A{number}")));
                faulty.push(number);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(faulty, BAD);
}

#[test]
fn a_generated_workbook_of_users_has_no_fault() {
    let lines = list(&users(100).bytes()).unwrap();
    assert_eq!(lines.len(), 101);
    assert_eq!(lines[0], "organisations 2 | name = Tech Corp");
    assert_eq!(
        lines[100],
        "users 101 | email = person99@example.com | external_id = 0000099 | full_name = Person 99 | \
         department = Department 9 | organisation = Tech Corp"
    );
}

#[test]
fn without_a_known_name_the_first_visible_sheet_is_read() {
    let notes = [["email", "name"], ["hidden@example.com", "Hidden"]];
    let people = [["Phone", "Mail", "Full Name"], ["", "ada@example.com", "Ada"]];
    let more = [["email", "name"], ["second@example.com", "Second"]];
    let workbook = WorkbookMaker::new().sheet("A", notes).hidden().sheet("B", people).sheet("C", more);
    assert_eq!(
        list(&workbook.bytes()).unwrap(),
        ["warning: B 1 A1 [Phone] unknown_column", "B 2 | email = ada@example.com | full_name = Ada"]
    );
}

#[test]
fn the_order_in_the_file_does_not_count() {
    let workbook = WorkbookMaker::new()
        .sheet("users", [["email", "name"], ["ada@example.com", "Ada"]])
        .sheet("departments", [["name", "organisation"], ["Sales", "Tech Corp"]])
        .sheet("Other", [["x"], ["y"]])
        .sheet("ORGANISATIONS", [["name"], ["Tech Corp"]]);
    assert_eq!(
        list(&workbook.bytes()).unwrap(),
        [
            "ORGANISATIONS 2 | name = Tech Corp",
            "departments 2 | name = Sales | organisation = Tech Corp",
            "users 2 | email = ada@example.com | full_name = Ada",
        ]
    );
}

#[test]
fn a_sheet_that_can_not_be_read_does_not_stop_the_others() {
    let workbook = WorkbookMaker::new()
        .sheet("organisations", [["address"], ["Mumbai"]])
        .sheet("departments", [["name", "Department", "organisation"], ["a", "b", "c"]])
        .sheet("users", [["email", "name"], ["ada@example.com", "Ada"]]);
    assert_eq!(
        list(&workbook.bytes()).unwrap(),
        [
            "not read: organisations 1 [name] missing_column",
            "not read: departments 1 B1 [Department] duplicate_column",
            "users 2 | email = ada@example.com | full_name = Ada",
        ]
    );
}

#[test]
fn empty_sheets() {
    let none: [[&str; 0]; 0] = [];
    let named = WorkbookMaker::new().sheet("users", none).sheet("organisations", [["name"]]);
    assert!(list(&named.bytes()).unwrap().is_empty());
    let unnamed = WorkbookMaker::new().sheet("Sheet1", none);
    assert_eq!(list(&unnamed.bytes()).unwrap(), ["not read: Sheet1 empty_sheet"]);
}

#[test]
fn a_department_needs_an_organisation_unless_the_import_names_one() {
    let workbook = WorkbookMaker::new().sheet("departments", [["name"], ["Sales"]]).bytes();
    assert_eq!(list(&workbook).unwrap(), ["not read: departments 1 [organisation] missing_column"]);
    let options = ImportOptions::new().organisation_id(OrganisationId::try_from(3).unwrap());
    assert_eq!(list_with(&workbook, &options).unwrap(), ["departments 2 | name = Sales"]);
    let by_id = [["name", "organisation_id"], ["Sales", "12"], ["Support", ""], ["Service", "none"]];
    assert_eq!(
        list(&WorkbookMaker::new().sheet("departments", by_id).bytes()).unwrap(),
        [
            "departments 2 | name = Sales | organisation_id = 12",
            "departments faulty: departments 3 B3 [organisation_id] required",
            "departments faulty: departments 4 B4 [organisation_id] invalid_id \"none\"",
        ]
    );
}

#[test]
fn every_fault_of_a_row_is_found_and_no_secret_is_shown() {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQxMjM0$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
    let users = [
        ["email", "full_name", "external_id", "department_id", "status", "password", "password_hash"],
        ["ada", "Ada\u{202E}", &"x".repeat(201), "0", "gone", "StrongPassword123", hash],
        ["eve@example.com", "", "", "", "", "", "not a hash"],
        ["bob@example.com", "Bob", "", "7", "Suspended", "", hash],
    ];
    let workbook = WorkbookMaker::new().sheet("users", users).bytes();
    let lines = list(&workbook).unwrap();
    assert_eq!(
        lines,
        [
            format!(
                "users faulty: users 2 A2 [email] invalid_email \"ada\"; users 2 C2 [external_id] too_long \"{}…\"; \
                 users 2 B2 [full_name] control_character \"Ada\\u{{202e}}\"; users 2 D2 [department_id] invalid_id \"0\"; \
                 users 2 E2 [status] invalid_status \"gone\"; users 2 G2 [password_hash] conflicting_columns",
                "x".repeat(100)
            ),
            "users faulty: users 3 B3 [full_name] required; users 3 G3 [password_hash] invalid_password_hash".to_owned(),
            "users 4 | email = bob@example.com | full_name = Bob | department_id = 7 | status = suspended | with a hash"
                .to_owned(),
        ]
    );
    let events = events(&workbook, &ImportLimits::default(), &ImportOptions::new()).unwrap();
    let shown = format!("{events:?}");
    assert!(
        !shown.contains("StrongPassword123") && !shown.contains("$2b$") && !shown.contains("not a hash"),
        "{shown}"
    );
}

#[test]
fn names_in_parts_and_whole() {
    let users = [
        ["email", "first_name", "last_name", "name"],
        ["a@example.com", "Ada", "Lovelace", ""],
        ["b@example.com", "Ada", "Lovelace", "Countess Ada"],
        ["c@example.com", "", "Lovelace", ""],
        ["d@example.com", "", "", ""],
    ];
    assert_eq!(
        list(&WorkbookMaker::new().sheet("users", users).bytes()).unwrap(),
        [
            "users 2 | email = a@example.com | full_name = Ada Lovelace",
            "users 3 | email = b@example.com | full_name = Countess Ada",
            "users 4 | email = c@example.com | full_name = Lovelace",
            "users faulty: users 5 D5 [name] required",
        ]
    );
}

#[test]
fn numbers_that_were_rounded_warn_in_ids_and_fail_as_passwords() {
    use ums_testkit::workbook::Cell::{Number, Text};
    let cell = |text: &str| Text(text.to_owned());
    let users = [
        [cell("email"), cell("name"), cell("employee number"), cell("password")],
        [cell("a@example.com"), cell("A"), Number(123_456_789_012_345.0), Number(123_456_789_012_345.0)],
        [cell("b@example.com"), cell("B"), Number(1_234_567_890_123_456.0), cell("1234567890123456")],
        [cell("c@example.com"), cell("C"), cell("1234567890123456"), Number(1_234_567_890_123_456.0)],
    ];
    assert_eq!(
        list(&WorkbookMaker::new().sheet("users", users).bytes()).unwrap(),
        [
            "users 2 | email = a@example.com | external_id = 123456789012345 | full_name = A | with a password",
            "warning: users 3 C3 [employee number] rounded_number \"1234567890123460\"",
            "users 3 | email = b@example.com | external_id = 1234567890123460 | full_name = B | with a password",
            "users faulty: users 4 D4 [password] rounded_number",
        ]
    );
}

#[test]
fn a_cell_that_can_not_be_read_fails_its_row_and_no_other() {
    let heading = row(1, &["email", "name", "role"]);
    let good = |number: u32| row(number, &[&format!("p{number}@example.com"), "P"]);
    for bad in [
        r#"<c r="B3" t="s"><v>99</v></c>"#,
        r#"<c r="B3" t="e"><v>#WHAT!</v></c>"#,
        r#"<c r="B3" t="z"><v>1</v></c>"#,
        r#"<c r="B3" t="b"><v>7</v></c>"#,
        r#"<c r="B3" t="n"><v>seven</v></c>"#,
    ] {
        let bad_row =
            format!(r#"<row r="3">{}{bad}{}</row>"#, text("A3", "p3@example.com"), text("C3", "admin"));
        let data = format!("{heading}{}{bad_row}{}", good(2), good(4));
        let lines = list(&Package::new("users", &data).bytes()).unwrap();
        assert_eq!(lines.len(), 3, "{bad}: {lines:?}");
        assert_eq!(lines[0], "users 2 | email = p2@example.com | full_name = P");
        assert!(lines[1].contains("users 3 B3 [name] unreadable_cell"), "{bad}: {}", lines[1]);
        assert_eq!(lines[2], "users 4 | email = p4@example.com | full_name = P");
    }
}

#[test]
fn where_the_row_of_an_unreadable_cell_is_not_known_both_rows_fail() {
    let bad = r#"<row r="3"><c r="A3" t="s"><v>99</v></c></row>"#;
    let data = format!(
        "{}{}{bad}{}{}",
        row(1, &["email", "name"]),
        row(2, &["a@example.com", "A"]),
        row(4, &["b@example.com", "B"]),
        row(5, &["c@example.com", "C"])
    );
    let lines = list(&Package::new("users", &data).bytes()).unwrap();
    assert_eq!(
        lines,
        [
            "users faulty: users 2 unreadable_cell",
            "users faulty: users 4 unreadable_cell",
            "users 5 | email = c@example.com | full_name = C",
        ]
    );
    let at_the_end = format!("{}{}{bad}", row(1, &["email", "name"]), row(2, &["a@example.com", "A"]));
    assert_eq!(
        list(&Package::new("users", &at_the_end).bytes()).unwrap(),
        ["users faulty: users 2 unreadable_cell"]
    );
}

#[test]
fn cells_and_rows_without_references_stand_where_they_come() {
    let cells = |values: [&str; 2]| {
        values.map(|value| format!(r#"<c t="inlineStr"><is><t>{value}</t></is></c>"#)).concat()
    };
    let data =
        format!("<row>{}</row><row/><row>{}</row>", cells(["email", "name"]), cells(["a@example.com", "A"]));
    assert_eq!(
        list(&Package::new("users", &data).bytes()).unwrap(),
        ["users 3 | email = a@example.com | full_name = A"]
    );
}

#[test]
fn white_space_that_is_preserved_is_trimmed_and_merged_headings_are_one() {
    let cell = |reference: &str, value: &str| {
        format!(r#"<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>"#)
    };
    let data = format!(
        r#"<row r="1">{}{}<c r="C1" s="0"/></row><row r="2">{}{}{}</row>"#,
        cell("A1", " email "),
        cell("B1", "name\n"),
        cell("A2", "\t a@example.com "),
        cell("B2", "  A&#10; "),
        cell("C2", "beside"),
    );
    assert_eq!(
        list(&Package::new("users", &data).bytes()).unwrap(),
        ["users 2 | email = a@example.com | full_name = A"]
    );
}
