//! What is read from a workbook, a line for each event.

use std::io::Cursor;
use std::ops::ControlFlow;

use ums_core::import::{
    Column, ImportFault, ImportLimits, ImportOptions, Record, Row, SheetEvent, SheetRow, WorkbookError,
    WorkbookReader,
};

/// Reads a whole workbook as [`ImportLimits::default`] allows.
pub(crate) fn list(bytes: &[u8]) -> Result<Vec<String>, WorkbookError> {
    list_with(bytes, &ImportOptions::new())
}

/// Reads a whole workbook, with these options.
pub(crate) fn list_with(bytes: &[u8], options: &ImportOptions) -> Result<Vec<String>, WorkbookError> {
    Ok(events(bytes, &ImportLimits::default(), options)?.iter().map(line).collect())
}

/// Everything that comes of a workbook.
pub(crate) fn events(
    bytes: &[u8],
    limits: &ImportLimits,
    options: &ImportOptions,
) -> Result<Vec<SheetEvent>, WorkbookError> {
    let mut events = Vec::new();
    let mut reader = WorkbookReader::open(Cursor::new(bytes), limits)?;
    let flow = reader.read(options, |event| {
        events.push(event);
        ControlFlow::Continue(())
    })?;
    assert!(flow.is_continue());
    Ok(events)
}

fn line(event: &SheetEvent) -> String {
    match event {
        SheetEvent::Row(SheetRow::Organisation(row)) => {
            cells(row, &[Column::Name, Column::Address, Column::Description])
        }
        SheetEvent::Row(SheetRow::Department(row)) => {
            cells(row, &[Column::Name, Column::Organisation, Column::OrganisationId, Column::Parent])
        }
        SheetEvent::Row(SheetRow::User(row)) => {
            let mut line = cells(
                row,
                &[
                    Column::Email,
                    Column::ExternalId,
                    Column::FullName,
                    Column::Department,
                    Column::DepartmentId,
                    Column::Organisation,
                    Column::OrganisationId,
                    Column::Role,
                    Column::Status,
                ],
            );
            if row.record.password.is_some() {
                line.push_str(" | with a password");
            }
            if row.record.password_hash.is_some() {
                line.push_str(" | with a hash");
            }
            line
        }
        SheetEvent::Faulty(kind, faults) => {
            let faults: Vec<_> = faults.iter().map(fault).collect();
            format!("{} faulty: {}", kind.as_str(), faults.join("; "))
        }
        SheetEvent::Sheet(sheet) => format!("not read: {}", fault(sheet)),
        SheetEvent::Warning(warning) => format!("warning: {}", fault(warning)),
        _ => unreachable!("an event of a kind that is not listed"),
    }
}

fn cells<T: Record>(row: &Row<T>, columns: &[Column]) -> String {
    let mut line = format!("{} {}", row.layout().sheet(), row.number());
    for column in columns {
        if let Some(text) = row.record.text(*column) {
            line.push_str(&format!(" | {} = {text}", column.as_str()));
        }
    }
    line
}

fn fault(fault: &ImportFault) -> String {
    let mut line = fault.sheet.clone();
    if let Some(row) = fault.row {
        line.push_str(&format!(" {row}"));
    }
    if let Some(cell) = &fault.cell {
        line.push_str(&format!(" {cell}"));
    }
    if let Some(column) = &fault.column {
        line.push_str(&format!(" [{column}]"));
    }
    line.push_str(&format!(" {}", fault.code));
    if let Some(value) = &fault.value {
        line.push_str(&format!(" {value:?}"));
    }
    line
}
