//! Files of other kinds, and workbooks that are cut off.

use super::{DAMAGED, Expected, NO_WORKBOOK, Take, sound, specimen};
use crate::package::zip;
use crate::workbook::users;

const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

pub(super) fn specimens(take: Take<'_>) {
    let mut add = |name: &str, bytes: Vec<u8>, expected| take(specimen("kind", name, bytes, expected));
    add("empty", Vec::new(), Expected::Refused(&["empty_file"]));
    for (name, bytes) in [
        ("text", &b"email,name\na@example.com,A\n"[..]),
        ("text in UTF-16", b"\xFF\xFEe\0m\0a\0i\0l\0"),
        ("HTML named .xls by a web application", b"<html><table><tr><td>email</td></tr></table></html>"),
        ("JSON", b"{\"users\": []}"),
        ("SpreadsheetML 2003", b"<?xml version=\"1.0\"?><Workbook/>"),
        ("PDF", b"%PDF-1.7\n\x80\x81"),
        ("PNG", b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"),
        ("gzip", b"\x1F\x8B\x08\0\0\0\0\0\0\x03"),
        ("7z", b"7z\xBC\xAF\x27\x1C\0\x04"),
        ("rar", b"Rar!\x1A\x07\x01\0"),
        ("ELF", b"\x7FELF\x02\x01\x01\0"),
        ("one byte", b"P"),
        ("half a signature", b"PK"),
        ("NULs", &[0; 4096]),
    ] {
        add(name, bytes.to_vec(), NO_WORKBOOK);
    }
    add(".xls", compound("Workbook"), NO_WORKBOOK);
    add("encrypted OLE", compound("EncryptedPackage"), Expected::Refused(&["encrypted_workbook"]));
    add("signature of a zip alone", b"PK\x03\x04".to_vec(), DAMAGED);
    add("zip without entries", zip([]), NO_WORKBOOK);
    for (name, part) in [
        ("zip of something else", "readme.txt"),
        (".xlsb", "xl/workbook.bin"),
        (".docx", "word/document.xml"),
        (".pptx", "ppt/presentation.xml"),
        (".numbers", "Index/Document.iwa"),
        (".jar", "META-INF/MANIFEST.MF"),
    ] {
        add(name, zip([(part, &b"<x/>"[..])]), NO_WORKBOOK);
    }
    let ods =
        [("mimetype", &b"application/vnd.oasis.opendocument.spreadsheet"[..]), ("content.xml", b"<x/>")];
    add(".ods", zip(ods), NO_WORKBOOK);
    let mut macros = sound();
    macros.set_bytes("xl/vbaProject.bin", compound("VBA"));
    add(".xlsm", macros.bytes(), Expected::Refused(&["macros"]));

    let whole = users(2_000).bytes();
    for kibibytes in 0..whole.len() / 1024 {
        let bytes = whole.get(..kibibytes * 1024 + 4).unwrap_or_default().to_vec();
        take(specimen("cut off", format!("after {kibibytes} KiB"), bytes, DAMAGED));
    }
    let ends = whole.len() - 30..whole.len();
    for length in ends {
        let bytes = whole.get(..length).unwrap_or_default().to_vec();
        take(specimen("cut off", format!("{} bytes early", whole.len() - length), bytes, DAMAGED));
    }
}

/// A compound file that has a stream of this name.
fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = COMPOUND.to_vec();
    bytes.resize(1024, 0);
    bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(8192, 0);
    bytes
}
