//! A workbook of any number of users, written as it streams: five columns, ten departments, one organisation.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = r#"xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main""#;
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

const SHEETS: [&str; 2] = ["organisations", "users"];

pub(crate) fn write(path: &Path, rows: u32, shared: bool) {
    let mut zip = ZipWriter::new(BufWriter::new(File::create(path).unwrap()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true);
    let mut part = |name: &str, body: &str| {
        zip.start_file(name, options).unwrap();
        zip.write_all(HEAD.as_bytes()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    };
    let parts: String = (1..=2)
        .map(|number| {
            format!(r#"<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{TYPES}.worksheet+xml"/>"#)
        })
        .collect();
    part(
        "[Content_Types].xml",
        &format!(
            r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="{TYPES}.sharedStrings+xml"/>{parts}</Types>"#
        ),
    );
    part(
        "_rels/.rels",
        &format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        ),
    );
    let numbered = || SHEETS.iter().zip(1..);
    let sheets: String = numbered()
        .map(|(name, number)| format!(r#"<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>"#))
        .collect();
    part(
        "xl/workbook.xml",
        &format!(r#"<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>"#),
    );
    let relations: String = numbered()
        .map(|(_, number)| {
            format!(r#"<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>"#)
        })
        .collect();
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            r#"<Relationships xmlns="{PACKAGE}/relationships">{relations}<Relationship Id="rId9" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
        ),
    );
    zip.start_file("xl/sharedStrings.xml", options).unwrap();
    write!(zip, "{HEAD}<sst {MAIN}>").unwrap();
    if shared {
        let mut numbers = SharedTexts::default();
        for texts in std::iter::once(heading()).chain((0..rows).map(user)) {
            for (column, text) in texts.into_iter().enumerate() {
                if let Shared::New(_) = numbers.of(column, &text) {
                    write!(zip, "<si><t>{text}</t></si>").unwrap();
                }
            }
        }
    }
    zip.write_all(b"</sst>").unwrap();
    zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    write!(zip, "{HEAD}<worksheet {MAIN}><sheetData>").unwrap();
    for (row, text) in [(1, "name"), (2, "Tech Corp")] {
        write!(zip, r#"<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c></row>"#)
            .unwrap();
    }
    zip.write_all(b"</sheetData></worksheet>").unwrap();
    zip.start_file("xl/worksheets/sheet2.xml", options).unwrap();
    write!(zip, "{HEAD}<worksheet {MAIN}><sheetData>").unwrap();
    let mut numbers = SharedTexts::default();
    for (texts, row) in std::iter::once(heading()).chain((0..rows).map(user)).zip(1..) {
        write!(zip, r#"<row r="{row}">"#).unwrap();
        for ((index, text), column) in texts.iter().enumerate().zip('A'..) {
            if shared {
                let (Shared::New(number) | Shared::Again(number)) = numbers.of(index, text);
                write!(zip, r#"<c r="{column}{row}" t="s"><v>{number}</v></c>"#).unwrap();
            } else {
                write!(zip, r#"<c r="{column}{row}" t="inlineStr"><is><t>{text}</t></is></c>"#).unwrap();
            }
        }
        zip.write_all(b"</row>").unwrap();
    }
    zip.write_all(b"</sheetData></worksheet>").unwrap();
    zip.finish().unwrap().flush().unwrap();
}

/// Numbers the shared texts as spreadsheet programs do: what is there already is not written again.
#[derive(Default)]
struct SharedTexts {
    repeated: HashMap<String, u32>,
    next: u32,
}

enum Shared {
    New(u32),
    Again(u32),
}

impl SharedTexts {
    fn of(&mut self, column: usize, text: &str) -> Shared {
        if let Some(number) = self.repeated.get(text) {
            return Shared::Again(*number);
        }
        let number = self.next;
        self.next += 1;
        // Only departments and organisations come again.
        if column >= 3 {
            self.repeated.insert(text.to_owned(), number);
        }
        Shared::New(number)
    }
}

fn heading() -> [String; 5] {
    ["email", "external_id", "full_name", "department", "organisation"].map(str::to_owned)
}

fn user(number: u32) -> [String; 5] {
    [
        format!("person{number}@example.com"),
        format!("{number:07}"),
        format!("Person {number}"),
        format!("Department {}", number % 10),
        "Tech Corp".to_owned(),
    ]
}
