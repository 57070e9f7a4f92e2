//! The template: a workbook to fill in.

use rust_xlsxwriter::{DataValidation, Note, Workbook, Worksheet, XlsxError};

use super::LAST_ROW;
use super::style::{Style, fit_to_print, new_workbook};
use crate::import::column_table::{KnownColumn, Need};
use crate::import::{Column, SheetKind};
use crate::model::{Role, Status};
use crate::{Result, Timestamp};

/// The sheet that is most often filled in comes first.
const ORDER: [SheetKind; 3] = [SheetKind::Users, SheetKind::Departments, SheetKind::Organisations];

/// What people are told at the head of the sheet that import passes over.
const INTRODUCTION: [&str; 6] = [
    "Fill in the sheets users, departments and organisations, and send the file as it is. A sheet that you do not need may \
     stay empty or be deleted.",
    "Replace the grey row of each sheet, which is an example. Where it is left, the import passes over it.",
    "The columns may stand in any order, and columns with other headings are ignored. The dark headings are required.",
    "Organisations are imported first, then departments, then users, so that a row may name what another sheet makes.",
    "A row that is wrong stops no other. The import's report says which cells are wrong, and gives the rows back.",
    "A text that begins with ' and = + - or @ loses the ', which an export puts there so that no spreadsheet takes the text \
     for a formula.",
];

/// The widths of the columns of the sheet that explains the others.
const WIDTHS: [u16; 5] = [16, 18, 28, 70, 46];

/// The template as a file, `.xlsx`.
pub(crate) fn template(now: Timestamp) -> Result<Vec<u8>> {
    Ok(write(now)?)
}

fn write(now: Timestamp) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = new_workbook("Users, departments and organisations to import", now)?;
    let style = Style::new();
    for kind in ORDER {
        fill_in(workbook.add_worksheet(), kind, &style)?;
    }
    explain(&mut workbook, &style)?;
    workbook.save_to_buffer()
}

fn fill_in(sheet: &mut Worksheet, kind: SheetKind, style: &Style) -> Result<(), XlsxError> {
    sheet.set_name(kind.as_str())?;
    style.head(sheet, kind.template_columns())?;
    for (index, known) in (0..).zip(kind.template_columns()) {
        sheet.insert_note(0, index, &note(known))?;
        if !known.example.is_empty() {
            sheet.write_string_with_format(1, index, known.example, &style.example)?;
        }
        if let Some(list) = list(known.column)? {
            sheet.add_data_validation(1, index, LAST_ROW, index, &list)?;
        }
    }
    sheet.set_selection(1, 0, 1, 0)?;
    Ok(())
}

/// The drop-down list of a column that takes a few words only.
fn list(column: Column) -> Result<Option<DataValidation>, XlsxError> {
    let words: Vec<&str> = match column {
        Column::Role => Role::ALL.iter().map(|role| role.as_str()).collect(),
        Column::Status => Status::ALL.iter().map(|status| status.as_str()).collect(),
        _ => return Ok(None),
    };
    let message = format!("Choose one of: {}. Or leave the cell blank.", words.join(", "));
    let list = DataValidation::new()
        .allow_list_strings(&words)?
        .ignore_blank(true)
        .set_error_title(format!("Not a {}", column.as_str()))?
        .set_error_message(message)?;
    Ok(Some(list))
}

fn note(known: &KnownColumn) -> Note {
    let text = format!("{}: {}", needed(known.need), known.meaning);
    // About 40 characters to a line of this width, and 16 pixels to a line.
    let height = (lines(&text, 40) + 1) * 16;
    Note::new(text).add_author_prefix(false).set_width(240).set_height(height)
}

/// How many lines a text takes at a width in characters, at about that many characters less a word.
fn lines(text: &str, width: u16) -> u32 {
    let width = usize::from(width - width / 12).max(1);
    u32::try_from(text.chars().count().div_ceil(width)).unwrap_or(1).max(1)
}

fn needed(need: Need) -> &'static str {
    match need {
        Need::Required => "Required",
        Need::Alternative => "Required, with exceptions",
        Need::Optional => "Optional",
    }
}

/// The sheet that says it all again, for those who print, and for those who can't point at a heading.
fn explain(workbook: &mut Workbook, style: &Style) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name("Read me")?;
    fit_to_print(sheet);
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let mut row = 0;
    for text in INTRODUCTION {
        sheet.merge_range(row, 0, row, 4, text, &style.wrapped)?;
        row += 1;
    }
    row += 1;
    for (column, heading) in (0..).zip(["sheet", "column", "required", "what it holds", "other headings"]) {
        sheet.write_string_with_format(row, column, heading, style.heading(Need::Optional))?;
    }
    for kind in ORDER {
        for known in kind.columns() {
            row += 1;
            let others = known.headings.get(1..).unwrap_or_default().join(", ");
            let cells = [kind.as_str(), known.column.as_str(), needed(known.need), known.meaning, &others];
            for (column, text) in (0..).zip(cells) {
                sheet.write_string_with_format(row, column, text, &style.wrapped)?;
            }
            // Programs other than Excel do not work the height out where it is not said.
            let lines = cells.iter().zip(WIDTHS).map(|(text, width)| lines(text, width)).max();
            sheet.set_row_height(row, lines.unwrap_or(1) * 15)?;
        }
    }
    Ok(())
}
