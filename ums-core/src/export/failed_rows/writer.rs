//! The workbook of failed rows, written row by row.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, Formula, Note, Workbook, Worksheet, XlsxError,
};

use super::cells::{RawCell, RawRow, RawValue};
use super::{LAST_COLUMN, NOTES};
use crate::export::style::{fit_to_print, new_workbook, save};
use crate::import::ImportFault;
use crate::import::columns::WHAT_IS_WRONG;
use crate::{Result, Timestamp};

/// The longest text of a cell, in UTF-16 units.
const LONGEST: usize = 32_767;
/// Different number formats that are kept; there are more in no workbook that people made.
const FORMATS: usize = 1_000;
/// How wide columns get, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 10..=50;
/// How wide the column is that says what is wrong. It wraps; how high a row is then, programs work out where it is not said,
/// and to say it would keep something of each row in memory.
const REMARKS_WIDTH: usize = 70;

const PALE_RED: Color = Color::RGB(0xFF_C7_CE);
const DARK_RED: Color = Color::RGB(0x9C_00_06);
const GREY: Color = Color::RGB(0xD9_D9_D9);

pub(super) struct Writer {
    workbook: Workbook,
    formats: Formats,
    notes: usize,
    /// The row that comes next in the sheet begun last.
    next: u32,
    /// How many characters the longest text of each of its columns has.
    widths: BTreeMap<u16, usize>,
}

impl Writer {
    pub(super) fn new(now: Timestamp) -> Result<Self> {
        let workbook = new_workbook("Rows that were not imported", now)?;
        Ok(Self { workbook, formats: Formats::default(), notes: 0, next: 0, widths: BTreeMap::new() })
    }

    /// Begins a sheet of this name, or of another where Excel takes no such name.
    pub(super) fn begin(&mut self, name: &str, fallback: &str) -> Result<()> {
        self.end()?;
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        if sheet.set_name(name).is_err() {
            sheet.set_name(fallback)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        fit_to_print(sheet);
        Ok(())
    }

    /// Writes the heading row. `faults` are those of the sheet.
    pub(super) fn heading(&mut self, row: &RawRow<'_>, remarks: u32, faults: &[ImportFault]) -> Result<()> {
        self.cells(row, remarks, faults, true)?;
        let heading = self.formats.remarks_heading();
        let column = short(remarks);
        let (sheet, next) = (last(&mut self.workbook)?, self.next);
        sheet.write_string_with_format(next, column, WHAT_IS_WRONG, &heading)?;
        if !faults.is_empty() {
            sheet.insert_note(next, column, &note(&in_words(None, faults)))?;
        }
        self.widths.insert(column, REMARKS_WIDTH);
        self.next += 1;
        Ok(())
    }

    /// Writes a row that failed.
    pub(super) fn row(&mut self, row: &RawRow<'_>, remarks: u32, faults: &[ImportFault]) -> Result<()> {
        self.cells(row, remarks, faults, false)?;
        let words = in_words(Some(row.number), faults);
        let format = self.formats.remarks();
        let next = self.next;
        let sheet = last(&mut self.workbook)?;
        sheet.write_string_with_format(next, short(remarks), cut(&words), &format)?;
        self.next += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<File> {
        self.end()?;
        save(&mut self.workbook)
    }

    fn end(&mut self) -> Result<()> {
        if let Some(sheet) = self.workbook.worksheets_mut().last_mut() {
            for (column, width) in std::mem::take(&mut self.widths) {
                let width = u16::try_from(width.max(*WIDTHS.start())).unwrap_or(10);
                sheet.set_column_width(column, width + 2)?;
            }
        }
        self.next = 0;
        Ok(())
    }

    fn cells(
        &mut self,
        row: &RawRow<'_>,
        remarks: u32,
        faults: &[ImportFault],
        is_heading: bool,
    ) -> Result<()> {
        let mut wrong: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for fault in faults {
            if let Some(column) =
                fault.cell.as_deref().and_then(column_of).filter(|column| *column <= LAST_COLUMN)
            {
                wrong.entry(column).or_default().push(&fault.message);
            }
        }
        let sheet = last(&mut self.workbook)?;
        for cell in row.cells.iter().filter(|cell| cell.column != remarks && cell.column <= LAST_COLUMN) {
            let column = short(cell.column);
            let width = self.widths.entry(column).or_default();
            *width = (*width).max(width_of(cell));
            let format =
                self.formats.of(cell.format.as_deref(), wrong.contains_key(&cell.column), is_heading);
            write(sheet, self.next, column, cell, &format)?;
        }
        for (column, messages) in wrong {
            if !row.cells.iter().any(|cell| cell.column == column) {
                sheet.write_blank(self.next, short(column), &self.formats.of(None, true, is_heading))?;
            }
            if self.notes < NOTES {
                self.notes += 1;
                sheet.insert_note(self.next, short(column), &note(&messages.join("\n")))?;
            }
        }
        Ok(())
    }
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &RawCell<'_>,
    format: &Format,
) -> Result<(), XlsxError> {
    match &cell.value {
        RawValue::Text(text) => sheet.write_string_with_format(row, column, cut(text), format)?,
        RawValue::Number(number) => sheet.write_number_with_format(row, column, *number, format)?,
        RawValue::Boolean(value) => sheet.write_boolean_with_format(row, column, *value, format)?,
        RawValue::Error(error) => {
            let formula = Formula::new(format!("={error}")).set_result(error);
            sheet.write_formula_with_format(row, column, formula, format)?
        }
    };
    Ok(())
}

/// How many characters a cell is wide. A number is shown by its format, and a date is about as long as that.
fn width_of(cell: &RawCell<'_>) -> usize {
    let format = cell.format.as_deref().filter(|_| matches!(cell.value, RawValue::Number(_)));
    let shown = format.map_or(0, |format| format.chars().count());
    shown.max(cell.text().lines().map(|line| line.chars().count()).max().unwrap_or(0)).min(*WIDTHS.end())
}

/// What is wrong, in words: with the number that the row had, since it has another now.
fn in_words(row: Option<u32>, faults: &[ImportFault]) -> String {
    let each = faults.iter().map(|fault| match &fault.column {
        Some(column) => format!("{column}: {}", fault.message),
        None => fault.message.clone(),
    });
    let all = each.collect::<Vec<_>>().join("; ");
    row.map_or_else(|| all.clone(), |row| format!("Row {row}: {all}"))
}

fn note(text: &str) -> Note {
    let lines = u32::try_from(text.chars().count() / 30 + text.lines().count()).unwrap_or(1).min(20);
    let text: String = text.chars().take(2_000).collect();
    Note::new(text).add_author_prefix(false).set_width(220).set_height((lines + 1) * 16)
}

/// The column's index of a reference such as `C7`.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    let column = letters.take(4).fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1);
    column.checked_sub(1)
}

/// As much of a text as a cell holds.
fn cut(text: &str) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > LONGEST
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

fn short(column: u32) -> u16 {
    u16::try_from(column).unwrap_or(u16::MAX)
}

fn last(workbook: &mut Workbook) -> Result<&mut Worksheet> {
    workbook.worksheets_mut().last_mut().ok_or_else(|| crate::export::unwritten("no sheet was begun"))
}

/// The formats of cells, each made once.
#[derive(Default)]
struct Formats(HashMap<(Option<String>, bool, bool), Format>);

impl Formats {
    fn of(&mut self, number_format: Option<&str>, is_wrong: bool, is_heading: bool) -> Format {
        let kept = |code: &&str| *code != "General" && self.0.len() < FORMATS;
        let number_format = number_format.filter(kept).map(str::to_owned);
        let format =
            self.0.entry((number_format, is_wrong, is_heading)).or_insert_with_key(|(code, _, _)| {
                let mut format = Format::new().set_align(FormatAlign::Top);
                if let Some(code) = code {
                    format = format.set_num_format(code);
                }
                if is_heading {
                    format =
                        format.set_bold().set_background_color(GREY).set_border_bottom(FormatBorder::Thin);
                }
                if is_wrong { format.set_background_color(PALE_RED).set_font_color(DARK_RED) } else { format }
            });
        format.clone()
    }

    fn remarks(&self) -> Format {
        Format::new()
            .set_font_color(DARK_RED)
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_align(FormatAlign::Left)
            .set_indent(1)
    }

    fn remarks_heading(&self) -> Format {
        let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
        heading.set_background_color(DARK_RED).set_font_color(Color::White).set_indent(1)
    }
}
