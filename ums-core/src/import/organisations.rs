//! Rows of organisations and departments, applied.

use super::faults::fault_of;
use super::importer::{Importer, Outcome};
use super::{DepartmentRow, OrganisationRow, Row};
use crate::Result;
use crate::directory::{DepartmentDraft, OrganisationDraft, Upserted};
use crate::model::OrganisationId;
use crate::transaction::Transaction;

impl Importer<'_> {
    pub(super) async fn organisation_row(
        &self,
        transaction: &Transaction,
        row: &Row<OrganisationRow>,
    ) -> Result<Outcome> {
        let record = &row.record;
        let draft = OrganisationDraft {
            name: record.name.clone(),
            address: record.address.clone(),
            description: record.description.clone(),
        };
        let (directory, existing) = (&self.tools.directory, self.existing());
        let upserted = directory.upsert_organisation(transaction, self.actor, &draft, existing).await?;
        Ok(Outcome { upserted, departments: 0, whom: None, elsewhere: false, rights: None })
    }

    /// Applies a row whose turn it is: those that name its parent came before.
    pub(super) async fn department_row(
        &self,
        transaction: &Transaction,
        row: &Row<DepartmentRow>,
    ) -> Result<Outcome> {
        let upserted = self.upsert_department(transaction, row).await?;
        Ok(Outcome { upserted, departments: 0, whom: None, elsewhere: false, rights: None })
    }

    async fn upsert_department(
        &self,
        transaction: &Transaction,
        row: &Row<DepartmentRow>,
    ) -> Result<Upserted> {
        let record = &row.record;
        let named = record.organisation.as_ref().map(|name| name.folded());
        let organisation_id = self.organisation(transaction, named, record.organisation_id).await?;
        let organisation_id =
            organisation_id.ok_or_else(|| fault_of("organisation", "required", "is required"))?;
        let parent_id = match &record.parent {
            Some(parent) => {
                let named = self
                    .tools
                    .directory
                    .department_named(transaction, organisation_id, parent.folded())
                    .await?;
                let missing = || fault_of("parent_id", "parent_not_found", "there is no such department");
                Some(named.ok_or_else(missing)?)
            }
            None => None,
        };
        let draft = DepartmentDraft { name: record.name.clone(), parent_id };
        let existing = self.existing();
        let upserted = self
            .tools
            .directory
            .upsert_department(transaction, self.actor, organisation_id, &draft, existing)
            .await?;
        Ok(upserted.1)
    }

    /// The organisation that a row means: by id, by name, or the one that the import or the actor stands for.
    pub(super) async fn organisation(
        &self,
        transaction: &Transaction,
        folded: Option<&str>,
        id: Option<OrganisationId>,
    ) -> Result<Option<OrganisationId>> {
        let Some(folded) = folded else { return Ok(id.or_else(|| self.own_organisation())) };
        let named = self.tools.directory.organisation_named(transaction, self.actor, folded).await?;
        let Some(named) = named else {
            return Err(fault_of("organisation", "not_found", "there is no such organisation"));
        };
        if id.is_some_and(|id| id != named) {
            let message = "the organisation's name and id belong to different ones";
            return Err(fault_of("organisation", "contradiction", message));
        }
        Ok(Some(named))
    }

    /// The organisation that the import or the actor stands for.
    pub(super) fn own_organisation(&self) -> Option<OrganisationId> {
        let own = || self.actor.confined_to(crate::access::Action::Import).ok().flatten();
        self.options.organisation_id.or_else(own)
    }
}
