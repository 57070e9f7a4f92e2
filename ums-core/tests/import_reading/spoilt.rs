//! Files that are spoilt, and what is said of them.

use std::io::Cursor;

use ums_core::import::{ImportLimits, ImportOptions, Limit, WorkbookError, WorkbookReader};
use ums_testkit::package::{Package, row};

use crate::listing::events;

/// What is found wrong with a file before its first row is given out, by its code.
pub(crate) fn code(bytes: &[u8]) -> &'static str {
    open(bytes).map_or_else(|error| error.code(), |()| "sound")
}

/// The same in words.
pub(crate) fn detail(bytes: &[u8]) -> String {
    open(bytes).map_or_else(|error| error.to_string(), |()| "sound".to_owned())
}

fn open(bytes: &[u8]) -> Result<(), WorkbookError> {
    WorkbookReader::open(Cursor::new(bytes), &ImportLimits::default()).map(|_| ())
}

/// A sound workbook, to be spoilt.
pub(crate) fn sound() -> Package {
    Package::new("users", &format!("{}{}", row(1, &["email", "name"]), row(2, &["a@example.com", "A"])))
}

/// The limit that a file is over, with the limits changed so; how many events there are where it is over none.
pub(crate) fn over(bytes: &[u8], change: impl FnOnce(&mut ImportLimits)) -> Result<usize, Limit> {
    let mut limits = ImportLimits::default();
    change(&mut limits);
    match events(bytes, &limits, &ImportOptions::new()) {
        Ok(events) => Ok(events.len()),
        Err(WorkbookError::Limit { limit, .. }) => Err(limit),
        Err(other) => panic!("{other}"),
    }
}

/// Where these bytes stand first.
pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
