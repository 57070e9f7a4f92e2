//! Files that were made to cost more than they are worth, or to mislead: each gets a clear error.

use std::fmt::Write as _;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ums_core::import::{ImportLimits, ImportOptions, Limit, WorkbookError, WorkbookReader};
use ums_core::{Clock, Timestamp};
use ums_testkit::package::{Package, relationships, row, text, worksheet};
use ums_testkit::workbook::users;

use crate::listing::{events, list};
use crate::spoilt::{code, detail, find, over, sound};

#[test]
fn the_package_that_the_others_spoil_is_sound() {
    assert_eq!(list(&sound().bytes()).unwrap(), ["users 2 | email = a@example.com | full_name = A"]);
}

#[test]
fn declared_counts_cost_nothing() {
    let strings = |count: &str, strings: &str| {
        let mut package = sound();
        package
            .set("xl/sharedStrings.xml", &format!(r#"<sst count="1" uniqueCount="{count}">{strings}</sst>"#));
        package.bytes()
    };
    let one = "<si><t>x</t></si>";
    for count in ["4000000000", "18446744073709551615", "99999999999999999999999", "-1", "many", "65538"] {
        assert_eq!(code(&strings(count, one)), "damaged_workbook", "{count}");
    }
    for count in ["1", "0", "", "65537"] {
        assert_eq!(code(&strings(count, one)), "sound", "{count}");
    }
    let declared = detail(&strings("4000000000", one));
    assert!(declared.contains("4000000000 shared strings are declared, and 1 are there"), "{declared}");
    // The same through another prefix, another case of the part's name, and quoted otherwise.
    let mut package = sound();
    package.set("XL/SharedStrings.XML", "<x:sst  uniqueCount = '4000000000'><x:si/></x:sst>");
    assert_eq!(code(&package.bytes()), "damaged_workbook");
}

#[test]
fn each_limit_names_itself() {
    let workbook = users(1_000).bytes();
    assert_eq!(over(&workbook, |_| ()), Ok(1_001));
    let size = workbook.len() as u64;
    assert_eq!(over(&workbook, |limits| limits.file_bytes = size), Ok(1_001));
    assert_eq!(over(&workbook, |limits| limits.file_bytes = size - 1), Err(Limit::FileBytes));
    assert_eq!(over(&workbook, |limits| limits.entries = 3), Err(Limit::Entries));
    assert_eq!(over(&workbook, |limits| limits.unpacked_bytes = 10_000), Err(Limit::UnpackedBytes));
    assert_eq!(over(&workbook, |limits| limits.part_bytes = 500), Err(Limit::PartBytes));
    assert_eq!(over(&workbook, |limits| limits.shared_string_bytes = 50_000), Err(Limit::SharedStringBytes));
    assert_eq!(over(&workbook, |limits| limits.rows = 1_003), Ok(1_001));
    assert_eq!(over(&workbook, |limits| limits.rows = 1_002), Err(Limit::Rows));
    assert_eq!(over(&workbook, |limits| limits.cells = 5_007), Ok(1_001));
    assert_eq!(over(&workbook, |limits| limits.cells = 5_006), Err(Limit::Cells));
    assert_eq!(over(&workbook, |limits| limits.columns = 5), Ok(1_001));
    assert_eq!(over(&workbook, |limits| limits.columns = 4), Err(Limit::Columns));
    assert_eq!(over(&sound().bytes(), |limits| limits.cell_bytes = 30), Err(Limit::CellBytes));
    let mut limits = ImportLimits::default();
    limits.rows = 1_000;
    let error = events(&workbook, &limits, &ImportOptions::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the workbook is over the limit rows, which is 1000; split it, or have the limit raised"
    );
}

#[test]
fn a_part_counts_as_held_whole_whatever_its_name_is() {
    let mut package = sound();
    package.remove("xl/workbook.xml");
    package.set("_rels/.rels", &relationships(&[("rId1", "officeDocument", "xl/odd.xml")]));
    package.set("xl/_rels/odd.xml.rels", &relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml")]));
    let names = r#"<definedName name="n">x</definedName>"#.repeat(100);
    package.set(
        "xl/odd.xml",
        &format!(r#"<workbook>{names}<sheets><sheet name="users" r:id="rId1"/></sheets></workbook>"#),
    );
    let bytes = package.bytes();
    assert_eq!(over(&bytes, |limits| limits.part_bytes = 4_000), Ok(1));
    assert_eq!(over(&bytes, |limits| limits.part_bytes = 3_000), Err(Limit::PartBytes));
}

#[test]
fn a_cell_far_away_costs_nothing() {
    let far = format!(
        r#"{}<row r="1048576">{}{}</row>"#,
        row(1, &["email", "name"]),
        text("A1048576", "a@example.com"),
        text("XFD1048576", "far away")
    );
    assert_eq!(
        list(&Package::new("users", &far).bytes()).unwrap(),
        ["users faulty: users 1048576 B1048576 [name] required"]
    );
    let beyond = format!("{}{}", row(1, &["email", "name"]), r#"<row r="2"><c r="XFE2"><v>1</v></c></row>"#);
    assert_eq!(code(&Package::new("users", &beyond).bytes()), "limit_exceeded");
}

#[test]
fn references_that_overflow_are_refused() {
    for data in [
        r#"<row r="99999999999"><c r="A1"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="AAAAAAAAAAAA1"><v>1</v></c></row>"#,
        r#"<row r="1"><c r="A99999999999"><v>1</v></c></row>"#,
        r#"<row r="1"><c s="0" r='AAAAAAAAAAAA1'><v>1</v></c></row>"#,
        r#"<row r="1"><c r=""><v>1</v></c></row>"#,
    ] {
        assert_eq!(code(&Package::new("users", data).bytes()), "damaged_workbook", "{data}");
    }
    for (dimension, expected) in
        [("C5:A1", "damaged_workbook"), ("A5:B1", "damaged_workbook"), ("A1:B2", "sound")]
    {
        let mut package = sound();
        let part =
            worksheet("").replace("<sheetData>", &format!(r#"<dimension ref="{dimension}"/><sheetData>"#));
        package.set("xl/worksheets/sheet1.xml", &part);
        assert_eq!(code(&package.bytes()), expected, "{dimension}");
    }
}

#[test]
fn long_texts_are_refused_however_they_are_put_together() {
    let long = "x".repeat(2 * 1024 * 1024);
    let noise: String = (0_u32..400_000).fold(String::new(), |mut noise, number| {
        _ = write!(noise, "{:08x}", number.wrapping_mul(2_654_435_761));
        noise
    });
    let pieces = format!("<r><t>{}</t></r>", "y".repeat(1000)).repeat(2000);
    let comments = "<!-- a comment -->".repeat(100_000);
    for (what, cell) in [
        ("one text", text("A1", &long)),
        ("text that packs badly", text("A1", &noise)),
        ("many runs", format!(r#"<c r="A1" t="inlineStr"><is>{pieces}</is></c>"#)),
        ("many comments", format!(r#"<c r="A1" t="inlineStr"><is><t>{comments}</t></is></c>"#)),
        ("a formula's value", format!(r#"<c r="A1" t="str"><v>{long}</v></c>"#)),
        ("text between rows", long.clone()),
    ] {
        let bytes = Package::new("users", &format!(r#"<row r="1">{cell}</row>"#)).bytes();
        assert_eq!(code(&bytes), "limit_exceeded", "{what}");
    }
    let mut package = sound();
    package.set("xl/sharedStrings.xml", &format!("<sst><si><t>{long}</t></si></sst>"));
    assert_eq!(code(&package.bytes()), "limit_exceeded");
    // A cell within a text would begin a new count, and calamine would read on.
    let nested = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>x</t><c r="B1"/><t>x</t></is></c></row>"#;
    assert!(detail(&Package::new("users", nested).bytes()).contains("stands within another"));
}

#[test]
fn long_tags_many_attributes_and_deep_nesting_are_refused() {
    let attributes: String = (0..80_000).fold(String::new(), |mut all, number| {
        _ = write!(all, r#" a{number}="1""#);
        all
    });
    let some: String = (0..300).fold(String::new(), |mut all, number| {
        _ = write!(all, r#" a{number}="1""#);
        all
    });
    for (what, data) in [
        ("80,000 attributes", format!("<row{attributes}/>")),
        ("300 attributes", format!("<row{some}/>")),
        ("a long comment", format!("<!-- {} -->", "> ".repeat(200_000))),
        ("nesting", format!("{}{}", "<x>".repeat(100), "</x>".repeat(100))),
    ] {
        assert_eq!(code(&Package::new("users", &data).bytes()), "damaged_workbook", "{what}");
    }
}

#[test]
fn xml_that_is_not_well_formed_is_refused() {
    for part in [
        "",
        "no tag at all",
        "<worksheet>",
        "<worksheet><sheetData></worksheet></sheetData>",
        "<worksheet><sheetData/></worksheet",
        "<worksheet><sheetData/></worksheet><",
        "<worksheet><?><sheetData/></worksheet>",
        "<worksheet><![IGNORE[ ]]><sheetData/></worksheet>",
        "<worksheet>< sheetData/></worksheet>",
        "<worksheet><></></worksheet>",
        "<worksheet><sheetData/></other>",
        "<worksheet><sheetData a='<'/></worksheet>",
        "<worksheet><!-- <sheetData/></worksheet>",
        "</worksheet>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><worksheet><sheetData/></worksheet>",
        "<!DOCTYPE x><worksheet><sheetData/></worksheet>",
        "<?xml version='1.0' encoding='UTF-16'?><worksheet><sheetData/></worksheet>",
    ] {
        let mut package = sound();
        package.set("xl/worksheets/sheet1.xml", part);
        assert_eq!(code(&package.bytes()), "damaged_workbook", "{part}");
    }
    let wide = "<worksheet><sheetData/></worksheet>".encode_utf16();
    for bytes in [
        wide.clone().flat_map(u16::to_le_bytes).collect(),
        wide.flat_map(u16::to_be_bytes).collect::<Vec<u8>>(),
    ] {
        let mut package = sound();
        package.set_bytes("xl/worksheets/sheet1.xml", bytes);
        assert_eq!(code(&package.bytes()), "damaged_workbook");
    }
    let mut package = sound();
    package.set("xl/worksheets/sheet1.xml", "\u{FEFF}<worksheet><sheetData/></worksheet>");
    assert_eq!(code(&package.bytes()), "sound");
}

#[test]
fn what_is_wrong_far_down_is_found_before_the_first_row_is_given_out() {
    let good: String =
        (2..2_000).map(|number| row(number, &[&format!("p{number}@example.com"), "P"])).collect();
    for (what, bad) in [
        ("an entity that nobody declared", row(2_000, &["&secret;"])),
        ("an ampersand alone", row(2_000, &["R & D"])),
        ("a character that is none", row(2_000, &["&#xD800;"])),
        ("a character that is none", row(2_000, &["&#x110000;"])),
        ("an attribute without quotes", r#"<row r="2000"><c r="A2000" t=n><v>1</v></c></row>"#.to_owned()),
        ("an attribute without a value", r#"<row r="2000"><c r="A2000" t><v>1</v></c></row>"#.to_owned()),
    ] {
        let bytes = Package::new("users", &format!("{}{good}{bad}", row(1, &["email", "name"]))).bytes();
        assert_eq!(code(&bytes), "damaged_workbook", "{what}");
    }
    let right = row(2_000, &["a&amp;b&lt;&gt;&quot;&apos;&#65;&#x1F600;@example.com", "x"]);
    let bytes = Package::new("users", &format!("{}{right}", row(1, &["email", "name"]))).bytes();
    assert_eq!(
        list(&bytes).unwrap(),
        ["users faulty: users 2000 A2000 [email] invalid_email \"a&b<>\\\"'A😀@example.com\""]
    );
    let mut package = sound();
    let mut latin = worksheet(&row(1, &["email", "na?me"])).into_bytes();
    let place = find(&latin, b"?me").unwrap();
    latin[place] = 0xE9;
    package.set_bytes("xl/worksheets/sheet1.xml", latin);
    assert_eq!(code(&package.bytes()), "damaged_workbook");
}

#[test]
fn a_later_sheet_that_is_no_worksheet_is_found_before_the_first_row_is_given_out() {
    let mut package = sound();
    package.set(
        "xl/workbook.xml",
        r#"<workbook><sheets><sheet name="organisations" r:id="rId1"/><sheet name="users" r:id="rId2"/></sheets></workbook>"#,
    );
    let both = |target| [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "worksheet", target)];
    package.set("xl/_rels/workbook.xml.rels", &relationships(&both("other.xml")));
    assert_eq!(code(&package.bytes()), "damaged_workbook", "a part that is not there");
    package.set("xl/other.xml", "<chartsheet/>");
    assert_eq!(code(&package.bytes()), "damaged_workbook", "a part of another kind");
}

#[test]
fn quotes_hide_nothing() {
    // To a parser that minds quotes all of it is one tag; to one that does not, many small ones.
    let hidden = format!(r#"<x a="{}"/>"#, "><c r='A1'></c><y b='' c=".repeat(50_000));
    assert_eq!(code(&Package::new("users", &hidden).bytes()), "damaged_workbook");
    let harmless = format!(r#"<x a=">" b='">'/>{}"#, row(1, &["email", "name"]));
    assert_eq!(code(&Package::new("users", &harmless).bytes()), "sound");
}

#[test]
fn a_bomb_is_refused_by_its_ratio() {
    let blank = " ".repeat(1000);
    let data = format!("<x>{blank}</x>").repeat(5000);
    assert_eq!(over(&Package::new("users", &data).bytes(), |_| ()), Err(Limit::Ratio));
    // It is noticed where it begins: what comes after it and packs badly does not make up for it.
    let noise = (0_u32..200_000).fold(String::new(), |mut noise, number| {
        _ = write!(noise, "<y>{:08x}</y>", number.wrapping_mul(2_654_435_761));
        noise
    });
    let bomb = format!("{}{noise}", data.repeat(4));
    assert_eq!(over(&Package::new("users", &bomb).bytes(), |_| ()), Err(Limit::Ratio));
    let right = format!("{}{noise}", row(1, &["email", "name"]));
    assert_eq!(over(&Package::new("users", &right).bytes(), |_| ()), Ok(0));
}

#[test]
fn sheets_that_are_no_xml_part_are_refused() {
    for target in
        ["media/image1.png", "/customXml/item1.xml", "worksheets/sheet1&#46;png", "worksheets/sheet1.bin"]
    {
        let mut package = sound();
        package.set("xl/_rels/workbook.xml.rels", &relationships(&[("rId1", "worksheet", target)]));
        assert_eq!(code(&package.bytes()), "damaged_workbook", "{target}");
    }
}

#[test]
fn parts_beside_the_sheets_may_be_as_they_like() {
    let mut package = sound();
    let query: Vec<u8> = format!(
        "<?xml version=\"1.0\" encoding=\"utf-16\"?><DataMashup>{}</DataMashup>",
        "A".repeat(2 << 20)
    )
    .encode_utf16()
    .flat_map(u16::to_le_bytes)
    .collect();
    package.set_bytes("customXml/item1.xml", [b"\xFF\xFE".to_vec(), query].concat());
    package.set(
        "xl/pivotCache/pivotCacheDefinition1.xml",
        r#"<pivotCacheDefinition><dimensions><dimension name="Measures"/></dimensions></pivotCacheDefinition>"#,
    );
    package.set("xl/calcChain.xml", r#"<calcChain><c r="B2" i="1"/><c r="B3"/></calcChain>"#);
    package.set(
        "xl/charts/chart1.xml",
        "<c:chart><c:ser><c:tx><c:v>Sales</c:v></c:tx><c:row>1</c:row></c:ser></c:chart>",
    );
    package.set_bytes("xl/printerSettings/printerSettings1.bin", vec![0; 1000]);
    assert_eq!(code(&package.bytes()), "sound", "{}", detail(&package.bytes()));
}

#[test]
fn styles_that_would_be_copied_without_end_are_refused() {
    let name = "n".repeat(100_000);
    let styles = |formats: usize| {
        let mut package = sound();
        package.set(
            "xl/styles.xml",
            &format!(
                r#"<styleSheet><fonts><font><name val="{name}"/></font></fonts><cellXfs>{}</cellXfs></styleSheet>"#,
                r#"<xf fontId="0"/>"#.repeat(formats)
            ),
        );
        package.bytes()
    };
    assert_eq!(code(&styles(10)), "sound");
    assert_eq!(code(&styles(1_000)), "damaged_workbook");
}

/// A clock on which a second passes each time that somebody looks.
#[derive(Debug, Default)]
struct TickingClock(AtomicI64);

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_milliseconds(1000 * self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn reading_ends_when_its_time_is_over() {
    let workbook = users(1_000).bytes();
    let read = |seconds| {
        let mut limits = ImportLimits::default();
        limits.seconds = seconds;
        let mut reader =
            WorkbookReader::open_by(Arc::new(TickingClock::default()), Cursor::new(&workbook), &limits)?;
        let mut rows = 0;
        let read = reader.read(&ImportOptions::new(), |_| {
            rows += 1;
            ControlFlow::Continue(())
        });
        read.map(|_| rows)
    };
    let over = |seconds| match read(seconds) {
        Err(WorkbookError::Limit { limit: Limit::Seconds, allowed }) => allowed == seconds,
        _ => false,
    };
    assert!(over(3), "before a row is given out");
    assert!(over(500), "while rows are given out");
    // Each row takes a second to read; what passes while others have it does not count.
    assert_eq!(read(1_100).unwrap(), 1_001);
}
