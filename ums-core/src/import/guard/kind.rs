//! What kind of file it is, told by what is in it and never by its name.

use std::io::{Read, Seek};

use crate::import::WorkbookError;

/// The beginning of a zip archive's first entry.
const ZIP: &[u8] = b"PK\x03\x04";
/// The beginning of a zip archive with no entry.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
/// The beginning of a compound file: an old workbook, or one that is encrypted.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Refuses what is no zip archive, in words that say what it is instead.
pub(super) fn check<R: Read + Seek>(source: &mut R) -> Result<(), WorkbookError> {
    source.rewind().map_err(WorkbookError::Io)?;
    let mut start = Vec::new();
    source.by_ref().take(4096).read_to_end(&mut start).map_err(WorkbookError::Io)?;
    let found = if start.is_empty() {
        return Err(WorkbookError::Empty);
    } else if start.starts_with(ZIP) {
        return Ok(());
    } else if start.starts_with(EMPTY_ZIP) {
        "an empty zip archive"
    } else if start.starts_with(COMPOUND) {
        if is_encrypted(source)? {
            return Err(WorkbookError::Encrypted);
        }
        "of the old format of Excel 97 (.xls) or another compound document"
    } else if start.starts_with(b"%PDF") {
        "a PDF document"
    } else if is_text(&start) {
        "text, perhaps CSV"
    } else {
        "of an unknown kind"
    };
    Err(WorkbookError::NotAWorkbook { found })
}

/// Refuses archives that are something else than a plain workbook. `names` are in lower case.
pub(super) fn check_parts(names: &[String]) -> Result<(), WorkbookError> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    let starts = |prefix: &str| names.iter().any(|name| name.starts_with(prefix));
    let found = if names.iter().any(|name| name.ends_with("/vbaproject.bin")) {
        return Err(WorkbookError::Macros);
    } else if names.iter().any(|name| name.contains("/externallinks/")) {
        return Err(WorkbookError::ExternalLinks);
    } else if names.is_empty() {
        "an empty zip archive"
    } else if has("xl/workbook.bin") {
        "a binary workbook (.xlsb)"
    } else if has("word/document.xml") {
        "a Word document"
    } else if has("ppt/presentation.xml") {
        "a PowerPoint presentation"
    } else if has("mimetype") && has("content.xml") {
        "an OpenDocument file, such as LibreOffice writes (.ods)"
    } else if has("index/document.iwa") || starts("index/") {
        "a Numbers document"
    } else if !has("_rels/.rels") || !has("[content_types].xml") {
        "a zip archive of something else"
    } else {
        return Ok(());
    };
    Err(WorkbookError::NotAWorkbook { found })
}

/// Whether a compound file holds an encrypted package: its directory has an entry of that name, in UTF-16.
fn is_encrypted<R: Read + Seek>(source: &mut R) -> Result<bool, WorkbookError> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut window = Vec::new();
    source.rewind().map_err(WorkbookError::Io)?;
    loop {
        let kept = window.len().saturating_sub(name.len());
        window.drain(..kept);
        let count = source.by_ref().take(64 * 1024).read_to_end(&mut window).map_err(WorkbookError::Io)?;
        if window.windows(name.len()).any(|part| part == name) {
            return Ok(true);
        }
        if count == 0 {
            return Ok(false);
        }
    }
}

fn is_text(start: &[u8]) -> bool {
    let is_utf16 = start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF");
    let readable = |byte: &u8| *byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r');
    is_utf16 || (start.iter().all(readable) && (start.len() == 4096 || std::str::from_utf8(start).is_ok()))
}
