//! The example that imports from the shell, as a process, and the server on the same store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use serde_json::json;
use support::{Client, PASSWORD, Server, process, store};
use ums_core::import::ImportStatus;
use ums_core::{PageRequest, UserFilter};
use ums_testkit::workbook::{WorkbookMaker, users};

/// How many rows are imported where the import is to be interrupted: more where it is done before that.
const MANY: [u32; 3] = [30_000, 120_000, 480_000];

fn import(directory: &Path, arguments: &[&str]) -> Output {
    process::command("import", directory).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn save(directory: &Path, name: &str, workbook: &WorkbookMaker) {
    std::fs::write(directory.join(name), workbook.bytes()).unwrap();
}

/// An organisation, a department that is made for a user, and a user too many.
fn people(second: &str) -> WorkbookMaker {
    WorkbookMaker::new().sheet("organisations", [["name"], ["Tech Corp"]]).sheet(
        "users",
        [
            ["email", "name", "department", "organisation"],
            ["ada@example.com", "Ada", "Research", "Tech Corp"],
            [second, "Grace", "Research", "Tech Corp"],
        ],
    )
}

/// A row of the table, as numbers.
fn counts(text: &str, kind: &str) -> Vec<u64> {
    let line =
        text.lines().find(|line| line.starts_with(kind)).unwrap_or_else(|| panic!("no {kind} in {text}"));
    line.split_whitespace().skip(1).map(|number| number.replace(',', "").parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_mended_and_imported_and_the_server_has_it_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    save(path, "people.xlsx", &people("nobody"));
    let output = import(path, &["people.xlsx"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", stderr(&output));
    let heading: Vec<&str> = text.lines().nth(2).unwrap().split_whitespace().collect();
    assert_eq!(heading, ["read", "created", "updated", "unchanged", "skipped", "failed"]);
    assert_eq!(counts(&text, "organisations"), [1, 1, 0, 0, 0, 0]);
    assert_eq!(counts(&text, "departments"), [0, 1, 0, 0, 0, 0]);
    assert_eq!(counts(&text, "users"), [2, 1, 0, 0, 0, 1]);
    assert!(text.contains("1 fault:\n  users  A3  invalid_email  email: has no @"), "{text}");
    assert!(text.contains("The rows that failed are in people.errors.xlsx"), "{text}");
    assert!(stderr(&output).contains("there is no store at ./data/ums.redb yet"), "{}", stderr(&output));
    only_for_its_owner(&path.join("people.errors.xlsx"));

    // As it is it fails again, under another name: nothing is replaced.
    let sent = std::fs::read(path.join("people.errors.xlsx")).unwrap();
    let again = import(path, &["people.errors.xlsx"]);
    assert_eq!(again.status.code(), Some(2), "no row of it was taken: {}", stdout(&again));
    assert!(stdout(&again).contains("are in people.errors-2.xlsx"), "{}", stdout(&again));
    assert!(!stdout(&again).contains("warning"), "{}", stdout(&again));
    assert_eq!(std::fs::read(path.join("people.errors.xlsx")).unwrap(), sent);

    save(path, "mended.xlsx", &mended(&sent));
    let done = import(path, &["mended.xlsx"]);
    assert_eq!(done.status.code(), Some(0), "{}", stdout(&done));
    assert_eq!(counts(&stdout(&done), "users"), [1, 1, 0, 0, 0, 0]);
    assert!(!path.join("mended.errors.xlsx").exists());

    // The whole once more: everything is there.
    save(path, "people.xlsx", &people("grace@example.com"));
    let whole = import(path, &["people.xlsx", "--on-existing", "update"]);
    assert_eq!(whole.status.code(), Some(0), "{}", stdout(&whole));
    assert_eq!(counts(&stdout(&whole), "users"), [2, 0, 0, 2, 0, 0]);
    let refused = import(path, &["people.xlsx", "--on-existing", "fail"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stdout(&refused));
    assert_eq!(counts(&stdout(&refused), "users"), [2, 0, 0, 0, 0, 2]);

    // A server on the same store has the users, the reports and the events.
    let log: String = std::fs::read_dir(path.join("logs"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(log.matches("\"action\":\"import.run\"").count(), 5, "{log}");
    let variables = [("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", PASSWORD)];
    let server = Server::start_with(path, &variables);
    let root = Client::new(&server.url).login("root@example.com").await;
    assert_eq!(root.get("/user/").await.expect(200)["items"].as_array().unwrap().len(), 3);
    assert_eq!(root.get("/import/").await.expect(200)["items"].as_array().unwrap().len(), 5);

    // While it runs, the store is its own.
    let locked = import(path, &["people.xlsx"]);
    assert_eq!((locked.status.code(), stdout(&locked).as_str()), (Some(2), ""));
    assert!(stderr(&locked).contains("error: the store can't be opened\n  because: "), "{}", stderr(&locked));
    server.kill();
    store::verify(path).await;
}

/// What was given back, with the address put right. The column that says what is wrong stays.
fn mended(back: &[u8]) -> WorkbookMaker {
    use calamine::Reader;
    let mut workbook = calamine::Xlsx::new(std::io::Cursor::new(back)).unwrap();
    let (name, range) = workbook.worksheets().remove(0);
    let rows = range.rows().map(|row| {
        let cells = row.iter().map(|cell| cell.to_string().replace("nobody", "grace@example.com"));
        cells.collect::<Vec<String>>()
    });
    WorkbookMaker::new().sheet(name, rows.collect::<Vec<_>>())
}

#[cfg(unix)]
fn only_for_its_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(not(unix))]
fn only_for_its_owner(_: &Path) {}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_decides_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    save(path, "people.xlsx", &people("nobody"));
    let output = import(path, &["--dry-run", "people.xlsx"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with("Dry run, nothing was changed. "), "{text}");
    assert_eq!(counts(&text, "users"), [2, 1, 0, 0, 0, 1]);
    assert!(path.join("people.errors.xlsx").exists());
    let ums = store::open(path).await;
    let system = ums.system();
    assert!(system.users(&UserFilter::default(), &PageRequest::default()).await.unwrap().items.is_empty());
    assert!(system.organisations(&PageRequest::default()).await.unwrap().items.is_empty());
    assert!(ums.verify().await.unwrap().is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_and_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("text.xlsx"), "email,name\nada@example.com,Ada\n").unwrap();
    save(path, "people.xlsx", &people("grace@example.com"));
    for (arguments, said) in [
        (&["absent.xlsx"][..], "error: absent.xlsx can't be opened\n  because: "),
        (&[], "the following required arguments were not provided:\n  <WORKBOOK>"),
        (&["people.xlsx", "--on-missing", "suspend"], "--organisation <ID>"),
        (&["people.xlsx", "--on-existing", "replace"], "[possible values: skip, update, fail]"),
        (&["people.xlsx", "--organisation", "77"], "organisation_id: there is no such organisation"),
    ] {
        let output = import(path, arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr(&output).contains(said), "{arguments:?}: {}", stderr(&output));
    }
    let memory = process::command("import", path).arg("people.xlsx").env("DATABASE_URL", "memory:").output();
    let memory = memory.unwrap();
    assert_eq!(memory.status.code(), Some(2));
    assert!(stderr(&memory).contains("name a file with --store"), "{}", stderr(&memory));

    let text = import(path, &["text.xlsx"]);
    assert_eq!(text.status.code(), Some(2));
    assert!(stdout(&text).contains("  unreadable_workbook  the file is text"), "{}", stdout(&text));
    assert!(!path.join("text.errors.xlsx").exists());

    let help = import(path, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(stdout(&help).contains("Exit code:\n  0 "), "{}", stdout(&help));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_and_the_organisation_are_chosen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    save(path, "first.xlsx", &people("grace@example.com"));
    let rows = [["email", "name", "department"], ["ada@example.com", "Ada", "Elsewhere"]];
    save(path, "second.xlsx", &WorkbookMaker::new().sheet("users", rows));
    let at = ["--store", "other/users.redb"];
    let first = import(path, &[&at[..], &["first.xlsx"]].concat());
    assert_eq!(first.status.code(), Some(0), "{}", stderr(&first));
    assert!(path.join("other/users.redb").exists() && path.join("other/users.secret").exists());
    assert!(!path.join("data/ums.redb").exists());
    let update = ["second.xlsx", "--organisation", "1", "--on-existing", "update", "--on-missing", "suspend"];
    let kept = import(path, &[&at[..], &update, &["--no-create-departments"]].concat());
    assert_eq!(kept.status.code(), Some(2), "there is no such department: {}", stdout(&kept));
    let second = import(path, &[&at[..], &update].concat());
    assert_eq!(second.status.code(), Some(0), "{}", stdout(&second));
    assert_eq!(counts(&stdout(&second), "users"), [1, 0, 1, 0, 0, 0]);
    assert!(stdout(&second).contains("1 users were suspended"), "{}", stdout(&second));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_goes_on_where_it_was() {
    interrupted("KILL", None).await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_stopped_goes_on_where_it_was() {
    interrupted("INT", Some(130)).await;
}

/// Sends a signal once some rows are in, and calls the program again.
#[cfg(unix)]
async fn interrupted(signal: &str, code: Option<i32>) {
    for many in MANY {
        let directory = tempfile::tempdir().unwrap();
        save(directory.path(), "many.xlsx", &users(many));
        if interrupt(directory.path(), signal, code) {
            return goes_on(directory.path(), many).await;
        }
    }
    panic!("an import was always done before it was interrupted");
}

/// Whether it was interrupted before it was done.
#[cfg(unix)]
fn interrupt(path: &Path, signal: &str, code: Option<i32>) -> bool {
    let (mut child, mut said) = start(path, &["many.xlsx"]);
    // Once some are in it says how many.
    said.by_ref().map(Result::unwrap).find(|line| line.contains(" rows, "));
    let kill = format!("kill -{signal} {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let rest: Vec<String> = said.map(Result::unwrap).collect();
    let status = child.wait().unwrap();
    if status.success() {
        return false;
    }
    assert_eq!(status.code(), code, "{rest:?}");
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    assert_eq!(printed, "");
    if code.is_some() {
        let last = rest.last().unwrap();
        let said = " rows, which stay; the same command goes on with the rest of many.xlsx";
        assert!(last.ends_with(said), "{rest:?}");
    }
    true
}

#[cfg(unix)]
async fn goes_on(path: &Path, many: u32) {
    let output = import(path, &["many.xlsx"]);
    let (text, said) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(0), "{text}{said}");
    let before = said.lines().find_map(|line| line.split_once(" goes on after ")).expect(&said).1;
    let before: u32 = before.trim_end_matches(" rows").replace(',', "").parse().unwrap();
    assert!((1..many).contains(&before), "{said}");
    let many = u64::from(many);
    assert_eq!(counts(&text, "users"), [many, many, 0, 0, 0, 0], "each once: {text}");

    // Done, it is another import to do it again.
    let again = import(path, &["many.xlsx"]);
    assert_eq!(again.status.code(), Some(0), "{}", stdout(&again));
    assert_eq!(counts(&stdout(&again), "users"), [many, 0, 0, 0, many, 0]);
    let ums = store::open(path).await;
    let listed = ums.system().imports(&PageRequest::default()).await.unwrap().items;
    let ended: Vec<ImportStatus> = listed.iter().map(|report| report.status).collect();
    assert_eq!(ended, [ImportStatus::Succeeded; 2]);
    assert!(ums.verify().await.unwrap().is_empty());
}

fn start(
    directory: &Path,
    arguments: &[&str],
) -> (Child, std::io::Lines<BufReader<std::process::ChildStderr>>) {
    let mut command = process::command("import", directory);
    let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shell_left_the_server_goes_on_with() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let many = MANY[0];
    save(path, "many.xlsx", &users(many));
    let (mut child, mut said) = start(path, &["many.xlsx"]);
    assert!(said.by_ref().map(Result::unwrap).any(|line| line.contains(" rows, ")));
    child.kill().unwrap();
    child.wait().unwrap();
    let variables = [("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", PASSWORD)];
    let server = Server::start_with(path, &variables);
    let root = Client::new(&server.url).login("root@example.com").await;
    let id = root.get("/import/").await.expect(200)["items"][0]["id"].clone();
    // The events end with the import.
    let events = root.text(&format!("/import/{id}/events")).await;
    assert!(events.contains("event: finished"), "{events}");
    let report = root.get(&format!("/import/{id}")).await.expect(200);
    assert_eq!((&report["status"], &report["users"]["created"]), (&json!("succeeded"), &json!(many)));
    server.kill();
}
