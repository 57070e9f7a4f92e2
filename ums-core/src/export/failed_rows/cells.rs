//! The cells of a sheet as they are, row by row.

use std::borrow::Cow;
use std::io::{Read, Seek};

use calamine::{DataRef, Xlsx, XlsxCellReader};

use crate::Result;
use crate::import::cells::cell_fault;
use crate::import::value::CellValue;

/// Reads a sheet row by row; holds one row in memory.
pub(super) struct RawCells<'a, R: Read + Seek> {
    reader: XlsxCellReader<'a, R>,
    /// Whether days count from 1904.
    is_1904: bool,
    ahead: Option<(u32, RawCell<'a>)>,
    ended: bool,
}

/// A row that is not empty.
#[derive(Default)]
pub(super) struct RawRow<'a> {
    /// Its number, as Excel counts.
    pub(super) number: u32,
    /// The cells that are not blank, in the order of the file.
    pub(super) cells: Vec<RawCell<'a>>,
}

pub(super) struct RawCell<'a> {
    /// Its column's index, from 0.
    pub(super) column: u32,
    pub(super) value: RawValue<'a>,
    /// Its number format, where it has one.
    pub(super) format: Option<String>,
}

/// What a cell holds.
pub(super) enum RawValue<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Boolean(bool),
    /// An error, such as `#N/A`.
    Error(String),
}

/// The days from 1900-01-01 to 1904-01-01, the days from which the two ways to count begin.
const EPOCHS_APART: f64 = 1462.0;

impl<'a, R: Read + Seek> RawCells<'a, R> {
    pub(super) fn open(workbook: &'a mut Xlsx<R>, sheet: &str) -> Result<Self> {
        let is_1904 = workbook.has_1904_epoch();
        let reader = workbook.worksheet_cells_reader(sheet)?;
        Ok(Self { reader, is_1904, ahead: None, ended: false })
    }

    /// The index of the last column, as the sheet declares it.
    pub(super) fn last_column(&self) -> u32 {
        self.reader.dimensions().end.1
    }

    pub(super) fn next_row(&mut self) -> Result<Option<RawRow<'a>>> {
        let Some((index, first)) = self.next_cell()? else { return Ok(None) };
        let mut row = RawRow { number: index + 1, cells: vec![first] };
        while let Some((other, cell)) = self.next_cell()? {
            if other != index {
                self.ahead = Some((other, cell));
                break;
            }
            row.cells.push(cell);
        }
        Ok(Some(row))
    }

    /// The next cell that is not blank, and its row's index from 0. One that can't be read is left out.
    fn next_cell(&mut self) -> Result<Option<(u32, RawCell<'a>)>> {
        if let Some(cell) = self.ahead.take() {
            return Ok(Some(cell));
        }
        while !self.ended {
            let (cell, style) = match self.reader.next_cell_with_style_id() {
                Ok(Some(found)) => found,
                Ok(None) => break,
                Err(error) if cell_fault(&error).is_some() => continue,
                Err(error) => return Err(error.into()),
            };
            let (row, column) = cell.get_position();
            if let Some(value) = RawValue::read(cell.get_value(), self.is_1904) {
                let format = self.reader.styles().get(style).and_then(|style| style.number_format.as_ref());
                let format = format.map(|format| format.format_code.clone());
                return Ok(Some((row, RawCell { column, value, format })));
            }
        }
        // calamine takes being asked again for a file that is cut off.
        self.ended = true;
        Ok(None)
    }
}

impl RawRow<'_> {
    /// Whether there is nothing to be seen in it.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.text().trim().is_empty())
    }
}

impl RawCell<'_> {
    /// What it says, as text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match &self.value {
            RawValue::Text(text) => Cow::Borrowed(text),
            RawValue::Number(number) => Cow::Owned(number.to_string()),
            RawValue::Boolean(value) => Cow::Borrowed(if *value { "TRUE" } else { "FALSE" }),
            RawValue::Error(error) => Cow::Borrowed(error),
        }
    }
}

impl<'a> RawValue<'a> {
    /// `None` where it is blank.
    fn read(data: &DataRef<'a>, is_1904: bool) -> Option<Self> {
        let value = match data {
            DataRef::Empty => return None,
            DataRef::String(text) => Self::Text(Cow::Owned(text.clone())),
            DataRef::SharedString(text) => Self::Text(Cow::Borrowed(text)),
            // A date that is written as text reads the same as text.
            DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
                Self::Text(Cow::Owned(CellValue::read(data, 0)?.as_str().to_owned()))
            }
            DataRef::Bool(value) => Self::Boolean(*value),
            #[expect(clippy::cast_precision_loss, reason = "a spreadsheet keeps numbers as floating point")]
            DataRef::Int(number) => Self::Number(*number as f64),
            DataRef::Float(number) => Self::number(*number),
            DataRef::DateTime(moment) => {
                let days = moment.as_f64();
                // What is less than a day is a time alone, which begins nowhere.
                let counts_from_1904 = is_1904 && moment.is_datetime() && days >= 1.0;
                Self::number(if counts_from_1904 { days + EPOCHS_APART } else { days })
            }
            DataRef::Error(error) => Self::Error(error.to_string()),
        };
        match &value {
            Self::Text(text) if text.is_empty() => None,
            _ => Some(value),
        }
    }

    fn number(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Error("#NUM!".to_owned()) }
    }
}
