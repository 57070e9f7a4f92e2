//! What a row that reads well describes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::ImportFault;
use super::columns::Column;
use super::headings::Layout;
use crate::Password;
use crate::hash::StoredHash;
use crate::model::{DepartmentId, OrganisationId, Role, Status};
use crate::parse::{Address, Description, Email, ExternalId, FullName, Name, TextFault};

/// One row of a sheet that reads well.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums)]
pub enum SheetRow {
    /// Of a sheet of organisations.
    Organisation(Row<OrganisationRow>),
    /// Of a sheet of departments.
    Department(Row<DepartmentRow>),
    /// Of a sheet of users.
    User(Row<UserRow>),
}

/// What a row says, and where it stands.
#[derive(Clone, Debug)]
pub struct Row<T> {
    layout: Arc<Layout>,
    number: u32,
    /// What it says.
    pub record: T,
}

impl<T> Row<T> {
    pub(super) fn new(layout: &Arc<Layout>, number: u32, record: T) -> Self {
        Self { layout: Arc::clone(layout), number, record }
    }

    /// The row's number, as Excel counts.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The sheet that it stands in.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}

impl<T: Record> Row<T> {
    /// A fault of one cell of the row, with its heading, its reference and, unless the column is secret, its value.
    ///
    /// A column that the sheet does not have makes it a fault of the row.
    #[must_use]
    pub fn fault(&self, column: Column, code: &str, message: impl Into<String>) -> ImportFault {
        let value = self.record.text(column).filter(|_| !column.is_secret());
        self.layout.fault(self.number, column, code, message, value.as_deref())
    }

    /// A fault of the row as a whole.
    #[must_use]
    pub fn fault_of_row(&self, code: &str, message: impl Into<String>) -> ImportFault {
        ImportFault::of_sheet(self.layout.sheet(), code, message).in_row(self.number)
    }
}

/// An organisation, as a row describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganisationRow {
    /// Its name.
    pub name: Name,
    /// Its address.
    pub address: Option<Address>,
    /// What it is.
    pub description: Option<Description>,
}

/// A department, as a row describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepartmentRow {
    /// Its name.
    pub name: Name,
    /// Its organisation, by name.
    pub organisation: Option<Name>,
    /// Its organisation, by id. Neither is there only where the import names an organisation.
    pub organisation_id: Option<OrganisationId>,
    /// The department above it, by name.
    pub parent: Option<Name>,
}

/// A user, as a row describes it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserRow {
    /// The e-mail address.
    pub email: Email,
    /// The key that another system knows the person by.
    pub external_id: Option<ExternalId>,
    /// The person's name; first and last name with a space between them where the sheet has those.
    pub full_name: FullName,
    /// The department, by name.
    pub department: Option<Name>,
    /// The department, by id.
    pub department_id: Option<DepartmentId>,
    /// The organisation, by name.
    pub organisation: Option<Name>,
    /// The organisation, by id.
    pub organisation_id: Option<OrganisationId>,
    /// What the account may do.
    pub role: Option<Role>,
    /// Where the account stands.
    pub status: Option<Status>,
    /// The password; never together with a hash.
    pub password: Option<Password>,
    /// The hash of the password, from another system.
    pub password_hash: Option<PasswordHash>,
}

/// A password's hash from another system, of a kind that can be verified here: never shown.
#[derive(Clone)]
pub struct PasswordHash(StoredHash);

impl PasswordHash {
    /// The longest hash, in bytes.
    const MAXIMUM: usize = 1000;

    pub(super) fn stored(&self) -> StoredHash {
        self.0.clone()
    }
}

impl FromStr for PasswordHash {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        if text.len() > Self::MAXIMUM {
            let message = format!("must have at most {} characters", Self::MAXIMUM);
            return Err(TextFault::new("invalid_password_hash", message));
        }
        let hash = StoredHash::parse(text);
        hash.map(Self).map_err(|cause| TextFault::new("invalid_password_hash", format!("is {cause}")))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a row of some kind describes.
pub trait Record: Sized + private::Sealed {
    /// What a column of the row holds, for a report; `None` where it is blank, not of this kind, or secret.
    fn text(&self, column: Column) -> Option<String>;
}

mod private {
    pub trait Sealed {}
    impl Sealed for super::OrganisationRow {}
    impl Sealed for super::DepartmentRow {}
    impl Sealed for super::UserRow {}
}

impl Record for OrganisationRow {
    fn text(&self, column: Column) -> Option<String> {
        match column {
            Column::Name => Some(self.name.to_string()),
            Column::Address => self.address.as_ref().map(ToString::to_string),
            Column::Description => self.description.as_ref().map(ToString::to_string),
            _ => None,
        }
    }
}

impl Record for DepartmentRow {
    fn text(&self, column: Column) -> Option<String> {
        match column {
            Column::Name => Some(self.name.to_string()),
            Column::Organisation => self.organisation.as_ref().map(ToString::to_string),
            Column::OrganisationId => self.organisation_id.map(|id| id.to_string()),
            Column::Parent => self.parent.as_ref().map(ToString::to_string),
            _ => None,
        }
    }
}

impl Record for UserRow {
    fn text(&self, column: Column) -> Option<String> {
        match column {
            Column::Email => Some(self.email.to_string()),
            Column::ExternalId => self.external_id.as_ref().map(ToString::to_string),
            Column::FullName => Some(self.full_name.to_string()),
            Column::Department => self.department.as_ref().map(ToString::to_string),
            Column::DepartmentId => self.department_id.map(|id| id.to_string()),
            Column::Organisation => self.organisation.as_ref().map(ToString::to_string),
            Column::OrganisationId => self.organisation_id.map(|id| id.to_string()),
            Column::Role => self.role.map(|role| role.to_string()),
            Column::Status => self.status.map(|status| status.to_string()),
            _ => None,
        }
    }
}
