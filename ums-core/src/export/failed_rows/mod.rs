//! The rows that failed, as a workbook: to be mended and sent again.
//!
//! Read is the workbook that was sent, once more and cell by cell; written is each row that failed, under the heading row of
//! its sheet, as it was: text as text, numbers as numbers and dates as dates in their formats, the last value of a formula.
//! A further column says in words what is wrong with each row, the cells that are wrong stand out, and a note on each says
//! why. Import passes over that column, and replaces it where there is one already.
//!
//! In memory are one row, the workbook's shared strings, 16 bytes of each fault, and the notes, of which there are at most [`NOTES`]: a
//! spreadsheet grows slow with more.
//!
//! Everything is given back, passwords among it: the rows are the sender's own, and have to import again. So nobody may
//! be given them who could not have sent them.

mod cells;
mod faults;
mod writer;

use std::fs::File;
use std::io::{Read, Seek};

use self::cells::{RawCells, RawRow};
use self::faults::Faults;
use self::writer::Writer;
use crate::import::columns::says_what_is_wrong;
use crate::import::{ImportFault, ImportLimits, WorkbookError, WorkbookReader};
use crate::{Error, Result, Timestamp};

/// How many cells have a note, at most; what is wrong with the others stands in the row all the same.
const NOTES: usize = 5_000;

/// Writes the rows of a workbook that failed, and all rows of a sheet that could not be read. `None` where there is no
/// fault. Blocks.
///
/// The faults may come in any order; what they say is put aside in a temporary file.
///
/// # Errors
///
/// [`Error::UnreadableWorkbook`]; what `faults` yields; [`Error::Internal`] for faults of sheets or rows that are not
/// there, and where the workbook can't be written.
pub fn failed_rows<R: Read + Seek>(
    workbook: R,
    limits: &ImportLimits,
    faults: impl IntoIterator<Item = Result<ImportFault>>,
    now: Timestamp,
) -> Result<Option<File>> {
    let (mut workbook, chosen) = WorkbookReader::open(workbook, limits)?.into_sheets();
    let names: Vec<String> = chosen.iter().map(|sheet| sheet.name.clone()).collect();
    let mut faults = Faults::new(faults, &names)?;
    if faults.is_empty() {
        return Ok(None);
    }
    let mut writer = Writer::new(now)?;
    for (index, sheet) in (0..).zip(&chosen) {
        if faults.is_of(index) {
            let cells = RawCells::open(&mut workbook, &sheet.name)?;
            let fallback = sheet.kind.map_or("Sheet1", |kind| kind.as_str());
            writer.begin(&sheet.name, fallback)?;
            give_back(cells, index, &mut faults, &mut writer)?;
        }
    }
    faults.expect_none()?;
    writer.finish().map(Some)
}

fn give_back<R: Read + Seek>(
    mut cells: RawCells<'_, R>,
    sheet: u32,
    faults: &mut Faults,
    writer: &mut Writer,
) -> Result<()> {
    let heading = loop {
        match cells.next_row()? {
            Some(row) if row.is_blank() => {}
            Some(row) => break row,
            None => return writer.heading(&RawRow::default(), 0, &faults.of_sheet(sheet, u32::MAX)?),
        }
    };
    let of_sheet = faults.of_sheet(sheet, heading.number)?;
    let is_whole = !of_sheet.is_empty();
    let remarks = remarks_column(&heading, cells.last_column());
    writer.heading(&heading, remarks, &of_sheet)?;
    let mut sheets_faults = Some(of_sheet);
    while let Some(row) = cells.next_row()? {
        let mut found = faults.of_row(sheet, row.number)?;
        if is_whole {
            // What is wrong with the sheet is said once, where it is seen first.
            found.splice(0..0, sheets_faults.take().unwrap_or_default());
        }
        if is_whole || !found.is_empty() {
            writer.row(&row, remarks, &found)?;
        }
    }
    Ok(())
}

/// The index of the column that says what is wrong: the one that does so already, or the one after the last.
fn remarks_column(heading: &RawRow<'_>, last_column: u32) -> u32 {
    /// A sheet whose cells reach so much further than its headings only has formats there.
    const FAR: u32 = 50;
    let there = heading.cells.iter().find(|cell| says_what_is_wrong(&cell.text()));
    let last_heading = heading.cells.last().map_or(0, |cell| cell.column);
    let last = if last_column <= last_heading + FAR { last_heading.max(last_column) } else { last_heading };
    there.map_or(last + 1, |cell| cell.column).min(LAST_COLUMN)
}

/// The index of `XFD`.
const LAST_COLUMN: u32 = 16_383;

fn out_of_place(fault: &ImportFault) -> Error {
    Error::internal(format!(
        "there is a fault of row {:?} of sheet {:?}, which the workbook does not have",
        fault.row, fault.sheet
    ))
}

impl From<calamine::XlsxError> for Error {
    fn from(error: calamine::XlsxError) -> Self {
        WorkbookError::from(error).into()
    }
}
