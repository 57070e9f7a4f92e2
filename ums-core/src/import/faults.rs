//! From an error of the directory to faults of a row's cells.

use super::importer::Step;
use super::{Column, ImportFault, Record, Row};
use crate::{Conflict, Error, Result};

/// A fault of one field, as the directory would report it.
pub(super) fn fault_of(field: &str, code: &'static str, message: &str) -> Error {
    Error::invalid(field, code, message)
}

/// The faults of a row that the directory refused.
///
/// # Errors
///
/// The error itself where it is no fault of the row: it stops the import.
fn conflict_or_fault<T: Record>(row: &Row<T>, main: Column, error: Error) -> Result<Vec<ImportFault>> {
    match error {
        Error::Invalid(faults) => Ok(faults
            .as_slice()
            .iter()
            .map(|fault| row.fault(column(row, &fault.field, main), fault.code, fault.message.clone()))
            .collect()),
        Error::Conflict(Conflict::ExternalIdTaken) => {
            let conflict = Conflict::ExternalIdTaken;
            Ok(vec![row.fault(Column::ExternalId, conflict.code(), conflict.to_string())])
        }
        Error::Conflict(conflict) if conflict != Conflict::Contention => {
            Ok(vec![row.fault(main, conflict.code(), conflict.to_string())])
        }
        error @ (Error::Forbidden | Error::NotFound(_)) => {
            Ok(vec![row.fault_of_row(error.code(), error.to_string())])
        }
        error => Err(error),
    }
}

impl Step {
    /// Whether it is a row, of which something is decided.
    pub(super) fn is_row(&self) -> bool {
        !matches!(self, Self::Sheet(_) | Self::Warning(_))
    }

    /// The fault of a row that is left alone, since something else would become of it than its plan says.
    pub(super) fn changed(&self) -> ImportFault {
        let (code, message) =
            ("changed_meanwhile", "what it concerns has changed since the dry run, so it was left alone");
        match self {
            Self::Organisation(row) => row.fault_of_row(code, message),
            Self::Department(row) => row.fault_of_row(code, message),
            Self::User(prepared) => prepared.row.fault_of_row(code, message),
            Self::Faulty(_, faults) => match faults.first() {
                Some(fault) => {
                    ImportFault { code: code.to_owned(), message: message.to_owned(), ..fault.clone() }
                }
                None => ImportFault::of_sheet("", code, message),
            },
            Self::Sheet(_) | Self::Warning(_) => ImportFault::of_sheet("", code, message),
        }
    }

    /// The faults of a step that the directory refused, or the error where it is no fault of the row.
    pub(super) fn faults(&self, error: Error) -> Result<Vec<ImportFault>> {
        match self {
            Self::Organisation(row) => conflict_or_fault(row, Column::Name, error),
            Self::Department(row) => conflict_or_fault(row, Column::Name, error),
            Self::User(prepared) => conflict_or_fault(&prepared.row, Column::Email, error),
            Self::Faulty(..) | Self::Sheet(_) | Self::Warning(_) => Err(error),
        }
    }
}

/// A row that repeats an earlier one.
pub(super) fn duplicate<T: Record>(row: &Row<T>, column: Column, first: u32) -> ImportFault {
    let message = format!("row {first} of this sheet has the same; that one stands");
    row.fault(column, "duplicate_in_file", message)
}

/// The column that a field came from: a place is named by its name or by its id, whichever the row has.
fn column<T: Record>(row: &Row<T>, field: &str, main: Column) -> Column {
    let has = |column: Column| row.record.text(column).is_some();
    match field {
        "email" => Column::Email,
        "full_name" => Column::FullName,
        "external_id" => Column::ExternalId,
        "role" => Column::Role,
        "status" => Column::Status,
        "password" => Column::Password,
        "password_hash" => Column::PasswordHash,
        "parent_id" => Column::Parent,
        "name" => Column::Name,
        "organisation" | "organisation_id" if has(Column::OrganisationId) => Column::OrganisationId,
        "organisation" | "organisation_id" => Column::Organisation,
        "department" | "department_id" if has(Column::DepartmentId) => Column::DepartmentId,
        "department" | "department_id" => Column::Department,
        _ => main,
    }
}
