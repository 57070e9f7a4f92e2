//! Organisations and departments as given, checked field by field.

use crate::model::{
    Department, DepartmentFields, DepartmentId, Organisation, OrganisationFields, OrganisationId,
};
use crate::parse::{Address, Checker, Description, Name};
use crate::{Error, Result, Timestamp};

/// An organisation whose fields hold.
#[derive(Clone, Debug)]
pub(crate) struct OrganisationDraft {
    pub(crate) name: Name,
    pub(crate) address: Option<Address>,
    pub(crate) description: Option<Description>,
}

impl OrganisationDraft {
    pub(crate) fn parse(fields: &OrganisationFields) -> Result<Self> {
        let mut checker = Checker::default();
        let name = checker.required("name", &fields.name);
        let address = checker.optional("address", fields.address.as_deref());
        let description = checker.optional("description", fields.description.as_deref());
        checker.finish()?;
        Ok(Self { name: name.ok_or_else(missed)?, address, description })
    }

    pub(crate) fn into_organisation(
        self,
        id: OrganisationId,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Organisation {
        Organisation {
            id,
            name: self.name.into_string(),
            address: self.address.map(Address::into_string),
            description: self.description.map(Description::into_string),
            created_at,
            updated_at,
        }
    }
}

/// A department whose fields hold, each for itself.
#[derive(Clone, Debug)]
pub(crate) struct DepartmentDraft {
    pub(crate) name: Name,
    pub(crate) parent_id: Option<DepartmentId>,
}

impl DepartmentDraft {
    /// Checks the fields of a department of this organisation.
    pub(crate) fn parse(fields: &DepartmentFields, organisation_id: Option<OrganisationId>) -> Result<Self> {
        let mut checker = Checker::default();
        let name = checker.required("name", &fields.name);
        match (organisation_id, fields.organisation_id) {
            (None, None) => checker.add("organisation_id", "required", "is required"),
            (Some(own), Some(given)) if own != given => {
                checker.add("organisation_id", "immutable", "a department does not change its organisation");
            }
            _ => {}
        }
        checker.finish()?;
        Ok(Self { name: name.ok_or_else(missed)?, parent_id: fields.parent_id })
    }

    pub(crate) fn into_department(
        self,
        id: DepartmentId,
        organisation_id: OrganisationId,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Department {
        Department {
            id,
            name: self.name.into_string(),
            organisation_id,
            parent_id: self.parent_id,
            created_at,
            updated_at,
        }
    }
}

pub(super) fn missed() -> Error {
    Error::internal("a field was read as faulty and no fault was found")
}
