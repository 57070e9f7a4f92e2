//! What the tags of an XML part say: how much there is of what, and what is declared.

use std::io::BufRead;

use super::markup::{
    OpenElements, attribute, check_attributes, check_text, local_name, not_utf8, read_markup, read_text,
};
use crate::import::limits::{Budget, check};
use crate::import::{ImportLimits, Limit, WorkbookError};

/// The most cell formats that a workbook may have; Excel's own limit is 65,490.
const CELL_FORMATS: u64 = 65_536;
/// The most bytes that the fonts' and number formats' names may come to, were each cell format to hold a copy.
const FORMAT_NAME_BYTES: u64 = 64 * 1024 * 1024;
/// The most sheets, defined names and relationships together.
const STRUCTURE: u64 = 20_000;
/// What a shared string costs in memory, in bytes: its `String`, and the least that the allocator gives its text.
/// Measured with 3,000,000 strings of 17 characters: 56 bytes each.
const STRING_BYTES: u64 = 24;
const STRING_TEXT_BYTES: u64 = 32;
/// What the allocator adds to a text.
const STRING_TEXT_OVERHEAD: u64 = 8;
/// How many more shared strings may be declared than there are: memory for as many is reserved.
const STRINGS_OVER: u64 = 65_536;

/// Where custom XML stands.
const CUSTOM: &str = "customxml/";

/// How a part is read by calamine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartKind {
    /// Cell by cell, such as a worksheet; or not at all.
    Streamed,
    /// As one string after the other, all of them kept.
    SharedStrings,
    /// Whole.
    Whole,
    /// Whole; says which other parts there are.
    Relationships,
}

impl PartKind {
    /// The kind of the part of this name, in lower case; `None` for one that is never read.
    ///
    /// Custom XML is never read, nor taken for a sheet; Excel's Power Query keeps long texts in UTF-16 there.
    pub(super) fn of(name: &str) -> Option<Self> {
        if name.starts_with(CUSTOM) {
            None
        } else if name.ends_with(".rels") {
            Some(Self::Relationships)
        } else if name.ends_with("sharedstrings.xml") {
            Some(Self::SharedStrings)
        } else if name.ends_with("styles.xml")
            || name.ends_with("theme1.xml")
            || name.ends_with("workbook.xml")
        {
            Some(Self::Whole)
        } else {
            name.ends_with(".xml").then_some(Self::Streamed)
        }
    }
}

/// What was found in all parts so far.
#[derive(Debug)]
pub(super) struct Scan {
    rows: Budget,
    cells: Budget,
    strings: Budget,
    columns: u64,
    cell_bytes: u64,
    part_bytes: u64,
    structure: u64,
}

impl Scan {
    pub(super) fn new(limits: &ImportLimits) -> Self {
        Self {
            rows: Budget::new(Limit::Rows, limits.rows),
            cells: Budget::new(Limit::Cells, limits.cells),
            strings: Budget::new(Limit::SharedStringBytes, limits.shared_string_bytes),
            columns: limits.columns,
            cell_bytes: limits.cell_bytes,
            part_bytes: limits.part_bytes,
            structure: 0,
        }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows.used()
    }

    pub(super) fn cells(&self) -> u64 {
        self.cells.used()
    }

    /// Looks at one part, to its end.
    pub(super) fn part<R: BufRead>(&mut self, kind: PartKind, reader: &mut R) -> Result<(), WorkbookError> {
        let mut part = Part {
            scan: self,
            kind,
            open: OpenElements::default(),
            bytes: 0,
            span: None,
            column: 0,
            row_has_value: false,
            strings: 0,
            declared_strings: 0,
            formats: 0,
            longest_name: 0,
        };
        let (mut text, mut tag) = (Vec::with_capacity(256), Vec::with_capacity(256));
        let mut is_first = true;
        loop {
            let goes_on = read_text(reader, &mut text, part.scan.cell_bytes)?;
            // A byte order mark or a few blanks may stand before the first tag.
            if is_first && (!goes_on || text.len() > 64) {
                return Err(WorkbookError::damaged("a part is no XML"));
            }
            is_first = false;
            part.grow(text.len() as u64)?;
            check_text(&text)?;
            if !goes_on {
                return part.finish();
            }
            read_markup(reader, &mut tag)?;
            part.grow(tag.len() as u64)?;
            part.markup(&tag)?;
        }
    }
}

/// One part, while it is looked at.
struct Part<'a> {
    scan: &'a mut Scan,
    kind: PartKind,
    open: OpenElements,
    /// Bytes of the part so far.
    bytes: u64,
    /// Bytes since the beginning of the cell or shared string that is open.
    span: Option<u64>,
    column: u64,
    row_has_value: bool,
    strings: u64,
    declared_strings: u64,
    formats: u64,
    longest_name: u64,
}

impl Part<'_> {
    /// Notes that so many bytes were read.
    fn grow(&mut self, bytes: u64) -> Result<(), WorkbookError> {
        self.bytes = self.bytes.saturating_add(bytes);
        // Text outside of any cell is held whole as well, while it is read.
        let span = self.span.unwrap_or(0).saturating_add(bytes);
        check(Limit::CellBytes, self.scan.cell_bytes, span)?;
        if self.span.is_some() {
            self.span = Some(span);
        }
        Ok(())
    }

    fn markup(&mut self, tag: &[u8]) -> Result<(), WorkbookError> {
        if std::str::from_utf8(tag).is_err() {
            return Err(not_utf8());
        }
        match tag {
            [b'?', ..] => check_encoding(tag),
            [b'!', b'-', b'-', ..] => Ok(()),
            [b'!', cdata @ ..] if cdata.starts_with(b"[CDATA[") => Ok(()),
            [b'!', ..] => Err(WorkbookError::damaged("a part has a document type declaration")),
            [b'/', name @ ..] => self.end(name.trim_ascii_end()),
            [content @ .., b'/'] => self.start(content, true),
            content => self.start(content, false),
        }
    }

    fn start(&mut self, tag: &[u8], is_empty: bool) -> Result<(), WorkbookError> {
        let end = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(end).unwrap_or_default();
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b'<' | b'&' | b'"' | b'\'' | b'=' | 0)) {
            return Err(WorkbookError::damaged("an element has a name that is none"));
        }
        check_attributes(attributes)?;
        self.element(local_name(name), attributes, is_empty)?;
        if is_empty { Ok(()) } else { self.open.push(name) }
    }

    fn element(&mut self, name: &[u8], attributes: &[u8], is_empty: bool) -> Result<(), WorkbookError> {
        let span = (!is_empty).then_some(0);
        if self.span.is_some() && matches!(name, b"c" | b"si" | b"row" | b"sheetData") {
            // calamine would read on into the inner one, and join the text of both.
            return Err(WorkbookError::damaged("a cell or shared string stands within another"));
        }
        match name {
            b"c" => {
                self.scan.cells.take(1)?;
                self.column =
                    position(attribute(attributes, b"r"))?.map_or(self.column + 1, |(column, _)| column);
                self.span = span;
            }
            b"v" | b"is" if !is_empty => {
                check(Limit::Columns, self.scan.columns, self.column)?;
                if !self.row_has_value {
                    self.row_has_value = true;
                    self.scan.rows.take(1)?;
                }
            }
            b"row" => {
                position(attribute(attributes, b"r"))?;
                (self.row_has_value, self.column) = (false, 0);
            }
            b"si" => {
                self.strings += 1;
                self.scan.strings.take(STRING_BYTES)?;
                self.span = span;
            }
            b"sst" => {
                let declared = attribute(attributes, b"uniqueCount").unwrap_or_default();
                self.declared_strings = number(declared).unwrap_or(u64::MAX).max(self.declared_strings);
            }
            b"dimension" => attribute(attributes, b"ref").map_or(Ok(()), check_dimension)?,
            b"xf" => {
                self.formats += 1;
                self.kept()?;
            }
            b"name" | b"numFmt" => self.longest_name = self.longest_name.max(attributes.len() as u64),
            b"sheet" | b"definedName" => self.structure()?,
            b"Relationship" => {
                self.structure()?;
                if self.kind == PartKind::Relationships {
                    check_relationship(attributes)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &[u8]) -> Result<(), WorkbookError> {
        if matches!(local_name(name), b"c" | b"si") {
            if self.kind == PartKind::SharedStrings {
                let text = self.span.unwrap_or(0).saturating_add(STRING_TEXT_OVERHEAD);
                self.scan.strings.take(text.max(STRING_TEXT_BYTES))?;
            }
            self.span = None;
        }
        self.open.pop(name)
    }

    /// Notes something that is kept, so that its part counts as read whole.
    fn kept(&self) -> Result<(), WorkbookError> {
        check(Limit::PartBytes, self.scan.part_bytes, self.bytes)
    }

    fn structure(&mut self) -> Result<(), WorkbookError> {
        self.kept()?;
        self.scan.structure += 1;
        if self.scan.structure > STRUCTURE {
            return Err(WorkbookError::damaged("there are too many sheets, names or relationships"));
        }
        Ok(())
    }

    fn finish(self) -> Result<(), WorkbookError> {
        if !self.open.is_empty() {
            return Err(WorkbookError::damaged("a part ends before its elements do"));
        }
        if self.declared_strings > self.strings.saturating_add(STRINGS_OVER) {
            return Err(WorkbookError::damaged(format!(
                "{} shared strings are declared, and {} are there",
                self.declared_strings, self.strings
            )));
        }
        if self.formats > CELL_FORMATS || self.formats.saturating_mul(self.longest_name) > FORMAT_NAME_BYTES {
            return Err(WorkbookError::damaged("there are too many cell formats"));
        }
        Ok(())
    }
}

fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() { Some(0) } else { std::str::from_utf8(text).ok()?.trim().parse().ok() }
}

/// Column and row of a reference such as `C7` or `7`; `None` where there is none.
///
/// calamine computes with what stands there, without looking whether it overflows.
fn position(reference: Option<&[u8]>) -> Result<Option<(u64, u64)>, WorkbookError> {
    let Some(reference) = reference else { return Ok(None) };
    let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (letters, digits) = reference.split_at_checked(letters).unwrap_or_default();
    if letters.len() > 3 || digits.len() > 7 || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(WorkbookError::damaged("a cell or row has a reference that is none"));
    }
    let column = letters.iter().fold(0, |column, letter| column * 26 + u64::from(letter & 0x1F));
    Ok(Some((column, number(digits).unwrap_or(0))))
}

fn check_dimension(range: &[u8]) -> Result<(), WorkbookError> {
    let mut corners = range.split(|&byte| byte == b':').map(|corner| position(Some(corner)));
    let (first, last) = (corners.next().transpose()?.flatten(), corners.next().transpose()?.flatten());
    match (first, last) {
        (Some((left, top)), Some((right, bottom))) if left > right || top > bottom => {
            Err(WorkbookError::damaged("a sheet's dimension is turned round"))
        }
        _ => Ok(()),
    }
}

/// calamine opens whatever part a relationship names; the parts that were looked at are those named as XML.
fn check_relationship(attributes: &[u8]) -> Result<(), WorkbookError> {
    let kind = attribute(attributes, b"Type").unwrap_or_default();
    let is_read = [&b"/officeDocument"[..], b"sheet"].into_iter().any(|end| kind.ends_with(end));
    let target = attribute(attributes, b"Target").unwrap_or_default().to_ascii_lowercase();
    let is_custom = target.windows(CUSTOM.len()).any(|part| part == CUSTOM.as_bytes());
    if is_read && (!target.ends_with(b".xml") || target.contains(&b'&') || is_custom) {
        return Err(WorkbookError::damaged("a sheet or workbook is named that is no XML part"));
    }
    Ok(())
}

/// Only encodings whose markup is ASCII are looked at rightly.
fn check_encoding(instruction: &[u8]) -> Result<(), WorkbookError> {
    let Some(declaration) = instruction.strip_prefix(b"?xml ") else { return Ok(()) };
    match attribute(declaration, b"encoding") {
        Some(encoding)
            if !encoding.eq_ignore_ascii_case(b"UTF-8") && !encoding.eq_ignore_ascii_case(b"US-ASCII") =>
        {
            Err(not_utf8())
        }
        _ => Ok(()),
    }
}
