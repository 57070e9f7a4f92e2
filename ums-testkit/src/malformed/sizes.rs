//! Files that ask for more than they are: of memory, of time, of both.
#![expect(clippy::expect_used, reason = "memory takes whatever is written to it")]

use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{DAMAGED, Expected, LIMIT, Take, people, read, sound, specimen};
use crate::package::{Package, row, text, worksheet};

const CLASS: &str = "size";
const STRINGS: &str = "xl/sharedStrings.xml";
const SHEET: &str = "xl/worksheets/sheet1.xml";

pub(super) fn specimens(take: Take<'_>) {
    counts(take);
    let mut add = |name: &str, bytes: Vec<u8>, expected| take(specimen(CLASS, name, bytes, expected));
    let strings = |count: &str| format!(r#"<sst uniqueCount="{count}"><si><t>"#);
    add(
        "a shared string of 512 MiB",
        repeated(STRINGS, &strings("1"), "x", 512 << 20, "</t></si></sst>"),
        LIMIT,
    );
    add(
        "a cell of 512 MiB",
        repeated(
            SHEET,
            r#"<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>"#,
            "x",
            512 << 20,
            "</v></c></row></sheetData></worksheet>",
        ),
        LIMIT,
    );
    add("a tag of 512 MiB", repeated(SHEET, "<worksheet a='", "x", 512 << 20, "'/>"), DAMAGED);
    add(
        "a comment of 512 MiB",
        repeated(SHEET, "<worksheet><!--", "x", 512 << 20, "--></worksheet>"),
        DAMAGED,
    );
    add(
        "blanks between rows, 64 MiB",
        repeated(SHEET, "<worksheet><sheetData>", " ", 64 << 20, "</sheetData></worksheet>"),
        LIMIT,
    );

    let far = format!("{}<row r=\"1048576\">{}</row>", people(), text("XFD1048576", "far away"));
    add("a cell at XFD1048576", Package::new("users", &far).bytes(), read(1, 1));
    for reference in
        ["XFE1", "ZZZ1", "A1048577", "A9999999", "AAAA1", "A99999999999", "A18446744073709551616"]
    {
        let cell = format!(r#"<c r="{reference}"><v>1</v></c>"#);
        let sheet = format!("{}<row>{cell}</row>", people());
        // Rows past Excel's last are rows all the same; columns are not.
        let expected = if matches!(reference, "A1048577" | "A9999999") {
            Expected::Ends
        } else {
            Expected::Refused(&["damaged_workbook", "limit_exceeded"])
        };
        add(&format!("a cell at {reference}"), Package::new("users", &sheet).bytes(), expected);
    }
    let attributes: String = (0..80_000).map(|number| format!(" a{number}=\"1\"")).collect();
    add("80,000 attributes", Package::new("users", &format!("<row{attributes}/>")).bytes(), DAMAGED);
    add(
        "nested 100,000 deep",
        Package::new("users", &format!("{}{}", "<x>".repeat(100_000), "</x>".repeat(100_000))).bytes(),
        DAMAGED,
    );
    add(
        "30,000 sheets",
        sound()
            .with(
                "xl/workbook.xml",
                &format!(
                    "<workbook><sheets>{}</sheets></workbook>",
                    r#"<sheet name="users" r:id="rId1"/>"#.repeat(30_000)
                ),
            )
            .bytes(),
        DAMAGED,
    );
    add("30,000 names", sound().with("xl/workbook.xml", &format!(r#"<workbook><sheets><sheet name="users" r:id="rId1"/></sheets><definedNames>{}</definedNames></workbook>"#, r#"<definedName name="n">A1</definedName>"#.repeat(30_000))).bytes(), DAMAGED);
    let formats =
        format!(r#"<styleSheet><cellXfs>{}</cellXfs></styleSheet>"#, r#"<xf numFmtId="0"/>"#.repeat(70_000));
    add("70,000 cell formats", sound().with("xl/styles.xml", &formats).bytes(), DAMAGED);
    let name = "n".repeat(100_000);
    let fonts = format!(
        r#"<styleSheet><fonts><font><name val="{name}"/></font></fonts><cellXfs>{}</cellXfs></styleSheet>"#,
        r#"<xf fontId="0"/>"#.repeat(2_000)
    );
    add("a font's long name, 2,000 times", sound().with("xl/styles.xml", &fonts).bytes(), DAMAGED);
    let headings: Vec<String> = (0..16_000).map(|number| format!("<c><v>{number}</v></c>")).collect();
    add(
        "16,000 headings",
        Package::new("users", &format!("<row>{}</row>", headings.concat())).bytes(),
        Expected::NoSheet,
    );
    let wide = format!("{}<row>{}</row>", row(1, &["email", "name"]), "<c><v>1</v></c>".repeat(16_384));
    add("a row of 16,384 cells", Package::new("users", &wide).bytes(), read(0, 1));
    let wider = format!("{}<row>{}</row>", row(1, &["email", "name"]), "<c><v>1</v></c>".repeat(16_385));
    add("a row of 16,385 cells", Package::new("users", &wider).bytes(), LIMIT);
}

/// Those that keep a processor busy for seconds where nothing is optimised.
pub(super) fn heavy(take: Take<'_>) {
    let mut add = |name: &str, bytes: Vec<u8>, expected| take(specimen("heavy", name, bytes, expected));
    add(
        "5 million shared strings",
        repeated(STRINGS, "<sst>", "<si><t>x</t></si>", 5_000_000 * 17, "</sst>"),
        LIMIT,
    );
    add("5 million shared strings, all different", different(5_000_000), LIMIT);
    add(
        "20 million cells, packed 1 : 1,000",
        repeated(
            SHEET,
            "<worksheet><sheetData><row>",
            "<c/>",
            20_000_001 * 4,
            "</row></sheetData></worksheet>",
        ),
        LIMIT,
    );
    add("20 million cells, packed worse", noisy(20_000_001 * 4, "<c/>"), LIMIT);
    add("3 million rows, packed worse", noisy(3_000_000 * 27, "<row><c><v>1</v></c></row>\n"), LIMIT);
    add(
        "1.5 GiB of rows",
        repeated(SHEET, "<worksheet><sheetData>", "<row/>", 1536 << 20, "</sheetData></worksheet>"),
        LIMIT,
    );
    add(
        "styles of 64 MiB",
        repeated("xl/styles.xml", "<styleSheet>", "<x/>", 64 << 20, "</styleSheet>"),
        LIMIT,
    );
    add(
        "relationships of 64 MiB",
        repeated("xl/_rels/workbook.xml.rels", "<Relationships>", "<x/>", 64 << 20, "</Relationships>"),
        LIMIT,
    );
}

/// Counts that calamine would reserve memory for.
fn counts(take: Take<'_>) {
    for count in [
        "4294967295",
        "4294967296",
        "4000000000",
        "18446744073709551615",
        "99999999999999999999",
        "-1",
        "1e9",
        "70000",
    ] {
        let strings = format!(r#"<sst count="{count}" uniqueCount="{count}"><si><t>x</t></si></sst>"#);
        let bytes = sound().with(STRINGS, &strings).bytes();
        take(specimen(CLASS, format!("{count} shared strings declared, 1 there"), bytes, DAMAGED));
    }
    for dimension in ["A1:XFD1048576", "A1", "A1:ZZZ9999999", "A1:A99999999999", "B2:A1", "", "x"] {
        let part = worksheet(&people())
            .replace("<sheetData>", &format!(r#"<dimension ref="{dimension}"/><sheetData>"#));
        let expected = match dimension {
            "A1:XFD1048576" | "A1" | "A1:ZZZ9999999" => read(1, 0),
            _ => DAMAGED,
        };
        take(specimen(
            CLASS,
            format!("dimension `{dimension}`"),
            sound().with(SHEET, &part).bytes(),
            expected,
        ));
    }
    for (name, styles) in [
        ("cellXfs", r#"<styleSheet><cellXfs count="4294967295"><xf numFmtId="0"/></cellXfs></styleSheet>"#),
        ("fonts", r#"<styleSheet><fonts count="4294967295"><font/></fonts></styleSheet>"#),
        (
            "numFmts",
            r#"<styleSheet><numFmts count="4294967295"><numFmt numFmtId="164" formatCode="0"/></numFmts></styleSheet>"#,
        ),
    ] {
        let bytes = sound().with("xl/styles.xml", styles).bytes();
        take(specimen(CLASS, format!("4294967295 {name} declared, 1 there"), bytes, read(1, 0)));
    }
}

/// The sound workbook with a part that holds so many bytes of something, again and again.
fn repeated(part: &str, before: &str, unit: &str, bytes: usize, after: &str) -> Vec<u8> {
    let block = unit.repeat((1 << 20) / unit.len());
    written(part, |writer| {
        let mut left = bytes / unit.len() * unit.len();
        writer(before);
        while left > 0 {
            let piece = block.get(..left.min(block.len())).unwrap_or_default();
            writer(piece);
            left -= piece.len();
        }
        writer(after);
    })
}

/// Rows that pack no better than the limit of the ratio allows.
fn noisy(bytes: usize, unit: &str) -> Vec<u8> {
    let block = unit.repeat(65_536 / unit.len());
    let mut noise = 0x9E37_79B9_7F4A_7C15_u64;
    written(SHEET, |writer| {
        writer("<worksheet><sheetData>");
        for _ in 0..bytes / block.len() + 1 {
            let words: String = (0..48)
                .map(|_| {
                    noise =
                        noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    format!("{noise:016x}")
                })
                .collect();
            writer(&format!("<x a='{words}'/>"));
            writer(&block);
        }
        writer("</sheetData></worksheet>");
    })
}

fn different(strings: usize) -> Vec<u8> {
    written(STRINGS, |writer| {
        writer("<sst>");
        for number in 0..strings {
            writer(&format!("<si><t>{number}</t></si>"));
        }
        writer("</sst>");
    })
}

/// The sound workbook with a part that is written piece by piece.
fn written(part: &str, content: impl FnOnce(&mut dyn FnMut(&str))) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut package = sound();
    package.remove(part);
    for (name, bytes) in package.parts() {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("the name is new");
        writer.write_all(bytes).expect("memory takes it");
    }
    writer.start_file(part, SimpleFileOptions::default().large_file(true)).expect("the name is new");
    content(&mut |text| writer.write_all(text.as_bytes()).expect("memory takes it"));
    writer.finish().expect("memory takes it").into_inner()
}
