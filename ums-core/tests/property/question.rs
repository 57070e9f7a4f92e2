//! What can be asked.

use ums_core::model::{
    DepartmentFields, DepartmentId, DepartmentPatch, OrganisationFields, OrganisationId, OrganisationPatch,
    UserFields, UserId, UserPatch,
};
use ums_core::{Credentials, DepartmentFilter, MePatch, PasswordChange, Registration, UserFilter};

/// Something to ask. Ids are small, so that they often mean something.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Register(Registration),
    Login(usize, Credentials),
    Refresh(usize),
    Authenticate(usize),
    Logout(usize),
    LogoutAll(usize),
    ChangePassword(usize, PasswordChange),
    ChangeMe(usize, MePatch),
    Sessions(usize, u64),
    Wait(u64),
    CreateOrganisation(Who, OrganisationFields),
    ReplaceOrganisation(Who, OrganisationId, OrganisationFields, Expected),
    ChangeOrganisation(Who, OrganisationId, OrganisationPatch, Expected),
    DeleteOrganisation(Who, OrganisationId, Expected, bool),
    Organisations(Who, u64),
    CreateDepartment(Who, DepartmentFields),
    ReplaceDepartment(Who, DepartmentId, DepartmentFields, Expected),
    ChangeDepartment(Who, DepartmentId, DepartmentPatch, Expected),
    DeleteDepartment(Who, DepartmentId, Expected, bool),
    Departments(Who, DepartmentFilter, u64),
    CreateUser(Who, UserFields),
    ReplaceUser(Who, UserId, UserFields, Expected),
    ChangeUser(Who, UserId, UserPatch, Expected),
    DeleteUser(Who, UserId, Expected),
    Users(Who, UserFilter, u64),
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    System,
    Anonymous,
    Session(usize),
}

/// Which version the caller expects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    Any,
    Current,
    Stale,
}
