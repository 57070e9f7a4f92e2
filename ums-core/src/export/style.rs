//! What the sheets look like.

use std::fs::File;
use std::io::{BufWriter, Seek};

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, IgnoreError, Workbook, Worksheet,
    XlsxError,
};

use super::{LAST_ROW, unwritten};
use crate::import::column_table::{KnownColumn, Need};
use crate::{Result, Timestamp};

/// Heading, required.
const DARK: Color = Color::RGB(0x1F_4E_79);
/// Heading, optional.
const LIGHT: Color = Color::RGB(0xDD_EB_F7);
/// The example.
const GREY: Color = Color::RGB(0x80_80_80);

#[derive(Debug)]
pub(super) struct Style {
    /// Cells that hold text and keep what looks like a number or a date as it is typed.
    pub(super) text: Format,
    /// The same, in grey, for what is to be replaced.
    pub(super) example: Format,
    /// Text over several lines.
    pub(super) wrapped: Format,
    optional: Format,
    required: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_num_format("@");
        Self {
            text: Format::new().set_num_format("@"),
            example: Format::new().set_num_format("@").set_italic().set_font_color(GREY),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            required: heading.clone().set_background_color(DARK).set_font_color(Color::White),
            optional: heading.set_background_color(LIGHT),
        }
    }

    /// The format of a heading: what has to be there stands out.
    pub(super) fn heading(&self, need: Need) -> &Format {
        match need {
            Need::Required | Need::Alternative => &self.required,
            Need::Optional => &self.optional,
        }
    }

    /// Writes the heading row, which stays in view, and makes the columns wide enough.
    pub(super) fn head<'a>(
        &self,
        sheet: &mut Worksheet,
        columns: impl Iterator<Item = &'a KnownColumn>,
    ) -> Result<(), XlsxError> {
        for (index, known) in (0..).zip(columns) {
            sheet.set_column_width(index, known.width)?;
            sheet.set_column_format(index, &self.text)?;
            let heading = known.column.as_str();
            sheet.write_string_with_format(0, index, heading, self.heading(known.need))?;
            // Digits in these columns are text, and meant to be.
            sheet.ignore_error_range(1, index, LAST_ROW, index, IgnoreError::NumberStoredAsText)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        fit_to_print(sheet);
        Ok(())
    }
}

/// Packs a workbook into a file, which is at its beginning and has no name on the disk, so that nothing of it stays behind.
pub(super) fn save(workbook: &mut Workbook) -> Result<File> {
    let mut file = BufWriter::new(tempfile::tempfile().map_err(unwritten)?);
    workbook.save_to_writer(&mut file)?;
    let mut file = file.into_inner().map_err(unwritten)?;
    file.rewind().map_err(unwritten)?;
    Ok(file)
}

/// Prints on pages of A4, each as wide as the sheet.
pub(super) fn fit_to_print(sheet: &mut Worksheet) {
    const A4: u8 = 9;
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
}

/// A workbook that says when it was made and by what.
pub(super) fn new_workbook(title: &str, now: Timestamp) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let seconds = i64::try_from(now.unix_seconds()).unwrap_or_default();
    let made = ExcelDateTime::from_timestamp(seconds)?;
    workbook.set_properties(
        &DocProperties::new().set_title(title).set_author("UMS").set_creation_datetime(&made),
    );
    Ok(workbook)
}
