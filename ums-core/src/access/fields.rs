//! Which fields of what a role may set: the second table.

use super::Action;
use super::table::by_role;
use crate::model::{Department, DepartmentFields, Organisation, OrganisationFields, Role, User, UserFields};

/// What has fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// The caller's own account, as the caller changes it.
    Account,
    /// An organisation.
    Organisation,
    /// A department.
    Department,
    /// A user.
    User,
}

/// A field of a resource, by its name in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is the field of its name")]
pub enum Field {
    Id,
    Name,
    Address,
    Description,
    FullName,
    Email,
    EmailVerified,
    ExternalId,
    Password,
    PasswordHash,
    Role,
    Status,
    OrganisationId,
    DepartmentId,
    ParentId,
    CreatedAt,
    UpdatedAt,
}

/// What a role may set a field to, where it may change the resource at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Nothing: it stays as it is.
    Never,
    /// Whatever the field itself takes.
    Any,
    /// A role that is not above the caller's own.
    UpToOwn,
    /// A place that the caller's permission for the action reaches.
    Reached,
    /// The same, but only while the thing is made: later it stays for good.
    ReachedOnce,
}

use Field as F;
use Resource as R;
use Rule::{Any, Never as No, Reached as In, ReachedOnce as Once, UpToOwn as Up};

/// The table: for each field what a member, a department admin, an organisation admin, an admin may set it to. A field
/// without a row nobody may set.
#[rustfmt::skip]
pub const FIELDS: &[(Resource, Field, [Rule; 4])] = &[
    //                                    member dep_admin org_admin admin
    (R::Account, F::FullName,            [Any, Any, Any, Any]),
    (R::Account, F::Id,                  [No, No, No, No]),
    (R::Account, F::ExternalId,          [No, No, No, No]),
    (R::Account, F::Email,               [No, No, No, No]),
    (R::Account, F::EmailVerified,       [No, No, No, No]),
    (R::Account, F::PasswordHash,        [No, No, No, No]),
    (R::Account, F::Role,                [No, No, No, No]),
    (R::Account, F::Status,              [No, No, No, No]),
    (R::Account, F::OrganisationId,      [No, No, No, No]),
    (R::Account, F::DepartmentId,        [No, No, No, No]),
    (R::Account, F::CreatedAt,           [No, No, No, No]),
    (R::Account, F::UpdatedAt,           [No, No, No, No]),
    //
    (R::User, F::FullName,               [No, Any, Any, Any]),
    (R::User, F::Email,                  [No, Any, Any, Any]),
    (R::User, F::ExternalId,             [No, Any, Any, Any]),
    (R::User, F::Password,               [No, Any, Any, Any]),
    (R::User, F::Role,                   [No, Up, Up, Up]),
    (R::User, F::Status,                 [No, Any, Any, Any]),
    (R::User, F::OrganisationId,         [No, In, In, In]),
    (R::User, F::DepartmentId,           [No, In, In, In]),
    (R::User, F::Id,                     [No, No, No, No]),
    (R::User, F::EmailVerified,          [No, No, No, No]),
    (R::User, F::PasswordHash,           [No, No, No, No]),
    (R::User, F::CreatedAt,              [No, No, No, No]),
    (R::User, F::UpdatedAt,              [No, No, No, No]),
    //
    (R::Department, F::Name,             [No, No, Any, Any]),
    (R::Department, F::ParentId,         [No, No, Any, Any]),
    (R::Department, F::OrganisationId,   [No, No, Once, Once]),
    (R::Department, F::Id,               [No, No, No, No]),
    (R::Department, F::CreatedAt,        [No, No, No, No]),
    (R::Department, F::UpdatedAt,        [No, No, No, No]),
    //
    (R::Organisation, F::Name,           [No, No, Any, Any]),
    (R::Organisation, F::Address,        [No, No, Any, Any]),
    (R::Organisation, F::Description,    [No, No, Any, Any]),
    (R::Organisation, F::Id,             [No, No, No, No]),
    (R::Organisation, F::CreatedAt,      [No, No, No, No]),
    (R::Organisation, F::UpdatedAt,      [No, No, No, No]),
];

impl Field {
    /// Its name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Address => "address",
            Self::Description => "description",
            Self::FullName => "full_name",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::ExternalId => "external_id",
            Self::Password => "password",
            Self::PasswordHash => "password_hash",
            Self::Role => "role",
            Self::Status => "status",
            Self::OrganisationId => "organisation_id",
            Self::DepartmentId => "department_id",
            Self::ParentId => "parent_id",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
        }
    }
}

impl Resource {
    /// What a role may set a field of this to, by the table of [`FIELDS`].
    #[must_use]
    pub fn rule(self, field: Field, role: Role) -> Rule {
        let row = FIELDS.iter().find(|(resource, of, _)| (*resource, *of) == (self, field));
        row.map_or(Rule::Never, |(_, _, rules)| by_role(*rules, role))
    }
}

impl Action {
    /// What this action sets fields of, where it sets any.
    #[must_use]
    pub fn sets(self) -> Option<Resource> {
        match self {
            Self::OwnAccount => Some(Resource::Account),
            Self::CreateOrganisation | Self::UpdateOrganisation => Some(Resource::Organisation),
            Self::CreateDepartment | Self::UpdateDepartment => Some(Resource::Department),
            Self::CreateUser | Self::UpdateUser => Some(Resource::User),
            Self::ReadOrganisation
            | Self::DeleteOrganisation
            | Self::ReadDepartment
            | Self::DeleteDepartment
            | Self::ReadUser
            | Self::DeleteUser
            | Self::Import
            | Self::ReadImport
            | Self::Export
            | Self::ReadLogs
            | Self::ReadMetrics => None,
        }
    }
}

impl OrganisationFields {
    /// Which fields these set: those given of a new organisation, those that differ of an old one.
    pub(crate) fn set_over(&self, old: Option<&Organisation>) -> Vec<Field> {
        let Self { name, address, description } = self;
        set([
            (F::Name, old.is_none_or(|old| old.name != *name)),
            (F::Address, differs(address, old.map(|old| &old.address))),
            (F::Description, differs(description, old.map(|old| &old.description))),
        ])
    }
}

impl DepartmentFields {
    /// Which fields these set: those given of a new department, those that differ of an old one.
    pub(crate) fn set_over(&self, old: Option<&Department>) -> Vec<Field> {
        let Self { name, organisation_id, parent_id } = self;
        set([
            (F::Name, old.is_none_or(|old| old.name != *name)),
            (
                F::OrganisationId,
                organisation_id.is_some_and(|id| old.is_none_or(|old| old.organisation_id != id)),
            ),
            (F::ParentId, differs(parent_id, old.map(|old| &old.parent_id))),
        ])
    }
}

impl UserFields {
    /// Which fields these set: those given of a new user, those that differ of an old one.
    pub(crate) fn set_over(&self, old: Option<&User>) -> Vec<Field> {
        let Self { full_name, email, external_id, role, status, organisation_id, department_id, password } =
            self;
        set([
            (F::FullName, old.is_none_or(|old| old.full_name != *full_name)),
            (F::Email, old.is_none_or(|old| old.email != *email)),
            (F::ExternalId, differs(external_id, old.map(|old| &old.external_id))),
            (F::Role, role.is_some_and(|role| old.is_none_or(|old| old.role != role))),
            (F::Status, status.is_some_and(|status| old.is_none_or(|old| old.status != status))),
            (F::OrganisationId, differs(organisation_id, old.map(|old| &old.organisation_id))),
            (F::DepartmentId, differs(department_id, old.map(|old| &old.department_id))),
            (F::Password, password.is_some()),
        ])
    }
}

fn differs<T: PartialEq>(given: &Option<T>, old: Option<&Option<T>>) -> bool {
    old.map_or(given.is_some(), |old| given != old)
}

fn set<const N: usize>(fields: [(Field, bool); N]) -> Vec<Field> {
    fields.into_iter().filter_map(|(field, is_set)| is_set.then_some(field)).collect()
}
