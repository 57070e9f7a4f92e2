//! One workbook of awkward cells, as three programs write it, is read alike.

use std::path::PathBuf;

use crate::listing::list;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn golden() -> Vec<String> {
    let text = std::fs::read_to_string(fixture("golden.txt")).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn assert_golden(name: &str) {
    let read = list(&std::fs::read(fixture(name)).unwrap()).unwrap();
    let golden = golden();
    for (number, (read, expected)) in read.iter().zip(&golden).enumerate() {
        assert_eq!(read, expected, "{name}, line {}", number + 1);
    }
    assert_eq!(read.len(), golden.len(), "{name} has as many events");
}

#[test]
fn rust_xlsxwriter() {
    assert_golden("rust_xlsxwriter.xlsx");
}

#[test]
fn openpyxl() {
    assert_golden("openpyxl.xlsx");
}

#[test]
fn libreoffice() {
    assert_golden("libreoffice.xlsx");
}

#[test]
fn openpyxl_counting_days_from_1904() {
    assert_golden("openpyxl_1904.xlsx");
}

#[test]
fn libreoffice_counting_days_from_1904() {
    assert_golden("libreoffice_1904.xlsx");
}

#[test]
fn the_generator_makes_what_the_fixture_holds() {
    assert_eq!(list(&ums_testkit::workbook::golden().bytes()).unwrap(), golden());
}
