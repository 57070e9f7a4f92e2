//! The kinds of sheets and of columns, and the headings that they go by.

use serde::{Deserialize, Serialize};

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

    /// What the column with this heading holds.
    pub(super) fn column(self, heading: &str) -> Option<Column> {
        let heading = plain(heading);
        let known = |names: &&[&str]| names.iter().any(|name| plain(name) == heading);
        self.columns().iter().find(|known_as| known(&known_as.headings)).map(|found| found.column)
    }

    /// The column that says which organisation, department or user a row is of.
    pub(crate) fn main_column(self) -> Column {
        match self {
            Self::Organisations | Self::Departments => Column::Name,
            Self::Users => Column::Email,
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

/// The heading of a column that says what is wrong with a row: written into what is given back, and passed over where it
/// is read.
pub(crate) const WHAT_IS_WRONG: &str = "What is wrong";

/// Whether a heading is that of the column that says what is wrong.
pub(crate) fn says_what_is_wrong(heading: &str) -> bool {
    plain(heading) == plain(WHAT_IS_WRONG)
}

/// A heading without regard to case, white space, `_` and `-`.
pub(super) fn plain(heading: &str) -> String {
    let kept =
        heading.chars().filter(|character| !character.is_whitespace() && !matches!(character, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_heading_of_the_table_is_known_in_any_writing() {
        for kind in SheetKind::ALL {
            for known in kind.columns() {
                let (column, names) = (&known.column, known.headings);
                assert_eq!(plain(names[0]), plain(column.as_str()), "the first name is the column's own");
                for name in names {
                    for written in [
                        name.to_uppercase(),
                        name.replace(['_', ' ', '-'], ""),
                        name.replace(['_', ' ', '-'], " \u{A0}- "),
                        format!("_{name} "),
                    ] {
                        assert_eq!(kind.column(&written), Some(*column), "{written}");
                    }
                }
            }
        }
        assert_eq!(SheetKind::Users.column("emails"), None);
        assert_eq!(SheetKind::Organisations.column("department"), None);
    }
}
