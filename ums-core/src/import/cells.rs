//! The rows of a sheet, one by one, from calamine's stream of cells.

use std::io::{Read, Seek};

use calamine::{SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use zip::result::ZipError;

use super::WorkbookError;
use super::headings::Layout;
use super::report::{reference, shorten};
use super::value::CellValue;

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SheetName {
    pub(super) name: String,
    pub(super) visible: bool,
}

/// The worksheets of a workbook, in its order; charts and dialogs apart.
pub(super) fn sheets<R: Read + Seek>(workbook: &Xlsx<R>) -> Vec<SheetName> {
    let sheets = calamine::Reader::sheets_metadata(workbook).iter();
    let worksheets = sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet);
    worksheets
        .map(|sheet| SheetName { name: sheet.name.clone(), visible: sheet.visible == SheetVisible::Visible })
        .collect()
}

/// A row that is not empty.
#[derive(Debug)]
pub(super) struct RawRow<'a> {
    /// Its number, as Excel counts.
    pub(super) number: u32,
    /// The cells that are not blank, with the column's index from 0: all of a heading row, else those of known columns.
    pub(super) cells: Vec<(u32, CellValue<'a>)>,
    /// The cell that could not be read.
    pub(super) doubt: Option<Doubt>,
}

/// A cell that could not be read, so that its row can't be either.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) message: String,
    /// The column's index from 0, where it can be told.
    pub(super) column: Option<u32>,
}

/// Reads a sheet row by row; holds one row in memory.
pub(super) struct SheetCells<'a, R: Read + Seek> {
    reader: XlsxCellReader<'a, R>,
    /// How many digits each cell format demands at least.
    digits: Vec<usize>,
    /// The first cell of the row after the one given out last.
    ahead: Option<PlacedCell<'a>>,
    /// Row and column of the cell read last, blank ones among them, from 0.
    last: (u32, u32),
    unreadable: u32,
    /// Whether the end was seen: calamine takes being asked again for a file that is cut off.
    ended: bool,
}

/// A cell that is not blank, or stands near one that could not be read.
struct PlacedCell<'a> {
    row: u32,
    column: u32,
    value: Option<CellValue<'a>>,
    /// A cell that could not be read, between this one and the one before.
    doubt: Option<Doubt>,
}

impl<'a, R: Read + Seek> SheetCells<'a, R> {
    /// How many cells of a sheet may be unreadable before all of it is given up.
    const UNREADABLE: u32 = 1000;

    pub(super) fn open(workbook: &'a mut Xlsx<R>, sheet: &str) -> Result<Self, WorkbookError> {
        let reader = workbook.worksheet_cells_reader(sheet)?;
        let formats = reader.styles().iter().map(|style| style.number_format.as_ref());
        let digits =
            formats.map(|format| format.map_or(0, |format| leading_zeros(&format.format_code))).collect();
        Ok(Self { reader, digits, ahead: None, last: (0, 0), unreadable: 0, ended: false })
    }

    /// The next row that is not empty.
    ///
    /// With a layout, cells of columns that it does not know are left out, though they make a row not empty; without
    /// one, for the heading row, all cells are there, shortened.
    pub(super) fn next_row(&mut self, layout: Option<&Layout>) -> Result<Option<RawRow<'a>>, WorkbookError> {
        let Some(mut cell) = self.next_of(layout)? else { return Ok(None) };
        let index = cell.row;
        let mut row = RawRow { number: index + 1, cells: Vec::new(), doubt: None };
        loop {
            row.doubt = row.doubt.or_else(|| cell.doubt.clone());
            if cell.row != index {
                // Which of the two rows holds a cell that could not be read is not known, so both are in doubt.
                self.ahead = Some(cell);
                return Ok(Some(row));
            }
            match (cell.value, layout) {
                (Some(value), None) => {
                    row.cells.push((cell.column, CellValue::Text(shorten(value.as_str()).into())))
                }
                (Some(value), Some(layout)) if layout.at(cell.column).is_some() => {
                    row.cells.push((cell.column, value))
                }
                _ => {}
            }
            match self.next_of(layout)? {
                Some(next) => cell = next,
                None => return Ok(Some(row)),
            }
        }
    }

    /// The next cell, but for what was said of a row that was given back: that is no part of it.
    fn next_of(&mut self, layout: Option<&Layout>) -> Result<Option<PlacedCell<'a>>, WorkbookError> {
        loop {
            let cell = self.next_cell()?;
            let passed_over = cell.as_ref().is_some_and(|cell| {
                cell.doubt.is_none() && layout.is_some_and(|layout| layout.says_what_is_wrong(cell.column))
            });
            if !passed_over {
                return Ok(cell);
            }
        }
    }

    fn next_cell(&mut self) -> Result<Option<PlacedCell<'a>>, WorkbookError> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        if self.ended {
            return Ok(None);
        }
        let (last_row, last_column) = self.last;
        let mut unreadable: Option<&'static str> = None;
        loop {
            let doubt = |column| {
                unreadable.map(|what| {
                    let after = reference(last_column, last_row + 1);
                    Doubt { message: format!("a cell after {after} {what}"), column }
                })
            };
            match self.reader.next_cell_with_style_id() {
                Ok(Some((cell, style))) => {
                    let (row, column) = cell.get_position();
                    let digits = self.digits.get(style).copied().unwrap_or(0);
                    let value = CellValue::read(cell.get_value(), digits);
                    let skipped = row == last_row && column == last_column + 2;
                    let doubt = doubt(skipped.then_some(last_column + 1));
                    self.last = (row, column);
                    if value.is_some() || doubt.is_some() {
                        return Ok(Some(PlacedCell { row, column, value, doubt }));
                    }
                }
                Ok(None) => {
                    self.ended = true;
                    let doubt = doubt(None);
                    let cell = PlacedCell { row: last_row, column: last_column, value: None, doubt };
                    return Ok(Some(cell).filter(|cell| cell.doubt.is_some()));
                }
                Err(error) => {
                    self.unreadable += 1;
                    unreadable = Some(
                        cell_fault(&error).filter(|_| self.unreadable <= Self::UNREADABLE).ok_or(error)?,
                    );
                }
            }
        }
    }
}

/// What is wrong with one cell, where the stream goes on behind it; `None` where it is the sheet that is broken.
pub(crate) fn cell_fault(error: &XlsxError) -> Option<&'static str> {
    match error {
        XlsxError::CellError(_) => Some("holds an error of an unknown kind"),
        XlsxError::CellTAttribute(_) => Some("has a type that does not exist"),
        XlsxError::ParseFloat(_) | XlsxError::Unrecognized { .. } => {
            Some("holds a value that its type does not allow")
        }
        XlsxError::Unexpected(_) => Some("refers to a text that the workbook does not hold"),
        XlsxError::UnexpectedNode(_) => Some("has content that does not belong in a cell"),
        _ => None,
    }
}

/// How many digits a number format demands at least: 5 for `00000`; 0 for any that is not zeros alone.
fn leading_zeros(format: &str) -> usize {
    if format.len() <= 15 && format.bytes().all(|byte| byte == b'0') { format.len() } else { 0 }
}

impl From<XlsxError> for WorkbookError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::Io(error) | XlsxError::Zip(ZipError::Io(error)) => Self::from_io(error),
            XlsxError::Password => Self::Encrypted,
            error => Self::damaged(shorten(&error.to_string())),
        }
    }
}
