//! Rows with a meaning: what the cells of one row say, or everything that is wrong with them.

use std::str::FromStr;
use std::sync::Arc;

use super::ImportFault;
use super::cells::RawRow;
use super::columns::{Column, SheetKind};
use super::formulas::unguarded;
use super::headings::Layout;
use super::records::{DepartmentRow, OrganisationRow, Row, SheetRow, UserRow};
use super::value::CellValue;
use crate::Password;
use crate::parse::{FullName, TextFault};

/// What a row came to.
#[derive(Debug)]
pub(super) struct ReadRow {
    pub(super) row: Result<SheetRow, Vec<ImportFault>>,
    pub(super) warnings: Vec<ImportFault>,
}

/// Whether a row is the template's example, left as it was.
pub(super) fn is_example(layout: &Layout, raw: &RawRow<'_>) -> bool {
    let kind = layout.kind();
    let Some(placed) = layout.find(kind.main_column()) else { return false };
    raw.cells.iter().any(|(index, value)| *index == placed.index && value.as_str() == kind.example())
}

/// Reads a row that is not empty.
pub(super) fn read(layout: &Arc<Layout>, raw: &RawRow<'_>, organisation_given: bool) -> ReadRow {
    let mut cells = Cells { layout, raw, faults: Vec::new(), warnings: Vec::new() };
    cells.look_for_unreadable();
    let row = match layout.kind() {
        SheetKind::Organisations => {
            cells.organisation().map(|record| SheetRow::Organisation(cells.row(record)))
        }
        SheetKind::Departments => {
            cells.department(organisation_given).map(|record| SheetRow::Department(cells.row(record)))
        }
        SheetKind::Users => cells.user().map(|record| SheetRow::User(cells.row(record))),
    };
    let row = row.filter(|_| cells.faults.is_empty()).ok_or(cells.faults);
    ReadRow { row, warnings: cells.warnings }
}

/// The cells of one row, and what was found wrong with them. What is read is used where there are no faults.
struct Cells<'a> {
    layout: &'a Arc<Layout>,
    raw: &'a RawRow<'a>,
    faults: Vec<ImportFault>,
    warnings: Vec<ImportFault>,
}

impl<'a> Cells<'a> {
    fn row<T>(&self, record: T) -> Row<T> {
        Row::new(self.layout, self.raw.number, record)
    }

    /// Notes the cells that hold an error, and the one that could not be read at all.
    fn look_for_unreadable(&mut self) {
        if let Some(doubt) = &self.raw.doubt {
            let mut fault = ImportFault::of_sheet(self.layout.sheet(), "unreadable_cell", &doubt.message);
            fault = fault.in_row(self.raw.number);
            if let Some(index) = doubt.column {
                fault = fault.in_cell(index);
                if let Some(placed) = self.layout.at(index) {
                    fault = fault.in_column(&placed.heading);
                }
            }
            self.faults.push(fault);
        }
        for (index, value) in &self.raw.cells {
            if let (CellValue::Error(error), Some(placed)) = (value, self.layout.at(*index)) {
                let message = format!("holds the error {error} instead of a value");
                let fault = self.located(placed.column, "error_cell", message);
                self.faults.push(fault);
            }
        }
    }

    fn organisation(&mut self) -> Option<OrganisationRow> {
        let name = self.required(Column::Name);
        let address = self.optional(Column::Address);
        let description = self.optional(Column::Description);
        Some(OrganisationRow { name: name?, address, description })
    }

    fn department(&mut self, organisation_given: bool) -> Option<DepartmentRow> {
        let name = self.required(Column::Name);
        let organisation = self.optional(Column::Organisation);
        let organisation_id = self.optional(Column::OrganisationId);
        let parent = self.optional(Column::Parent);
        let blank = |column| self.value(column).is_none();
        if !organisation_given && blank(Column::Organisation) && blank(Column::OrganisationId) {
            let by_name = self.layout.find(Column::Organisation).is_some();
            let column = if by_name { Column::Organisation } else { Column::OrganisationId };
            self.fault(column, &TextFault::required());
        }
        Some(DepartmentRow { name: name?, organisation, organisation_id, parent })
    }

    fn user(&mut self) -> Option<UserRow> {
        let email = self.required(Column::Email);
        let external_id = self.optional(Column::ExternalId);
        let full_name = self.full_name();
        let department = self.optional(Column::Department);
        let department_id = self.optional(Column::DepartmentId);
        let organisation = self.optional(Column::Organisation);
        let organisation_id = self.optional(Column::OrganisationId);
        let role = self.choice(Column::Role);
        let status = self.choice(Column::Status);
        let password = self.text(Column::Password).map(Password::new);
        if let Some(CellValue::Number { rounded: true, .. }) = self.value(Column::Password) {
            let message =
                "is a number of more than 15 digits, of which a spreadsheet keeps 15; enter it as text";
            self.fault(Column::Password, &TextFault::new("rounded_number", message));
        }
        let password_hash = self.optional(Column::PasswordHash);
        if password.is_some() && password_hash.is_some() {
            let message = "stands beside a password; give one of the two";
            self.fault(Column::PasswordHash, &TextFault::new("conflicting_columns", message));
        }
        Some(UserRow {
            email: email?,
            external_id,
            full_name: full_name?,
            department,
            department_id,
            organisation,
            organisation_id,
            role,
            status,
            password,
            password_hash,
        })
    }

    /// The full name, or where that is blank what first and last name make together.
    fn full_name(&mut self) -> Option<FullName> {
        let first = self.text(Column::FirstName);
        let joined = match (self.value(Column::FullName), first, self.text(Column::LastName)) {
            (None, Some(first), Some(last)) => format!("{first} {last}"),
            (None, Some(one), None) | (None, None, Some(one)) => one.to_owned(),
            _ => return self.required(Column::FullName),
        };
        self.parse(if first.is_some() { Column::FirstName } else { Column::LastName }, &joined)
    }

    fn required<T: FromStr<Err: Into<TextFault>>>(&mut self, column: Column) -> Option<T> {
        if self.value(column).is_none() {
            self.fault(column, &TextFault::required());
        }
        self.optional(column)
    }

    fn optional<T: FromStr<Err: Into<TextFault>>>(&mut self, column: Column) -> Option<T> {
        if column.is_id() && matches!(self.value(column), Some(CellValue::Number { rounded: true, .. })) {
            let message = "is a number of more than 15 digits, of which a spreadsheet keeps 15: it may have been rounded; \
                           enter it as text";
            let warning = self.located(column, "rounded_number", message.to_owned());
            self.warnings.push(warning);
        }
        let text = self.text(column)?;
        self.parse(column, text)
    }

    /// One of a few words, without regard to case and to how its parts are joined: `Org admin` is `org_admin`.
    fn choice<T: FromStr<Err: Into<TextFault>>>(&mut self, column: Column) -> Option<T> {
        let text = self.text(column)?.to_lowercase().replace([' ', '-'], "_");
        self.parse(column, &text)
    }

    fn parse<T: FromStr<Err: Into<TextFault>>>(&mut self, column: Column, text: &str) -> Option<T> {
        let read = text.parse().map_err(|fault: T::Err| self.fault(column, &fault.into()));
        read.ok()
    }

    fn value(&self, column: Column) -> Option<&'a CellValue<'a>> {
        let index = self.layout.find(column)?.index;
        self.raw.cells.iter().find(|(at, _)| *at == index).map(|(_, value)| value)
    }

    /// A cell's text; `None` where it is blank, and where it holds an error, which is noted already.
    fn text(&self, column: Column) -> Option<&'a str> {
        match self.value(column)? {
            CellValue::Error(_) => None,
            CellValue::Text(text) if !column.is_secret() => Some(unguarded(text)),
            value => Some(value.as_str()),
        }
    }

    fn fault(&mut self, column: Column, fault: &TextFault) {
        let fault = self.located(column, fault.code(), fault.message().to_owned());
        self.faults.push(fault);
    }

    fn located(&self, column: Column, code: &str, message: String) -> ImportFault {
        let value = self.value(column).map(CellValue::as_str).filter(|_| !column.is_secret());
        self.layout.fault(self.raw.number, column, code, message, value)
    }
}
