//! Rows of organisations and departments, applied.

use super::faults::{conflict_or_fault, duplicate, fault_of};
use super::importer::Importer;
use super::progress::Progress;
use super::{Column, DepartmentRow, OrganisationRow, Row, SheetKind};
use crate::Result;
use crate::directory::{DepartmentDraft, OrganisationDraft, Upserted};
use crate::model::OrganisationId;
use crate::transaction::Transaction;

impl Importer<'_> {
    pub(super) async fn organisations(
        &self,
        rows: Vec<Row<OrganisationRow>>,
        progress: &mut Progress,
    ) -> Result<()> {
        for row in rows {
            let record = &row.record;
            let kind = SheetKind::Organisations;
            if let Some(first) = progress.first_row(kind, record.name.folded(), row.number()) {
                progress.fail(kind, vec![duplicate(&row, Column::Name, first)]);
                continue;
            }
            let draft = &OrganisationDraft {
                name: record.name.clone(),
                address: record.address.clone(),
                description: record.description.clone(),
            };
            let done = self
                .directory
                .write(|transaction| async move {
                    let existing = self.existing();
                    self.directory.upsert_organisation(&transaction, self.actor, draft, existing).await
                })
                .await;
            match done {
                Ok(upserted) => progress.done(kind, upserted),
                Err(error) => progress.fail(kind, conflict_or_fault(&row, Column::Name, error)?),
            }
        }
        Ok(())
    }

    /// Applies rows of departments. One whose parent is not there waits for the end of the sheet.
    pub(super) async fn departments(
        &self,
        rows: Vec<Row<DepartmentRow>>,
        progress: &mut Progress,
    ) -> Result<()> {
        for row in rows {
            let record = &row.record;
            let organisation = record.organisation.as_ref().map(|name| name.folded().to_owned());
            let key = (organisation, record.organisation_id, record.name.folded().to_owned());
            if let Some(first) = progress.first_row(SheetKind::Departments, key, row.number()) {
                progress.fail(SheetKind::Departments, vec![duplicate(&row, Column::Name, first)]);
                continue;
            }
            if let Some(waiting) = self.department(row, progress).await? {
                progress.waiting.push(waiting);
            }
        }
        Ok(())
    }

    /// Applies the rows whose parents have come since, until none is left or none can be: those name a parent that is
    /// nowhere, or each other in a circle.
    pub(super) async fn finish_departments(&self, progress: &mut Progress) -> Result<()> {
        while !progress.waiting.is_empty() {
            let waiting = std::mem::take(&mut progress.waiting);
            let before = waiting.len();
            for row in waiting {
                if let Some(still) = self.department(row, progress).await? {
                    progress.waiting.push(still);
                }
            }
            if progress.waiting.len() == before {
                for row in std::mem::take(&mut progress.waiting) {
                    let message =
                        "there is no such department, or the departments stand below each other in a circle";
                    let fault = row.fault(Column::Parent, "parent_not_found", message);
                    progress.fail(SheetKind::Departments, vec![fault]);
                }
            }
        }
        Ok(())
    }

    /// Applies one row; gives it back where its parent is not there.
    async fn department(
        &self,
        row: Row<DepartmentRow>,
        progress: &mut Progress,
    ) -> Result<Option<Row<DepartmentRow>>> {
        let one = &row;
        let done = self
            .directory
            .write(|transaction| async move { self.upsert_department(&transaction, one).await })
            .await;
        match done {
            Ok(Some(upserted)) => progress.done(SheetKind::Departments, upserted),
            Ok(None) => return Ok(Some(row)),
            Err(error) => {
                progress.fail(SheetKind::Departments, conflict_or_fault(&row, Column::Name, error)?);
            }
        }
        Ok(None)
    }

    /// `None` where the parent is not there.
    async fn upsert_department(
        &self,
        transaction: &Transaction,
        row: &Row<DepartmentRow>,
    ) -> Result<Option<Upserted>> {
        let record = &row.record;
        let named = record.organisation.as_ref().map(|name| name.folded());
        let organisation_id = self.organisation(transaction, named, record.organisation_id).await?;
        let organisation_id =
            organisation_id.ok_or_else(|| fault_of("organisation", "required", "is required"))?;
        let parent_id = match &record.parent {
            Some(parent) => {
                let named =
                    self.directory.department_named(transaction, organisation_id, parent.folded()).await?;
                let Some(id) = named else { return Ok(None) };
                Some(id)
            }
            None => None,
        };
        let draft = DepartmentDraft { name: record.name.clone(), parent_id };
        let existing = self.existing();
        let upserted = self
            .directory
            .upsert_department(transaction, self.actor, organisation_id, &draft, existing)
            .await?;
        Ok(Some(upserted.1))
    }

    /// The organisation that a row means: by id, by name, or the one that the import or the actor stands for.
    pub(super) async fn organisation(
        &self,
        transaction: &Transaction,
        folded: Option<&str>,
        id: Option<OrganisationId>,
    ) -> Result<Option<OrganisationId>> {
        let Some(folded) = folded else { return Ok(id.or_else(|| self.own_organisation())) };
        let named = self.directory.organisation_named(transaction, self.actor, folded).await?;
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
