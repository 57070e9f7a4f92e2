//! The report as text.

use std::fmt::Write;
use std::path::Path;

use ums_core::import::{ImportCounts, ImportFault, ImportReport, ImportStatus};

/// What became of an import: its counts, and the first faults and warnings.
pub(crate) fn text(report: &ImportReport, workbook: &Path, listed: usize) -> String {
    let ended = match report.status {
        ImportStatus::Succeeded => "every row was taken",
        ImportStatus::SucceededWithErrors => "some rows failed",
        _ => "nothing came of it",
    };
    let dry = if report.dry_run { "Dry run, nothing was changed. " } else { "" };
    let mut text = format!("{dry}Import {} of {}: {ended}.\n", report.id, workbook.display());
    if report.status != ImportStatus::Failed || report.errors.iter().any(|fault| !fault.sheet.is_empty()) {
        counts(&mut text, report);
    }
    if report.suspended > 0 {
        let suspended = count(report.suspended);
        _ = writeln!(text, "\n{suspended} users were suspended, since the workbook does not name them.");
    }
    let more = if report.errors_truncated { "more than " } else { "" };
    faults(&mut text, "fault", more, &report.errors, listed);
    faults(&mut text, "warning", "", &report.warnings, listed);
    text
}

/// A number with commas between its thousands.
pub(crate) fn count(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// One of the counts.
type Count = fn(&ImportCounts) -> u64;

fn counts(text: &mut String, report: &ImportReport) {
    let columns: [(&str, Count); 6] = [
        ("read", |counts| counts.read),
        ("created", |counts| counts.created),
        ("updated", |counts| counts.updated),
        ("unchanged", |counts| counts.unchanged),
        ("skipped", |counts| counts.skipped),
        ("failed", |counts| counts.failed),
    ];
    text.push_str("\n             ");
    columns.iter().for_each(|(heading, _)| _ = write!(text, "  {heading:>9}"));
    text.push('\n');
    let kinds = [
        ("organisations", &report.organisations),
        ("departments", &report.departments),
        ("users", &report.users),
    ];
    for (kind, counts) in kinds {
        _ = write!(text, "{kind:13}");
        columns.iter().for_each(|(_, of)| _ = write!(text, "  {:>9}", count(of(counts))));
        text.push('\n');
    }
}

/// Lists the first faults, sheet by sheet as they come.
fn faults(text: &mut String, noun: &str, more: &str, faults: &[ImportFault], listed: usize) {
    if faults.is_empty() {
        return;
    }
    let (total, plural) = (count(faults.len() as u64), if faults.len() == 1 { "" } else { "s" });
    text.push('\n');
    if listed < faults.len() || !more.is_empty() {
        _ = writeln!(text, "The first {} of {more}{total} {noun}{plural}:", listed.min(faults.len()));
    } else {
        _ = writeln!(text, "{total} {noun}{plural}:");
    }
    let rows: Vec<[String; 4]> = faults.iter().take(listed).map(cells).collect();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    for row in &rows {
        // A column that is blank throughout, as where a fault is of no sheet, is left out.
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            _ = write!(text, "  {cell:width$}");
        }
        row.iter().last().iter().for_each(|message| _ = writeln!(text, "  {message}"));
    }
}

fn cells(fault: &ImportFault) -> [String; 4] {
    let place = fault.cell.clone().or_else(|| fault.row.map(|row| format!("row {row}")));
    let message = match &fault.column {
        Some(column) => format!("{column}: {}", fault.message),
        None => fault.message.clone(),
    };
    [fault.sheet.clone(), place.unwrap_or_default(), fault.code.clone(), message].map(|cell| printable(&cell))
}

/// Names in a workbook are anybody's, and a terminal obeys what it is shown.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
