//! Workbooks whose parts, sheets and headings are not as they should be.

use super::{DAMAGED, Expected, NO_WORKBOOK, Take, people, read, sound, specimen};
use crate::package::{Package, relationships, row, text};

const CLASS: &str = "meaning";
const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONSHIPS: &str = "xl/_rels/workbook.xml.rels";

pub(super) fn specimens(take: Take<'_>) {
    parts(take);
    sheets(take);
    headings(take);
    rows(take);
}

fn parts(take: Take<'_>) {
    for (part, expected) in [
        ("[Content_Types].xml", NO_WORKBOOK),
        ("_rels/.rels", NO_WORKBOOK),
        (WORKBOOK, DAMAGED),
        (RELATIONSHIPS, DAMAGED),
        ("xl/worksheets/sheet1.xml", DAMAGED),
    ] {
        let mut package = sound();
        package.remove(part);
        take(specimen(CLASS, format!("without {part}"), package.bytes(), expected));
    }
    for part in [
        WORKBOOK,
        RELATIONSHIPS,
        "xl/worksheets/sheet1.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "_rels/.rels",
    ] {
        let expected = if part.starts_with("xl/s") || part == "_rels/.rels" {
            Expected::Ends
        } else {
            Expected::Refused(&["damaged_workbook"])
        };
        let expected = if part == "xl/worksheets/sheet1.xml" { Expected::Ends } else { expected };
        take(specimen(
            CLASS,
            format!("something else as {part}"),
            sound().with(part, "<html/>").bytes(),
            expected,
        ));
    }
    let mut renamed = sound();
    renamed.remove(WORKBOOK);
    renamed.remove(RELATIONSHIPS);
    let renamed = renamed
        .with("_rels/.rels", &relationships(&[("rId1", "officeDocument", "xl/odd.xml")]))
        .with("xl/_rels/odd.xml.rels", &relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml")]))
        .with("xl/odd.xml", r#"<workbook><sheets><sheet name="users" r:id="rId1"/></sheets></workbook>"#);
    take(specimen(CLASS, "a workbook part of another name", renamed.bytes(), read(1, 0)));
}

/// The sound workbook with its one part as the sheets of these names and attributes.
fn with_sheets(sheets: &str) -> Vec<u8> {
    sound().with(WORKBOOK, &format!("<workbook><sheets>{sheets}</sheets></workbook>")).bytes()
}

fn sheets(take: Take<'_>) {
    let mut add =
        |name: &str, sheets: &str, expected| take(specimen(CLASS, name, with_sheets(sheets), expected));
    add("no sheet", "", DAMAGED);
    add("a sheet without a name", r#"<sheet r:id="rId1"/>"#, Expected::Ends);
    add("a sheet without a part", r#"<sheet name="users"/>"#, DAMAGED);
    add("a sheet of an unknown part", r#"<sheet name="users" r:id="rId9"/>"#, DAMAGED);
    add(
        "two sheets of one part",
        r#"<sheet name="users" r:id="rId1"/><sheet name="departments" r:id="rId1"/>"#,
        Expected::Ends,
    );
    add(
        "two sheets of one name",
        r#"<sheet name="users" r:id="rId1"/><sheet name="users" r:id="rId1"/>"#,
        Expected::Ends,
    );
    add(
        "a hidden sheet first",
        r#"<sheet name="Notes" state="hidden" r:id="rId1"/><sheet name="users" r:id="rId1"/>"#,
        read(1, 0),
    );
    add("a very hidden sheet alone", r#"<sheet name="users" state="veryHidden" r:id="rId1"/>"#, read(1, 0));
    add("a state that is none", r#"<sheet name="users" state="odd" r:id="rId1"/>"#, Expected::Ends);
    add("a name in capitals and blanks", r#"<sheet name=" USERS " r:id="rId1"/>"#, read(1, 0));
    add("a name that is no kind", r#"<sheet name="People" r:id="rId1"/>"#, read(1, 0));
    add(
        "a name of 10,000 characters",
        &format!(r#"<sheet name="{}" r:id="rId1"/>"#, "n".repeat(10_000)),
        read(1, 0),
    );
    add("a name with entities", r#"<sheet name="&lt;&amp;&#10;&gt;" r:id="rId1"/>"#, read(1, 0));
    let chart = sound()
        .with(RELATIONSHIPS, &relationships(&[("rId1", "chartsheet", "chartsheets/sheet1.xml")]))
        .with("xl/chartsheets/sheet1.xml", "<chartsheet/>");
    take(specimen(CLASS, "a chart alone", chart.bytes(), DAMAGED));
}

fn headings(take: Take<'_>) {
    let mut add = |name: &str, data: String, expected| {
        take(specimen(CLASS, name, Package::new("users", &data).bytes(), expected));
    };
    let person = row(2, &["a@example.com", "A", "x"]);
    add("no row", String::new(), read(0, 0));
    add("a heading row alone", row(1, &["email", "name"]), read(0, 0));
    add("a heading twice", format!("{}{person}", row(1, &["email", "name", "E-Mail"])), Expected::NoSheet);
    add("no email", format!("{}{person}", row(1, &["name", "role"])), Expected::NoSheet);
    add("no name", format!("{}{person}", row(1, &["email", "role"])), Expected::NoSheet);
    add(
        "unknown headings beside",
        format!("{}{person}", row(1, &["email", "name", "shoe size"])),
        read(1, 0),
    );
    add("no heading row but people at once", row(1, &["a@example.com", "A"]), Expected::NoSheet);
    add(
        "headings in row 7",
        format!("{}{}", row(7, &["email", "name"]), row(9, &["a@example.com", "A"])),
        read(1, 0),
    );
    add(
        "a heading that can't be read",
        format!(r#"<row r="1"><c r="A1" t="s"><v>7</v></c>{}</row>{person}"#, text("B1", "name")),
        Expected::NoSheet,
    );
    add(
        "a heading that is an error",
        format!(r##"<row r="1"><c r="A1" t="e"><v>#REF!</v></c>{}</row>{person}"##, text("B1", "name")),
        Expected::NoSheet,
    );
    let merged = format!("{}{}", row(1, &["email", "name"]), person);
    let merged = Package::new("users", &merged);
    let sheet = merged
        .parts()
        .iter()
        .find(|(name, _)| name.ends_with("sheet1.xml"))
        .map(|(_, part)| String::from_utf8_lossy(part).into_owned());
    let sheet = sheet.unwrap_or_default().replace(
        "</sheetData>",
        r#"</sheetData><mergeCells count="1"><mergeCell ref="B1:C1"/></mergeCells>"#,
    );
    take(specimen(
        CLASS,
        "merged headings",
        merged.with("xl/worksheets/sheet1.xml", &sheet).bytes(),
        read(1, 0),
    ));
}

fn rows(take: Take<'_>) {
    let mut add = |name: &str, data: String, expected| {
        take(specimen(CLASS, name, Package::new("users", &format!("{}{data}", people())).bytes(), expected));
    };
    add(
        "blank rows inside",
        format!("<row r=\"3\"/><row r=\"4\"><c r=\"A4\"/></row>{}", row(5, &["b@example.com", "B"])),
        read(2, 0),
    );
    add("rows without numbers", "<row><c t=\"inlineStr\"><is><t>b@example.com</t></is></c><c t=\"inlineStr\"><is><t>B</t></is></c></row>".into(), read(2, 0));
    add(
        "rows out of order",
        format!("{}{}", row(9, &["b@example.com", "B"]), row(5, &["c@example.com", "C"])),
        read(3, 0),
    );
    add(
        "a row twice",
        format!("{}{}", row(3, &["b@example.com", "B"]), row(3, &["c@example.com", "C"])),
        Expected::Ends,
    );
    add(
        "row 0",
        "<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>".into(),
        Expected::Refused(&["damaged_workbook"]),
    );
    add("row -1", "<row r=\"-1\"><c><v>1</v></c></row>".into(), DAMAGED);
    add("a row of letters", "<row r=\"x\"><c><v>1</v></c></row>".into(), DAMAGED);
    add("a row number of 30 digits", format!("<row r=\"{}\"/>", "9".repeat(30)), DAMAGED);
    add(
        "cells out of order",
        format!("<row r=\"3\">{}{}</row>", text("B3", "B"), text("A3", "b@example.com")),
        read(2, 0),
    );
    add(
        "a cell twice",
        format!(
            "<row r=\"3\">{}{}{}</row>",
            text("A3", "b@example.com"),
            text("A3", "c@example.com"),
            text("B3", "B")
        ),
        Expected::Ends,
    );
    add(
        "a cell of another row",
        format!("<row r=\"3\">{}{}</row>", text("A3", "b@example.com"), text("B7", "B")),
        Expected::Ends,
    );
    add("references in lower case", "<row r=\"3\"><c r=\"a3\" t=\"inlineStr\"><is><t>b@example.com</t></is></c><c r=\"b3\" t=\"inlineStr\"><is><t>B</t></is></c></row>".into(), Expected::Ends);
    for reference in ["", "3", "A", "3A", "A3B", "$A$3", "A-3", "Ä3", " A3", "A3:B4"] {
        add(
            &format!("a cell at `{reference}`"),
            format!(r#"<row r="3"><c r="{reference}"><v>1</v></c></row>"#),
            Expected::Ends,
        );
    }
}
