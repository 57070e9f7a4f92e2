//! The rows that an import did not take, given back.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use http::StatusCode;
use serde_json::{Value, json};
use ums_core::model::Role;
use ums_testkit::workbook::{Cell, WorkbookMaker};

use crate::support::Server;
use crate::workbooks::{assert_workbook, import};

fn sheets(workbook: &[u8]) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).unwrap();
    let sheets = workbook.worksheets();
    sheets.into_iter().map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
}

/// What is said of a row.
fn remark(row: &[Data]) -> String {
    row.last().unwrap().to_string()
}

async fn errors(server: &Server, token: &str, report: &Value) -> Vec<u8> {
    let back = server.get(&format!("/import/{}/errors.xlsx", report["id"])).token(token).send().await;
    assert_workbook(&back, &format!("import-{}-errors.xlsx", report["id"]));
    back.bytes
}

/// Three sheets, the departments with nothing wrong in them, and in the users what is wrong in many ways. A department's
/// name is a formula, a personnel number has leading zeros, one is a text, and a column is a date.
fn many_kinds() -> WorkbookMaker {
    let date = |days: f64| Cell::Formatted(days, "yyyy-mm-dd".into());
    let headings =
        ["Email", "Employee ID", "Name", "Department", "Organisation", "Role", "Password", "Joined"];
    let user = |email: &str, id: Cell, name: &str, department: Cell, role: &str, password: &str| {
        let place: Cell = "Tech Corp".into();
        vec![email.into(), id, name.into(), department, place, role.into(), password.into(), date(45_351.0)]
    };
    let research = || Cell::Formula("=CONCATENATE(\"Re\",\"search\")".into(), "Research".into());
    WorkbookMaker::new()
        .sheet("organisations", [["name", "address"], ["Tech Corp", "Main Street"], ["", "of nobody"]])
        .sheet("departments", [["name", "organisation"], ["Research", "Tech Corp"]])
        .sheet(
            "users",
            [
                headings.map(Cell::from).to_vec(),
                user("good@x.org", "007".into(), "Good", research(), "", "StrongPassword123"),
                user(
                    "nobody",
                    Cell::Formatted(7.0, "00000".into()),
                    "A",
                    research(),
                    "",
                    "Canary-of-a-row-1",
                ),
                user("b@x.org", "0008".into(), "B", research(), "emperor", ""),
                user("c@x.org", 9.0.into(), "C", research(), "", "canary-2"),
                user("good@x.org", 10.0.into(), "D", research(), "", ""),
                user("e@x.org", 11.0.into(), "", research(), "", ""),
                user("f@x.org", 12.0.into(), "F", Cell::error("#N/A"), "", ""),
            ],
        )
}

#[tokio::test]
async fn each_comes_back_as_it_was_with_what_is_wrong_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let report = import(&server, &token, &many_kinds().bytes()).await;
    assert_eq!((&report["users"]["created"], &report["users"]["failed"]), (&json!(1), &json!(6)), "{report}");
    let back = errors(&server, &token, &report).await;

    let sheets = sheets(&back);
    let names: Vec<&str> = sheets.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["organisations", "users"], "a sheet with nothing wrong is left out");
    let (organisations, users) = (&sheets[0].1, &sheets[1].1);
    assert_eq!(organisations.len(), 2);
    assert_eq!(remark(&organisations[1]), "Row 3: name: must not be blank");

    let headings: Vec<String> = users[0].iter().map(ToString::to_string).collect();
    let expected = [
        "Email",
        "Employee ID",
        "Name",
        "Department",
        "Organisation",
        "Role",
        "Password",
        "Joined",
        "What is wrong",
    ];
    assert_eq!(headings, expected);
    let wrong: Vec<String> = users[1..].iter().map(|row| remark(row)).collect();
    let of = [
        "Row 3: Email: ",
        "Row 4: Role: ",
        "Row 5: Password: ",
        "Row 6: Email: ",
        "Row 7: Name: ",
        "Row 8: Department: ",
    ];
    assert_eq!(wrong.len(), of.len());
    for (wrong, of) in wrong.iter().zip(of) {
        assert!(wrong.starts_with(of), "{wrong}");
        assert!(!wrong.to_lowercase().contains("canary"), "{wrong}");
    }
    assert_eq!(users[1][1], Data::Float(7.0));
    assert_eq!(users[2][1], Data::String("0008".into()), "leading zeros stay");
    assert_eq!(users[1][3], Data::String("Research".into()), "a formula's last value");
    assert_eq!(users[1][6], Data::String("Canary-of-a-row-1".into()), "to be sent again");
    let Data::DateTime(joined) = &users[1][7] else { panic!("{:?}", users[1][7]) };
    assert_eq!(joined.as_f64(), 45_351.0);
    assert!(matches!(users[6][3], Data::Error(_)), "{:?}", users[6][3]);

    // Passwords stand in the cells alone, never in a note.
    let mut parts = zip::ZipArchive::new(Cursor::new(&back)).unwrap();
    let mut notes = String::new();
    let file = parts.by_name("xl/comments2.xml").unwrap();
    std::io::Read::read_to_string(&mut { file }, &mut notes).unwrap();
    for cell in ["A2", "F3", "G4", "A5", "C6", "D7"] {
        assert!(notes.contains(&format!("ref=\"{cell}\"")), "{cell} has no note: {notes}");
    }
    assert!(!notes.to_lowercase().contains("canary"), "{notes}");
    server.fixture.verify().await;
}

#[tokio::test]
async fn mended_and_sent_again_they_import_with_nothing_said_of_the_column() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    server.organisation(&token, "Tech Corp").await;
    let rows =
        [["email", "name", "organisation"], ["nobody", "A", "Tech Corp"], ["b@x.org", "", "Tech Corp"]];
    let report = import(&server, &token, &WorkbookMaker::new().sheet("users", rows).bytes()).await;
    assert_eq!(report["users"]["failed"], 2);
    let back = errors(&server, &token, &report).await;
    // As it is, the same fails again, and no more is said than before.
    let again = import(&server, &token, &back).await;
    assert_eq!((&again["users"]["read"], &again["users"]["failed"]), (&json!(2), &json!(2)));
    assert_eq!(again["warnings"], json!([]));
    // Sent back once more there is still one column that says so.
    assert_eq!(sheets(&errors(&server, &token, &again).await)[0].1[0].len(), 4);

    let given_back = sheets(&back);
    let mended = given_back[0].1.iter().map(|row| {
        let cells = row.iter().map(|cell| match cell.to_string().as_str() {
            "nobody" => Cell::from("a@x.org"),
            "" => Cell::from("B"),
            other => Cell::from(other),
        });
        cells.collect::<Vec<Cell>>()
    });
    let mended = WorkbookMaker::new().sheet("users", mended.collect::<Vec<_>>()).bytes();
    let done = import(&server, &token, &mended).await;
    assert_eq!((&done["status"], &done["users"]["created"]), (&json!("succeeded"), &json!(2)), "{done}");
    assert_eq!(done["warnings"], json!([]));
    let path = format!("/import/{}/errors.xlsx", done["id"]);
    server.get(&path).token(&token).send().await.problem(404, "no_failed_rows");
    server.fixture.verify().await;
}

#[tokio::test]
async fn those_that_the_report_has_no_room_for_are_among_them() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let wrong = (0..1_500).map(|number| [format!("nobody{number}"), format!("Person {number}")]);
    let rows = std::iter::once(["email", "name"].map(str::to_owned)).chain(wrong);
    let report = import(&server, &token, &WorkbookMaker::new().sheet("users", rows).bytes()).await;
    assert_eq!((&report["status"], &report["errors_truncated"]), (&json!("failed"), &json!(true)));
    assert_eq!(report["errors"].as_array().unwrap().len(), 1_000);
    let rows = sheets(&errors(&server, &token, &report).await).remove(0).1;
    assert_eq!(rows.len(), 1_501);
    assert_eq!(rows[1_500][0].to_string(), "nobody1499");
    assert!(remark(&rows[1_500]).starts_with("Row 1501: email: "), "{:?}", rows[1_500]);
}

#[tokio::test]
async fn where_there_are_none_and_where_they_are_not_kept_the_answer_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let path = |report: &Value| format!("/import/{}/errors.xlsx", report["id"]);
    let right = WorkbookMaker::new().sheet("users", [["email", "name"], ["c@x.org", "C"]]).bytes();
    let right = import(&server, &token, &right).await;
    server.get(&path(&right)).token(&token).send().await.problem(404, "no_failed_rows");
    server.get("/import/999/errors.xlsx").token(&token).send().await.problem(404, "not_found");

    let unread = server.post("/import/excel").token(&token).header("prefer", "respond-async");
    let unread = unread.form(&[("file", b"a,b\n1,2\n")]).send().await;
    let location = unread.header("location").to_owned();
    let id: u64 = location.rsplit('/').next().unwrap().parse().unwrap();
    server.fixture.ums.system().import(id.try_into().unwrap()).await.unwrap();
    let mut events = server.fixture.ums.system().follow_import(id.try_into().unwrap()).await.unwrap();
    while events.next().await.unwrap().is_some() {}
    let none = server.get(&format!("{location}/errors.xlsx")).token(&token).send().await;
    none.problem(404, "no_failed_rows");

    let wrong = WorkbookMaker::new().sheet("users", [["email", "name"], ["nobody", "C"]]).bytes();
    let wrong = import(&server, &token, &wrong).await;
    errors(&server, &token, &wrong).await;
    server.fixture.clock.advance(std::time::Duration::from_secs(25 * 60 * 60));
    server.fixture.ums.sweep_imports().await.unwrap();
    let token = server.token("ada@example.com").await;
    server.get(&path(&wrong)).token(&token).send().await.problem(410, "workbook_expired");
    server.get(&path(&right)).token(&token).send().await.problem(404, "no_failed_rows");
}

#[tokio::test]
async fn nobody_has_them_who_may_not_read_the_import() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let (own, other) = (server.fixture.organisation("Own").await, server.fixture.organisation("Other").await);
    for (email, role, place) in [
        ("chief@own.org", Role::OrgAdmin, &own),
        ("member@own.org", Role::Member, &own),
        ("chief@other.org", Role::OrgAdmin, &other),
    ] {
        server.fixture.account(email, role, Some(place)).await;
    }
    let wrong = WorkbookMaker::new().sheet("users", [["email", "name"], ["nobody", "C"]]).bytes();
    let chief = server.token("chief@own.org").await;
    let report = import(&server, &chief, &wrong).await;
    let path = format!("/import/{}/errors.xlsx", report["id"]);
    errors(&server, &chief, &report).await;
    errors(&server, &token, &report).await;
    let foreign = server.token("chief@other.org").await;
    server.get(&path).token(&foreign).send().await.problem(404, "not_found");
    let member = server.token("member@own.org").await;
    server.get(&path).token(&member).send().await.problem(404, "not_found");
    server.get(&path).send().await.problem(401, "invalid_access_token");
    // What an administrator of everything imports for no organisation is theirs alone.
    let above = import(&server, &token, &wrong).await;
    let path = format!("/import/{}/errors.xlsx", above["id"]);
    server.get(&path).token(&chief).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn of_what_others_import_for_an_organisation_its_administrators_have_the_report_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (server, token) = Server::with_files(folder.path()).await;
    let own = server.fixture.organisation("Own").await;
    server.fixture.organisation("Other").await;
    let [chief, beside] = ["chief@own.org", "beside@own.org"];
    for email in [chief, beside] {
        server.fixture.account(email, Role::OrgAdmin, Some(&own)).await;
    }
    let (chief, beside) = (server.token(chief).await, server.token(beside).await);
    let rows =
        [["email", "name", "organisation", "password"], ["nobody", "C", "Other", "Canary-of-others-1"]];
    let wrong = WorkbookMaker::new().sheet("users", rows).bytes();
    let call = server.post(&format!("/import/excel?organisation_id={}", own.id)).token(&token);
    let report = call.form(&[("file", &wrong)]).send().await.expect(StatusCode::OK);
    assert_eq!(report["users"]["failed"], 1, "{report}");
    let path = format!("/import/{}", report["id"]);
    server.get(&path).token(&chief).send().await.expect(StatusCode::OK);
    let refused = server.get(&format!("{path}/errors.xlsx")).token(&chief).send().await;
    assert!(!refused.text().contains("Canary"));
    refused.problem(403, "forbidden");
    errors(&server, &token, &report).await;

    // Nor do they have what another of them imported, and whoever may read everything has that, too.
    let report = import(&server, &beside, &wrong).await;
    let path = format!("/import/{}/errors.xlsx", report["id"]);
    server.get(&path).token(&chief).send().await.problem(403, "forbidden");
    errors(&server, &beside, &report).await;
    errors(&server, &token, &report).await;

    let id = report["id"].as_u64().unwrap().try_into().unwrap();
    let principal = server.fixture.ums.authenticate(&chief).await.unwrap();
    let kept = server.fixture.ums.acting_as(&principal).imported_workbook(id).await;
    assert!(matches!(kept, Err(ums_core::Error::Forbidden)), "{kept:?}");
}
