//! The rows of a workbook that failed, given back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use calamine::{Data, Reader, Xlsx};
use ums_core::export::failed_rows;
use ums_core::import::{
    ImportFault, ImportLimits, ImportOptions, ImportReport, ImportStatus, SheetEvent, WorkbookReader,
};
use ums_core::{Error, Result, Timestamp};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::{Cell, WorkbookMaker, golden};

/// What is wrong with a workbook in itself, in order.
fn faults(workbook: &[u8]) -> Vec<ImportFault> {
    let mut faults = Vec::new();
    let mut reader = WorkbookReader::open(Cursor::new(workbook), &ImportLimits::default()).unwrap();
    let read = reader.read(&ImportOptions::new(), |event| {
        match event {
            SheetEvent::Faulty(_, found) => faults.extend(found),
            SheetEvent::Sheet(fault) => faults.push(fault),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    assert!(read.unwrap().is_continue());
    faults
}

fn give_back(workbook: &[u8], faults: Vec<ImportFault>) -> Result<Option<Vec<u8>>> {
    let faults = faults.into_iter().map(Ok);
    let file = failed_rows(Cursor::new(workbook), &ImportLimits::default(), faults, Timestamp::UNIX_EPOCH)?;
    Ok(file.map(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    }))
}

fn given_back(workbook: &[u8]) -> Vec<u8> {
    give_back(workbook, faults(workbook)).unwrap().unwrap()
}

/// The cells of a sheet, row by row.
fn sheet(workbook: &[u8], name: &str) -> Vec<Vec<Data>> {
    let mut workbook = Xlsx::new(Cursor::new(workbook)).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    let (rows, columns) = range.end().unwrap();
    let cell = |row, column| range.get_value((row, column)).cloned().unwrap_or_default();
    (0..=rows).map(|row| (0..=columns).map(|column| cell(row, column)).collect()).collect()
}

fn sheet_names(workbook: &[u8]) -> Vec<String> {
    Xlsx::new(Cursor::new(workbook)).unwrap().sheet_names()
}

/// A number as it is, whether or not it is a date; else the text.
fn plain(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) => format!("date {}", moment.as_f64()),
        other => format!("{other:?}"),
    }
}

async fn fixture() -> Fixture {
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    fixture.organisation("Tech Corp").await;
    fixture
}

async fn import(fixture: &Fixture, workbook: &[u8]) -> ImportReport {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(workbook).unwrap();
    file.rewind().unwrap();
    fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap()
}

#[test]
fn failed_rows_stand_as_they_were_under_their_headings() {
    for writer in ["rust_xlsxwriter", "openpyxl", "openpyxl_1904", "libreoffice", "libreoffice_1904"] {
        let path = format!("{}/tests/fixtures/{writer}.xlsx", env!("CARGO_MANIFEST_DIR"));
        let sent = std::fs::read(path).unwrap();
        let back = given_back(&sent);
        assert_eq!(sheet_names(&back), ["organisations", "DEPARTMENTS", "Users"], "{writer}");
        let names = sheet_names(&sent);
        for name in sheet_names(&back) {
            let original = names.iter().find(|other| **other == name).unwrap();
            let (sent, back) = (sheet(&sent, original), sheet(&back, &name));
            let heading = sent.iter().find(|row| row.iter().any(|cell| *cell != Data::Empty)).unwrap();
            let remarks = back[0].len() - 1;
            assert_eq!(back[0][..remarks], heading[..remarks], "{writer} {name}");
            assert_eq!(back[0][remarks], Data::String("What is wrong".into()), "{writer} {name}");
            assert!(back.len() > 1);
            for row in &back[1..] {
                let Data::String(remark) = &row[remarks] else { panic!("{row:?}") };
                let number = remark.strip_prefix("Row ").and_then(|rest| rest.split(':').next()).unwrap();
                let original = &sent[number.parse::<usize>().unwrap() - 1];
                for (index, cell) in row[..remarks].iter().enumerate() {
                    let was = original.get(index).cloned().unwrap_or_default();
                    let days = |cell: &Data| if let Data::DateTime(at) = cell { at.as_f64() } else { 0.0 };
                    if writer.ends_with("1904") && days(&was) >= 1.0 {
                        assert_eq!(days(cell), days(&was) + 1462.0, "{writer} {name} {number}");
                    } else {
                        assert_eq!(plain(cell), plain(&was), "{writer} {name} {number}");
                    }
                }
            }
        }
        // Sent again as they are, they fail again, every one, and nothing else is said.
        let again = faults(&back);
        let code = |fault: &ImportFault| (fault.sheet.clone(), fault.code.clone(), fault.value.clone());
        assert_eq!(
            again.iter().map(code).collect::<Vec<_>>(),
            faults(&sent).iter().map(code).collect::<Vec<_>>(),
            "{writer}"
        );
    }
}

#[tokio::test]
async fn mended_and_sent_again_they_import() {
    let fixture = fixture().await;
    let text = |text: &str| Cell::from(text);
    let headings = ["e-mail", "Phone", "Name", "employee number", "company", "role", "joined", "Dept"];
    let joined = || Cell::Formatted(45_351.0, "d mmm yyyy".into());
    let users = [
        headings.map(Cell::from).to_vec(),
        vec![
            text("a@x.org"),
            Cell::Number(491.0),
            text("A"),
            text("00123"),
            text("Tech Corp"),
            text("member"),
            joined(),
        ],
        vec![
            text("not an address"),
            Cell::Number(492.0),
            text("B"),
            text("00124"),
            text("Tech Corp"),
            text("boss"),
            joined(),
        ],
        vec![],
        vec![
            text("c@x.org"),
            Cell::Boolean(true),
            text("C"),
            Cell::Formatted(125.0, "00000".into()),
            text("Nowhere"),
            text("member"),
            joined(),
            text("Ops"),
        ],
        vec![
            text("A@x.org"),
            Cell::Number(494.0),
            text("=1+1"),
            text("00126"),
            text("Tech Corp"),
            text(""),
            joined(),
        ],
    ];
    let sent = WorkbookMaker::new().sheet("Users", users).bytes();
    let report = import(&fixture, &sent).await;
    assert_eq!((report.users.created, report.users.failed), (1, 3));
    let back = give_back(&sent, report.errors).unwrap().unwrap();

    let rows = sheet(&back, "Users");
    let words: Vec<String> = rows.iter().map(|row| row.last().unwrap().to_string()).collect();
    assert_eq!(words[0], "What is wrong");
    assert!(
        words[1].starts_with("Row 3: e-mail: ") && words[1].contains("; role: must be one of"),
        "{}",
        words[1]
    );
    assert_eq!(words[2], "Row 5: company: there is no such organisation");
    assert_eq!(words[3], "Row 6: e-mail: row 2 of this sheet has the same; that one stands");
    assert_eq!(rows.len(), 4);

    // Nothing is warned of but what was before: the columns that are not known.
    let again = import(&fixture, &back).await;
    assert_eq!((again.users.read, again.users.failed), (3, 2), "{again:?}");
    let unknown: Vec<_> = again.warnings.iter().map(|fault| fault.column.clone().unwrap()).collect();
    assert_eq!(unknown, ["Phone", "joined"]);

    let mended = rows.into_iter().enumerate().map(|(number, row)| {
        row.into_iter().enumerate().map(move |(column, cell)| match (number, column, cell) {
            (1, 0, _) => Cell::from("b@x.org"),
            (1, 5, _) => Cell::from("member"),
            (2, 4, _) => Cell::from("Tech Corp"),
            (3, 0, _) => Cell::from("d@x.org"),
            (_, _, Data::String(text)) => Cell::Text(text),
            (_, _, Data::Float(number)) => Cell::Number(number),
            (_, _, Data::Bool(value)) => Cell::Boolean(value),
            (_, _, Data::DateTime(moment)) => Cell::Formatted(moment.as_f64(), "yyyy-mm-dd".into()),
            (_, _, Data::Empty) => Cell::Blank,
            (_, _, other) => panic!("{other:?}"),
        })
    });
    let report = import(&fixture, &WorkbookMaker::new().sheet("Users", mended).bytes()).await;
    assert_eq!((report.status, report.errors), (ImportStatus::Succeeded, vec![]));
    assert_eq!(report.users.created, 3);
    fixture.verify().await;
}

#[test]
fn a_sheet_that_could_not_be_read_is_given_back_whole() {
    let people = [["mail", "role"], ["a@x.org", "member"], ["b@x.org", "boss"]];
    let sent = WorkbookMaker::new().sheet("People", people).sheet("Notes", [["anything"]]).bytes();
    let back = given_back(&sent);
    assert_eq!(sheet_names(&back), ["People"]);
    let rows: Vec<Vec<String>> =
        sheet(&back, "People").iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    assert_eq!(rows[0], ["mail", "role", "What is wrong"]);
    assert_eq!(rows[1][..2], ["a@x.org", "member"]);
    assert!(rows[1][2].starts_with("Row 2: full_name: the sheet has no column full_name"), "{}", rows[1][2]);
    assert_eq!(rows[2][..2], ["b@x.org", "boss"]);

    let twice = WorkbookMaker::new().sheet("users", [["email", "name", "mail"], ["a@x.org", "A", "b@x.org"]]);
    let rows = sheet(&given_back(&twice.bytes()), "users");
    assert!(rows[1][3].to_string().contains("mail: email stands under email already"), "{rows:?}");

    let none: [[&str; 0]; 0] = [];
    let empty = given_back(&WorkbookMaker::new().sheet("Sheet1", none).bytes());
    assert_eq!(sheet(&empty, "Sheet1"), [[Data::String("What is wrong".into())]]);
}

#[test]
fn a_column_that_says_what_is_wrong_is_replaced() {
    let users = [
        ["email", "WHAT-IS_wrong", "name"],
        ["a@x.org", "Row 7: nothing any more", "A"],
        ["nobody", "Row 9: email: an old story", "B"],
        ["", "Row 10: what is left of a row", ""],
    ];
    let sent = WorkbookMaker::new().sheet("users", users).bytes();
    let found = faults(&sent);
    assert_eq!(
        found.iter().map(|fault| (fault.row, &*fault.code)).collect::<Vec<_>>(),
        [(Some(3), "invalid_email")]
    );
    let rows = sheet(&given_back(&sent), "users");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][1].to_string(), "What is wrong");
    assert!(rows[1][1].to_string().starts_with("Row 3: email: "), "{rows:?}");
    assert_eq!((rows[1][0].to_string(), rows[1][2].to_string()), ("nobody".into(), "B".into()));
}

#[test]
fn faulty_cells_stand_out_and_have_notes() {
    let users =
        [["email", "name", "role", "department"], ["nobody", "", "boss", "x"], ["a@x.org", "A", "king", ""]];
    let sent = WorkbookMaker::new().sheet("users", users).bytes();
    let back = given_back(&sent);
    let notes = part(&back, "xl/comments1.xml");
    for cell in ["A2", "B2", "C2", "C3"] {
        assert!(notes.contains(&format!("ref=\"{cell}\"")), "{notes}");
    }
    assert_eq!(notes.matches("<comment ").count(), 4);
    assert!(notes.contains("must not be blank") && notes.contains("must be one of member"), "{notes}");
    let data = part(&back, "xl/worksheets/sheet1.xml");
    let style = |cell: &str| {
        let after =
            data.split(&format!("r=\"{cell}\" ")).nth(1).unwrap_or_else(|| panic!("{cell} in {data}"));
        after
            .split_once("s=\"")
            .map(|(before, rest)| (before.len(), rest.split('"').next().unwrap()))
            .unwrap()
            .1
    };
    assert_eq!(style("A2"), style("B2"));
    assert_eq!(style("A2"), style("C2"));
    assert_ne!(style("A2"), style("D2"));
    assert_eq!(style("D2"), style("A3"), "a cell that is right looks like any other: {data}");
}

#[test]
fn columns_are_wide_enough_and_long_remarks_wrap() {
    let headings = ["email", "name", "role", "status", "joined"].map(Cell::from);
    let joined = Cell::Formatted(45_352.5, "yyyy-mm-dd hh:mm:ss".into());
    let wrong = ["nobody".into(), "".into(), "boss".into(), "asleep".into(), joined];
    let back = given_back(&WorkbookMaker::new().sheet("users", [headings, wrong]).bytes());
    let data = part(&back, "xl/worksheets/sheet1.xml");
    let attribute = |text: &str, name: &str| -> f64 {
        let after = text.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{name} in {text}")).1;
        after.split('"').next().unwrap().parse().unwrap()
    };
    let width = |column: u32| {
        let after = data.split_once(&format!("<col min=\"{column}\"")).unwrap().1;
        attribute(after, "width")
    };
    assert!(width(5) >= 20.0, "a date and its time are seen: {data}");
    assert!((70.0..80.0).contains(&width(6)), "{data}");
    assert!(part(&back, "xl/styles.xml").contains("wrapText=\"1\""));
    assert!(data.contains("orientation=\"landscape\"") && data.contains("fitToHeight=\"0\""), "{data}");
    assert!(part(&back, "xl/workbook.xml").contains("_xlnm.Print_Titles"));
}

#[test]
fn long_texts_odd_names_and_many_faults_are_no_hindrance() {
    let many = (0..6_000).map(|number| [format!("nobody{number}"), "A".to_owned(), String::new()]);
    let rows = [["email", "name", "remark"], ["x", "A", "LONG"]].map(|row| row.map(str::to_owned));
    let sent = WorkbookMaker::new().sheet("users", rows.into_iter().chain(many)).bytes();
    let back = given_back(&replaced(&sent, "LONG", &"🦀".repeat(20_000)));
    let rows = sheet(&back, "users");
    assert_eq!(rows.len(), 6_002);
    assert_eq!(rows[1][2].to_string().chars().count(), 16_383);
    assert_eq!(part(&back, "xl/comments1.xml").matches("<comment ").count(), 5_000);
    assert!(rows[6_001][3].to_string().starts_with("Row 6002: email: "));

    let sent = WorkbookMaker::new().sheet("users", [["email", "name"], ["x", "A"]]).bytes();
    let named = replaced(&sent, "name=\"users\"", "name=\"a name: of [far] too/many characters for Excel\"");
    assert_eq!(sheet_names(&given_back(&named)), ["Sheet1"]);
}

/// A part of a workbook as text.
fn part(workbook: &[u8], name: &str) -> String {
    let mut text = String::new();
    let mut parts = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    parts.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The workbook with a text in its parts replaced by another.
fn replaced(workbook: &[u8], from: &str, to: &str) -> Vec<u8> {
    let mut parts = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut written = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..parts.len() {
        let mut part = parts.by_index(index).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        let name = part.name().unwrap().into_owned();
        written.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        written.write_all(text.replace(from, to).as_bytes()).unwrap();
    }
    written.finish().unwrap().into_inner()
}

#[test]
fn faults_that_belong_to_no_row_are_an_error_and_none_are_nothing() {
    let sent = golden().bytes();
    assert!(give_back(&sent, Vec::new()).unwrap().is_none());
    let mut reversed = faults(&sent);
    reversed.reverse();
    let [inverted, in_order] =
        [reversed, faults(&sent)].map(|faults| give_back(&sent, faults).unwrap().unwrap());
    let cells = |workbook: &[u8]| {
        let cells = sheet_names(workbook).into_iter().flat_map(|name| sheet(workbook, &name).concat());
        cells.map(|cell| cell.to_string()).collect::<Vec<_>>()
    };
    // Those of one row come in the order in which they are given.
    let pieces = |text: &String| {
        let mut pieces: Vec<_> = text.split([':', ';', ' ']).map(str::to_owned).collect();
        pieces.sort();
        pieces
    };
    assert_eq!(
        cells(&inverted).iter().map(pieces).collect::<Vec<_>>(),
        cells(&in_order).iter().map(pieces).collect::<Vec<_>>()
    );
    for (sheet, row) in [("Users", 1_000_000), ("Users", 8), ("Nowhere", 2)] {
        let mut absent = faults(&sent);
        absent[0].sheet = sheet.to_owned();
        absent[0].row = Some(row);
        assert!(matches!(give_back(&sent, absent), Err(Error::Internal(_))), "{sheet} {row}");
    }
    let broken = [Ok(faults(&sent)[0].clone()), Err(Error::InvalidCursor)];
    let back = failed_rows(Cursor::new(&sent), &ImportLimits::default(), broken, Timestamp::UNIX_EPOCH);
    assert!(matches!(back, Err(Error::InvalidCursor)));
    let cut = give_back(&sent[..500], faults(&sent));
    assert!(matches!(cut, Err(Error::UnreadableWorkbook { .. })));
}
