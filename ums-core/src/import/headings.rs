//! Which column of a sheet holds what, told by the heading row.

use serde::{Deserialize, Serialize};

use super::ImportFault;
use super::report::shorten;

/// What a sheet holds. Ordered as sheets are imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SheetKind {
    /// Organisations.
    Organisations,
    /// Departments.
    Departments,
    /// Users.
    Users,
}

impl SheetKind {
    /// Every kind, in the order of import.
    pub const ALL: [Self; 3] = [Self::Organisations, Self::Departments, Self::Users];

    /// The name that a sheet of the kind has.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisations => "organisations",
            Self::Departments => "departments",
            Self::Users => "users",
        }
    }

    /// The kind that a sheet's name tells, without regard to case and surrounding white space.
    pub(super) fn of_sheet(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What its columns are headed, first the name that this system gives them.
    fn headings(self) -> &'static [(Column, &'static [&'static str])] {
        match self {
            Self::Organisations => ORGANISATIONS,
            Self::Departments => DEPARTMENTS,
            Self::Users => USERS,
        }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Column {
    /// A user's e-mail address.
    Email,
    /// The key that another system knows a user by.
    ExternalId,
    /// A user's name.
    FullName,
    /// A user's name, the first part.
    FirstName,
    /// A user's name, the last part.
    LastName,
    /// The name of a user's department.
    Department,
    /// The id of a user's department.
    DepartmentId,
    /// The name of an organisation that a user or department belongs to.
    Organisation,
    /// The id of an organisation that a user or department belongs to.
    OrganisationId,
    /// What a user may do.
    Role,
    /// Where a user's account stands.
    Status,
    /// A user's password.
    Password,
    /// The hash of a user's password, from another system.
    PasswordHash,
    /// The name of an organisation or department.
    Name,
    /// The name of the department above.
    Parent,
    /// An organisation's address.
    Address,
    /// What an organisation is.
    Description,
}

impl Column {
    /// The name that this system gives the column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::ExternalId => "external_id",
            Self::FullName => "full_name",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::Department => "department",
            Self::DepartmentId => "department_id",
            Self::Organisation => "organisation",
            Self::OrganisationId => "organisation_id",
            Self::Role => "role",
            Self::Status => "status",
            Self::Password => "password",
            Self::PasswordHash => "password_hash",
            Self::Name => "name",
            Self::Parent => "parent",
            Self::Address => "address",
            Self::Description => "description",
        }
    }

    /// Whether what it holds is never shown.
    #[must_use]
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::PasswordHash)
    }

    /// Whether it holds an id, of which a spreadsheet keeps 15 digits only where it takes it for a number.
    pub(super) fn is_id(self) -> bool {
        matches!(self, Self::ExternalId | Self::DepartmentId | Self::OrganisationId)
    }
}

type Headings = &'static [(Column, &'static [&'static str])];

const ORGANISATION: (Column, &[&str]) = (
    Column::Organisation,
    &["organisation", "organization", "company", "organisation name", "organization name"],
);
const ORGANISATION_ID: (Column, &[&str]) = (Column::OrganisationId, &["organisation_id", "organization_id"]);

const ORGANISATIONS: Headings =
    &[(Column::Name, &["name"]), (Column::Address, &["address"]), (Column::Description, &["description"])];

const DEPARTMENTS: Headings = &[
    (Column::Name, &["name", "department"]),
    ORGANISATION,
    ORGANISATION_ID,
    (Column::Parent, &["parent", "parent department"]),
];

const USERS: Headings = &[
    (Column::Email, &["email", "e-mail", "mail", "email address"]),
    (Column::ExternalId, &["external_id", "employee id", "employee number", "personnel number"]),
    (Column::FullName, &["full_name", "name"]),
    (Column::FirstName, &["first_name"]),
    (Column::LastName, &["last_name"]),
    (Column::Department, &["department", "department name", "dept"]),
    (Column::DepartmentId, &["department_id"]),
    ORGANISATION,
    ORGANISATION_ID,
    (Column::Role, &["role"]),
    (Column::Status, &["status"]),
    (Column::Password, &["password"]),
    (Column::PasswordHash, &["password_hash"]),
];

/// A sheet whose heading row is understood: what it holds, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    sheet: String,
    kind: SheetKind,
    columns: Vec<PlacedColumn>,
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
        let mut layout = Self { sheet: sheet.to_owned(), kind, columns: Vec::new() };
        let mut faults = Vec::new();
        let mut warnings = Vec::new();
        for (index, heading) in cells {
            let fault = |code, message: String| {
                ImportFault::of_sheet(sheet, code, message).in_row(number).in_column(heading).in_cell(*index)
            };
            match (find(kind, heading), warnings.len()) {
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

    pub(super) fn find(&self, column: Column) -> Option<&PlacedColumn> {
        self.columns.iter().find(|placed| placed.column == column)
    }

    /// What stands in the column with this index, counted from 0.
    pub(super) fn at(&self, index: u32) -> Option<&PlacedColumn> {
        self.columns.iter().find(|placed| placed.index == index)
    }

    fn has(&self, column: Column) -> bool {
        self.find(column).is_some()
    }

    /// The kind of a sheet whose name does not tell it.
    fn told_kind(cells: &[(u32, String)]) -> SheetKind {
        let has = |kind, column| cells.iter().any(|(_, heading)| find(kind, heading) == Some(column));
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
                if !self.has(Column::FullName) && !(self.has(Column::FirstName) && self.has(Column::LastName))
                {
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

fn find(kind: SheetKind, heading: &str) -> Option<Column> {
    let heading = plain(heading);
    let known = |names: &&[&str]| names.iter().any(|name| plain(name) == heading);
    kind.headings().iter().find(|(_, names)| known(names)).map(|(column, _)| *column)
}

/// A heading without regard to case, white space, `_` and `-`.
fn plain(heading: &str) -> String {
    let kept =
        heading.chars().filter(|character| !character.is_whitespace() && !matches!(character, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
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
    fn every_heading_of_the_table_is_known_in_any_writing() {
        for kind in SheetKind::ALL {
            for (column, names) in kind.headings() {
                assert_eq!(plain(names[0]), plain(column.as_str()), "the first name is the column's own");
                for name in *names {
                    for written in [
                        name.to_uppercase(),
                        name.replace(['_', ' ', '-'], ""),
                        name.replace(['_', ' ', '-'], " \u{A0}- "),
                        format!("_{name} "),
                    ] {
                        assert_eq!(find(kind, &written), Some(*column), "{written}");
                    }
                }
            }
        }
        assert_eq!(find(SheetKind::Users, "emails"), None);
        assert_eq!(find(SheetKind::Organisations, "department"), None);
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
