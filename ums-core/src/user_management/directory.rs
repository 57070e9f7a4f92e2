//! Organisations, departments and users.

use super::Acting;
use super::audit::{Deleted, Subject};
use crate::access::Action;
use crate::directory::{DepartmentFilter, UserFilter, Versioned, new_status};
use crate::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, Organisation, OrganisationFields,
    OrganisationId, OrganisationPatch, User, UserFields, UserId, UserPatch,
};
use crate::page::{Page, PageRequest};
use crate::parse::Checker;
use crate::{Result, store::Version};

/// Organisations.
///
/// # Errors
///
/// [`Error::NotFound`](crate::Error::NotFound) for what is not there or out of sight,
/// [`Error::Forbidden`](crate::Error::Forbidden), [`Error::Invalid`](crate::Error::Invalid) with every faulty field,
/// [`Conflict::NameTaken`](crate::Conflict::NameTaken), [`Conflict::NotEmpty`](crate::Conflict::NotEmpty) and
/// [`Error::PreconditionFailed`](crate::Error::PreconditionFailed) where it no longer has the version expected.
#[allow(clippy::missing_errors_doc, reason = "said once above")]
impl Acting {
    /// Makes an organisation.
    pub async fn create_organisation(&self, fields: &OrganisationFields) -> Result<Versioned<Organisation>> {
        let work = self.parts().directory.create_organisation(&self.actor, fields);
        self.audited("organisation.create", Subject::default(), work).await
    }

    /// One organisation.
    pub async fn organisation(&self, id: OrganisationId) -> Result<Versioned<Organisation>> {
        let work = self.parts().directory.organisation(&self.actor, id);
        self.guarded("organisation.read", organisation(id), work).await
    }

    /// Organisations in sight, by name.
    pub async fn organisations(&self, request: &PageRequest) -> Result<Page<Organisation>> {
        let work = self.parts().directory.organisations(&self.actor, request);
        self.guarded("organisation.list", Subject::default(), work).await
    }

    /// Replaces an organisation's fields; an optional one left out is cleared.
    pub async fn replace_organisation(
        &self,
        id: OrganisationId,
        fields: &OrganisationFields,
        expected: Option<Version>,
    ) -> Result<Versioned<Organisation>> {
        let work = self.parts().directory.replace_organisation(&self.actor, id, fields, expected);
        self.audited("organisation.update", organisation(id), work).await
    }

    /// Changes some of an organisation's fields.
    pub async fn change_organisation(
        &self,
        id: OrganisationId,
        patch: &OrganisationPatch,
        expected: Option<Version>,
    ) -> Result<Versioned<Organisation>> {
        let work = self.parts().directory.change_organisation(&self.actor, id, patch, expected);
        self.audited("organisation.update", organisation(id), work).await
    }

    /// Deletes an organisation; with `cascade` all its departments and users, too.
    pub async fn delete_organisation(
        &self,
        id: OrganisationId,
        expected: Option<Version>,
        cascade: bool,
    ) -> Result<()> {
        let work = self.parts().directory.delete_organisation(&self.actor, id, expected, cascade);
        self.audited("organisation.delete", organisation(id), work).await
    }
}

/// Departments.
///
/// # Errors
///
/// As for organisations; also [`Error::Invalid`](crate::Error::Invalid) for a parent that is not there, of another
/// organisation, or below the department itself.
#[allow(clippy::missing_errors_doc, reason = "said once above")]
impl Acting {
    /// Makes a department.
    pub async fn create_department(&self, fields: &DepartmentFields) -> Result<Versioned<Department>> {
        let work = self.parts().directory.create_department(&self.actor, fields);
        self.audited("department.create", Subject::default(), work).await
    }

    /// One department.
    pub async fn department(&self, id: DepartmentId) -> Result<Versioned<Department>> {
        let work = self.parts().directory.department(&self.actor, id);
        self.guarded("department.read", department(id), work).await
    }

    /// Departments in sight, by organisation and name.
    pub async fn departments(
        &self,
        filter: DepartmentFilter,
        request: &PageRequest,
    ) -> Result<Page<Department>> {
        let work = self.parts().directory.departments(&self.actor, filter, request);
        let within = filter.organisation_id.map(organisation).unwrap_or_default();
        self.guarded("department.list", within, work).await
    }

    /// Replaces a department's fields; an optional one left out is cleared, but for the organisation, which never
    /// changes.
    pub async fn replace_department(
        &self,
        id: DepartmentId,
        fields: &DepartmentFields,
        expected: Option<Version>,
    ) -> Result<Versioned<Department>> {
        let work = self.parts().directory.replace_department(&self.actor, id, fields, expected);
        self.audited("department.update", department(id), work).await
    }

    /// Changes some of a department's fields.
    pub async fn change_department(
        &self,
        id: DepartmentId,
        patch: &DepartmentPatch,
        expected: Option<Version>,
    ) -> Result<Versioned<Department>> {
        let work = self.parts().directory.change_department(&self.actor, id, patch, expected);
        self.audited("department.update", department(id), work).await
    }

    /// Deletes a department; with `cascade` all departments below it and their users, too.
    pub async fn delete_department(
        &self,
        id: DepartmentId,
        expected: Option<Version>,
        cascade: bool,
    ) -> Result<()> {
        let deletion = self.parts().directory.delete_department(&self.actor, id, expected, cascade);
        let work = async { deletion.await.map(Some).map(Deleted) };
        self.audited("department.delete", department(id), work).await.map(drop)
    }
}

/// Users.
///
/// # Errors
///
/// As for organisations; also [`Conflict::EmailTaken`](crate::Conflict::EmailTaken),
/// [`Conflict::ExternalIdTaken`](crate::Conflict::ExternalIdTaken), [`Conflict::LastAdmin`](crate::Conflict::LastAdmin),
/// and [`Error::Overloaded`](crate::Error::Overloaded) where a password is given.
#[allow(clippy::missing_errors_doc, reason = "said once above")]
impl Acting {
    /// Makes a user; without a password the account is `invited`.
    pub async fn create_user(&self, fields: &UserFields) -> Result<Versioned<User>> {
        let work = async {
            let parts = self.parts();
            self.actor.may_at_all(Action::CreateUser)?;
            let mut checker = Checker::default();
            new_status(fields.status, fields.password().is_some(), &mut checker);
            let credential = parts.auth.new_credential(&self.actor, fields, checker).await?;
            parts.directory.create_user(&self.actor, fields, &credential).await
        };
        self.audited("user.create", Subject::default(), self.waking(work)).await
    }

    /// One user.
    pub async fn user(&self, id: UserId) -> Result<Versioned<User>> {
        let work = self.parts().directory.user(&self.actor, id);
        self.guarded("user.read", user(id), work).await
    }

    /// Users in sight, by e-mail address; with `q`, first those whose address matches, then those whose name does.
    ///
    /// A page may hold fewer users than asked for and still have a next one: how much is read for one is bounded.
    pub async fn users(&self, filter: &UserFilter, request: &PageRequest) -> Result<Page<User>> {
        let work = self.parts().directory.users(&self.actor, filter, request);
        let within = filter.department_id.map(department);
        let within = within.or_else(|| filter.organisation_id.map(organisation)).unwrap_or_default();
        self.guarded("user.list", within, work).await
    }

    /// Replaces a user's fields; an optional one left out is cleared, but for role, status and password, which stay.
    pub async fn replace_user(
        &self,
        id: UserId,
        fields: &UserFields,
        expected: Option<Version>,
    ) -> Result<Versioned<User>> {
        let work = async {
            let parts = self.parts();
            parts.directory.may_update_user(&self.actor, id).await?;
            let credential = parts.auth.new_credential(&self.actor, fields, Checker::default()).await?;
            parts.directory.replace_user(&self.actor, id, fields, &credential, expected).await
        };
        let work = self.waking(work);
        Ok(self.told_of_rights(self.audited("user.update", user(id), work).await?))
    }

    /// Changes some of a user's fields. Suspending ends every session.
    pub async fn change_user(
        &self,
        id: UserId,
        patch: &UserPatch,
        expected: Option<Version>,
    ) -> Result<Versioned<User>> {
        let work = async {
            let parts = self.parts();
            let old = parts.directory.may_update_user(&self.actor, id).await?;
            let mut checker = Checker::default();
            let fields = patch.apply(&old, &mut checker);
            let credential = parts.auth.new_credential(&self.actor, &fields, checker).await?;
            parts.directory.change_user(&self.actor, id, patch, &credential, expected).await
        };
        let work = self.waking(work);
        Ok(self.told_of_rights(self.audited("user.update", user(id), work).await?))
    }

    /// Ends every session of a user: for a device that was lost, an account that somebody else got into.
    pub async fn end_sessions(&self, id: UserId) -> Result<()> {
        let work = self.parts().directory.end_sessions(&self.actor, id);
        self.audited("user.sessions_end", user(id), work).await.map(drop)
    }

    /// Deletes a user, which ends every session.
    pub async fn delete_user(&self, id: UserId, expected: Option<Version>) -> Result<()> {
        let deletion = self.parts().directory.delete_user(&self.actor, id, expected);
        let work = async { deletion.await.map(Deleted) };
        self.audited("user.delete", user(id), work).await.map(drop)
    }
}

fn organisation(id: OrganisationId) -> Subject {
    Subject::new(format!("organisation/{id}")).of_organisation(Some(id))
}

fn department(id: DepartmentId) -> Subject {
    Subject::new(format!("department/{id}"))
}

pub(super) fn user(id: UserId) -> Subject {
    Subject::new(format!("user/{id}"))
}
