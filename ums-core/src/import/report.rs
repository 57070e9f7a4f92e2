//! What an import did, row by row where something was wrong.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::model::ImportId;

/// What an import did, or has done so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportReport {
    /// Which import.
    pub id: ImportId,
    /// How far it is, or how it ended.
    pub status: ImportStatus,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub finished_at: Option<Timestamp>,
    /// Rows of users.
    pub users: ImportCounts,
    /// Rows of departments, and departments made for a users sheet.
    pub departments: ImportCounts,
    /// Rows of organisations.
    pub organisations: ImportCounts,
    /// Users that were suspended, since the workbook does not name them.
    pub suspended: u64,
    /// What was wrong, in the order of rows within a sheet; the first 1,000.
    pub errors: Vec<ImportFault>,
    /// Whether there was more wrong than `errors` holds.
    pub errors_truncated: bool,
    /// What may be wrong, and hindered nothing; the first 1,000.
    pub warnings: Vec<ImportFault>,
}

impl ImportReport {
    /// How many errors, and how many warnings, a report keeps.
    pub const KEPT: usize = 1000;
}

/// How far an import is, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum ImportStatus {
    /// It waits for its turn.
    Queued,
    /// It is at work.
    Running,
    /// It ended, and every row came through.
    Succeeded,
    /// It ended, and some rows did not come through.
    SucceededWithErrors,
    /// It ended, and nothing came through.
    Failed,
    /// It was called off.
    Cancelled,
}

/// Rows of one kind: of those read, each counts under one of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(clippy::exhaustive_structs)]
pub struct ImportCounts {
    /// Rows that are not empty, the heading apart.
    pub read: u64,
    /// Made.
    pub created: u64,
    /// There already, and changed.
    pub updated: u64,
    /// There already, and the same.
    pub unchanged: u64,
    /// There already, and left alone.
    pub skipped: u64,
    /// Not taken; `errors` says why.
    pub failed: u64,
}

impl ImportCounts {
    /// What became of rows, all together.
    pub(crate) fn done(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped + self.failed
    }

    /// Whether any row was taken.
    pub(crate) fn came_through(&self) -> bool {
        self.created + self.updated + self.unchanged + self.skipped > 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.skipped += other.skipped;
        self.failed += other.failed;
    }
}

/// Something wrong in a workbook, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportFault {
    /// The sheet's name, as it is written there.
    pub sheet: String,
    /// The row's number, as Excel counts; none where it is not one row's.
    pub row: Option<u32>,
    /// The column's heading, as it is written there, or the name of a column that is missing.
    pub column: Option<String>,
    /// The cell, as Excel refers to it: `C7`.
    pub cell: Option<String>,
    /// A stable name for the cause, `snake_case`.
    pub code: String,
    /// What is wrong and what is allowed, in words.
    pub message: String,
    /// What the cell holds, its first 100 characters; never of a password or its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl ImportFault {
    /// How many characters of a value are kept.
    const VALUE_CHARACTERS: usize = 100;

    /// A fault of a whole sheet.
    pub(super) fn of_sheet(sheet: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            sheet: sheet.to_owned(),
            row: None,
            column: None,
            cell: None,
            code: code.to_owned(),
            message: message.into(),
            value: None,
        }
    }

    /// Whether it is of the import itself, such as that it was interrupted, and of no sheet.
    pub(crate) fn is_of_the_import(&self) -> bool {
        self.sheet.is_empty()
    }

    pub(super) fn in_row(mut self, row: u32) -> Self {
        self.row = Some(row);
        self
    }

    pub(super) fn in_column(mut self, heading: &str) -> Self {
        self.column = Some(shorten(heading));
        self
    }

    pub(super) fn in_cell(mut self, column: u32) -> Self {
        self.cell = self.row.map(|row| reference(column, row));
        self
    }

    pub(super) fn with_value(mut self, value: &str) -> Self {
        self.value = Some(shorten(value));
        self
    }
}

/// Excel's reference to a cell, from the column's index from 0 and the row's number from 1.
pub(super) fn reference(column: u32, row: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from_u32(u32::from(b'A') + (rest % 26) as u32).unwrap_or('?'));
        rest /= 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{row}")
}

/// A text's beginning, with a sign where that is not all of it.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(ImportFault::VALUE_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_excels() {
        for (column, expected) in [
            (0, "A7"),
            (2, "C7"),
            (25, "Z7"),
            (26, "AA7"),
            (51, "AZ7"),
            (52, "BA7"),
            (701, "ZZ7"),
            (702, "AAA7"),
            (16_383, "XFD7"),
        ] {
            assert_eq!(reference(column, 7), expected);
        }
    }

    #[test]
    fn a_value_is_kept_in_its_beginning() {
        let fault = ImportFault::of_sheet("users", "too_long", "…").with_value(&"é".repeat(5000));
        assert_eq!(fault.value.map(|value| value.chars().count()), Some(101));
    }

    #[test]
    fn is_written_as_the_contract_says_and_read_back() {
        let fault = ImportFault::of_sheet("Users", "invalid_email", "has no @").in_row(7).in_column("E-mail");
        let report = ImportReport {
            id: ImportId::try_from(7).unwrap(),
            status: ImportStatus::Failed,
            dry_run: false,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Some(Timestamp::UNIX_EPOCH),
            users: ImportCounts::default(),
            departments: ImportCounts::default(),
            organisations: ImportCounts::default(),
            suspended: 0,
            errors: vec![fault.in_cell(2).with_value("ada")],
            errors_truncated: false,
            warnings: Vec::new(),
        };
        let written = serde_json::to_value(&report).unwrap();
        assert_eq!(
            written["errors"][0],
            serde_json::json!({
                "sheet": "Users", "row": 7, "column": "E-mail", "cell": "C7",
                "code": "invalid_email", "message": "has no @", "value": "ada",
            })
        );
        assert_eq!(written["status"], "failed");
        assert_eq!(
            written["users"],
            serde_json::json!({
                "read": 0, "created": 0, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 0,
            })
        );
        assert_eq!(serde_json::from_value::<ImportReport>(written).unwrap(), report);
    }
}
