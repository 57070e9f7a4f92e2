//! The tags and texts of an XML part, one at a time, and whether they are well-formed.
//!
//! Where calamine's parser would see a tag, this sees the same one: what is dubious is refused.

use std::io::{BufRead, Read};

use crate::import::limits::check;
use crate::import::{Limit, WorkbookError};

/// The longest single tag, comment or other markup, in bytes.
const MARKUP_BYTES: u64 = 256 * 1024;
/// The deepest nesting of elements.
const DEPTH: usize = 64;
/// The most attributes of an element: calamine may look at each again for each.
const ATTRIBUTES: usize = 256;

/// Reads what stands before the next `<`, and that, which is left out; whether there was one.
pub(super) fn read_text<R: BufRead>(
    reader: &mut R,
    text: &mut Vec<u8>,
    allowed: u64,
) -> Result<bool, WorkbookError> {
    text.clear();
    let room = allowed.saturating_add(1);
    reader.by_ref().take(room).read_until(b'<', text).map_err(WorkbookError::from_io)?;
    if text.pop_if(|last| *last == b'<').is_some() {
        return Ok(true);
    }
    check(Limit::CellBytes, allowed, text.len() as u64)?;
    Ok(false)
}

/// Reads what stands after a `<`, up to its end and without it.
pub(super) fn read_markup<R: BufRead>(reader: &mut R, tag: &mut Vec<u8>) -> Result<(), WorkbookError> {
    tag.clear();
    let mut quote = None;
    loop {
        let (seen, room) = (tag.len(), MARKUP_BYTES.saturating_sub(tag.len() as u64));
        let count = reader.by_ref().take(room).read_until(b'>', tag).map_err(WorkbookError::from_io)?;
        if count == 0 || tag.pop_if(|last| *last == b'>').is_none() {
            let detail = if tag.len() as u64 >= MARKUP_BYTES {
                "a tag is too long"
            } else {
                "a part ends within a tag"
            };
            return Err(WorkbookError::damaged(detail));
        }
        let ends = match tag.as_slice() {
            [b'!', b'-', b'-', rest @ ..] => rest.ends_with(b"--"),
            [b'!', b'[', rest @ ..] => rest.ends_with(b"]]"),
            [b'?', rest @ ..] if rest.ends_with(b"?") => true,
            [b'?', ..] => return Err(WorkbookError::damaged("a processing instruction does not end")),
            // A `>` within quotes does not end a tag, to calamine's parser either.
            tag => {
                quote = open_quote(quote, tag.get(seen..).unwrap_or_default());
                quote.is_none()
            }
        };
        if ends {
            return Ok(());
        }
        tag.push(b'>');
    }
}

/// The quote that is open after these bytes, given the one before them.
fn open_quote(before: Option<u8>, bytes: &[u8]) -> Option<u8> {
    bytes.iter().filter(|byte| matches!(byte, b'"' | b'\'')).fold(before, |open, &byte| match open {
        None => Some(byte),
        Some(quote) if quote == byte => None,
        open => open,
    })
}

/// The names of the elements that are open.
#[derive(Debug, Default)]
pub(super) struct OpenElements {
    names: Vec<u8>,
    lengths: Vec<usize>,
}

impl OpenElements {
    pub(super) fn push(&mut self, name: &[u8]) -> Result<(), WorkbookError> {
        if self.lengths.len() == DEPTH {
            return Err(WorkbookError::damaged("elements are nested too deep"));
        }
        self.names.extend_from_slice(name);
        self.lengths.push(name.len());
        Ok(())
    }

    pub(super) fn pop(&mut self, name: &[u8]) -> Result<(), WorkbookError> {
        let length = self.lengths.pop().filter(|&length| length == name.len() && self.names.ends_with(name));
        let Some(length) = length else {
            return Err(WorkbookError::damaged("an element ends that did not begin"));
        };
        self.names.truncate(self.names.len() - length);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

/// A name without its prefix.
pub(super) fn local_name(name: &[u8]) -> &[u8] {
    let start = name.iter().rposition(|&byte| byte == b':').map_or(0, |colon| colon + 1);
    name.get(start..).unwrap_or_default()
}

/// The attributes of an element, name and value as they are written; ends with `None` where they are malformed.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Option<(&'a [u8], &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        self.0 = &[];
        if rest.is_empty() { None } else { Some(self.split(rest)) }
    }
}

impl<'a> Attributes<'a> {
    fn split(&mut self, rest: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let (name, value) = rest.split_at_checked(equals)?;
        let (quote, value) = value.get(1..)?.trim_ascii_start().split_first()?;
        let end = value.iter().position(|byte| byte == quote).filter(|_| matches!(quote, b'"' | b'\''))?;
        self.0 = value.get(end + 1..)?;
        Some((name.trim_ascii_end(), value.get(..end)?))
    }
}

/// The value of an attribute, as it is written.
pub(super) fn attribute<'a>(attributes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    Attributes(attributes).flatten().find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

pub(super) fn check_attributes(attributes: &[u8]) -> Result<(), WorkbookError> {
    let mut count = 0;
    for attribute in Attributes(attributes) {
        let well_formed = attribute.is_some_and(|(name, value)| {
            !name.is_empty() && !name.iter().chain(value).any(|byte| matches!(byte, b'<' | 0))
        });
        if !well_formed {
            return Err(WorkbookError::damaged("an element has attributes that are none"));
        }
        count += 1;
        if count > ATTRIBUTES {
            return Err(WorkbookError::damaged("an element has too many attributes"));
        }
    }
    Ok(())
}

/// Text as it has to be: UTF-8, without references to entities that only a document type could declare.
pub(super) fn check_text(text: &[u8]) -> Result<(), WorkbookError> {
    let text = std::str::from_utf8(text).map_err(|_| not_utf8())?;
    for reference in text.split('&').skip(1) {
        let name = reference.split_once(';').map(|(name, _)| name);
        let is_known = name.is_some_and(|name| match name.strip_prefix('#') {
            Some(number) => is_character(number),
            None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
        });
        if !is_known {
            return Err(WorkbookError::damaged("a text has a reference to something that is not there"));
        }
    }
    Ok(())
}

/// Whether the number in a reference such as `&#x41;` is a character's.
fn is_character(number: &str) -> bool {
    let digits = |digits: &str, radix| {
        if digits.chars().all(|digit| digit.is_digit(radix)) {
            u32::from_str_radix(digits, radix).ok()
        } else {
            None
        }
    };
    let code = number.strip_prefix('x').map_or_else(|| digits(number, 10), |number| digits(number, 16));
    code.and_then(char::from_u32).is_some_and(|character| character != '\0')
}

pub(super) fn not_utf8() -> WorkbookError {
    WorkbookError::damaged("a part is not encoded in UTF-8")
}
