//! Files that are no workbook, or are damaged.

use ums_testkit::package::{worksheet, zip};
use ums_testkit::workbook::users;

use crate::listing::list;
use crate::spoilt::{code, detail, find, sound};

#[test]
fn other_kinds_of_files_are_told_by_what_is_in_them() {
    let compound = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    let mut encrypted = compound.clone();
    encrypted.resize(64 * 1024 - 7, 0);
    encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    encrypted.resize(128 * 1024, 0);
    let entry = |name: &'static str| zip([(name, &b"<x/>"[..])]);
    for (bytes, code_expected, words) in [
        (Vec::new(), "empty_file", "is empty"),
        (b"email,name\na@example.com,A\n".to_vec(), "not_a_workbook", "text, perhaps CSV"),
        ("naïve;ascii".as_bytes().to_vec(), "not_a_workbook", "text"),
        (b"\xFF\xFEe\0m\0".to_vec(), "not_a_workbook", "text"),
        (b"<html><table/></html>".to_vec(), "not_a_workbook", "text"),
        (b"%PDF-1.7\n\x80".to_vec(), "not_a_workbook", "a PDF document"),
        (b"\x89PNG\r\n\x1A\n".to_vec(), "not_a_workbook", "unknown kind"),
        (compound, "not_a_workbook", ".xls"),
        (encrypted, "encrypted_workbook", "password"),
        (zip([]), "not_a_workbook", "empty zip archive"),
        (entry("readme.txt"), "not_a_workbook", "zip archive of something else"),
        (entry("word/document.xml"), "not_a_workbook", "Word"),
        (entry("ppt/presentation.xml"), "not_a_workbook", "PowerPoint"),
        (entry("xl/workbook.bin"), "not_a_workbook", ".xlsb"),
        (zip([("mimetype", &b"x"[..]), ("content.xml", b"<x/>")]), "not_a_workbook", "OpenDocument"),
        (b"PK\x03\x04".to_vec(), "damaged_workbook", "cut off or damaged"),
    ] {
        assert_eq!(
            (code(&bytes), detail(&bytes).contains(words)),
            (code_expected, true),
            "{}",
            detail(&bytes)
        );
    }
}

#[test]
fn macros_and_links_to_other_files_are_refused() {
    let mut package = sound();
    package.set("xl/vbaProject.bin", "x");
    assert_eq!(code(&package.bytes()), "macros");
    let mut package = sound();
    package.set("xl/externalLinks/externalLink1.xml", "<externalLink/>");
    assert_eq!(code(&package.bytes()), "external_links");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_damaged() {
    let whole = users(2_000).bytes();
    assert_eq!(code(&whole), "sound");
    let mut lengths: Vec<usize> = (1..whole.len()).step_by(1024).collect();
    lengths.extend(whole.len() - 30..whole.len());
    for length in lengths {
        let code = code(&whole[..length]);
        assert!(
            code == "damaged_workbook" || (length < 4 && code == "not_a_workbook"),
            "{length} bytes: {code}"
        );
    }
}

#[test]
fn a_changed_byte_is_noticed_or_harmless() {
    let whole = users(50).bytes();
    let right = list(&whole).unwrap();
    for position in (0..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[position] ^= 0x55;
        match list(&changed) {
            Ok(lines) => assert_eq!(lines, right, "byte {position}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn random_bytes_are_no_workbook() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for length in [1, 3, 4, 22, 100, 5_000, 70_000] {
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        assert_eq!(code(&bytes), "not_a_workbook", "{length} bytes");
        let start = b"PK\x03\x04";
        if bytes.len() > start.len() {
            bytes[..start.len()].copy_from_slice(start);
            assert_eq!(code(&bytes), "damaged_workbook", "{length} bytes");
        }
    }
}

#[test]
fn a_part_that_is_missing_is_named() {
    for (part, code_expected) in [
        ("[Content_Types].xml", "not_a_workbook"),
        ("_rels/.rels", "not_a_workbook"),
        ("xl/_rels/workbook.xml.rels", "damaged_workbook"),
        ("xl/worksheets/sheet1.xml", "damaged_workbook"),
    ] {
        let mut package = sound();
        package.remove(part);
        assert_eq!(code(&package.bytes()), code_expected, "without {part}");
    }
    let mut package = sound();
    package.remove("xl/workbook.xml");
    assert!(detail(&package.bytes()).contains("it has no sheet"), "{}", detail(&package.bytes()));
}

#[test]
fn directories_that_contradict_themselves_are_refused() {
    // Twice the same name, by case alone: the archive itself is in order.
    let mut package = sound();
    package.set("XL/WORKSHEETS/SHEET1.XML", &worksheet(""));
    assert!(detail(&package.bytes()).contains("two parts have the same name"));
    // Twice the same name, by changing a name of the same length in local header and directory both.
    let mut package = sound();
    package.set("xl/worksheets/sheet2.xml", &worksheet(""));
    let mut bytes = package.bytes();
    replace_all(&mut bytes, b"sheet2.xml", b"sheet1.xml");
    assert_eq!(code(&bytes), "damaged_workbook");
    // Another name in the local header than in the directory.
    let mut bytes = package.bytes();
    let first = find(&bytes, b"xl/worksheets/sheet2.xml").unwrap();
    bytes[first..first + 2].copy_from_slice(b"xx");
    assert_eq!(code(&bytes), "damaged_workbook");
    // More entries than are allowed, declared alone.
    let mut bytes = sound().bytes();
    let end = bytes.len() - 22;
    bytes[end + 8..end + 12].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(code(&bytes), "limit_exceeded");
}

fn replace_all(bytes: &mut [u8], wanted: &[u8], with: &[u8]) {
    while let Some(position) = find(bytes, wanted) {
        bytes[position..position + with.len()].copy_from_slice(with);
    }
}
