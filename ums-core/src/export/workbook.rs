//! The workbook of an export, written row by row. Blocks.

use std::fs::File;

use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};
use tokio::sync::mpsc;

use super::LAST_ROW;
use super::style::{Style, new_workbook, save};
use crate::import::SheetKind;
use crate::import::formulas::guarded;
use crate::{Error, Result, Timestamp};

/// The order of the sheets in the workbook.
const ORDER: [SheetKind; 3] = [SheetKind::Users, SheetKind::Departments, SheetKind::Organisations];

/// A row: the cells of the columns of [`SheetKind::export_columns`], blank ones empty.
pub(super) type Cells = Vec<String>;

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Part {
    /// Further rows of a sheet.
    Rows(SheetKind, Vec<Cells>),
    /// That there are no more. Without it what was written is thrown away.
    End,
}

/// Writes what comes, until the end; `None` where whoever sends has gone away.
pub(super) fn write(mut parts: mpsc::Receiver<Part>, now: Timestamp) -> Result<Option<File>> {
    let mut writer = Writer::new(now)?;
    while let Some(part) = parts.blocking_recv() {
        match part {
            Part::Rows(kind, rows) => writer.rows(kind, &rows)?,
            Part::End => return writer.finish().map(Some),
        }
    }
    Ok(None)
}

struct Writer {
    workbook: Workbook,
    style: Style,
    /// How many rows each sheet of [`ORDER`] has, the heading among them.
    rows: [u32; ORDER.len()],
}

impl Writer {
    fn new(now: Timestamp) -> Result<Self> {
        let mut workbook = new_workbook("Users, departments and organisations", now)?;
        let style = Style::new();
        for kind in ORDER {
            let sheet = workbook.add_worksheet_with_constant_memory()?;
            sheet.set_name(kind.as_str())?;
            style.head(sheet, kind.export_columns())?;
        }
        Ok(Self { workbook, style, rows: [1; ORDER.len()] })
    }

    fn rows(&mut self, kind: SheetKind, rows: &[Cells]) -> Result<()> {
        let sheets = self.workbook.worksheets_mut().iter_mut().zip(&mut self.rows).zip(ORDER);
        let Some(((sheet, next), _)) = sheets.into_iter().find(|(_, of)| *of == kind) else { return Ok(()) };
        for cells in rows {
            if *next > LAST_ROW {
                return Err(too_many(kind));
            }
            write_row(sheet, *next, cells, &self.style)?;
            *next += 1;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<File> {
        for ((sheet, rows), kind) in self.workbook.worksheets_mut().iter_mut().zip(self.rows).zip(ORDER) {
            let columns = u16::try_from(kind.export_columns().count()).unwrap_or(1);
            sheet.autofilter(0, 0, rows.saturating_sub(1), columns.saturating_sub(1))?;
        }
        save(&mut self.workbook)
    }
}

fn write_row(sheet: &mut Worksheet, row: u32, cells: &Cells, style: &Style) -> Result<(), XlsxError> {
    for (column, text) in (0..).zip(cells).filter(|(_, text)| !text.is_empty()) {
        sheet.write_string_with_format(row, column, &*guarded(text), &style.text)?;
    }
    Ok(())
}

fn too_many(kind: SheetKind) -> Error {
    Error::invalid(
        "organisation_id",
        "too_many_rows",
        format!(
            "there are more {} than the {LAST_ROW} rows of a sheet; export one organisation at a time",
            kind.as_str()
        ),
    )
}
