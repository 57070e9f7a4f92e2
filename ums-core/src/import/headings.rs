//! What a heading row says: which column holds what, and which are missing.

use super::ImportFault;
use super::columns::{Column, SheetKind, plain, says_what_is_wrong};
use super::report::shorten;

/// A sheet whose heading row is understood: what it holds, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    sheet: String,
    kind: SheetKind,
    columns: Vec<PlacedColumn>,
    /// The columns that say what is wrong with each row.
    passed_over: Vec<u32>,
}

/// A column, where it stands, and what its heading says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlacedColumn {
    pub(super) column: Column,
    pub(super) index: u32,
    pub(super) heading: String,
}

/// What a heading row says.
#[derive(Debug)]
pub(super) struct ReadHeadings {
    /// The layout, or what keeps the sheet from being read.
    pub(super) layout: Result<Layout, Vec<ImportFault>>,
    /// The columns that are ignored.
    pub(super) warnings: Vec<ImportFault>,
}

impl Layout {
    /// How many unknown columns of a sheet are named; a sheet with more is of another kind.
    const UNKNOWN_NAMED: usize = 50;

    /// Reads the heading row `number` of a sheet: index and text of each cell that is not blank.
    ///
    /// Where the sheet's name does not tell its `kind`, the headings do. `organisation_given` says that the import
    /// names an organisation for the rows that don't.
    pub(super) fn read(
        sheet: &str,
        kind: Option<SheetKind>,
        number: u32,
        cells: &[(u32, String)],
        organisation_given: bool,
    ) -> ReadHeadings {
        let kind = kind.unwrap_or_else(|| Self::told_kind(cells));
        let passed_over =
            cells.iter().filter(|(_, heading)| says_what_is_wrong(heading)).map(|(index, _)| *index);
        let passed_over = passed_over.collect();
        let mut layout = Self { sheet: sheet.to_owned(), kind, columns: Vec::new(), passed_over };
        let mut faults = Vec::new();
        let mut warnings = Vec::new();
        for (index, heading) in cells.iter().filter(|(_, heading)| !says_what_is_wrong(heading)) {
            let fault = |code, message: String| {
                ImportFault::of_sheet(sheet, code, message).in_row(number).in_column(heading).in_cell(*index)
            };
            match (kind.column(heading), warnings.len()) {
                (Some(column), _) => match layout.find(column) {
                    Some(first) => faults.push(fault(
                        "duplicate_column",
                        format!(
                            "{} stands under {} already; remove one of the two",
                            column.as_str(),
                            shorten(&first.heading)
                        ),
                    )),
                    None => {
                        layout.columns.push(PlacedColumn { column, index: *index, heading: heading.clone() })
                    }
                },
                (None, 0..Self::UNKNOWN_NAMED) => {
                    warnings.push(fault("unknown_column", "is not known and is ignored".to_owned()))
                }
                (None, _) => {}
            }
        }
        faults.extend(layout.missing(number, organisation_given));
        ReadHeadings { layout: if faults.is_empty() { Ok(layout) } else { Err(faults) }, warnings }
    }

    /// The sheet's name, as it is written in the workbook.
    #[must_use]
    pub fn sheet(&self) -> &str {
        &self.sheet
    }

    /// What the sheet holds.
    #[must_use]
    pub fn kind(&self) -> SheetKind {
        self.kind
    }

    /// A fault of one cell of this row, with the column's heading. A column that the sheet does not have makes it a fault
    /// of the row.
    pub(super) fn fault(
        &self,
        row: u32,
        column: Column,
        code: &str,
        message: impl Into<String>,
        value: Option<&str>,
    ) -> ImportFault {
        let part = (column == Column::FullName).then_some(Column::FirstName);
        let placed = self.find(column).or_else(|| part.and_then(|part| self.find(part)));
        let fault = ImportFault::of_sheet(&self.sheet, code, message).in_row(row);
        let fault = match placed {
            Some(placed) => fault.in_column(&placed.heading).in_cell(placed.index),
            None => fault.in_column(column.as_str()),
        };
        match value {
            Some(value) => fault.with_value(value),
            None => fault,
        }
    }

    pub(super) fn find(&self, column: Column) -> Option<&PlacedColumn> {
        self.columns.iter().find(|placed| placed.column == column)
    }

    /// What stands in the column with this index, counted from 0.
    pub(super) fn at(&self, index: u32) -> Option<&PlacedColumn> {
        self.columns.iter().find(|placed| placed.index == index)
    }

    /// Whether the column with this index says what is wrong with each row.
    pub(super) fn says_what_is_wrong(&self, index: u32) -> bool {
        self.passed_over.contains(&index)
    }

    fn has(&self, column: Column) -> bool {
        self.find(column).is_some()
    }

    /// The kind of a sheet whose name does not tell it.
    fn told_kind(cells: &[(u32, String)]) -> SheetKind {
        let has =
            |kind: SheetKind, column| cells.iter().any(|(_, heading)| kind.column(heading) == Some(column));
        let departments = [Column::Organisation, Column::OrganisationId, Column::Parent];
        let name_is_department = cells.iter().any(|(_, heading)| plain(heading) == "department");
        if has(SheetKind::Users, Column::Email) || !has(SheetKind::Departments, Column::Name) {
            SheetKind::Users
        } else if name_is_department
            || departments.into_iter().any(|column| has(SheetKind::Departments, column))
        {
            SheetKind::Departments
        } else {
            SheetKind::Organisations
        }
    }

    /// The required columns that are not there.
    fn missing(&self, number: u32, organisation_given: bool) -> Vec<ImportFault> {
        let fault = |column: Column, message: &str| {
            ImportFault::of_sheet(&self.sheet, "missing_column", message)
                .in_row(number)
                .in_column(column.as_str())
        };
        let mut missing = Vec::new();
        match self.kind {
            SheetKind::Users => {
                if !self.has(Column::Email) {
                    missing.push(fault(Column::Email, "the sheet has no column email, which is required"));
                }
                let in_parts = self.has(Column::FirstName) && self.has(Column::LastName);
                if !self.has(Column::FullName) && !in_parts {
                    missing.push(fault(
                        Column::FullName,
                        "the sheet has no column full_name, which is required, or first_name and last_name instead",
                    ));
                }
            }
            SheetKind::Departments => {
                if !self.has(Column::Name) {
                    missing.push(fault(Column::Name, "the sheet has no column name, which is required"));
                }
                if !organisation_given && !self.has(Column::Organisation) && !self.has(Column::OrganisationId)
                {
                    missing.push(fault(
                        Column::Organisation,
                        "the sheet has no column organisation or organisation_id; one is required, unless the import names \
                         an organisation",
                    ));
                }
            }
            SheetKind::Organisations => {
                if !self.has(Column::Name) {
                    missing.push(fault(Column::Name, "the sheet has no column name, which is required"));
                }
            }
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Option<SheetKind>, headings: &[&str]) -> ReadHeadings {
        let cells: Vec<_> = (0..).zip(headings.iter().map(|heading| (*heading).to_owned())).collect();
        Layout::read("Sheet1", kind, 3, &cells, false)
    }

    fn columns(kind: SheetKind, headings: &[&str]) -> Vec<Column> {
        read(Some(kind), headings).layout.unwrap().columns.iter().map(|placed| placed.column).collect()
    }

    fn faults(kind: SheetKind, headings: &[&str]) -> Vec<(String, String)> {
        let faults = read(Some(kind), headings).layout.unwrap_err();
        faults.into_iter().map(|fault| (fault.code, fault.column.unwrap())).collect()
    }

    #[test]
    fn columns_stand_in_any_order() {
        assert_eq!(
            columns(SheetKind::Users, &["Last-Name", "E-Mail", "FIRST NAME"]),
            [Column::LastName, Column::Email, Column::FirstName]
        );
        assert_eq!(
            columns(SheetKind::Departments, &["organization_id", "Department"]),
            [Column::OrganisationId, Column::Name]
        );
    }

    #[test]
    fn a_required_column_that_is_missing_is_named() {
        let missing = |column: &str| ("missing_column".to_owned(), column.to_owned());
        assert_eq!(faults(SheetKind::Users, &["role"]), [missing("email"), missing("full_name")]);
        assert_eq!(faults(SheetKind::Users, &["mail", "first_name"]), [missing("full_name")]);
        assert_eq!(faults(SheetKind::Departments, &["parent"]), [missing("name"), missing("organisation")]);
        assert_eq!(faults(SheetKind::Organisations, &["address"]), [missing("name")]);
        let cells = [(0, "name".to_owned())];
        assert!(Layout::read("departments", Some(SheetKind::Departments), 1, &cells, true).layout.is_ok());
    }

    #[test]
    fn a_column_that_stands_twice_is_a_fault() {
        let faults = read(Some(SheetKind::Users), &["email", "name", "E-mail"]).layout.unwrap_err();
        assert_eq!(faults.len(), 1);
        let fault = &faults[0];
        assert_eq!(
            (fault.code.as_str(), fault.cell.as_deref(), fault.row),
            ("duplicate_column", Some("C3"), Some(3))
        );
        assert!(fault.message.contains("under email already"), "{}", fault.message);
    }

    #[test]
    fn unknown_columns_are_named_once_each_and_not_without_end() {
        let read = read(Some(SheetKind::Organisations), &["name", "Phone", "Phone"]);
        assert!(read.layout.is_ok());
        let warned: Vec<_> =
            read.warnings.iter().map(|fault| (fault.column.as_deref(), fault.cell.as_deref())).collect();
        assert_eq!(warned, [(Some("Phone"), Some("B3")), (Some("Phone"), Some("C3"))]);
        let many: Vec<_> = (0..16_000).map(|index| (index, format!("x{index}"))).collect();
        assert_eq!(Layout::read("users", Some(SheetKind::Users), 1, &many, false).warnings.len(), 50);
    }

    #[test]
    fn headings_tell_the_kind_where_the_name_does_not() {
        for (headings, kind) in [
            (&["Email", "Name"][..], SheetKind::Users),
            (&["name", "company"], SheetKind::Departments),
            (&["name", "parent"], SheetKind::Departments),
            (&["Department", "organisation"], SheetKind::Departments),
            (&["department"], SheetKind::Departments),
            (&["name"], SheetKind::Organisations),
            (&["name", "address"], SheetKind::Organisations),
            (&["what", "ever"], SheetKind::Users),
        ] {
            let cells: Vec<_> = (0..).zip(headings.iter().map(|heading| (*heading).to_owned())).collect();
            assert_eq!(Layout::told_kind(&cells), kind, "{headings:?}");
        }
        assert_eq!(SheetKind::of_sheet(" USERS "), Some(SheetKind::Users));
        assert_eq!(SheetKind::of_sheet("user"), None);
    }
}
