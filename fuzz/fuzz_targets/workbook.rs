//! Whatever the file: reading it ends, and every fault stands where a worksheet has rows and shows little of its cell.
//!
//! A first byte of 0 makes the rest the XML of a sheet in a sound workbook, since chance seldom makes a zip file.
#![no_main]

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use ums_core::import::{ImportLimits, ImportOptions, SheetEvent, WorkbookReader};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Rows of a worksheet.
const ROWS: u32 = 1_048_576;

fuzz_target!(|bytes: &[u8]| {
    let file = match bytes.split_first() {
        Some((0, sheet)) => workbook(sheet),
        _ => bytes.to_owned(),
    };
    let Ok(mut reader) = WorkbookReader::open(Cursor::new(file), &ImportLimits::default()) else { return };
    // That a file turns out to be damaged on the way is an answer, too.
    let _ = reader.read(&ImportOptions::default(), |event| {
        let faults = match event {
            SheetEvent::Faulty(_, faults) => {
                assert!(!faults.is_empty());
                faults
            }
            SheetEvent::Sheet(fault) | SheetEvent::Warning(fault) => vec![fault],
            _ => Vec::new(),
        };
        for fault in faults {
            assert!(fault.row.is_none_or(|row| (1..=ROWS).contains(&row)), "{fault:?}");
            assert!(fault.value.as_ref().is_none_or(|value| value.chars().count() <= 100), "{fault:?}");
        }
        ControlFlow::Continue(())
    });
});

/// A workbook with one sheet, `users`, of this XML.
fn workbook(sheet: &[u8]) -> Vec<u8> {
    const PARTS: [(&str, &str); 3] = [
        (
            "[Content_Types].xml",
            r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="users" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
    ];
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let parts = PARTS.iter().map(|(name, text)| (*name, text.as_bytes()));
    for (name, part) in parts.chain([("xl/worksheets/sheet1.xml", sheet)]) {
        file.start_file(name, stored).expect("memory takes it");
        file.write_all(part).expect("memory takes it");
    }
    file.finish().expect("memory takes it").into_inner()
}
