//! Workbooks made by hand, part by part, so that any of them can be wrong.
#![expect(clippy::expect_used, reason = "memory takes whatever is written to it")]

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// An `.xlsx` file as its parts.
#[derive(Clone, Debug)]
pub struct Package {
    parts: Vec<(String, Vec<u8>)>,
}

impl Package {
    /// A workbook of one sheet of this name, with this between `<sheetData>` and `</sheetData>`.
    #[must_use]
    pub fn new(sheet: &str, data: &str) -> Self {
        let mut package = Self { parts: Vec::new() };
        package.set("[Content_Types].xml", &format!("{HEAD}<Types/>"));
        package.set("_rels/.rels", &relationships(&[("rId1", "officeDocument", "xl/workbook.xml")]));
        package.set(
            "xl/_rels/workbook.xml.rels",
            &relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml")]),
        );
        package.set(
            "xl/workbook.xml",
            &format!(r#"{HEAD}<workbook><sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>"#),
        );
        package.set("xl/worksheets/sheet1.xml", &worksheet(data));
        package
    }

    /// The parts of a workbook that is sound.
    ///
    /// # Panics
    ///
    /// Where it is none.
    #[must_use]
    pub fn of(workbook: &[u8]) -> Self {
        let mut archive = ZipArchive::new(Cursor::new(workbook)).expect("a workbook is a zip archive");
        let mut parts = Vec::new();
        for index in 0..archive.len() {
            let mut part = archive.by_index(index).expect("it has as many parts as it says");
            let mut content = Vec::new();
            part.read_to_end(&mut content).expect("a sound part can be unpacked");
            parts.push((part.name().expect("a sound part has a name").into_owned(), content));
        }
        Self { parts }
    }

    /// Adds a part, or replaces it.
    pub fn set(&mut self, name: &str, content: &str) {
        self.set_bytes(name, content.as_bytes().to_vec());
    }

    /// Adds a part, or replaces it.
    pub fn set_bytes(&mut self, name: &str, content: Vec<u8>) {
        self.parts.retain(|(existing, _)| existing != name);
        self.parts.push((name.to_owned(), content));
    }

    /// The same with a part added or replaced.
    #[must_use]
    pub fn with(mut self, name: &str, content: &str) -> Self {
        self.set(name, content);
        self
    }

    /// Takes a part out, if it is there.
    pub fn remove(&mut self, name: &str) {
        self.parts.retain(|(existing, _)| existing != name);
    }

    /// The parts by name, in the order of the file.
    #[must_use]
    pub fn parts(&self) -> &[(String, Vec<u8>)] {
        &self.parts
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        zip(self.parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())))
    }
}

/// A zip archive of these entries.
pub fn zip<'a>(entries: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(name, SimpleFileOptions::default()).expect("the name is new");
        writer.write_all(content).expect("memory takes it");
    }
    writer.finish().expect("memory takes it").into_inner()
}

/// A worksheet part with this between `<sheetData>` and `</sheetData>`.
#[must_use]
pub fn worksheet(data: &str) -> String {
    format!("{HEAD}<worksheet><sheetData>{data}</sheetData></worksheet>")
}

/// A relationships part: id, the end of the type, and target of each.
#[must_use]
pub fn relationships(all: &[(&str, &str, &str)]) -> String {
    let mut text = format!("{HEAD}<Relationships>");
    for (id, kind, target) in all {
        text.push_str(&format!(
            r#"<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}"/>"#
        ));
    }
    text.push_str("</Relationships>");
    text
}

/// A cell with inline text.
#[must_use]
pub fn text(reference: &str, text: &str) -> String {
    format!(r#"<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

/// A row of cells with inline text, in the columns from A on.
#[must_use]
pub fn row(number: u32, cells: &[&str]) -> String {
    let cells: String =
        ('A'..).zip(cells).map(|(column, cell)| text(&format!("{column}{number}"), cell)).collect();
    format!(r#"<row r="{number}">{cells}</row>"#)
}
