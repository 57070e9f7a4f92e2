//! Cells that hold what they should not.

use super::{Expected, Take, people_and, read, sound, specimen};
use crate::package::{Package, text, worksheet};

const CLASS: &str = "cell";
const STRINGS: &str = "xl/sharedStrings.xml";

/// A sound workbook with a third row: a good e-mail address, and this as the cell of the name.
fn with_name(cell: &str) -> Package {
    Package::new("users", &people_and(&format!("{}{cell}", text("A3", "b@example.com"))))
}

pub(super) fn specimens(take: Take<'_>) {
    let mut add = |name: &str, bytes: Vec<u8>, expected| take(specimen(CLASS, name, bytes, expected));
    for (content, expected) in [
        // What a cell may hold.
        (r#"<c r="B3" t="inlineStr"><is><t>B</t></is></c>"#, read(2, 0)),
        (
            r#"<c r="B3" t="inlineStr"><is><r><t>B</t></r><r><rPr><b/></rPr><t>ea</t></r></is></c>"#,
            read(2, 0),
        ),
        (r#"<c r="B3" t="inlineStr"><is><t xml:space="preserve">  B  </t></is></c>"#, read(2, 0)),
        (r#"<c r="B3" t="str"><f>1</f><v>B</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="str"><v>B</v><v>C</v></c>"#, read(2, 0)),
        (r#"<c r="B3"><v>1</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="n"><v>1234567890123456789</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="n"><v>1E+300</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="n"><v>-0</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="b"><v>1</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="b"><v>0</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="d"><v>2024-02-29</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="d"><v>2024-02-29T10:30:00Z</v></c>"#, read(2, 0)),
        (r#"<c r="B3" t="str"><v>a_x005F_x0041_b</v></c>"#, read(2, 0)),
        (r#"<c r="B3" s="7"><v>1</v></c>"#, read(2, 0)),
        (r#"<c r="B3" s="4294967296"><v>1</v></c>"#, Expected::Ends),
        (r#"<c r="B3" s="-1"><v>1</v></c>"#, Expected::Ends),
        (r#"<c r="B3" s="x"><v>1</v></c>"#, Expected::Ends),
        // What is a fault of its row.
        (r##"<c r="B3" t="e"><v>#N/A</v></c>"##, read(1, 1)),
        (r##"<c r="B3" t="e"><v>#DIV/0!</v></c>"##, read(1, 1)),
        (r##"<c r="B3" t="e"><v>#GETTING_DATA</v></c>"##, read(1, 1)),
        (r##"<c r="B3" t="e"><v>#WHAT!</v></c>"##, read(1, 1)),
        (r#"<c r="B3" t="e"><v></v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="b"><v>7</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="b"><v>yes</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>seven</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>0x10</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>1e400</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>NaN</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>-inf</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="n"><v>1,5</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="z"><v>1</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t=""><v>1</v></c>"#, Expected::Ends),
        (r#"<c r="B3" t="s"><v>0</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v>-1</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v>4294967296</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v>18446744073709551616</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v>1.5</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v>x</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="s"><v></v></c>"#, Expected::Ends),
        (r#"<c r="B3" t="str"><v>a_x0007_b</v></c>"#, read(1, 1)),
        (r#"<c r="B3" t="str"><v>a_xD800_b</v></c>"#, Expected::Ends),
        ("<c r=\"B3\" t=\"str\"><v>a\u{202E}b</v></c>", read(1, 1)),
        ("<c r=\"B3\" t=\"str\"><v>a&#10;b</v></c>", read(1, 1)),
        (r#"<c r="B3" t="inlineStr"/>"#, read(1, 1)),
        (r#"<c r="B3" t="inlineStr"><is/></c>"#, read(1, 1)),
        (r#"<c r="B3" t="inlineStr"><v>B</v></c>"#, Expected::Ends),
        (r#"<c r="B3" t="str"><is><t>B</t></is></c>"#, Expected::Ends),
        (r#"<c r="B3"><f>1+1</f></c>"#, read(1, 1)),
        (r#"<c r="B3"><f t="shared" si="99999999"/><v>1</v></c>"#, read(2, 0)),
        (r#"<c r="B3"><f t="array" ref="A1:XFD1048576">1</f><v>1</v></c>"#, read(2, 0)),
        (r#"<c r="B3"><odd>1</odd></c>"#, Expected::Ends),
        (r#"<c r="B3">1</c>"#, read(1, 1)),
        (r#"<c r="B3" t="d"><v>yesterday</v></c>"#, Expected::Ends),
        (r#"<c r="B3" t="str"><v>   </v></c>"#, read(1, 1)),
    ] {
        add(content, with_name(content).bytes(), expected);
    }
    let long = "x".repeat(201);
    add("a name of 201 characters", with_name(&text("B3", &long)).bytes(), read(1, 1));
    let longest = "x".repeat(40_000);
    add("a name of 40,000 characters", with_name(&text("B3", &longest)).bytes(), read(1, 1));

    for (number, format, expected) in [
        ("45351", "yyyy-mm-dd", read(2, 0)),
        ("60", "yyyy-mm-dd", read(2, 0)),
        ("0", "yyyy-mm-dd", read(2, 0)),
        ("-1", "yyyy-mm-dd", read(2, 0)),
        ("2958466", "yyyy-mm-dd", read(2, 0)),
        ("1E+300", "yyyy-mm-dd", read(2, 0)),
        ("45351.999999999", "yyyy-mm-dd hh:mm:ss", read(2, 0)),
        ("1E+300", "[h]:mm", read(2, 0)),
        ("-0.5", "[h]:mm", read(2, 0)),
        ("42", "00000", read(2, 0)),
        ("42", "&quot;never ends", read(2, 0)),
        ("42", "[[[[[[", read(2, 0)),
        ("42", ";;;", read(2, 0)),
    ] {
        let styles = format!(
            r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="{format}"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>"#
        );
        let cell = format!(r#"<c r="B3" s="1"><v>{number}</v></c>"#);
        for epoch in ["", r#"<workbookPr date1904="1"/>"#] {
            let workbook =
                format!(r#"<workbook>{epoch}<sheets><sheet name="users" r:id="rId1"/></sheets></workbook>"#);
            let package = with_name(&cell).with("xl/styles.xml", &styles).with("xl/workbook.xml", &workbook);
            add(&format!("{number} as {format} {epoch}"), package.bytes(), expected.clone());
        }
    }
    for (strings, expected) in [
        ("<sst/>", read(1, 1)),
        ("<sst><si/></sst>", read(1, 1)),
        ("<sst><si><t/></si></sst>", read(1, 1)),
        ("<sst><si><t>B</t></si></sst>", read(2, 0)),
        ("<sst><si><r><t>B</t></r><r><t>ea</t></r></si></sst>", read(2, 0)),
        ("<sst><si><t>B</t><rPh sb=\"0\" eb=\"1\"><t>ビー</t></rPh></si></sst>", read(2, 0)),
        ("<sst><si><t>B</t></si><si><t>C</t></si></sst>", read(2, 0)),
        ("<sst><t>B</t></sst>", read(1, 1)),
        ("<html><si><t>B</t></si></html>", Expected::Ends),
    ] {
        let bytes = with_name(r#"<c r="B3" t="s"><v>0</v></c>"#).with(STRINGS, strings).bytes();
        add(&format!("strings {strings}"), bytes, expected);
    }
    let unreadable = (0..1_500).map(|_| r#"<c t="s"><v>9</v></c>"#).collect::<String>();
    let rows = worksheet(&people_and(&unreadable));
    add(
        "1,500 cells that can't be read",
        sound().with("xl/worksheets/sheet1.xml", &rows).bytes(),
        Expected::Refused(&["damaged_workbook"]),
    );
}
