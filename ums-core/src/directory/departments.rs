//! Departments.

use ums_store::Version;

use super::fields::DepartmentDraft;
use super::listing::{Listing, Range};
use super::organisations::target;
use super::place::{Departments, expect_open, no_department};
use super::{Directory, Versioned, check_version};
use crate::access::{Action, Actor};
use crate::model::{
    Department, DepartmentFields, DepartmentId, DepartmentPatch, Organisation, OrganisationId, Patch,
};
use crate::page::{Page, PageRequest};
use crate::parse::{Name, fold_name};
use crate::record::Counter;
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result, keyspace};

/// Which departments to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DepartmentFilter {
    /// Only those of this organisation.
    pub organisation_id: Option<OrganisationId>,
}

impl DepartmentFilter {
    /// Only departments of this organisation.
    #[must_use]
    pub fn organisation(id: OrganisationId) -> Self {
        Self { organisation_id: Some(id) }
    }
}

impl Directory {
    pub(crate) async fn create_department(
        &self,
        actor: &Actor,
        fields: &DepartmentFields,
    ) -> Result<Versioned<Department>> {
        actor.may_at_all(Action::CreateDepartment)?;
        let draft = &DepartmentDraft::parse(fields, fields.organisation_id)?;
        let Some(organisation_id) = fields.organisation_id else { return Err(super::fields::missed()) };
        let id = DepartmentId::allotted(self.database.next_id(Kind::Department).await?)?;
        let now = self.database.now();
        self.write(|transaction| async move {
            let actor = self.confirm(&transaction, actor).await?;
            self.expect_organisation(&transaction, &actor, organisation_id).await?;
            let after = target(organisation_id);
            actor.may(Action::CreateDepartment, &after)?;
            actor.may_set(Action::CreateDepartment, fields.set_over(None), &after)?;
            self.parent_path(&transaction, organisation_id, draft.parent_id, None).await?;
            expect_free(&transaction, organisation_id, &draft.name).await?;
            let department = draft.clone().into_department(id, organisation_id, now, now);
            transaction.replace(keyspace::department_profile(id), None, Some(&department))?;
            Ok(Versioned { value: department, version: transaction.version() })
        })
        .await
    }

    pub(crate) async fn department(&self, actor: &Actor, id: DepartmentId) -> Result<Versioned<Department>> {
        let found = self.database.department(id).await?.ok_or_else(no_department)?;
        actor.may(Action::ReadDepartment, &target(found.data.organisation_id))?;
        Ok(Versioned { value: found.data, version: found.version })
    }

    /// The organisation of a department that is there.
    pub(crate) async fn department_owner(&self, id: DepartmentId) -> Result<Option<OrganisationId>> {
        Ok(self.database.department(id).await?.map(|found| found.data.organisation_id))
    }

    pub(crate) async fn departments(
        &self,
        actor: &Actor,
        filter: DepartmentFilter,
        request: &PageRequest,
    ) -> Result<Page<Department>> {
        let own = match actor.confined_to(Action::ReadDepartment) {
            Ok(own) => own,
            // An account of no organisation sees no department, which is no reason to refuse the question.
            Err(Error::Forbidden) if actor.role().is_some() => {
                request.expect_first()?;
                return Ok(Page::new(Vec::new(), None));
            }
            Err(error) => return Err(error),
        };
        let organisation_id = filter.organisation_id.or(own);
        if let Some(id) = organisation_id {
            self.organisation(actor, id).await?;
        }
        let prefix = || keyspace::DEPARTMENT.to_owned();
        let scope = format!("departments {organisation_id:?}");
        let next = self.next_organisation().await?;
        let listing = Listing {
            scope,
            range: &|part| match organisation_id {
                Some(id) => (part == 0)
                    .then(|| Range { partition: keyspace::organisation(Some(id)), prefix: prefix() }),
                None => {
                    let id = OrganisationId::try_from(part + 1).ok().filter(|id| id.as_u64() < next)?;
                    Some(Range { partition: keyspace::organisation(Some(id)), prefix: prefix() })
                }
            },
            key: |id| DepartmentId::try_from(id).ok().map(keyspace::department_profile),
            keep: &|_, _| true,
        };
        self.list(&listing, request).await
    }

    /// The id that no organisation has reached yet.
    pub(super) async fn next_organisation(&self) -> Result<u64> {
        let counter = self.database.read::<Counter>(&keyspace::counter(Kind::Organisation)).await?;
        Ok(counter.map_or(1, |found| found.data.next))
    }

    pub(crate) async fn replace_department(
        &self,
        actor: &Actor,
        id: DepartmentId,
        fields: &DepartmentFields,
        expected: Option<Version>,
    ) -> Result<Versioned<Department>> {
        self.update_department(actor, id, expected, |_| Ok(fields.clone())).await
    }

    pub(crate) async fn change_department(
        &self,
        actor: &Actor,
        id: DepartmentId,
        patch: &DepartmentPatch,
        expected: Option<Version>,
    ) -> Result<Versioned<Department>> {
        self.update_department(actor, id, expected, |old| {
            let patch = patch.clone();
            if patch.organisation_id == Patch::Clear {
                return Err(Error::invalid("organisation_id", "required", "can't be cleared"));
            }
            Ok(DepartmentFields {
                name: patch.name.apply(Some(old.name.clone())).unwrap_or_default(),
                organisation_id: patch.organisation_id.apply(Some(old.organisation_id)),
                parent_id: patch.parent_id.apply(old.parent_id),
            })
        })
        .await
    }

    async fn update_department(
        &self,
        actor: &Actor,
        id: DepartmentId,
        expected: Option<Version>,
        change: impl Fn(&Department) -> Result<DepartmentFields> + Send + Sync,
    ) -> Result<Versioned<Department>> {
        let change = &change;
        let now = self.database.now();
        self.write(|transaction| async move {
            let actor = self.confirm(&transaction, actor).await?;
            let found = transaction.department(id).await?.ok_or_else(no_department)?;
            let organisation_id = found.data.organisation_id;
            actor.may(Action::UpdateDepartment, &target(organisation_id))?;
            check_version(expected, found.version, Kind::Department)?;
            expect_open(&found)?;
            let old = found.data;
            let fields = change(&old)?;
            let draft = DepartmentDraft::parse(&fields, Some(organisation_id))?;
            let (set, after) = (fields.set_over(Some(&old)), target(organisation_id));
            actor.may_set(Action::UpdateDepartment, set, &after)?;
            self.parent_path(&transaction, organisation_id, draft.parent_id, Some(id)).await?;
            if draft.name.folded() != fold_name(&old.name) {
                expect_free(&transaction, organisation_id, &draft.name).await?;
            }
            let new = draft.into_department(id, organisation_id, old.created_at, now);
            transaction.replace(keyspace::department_profile(id), Some(&old), Some(&new))?;
            Ok(Versioned { value: new, version: transaction.version() })
        })
        .await
    }

    pub(super) async fn expect_organisation(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        id: OrganisationId,
    ) -> Result<()> {
        let found = transaction.read::<Organisation>(&keyspace::organisation_profile(id)).await?;
        let visible = actor.may(Action::ReadOrganisation, &target(id)).is_ok();
        match found.filter(|_| visible) {
            None => Err(Error::invalid("organisation_id", "not_found", "there is no such organisation")),
            Some(found) => expect_open(&found),
        }
    }
}

async fn expect_free(transaction: &Transaction, organisation_id: OrganisationId, name: &Name) -> Result<()> {
    let key = keyspace::department_by_name(organisation_id, name.folded());
    match transaction.lookup(&key).await? {
        None => Ok(()),
        Some(id) => {
            let holder = transaction.department(DepartmentId::allotted(id)?).await?;
            let closing = holder.is_some_and(|holder| holder.closing);
            Err(if closing { Conflict::Closing } else { Conflict::NameTaken }.into())
        }
    }
}
