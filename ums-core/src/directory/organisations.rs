//! Organisations.

use ums_store::Version;

use super::fields::OrganisationDraft;
use super::listing::{Listing, Range};
use super::{Directory, Versioned, check_version};
use crate::access::{Action, Actor, Scope, Target};
use crate::model::{Organisation, OrganisationFields, OrganisationId, OrganisationPatch};
use crate::page::{Page, PageRequest};
use crate::parse::{Name, fold_name};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result, keyspace};

impl Directory {
    pub(crate) async fn create_organisation(
        &self,
        actor: &Actor,
        fields: &OrganisationFields,
    ) -> Result<Versioned<Organisation>> {
        actor.may(Action::CreateOrganisation, &Target::default())?;
        let draft = &OrganisationDraft::parse(fields)?;
        let id = OrganisationId::allotted(self.database.next_id(Kind::Organisation).await?)?;
        let now = self.database.now();
        self.write(|transaction| async move {
            let actor = self.confirm(&transaction, actor).await?;
            actor.may(Action::CreateOrganisation, &Target::default())?;
            actor.may_set(Action::CreateOrganisation, fields.set_over(None), &Target::default())?;
            expect_free(&transaction, &draft.name).await?;
            let organisation = draft.clone().into_organisation(id, now, now);
            transaction.replace(keyspace::organisation_profile(id), None, Some(&organisation))?;
            Ok(Versioned { value: organisation, version: transaction.version() })
        })
        .await
    }

    pub(crate) async fn organisation(
        &self,
        actor: &Actor,
        id: OrganisationId,
    ) -> Result<Versioned<Organisation>> {
        actor.may(Action::ReadOrganisation, &target(id))?;
        let found = self.database.read::<Organisation>(&keyspace::organisation_profile(id)).await?;
        let found = found.ok_or(Error::NotFound(Kind::Organisation))?;
        Ok(Versioned { value: found.data, version: found.version })
    }

    pub(crate) async fn organisations(
        &self,
        actor: &Actor,
        request: &PageRequest,
    ) -> Result<Page<Organisation>> {
        if actor.scope(Action::ReadOrganisation) != Scope::Everything {
            request.expect_first()?;
            let Some(id) = actor.confined_to(Action::ReadOrganisation).ok().flatten() else {
                return Ok(Page::new(Vec::new(), None));
            };
            let own = self.organisation(actor, id).await?;
            return Ok(Page::new(vec![own.value], None));
        }
        let listing = Listing {
            scope: "organisations".to_owned(),
            range: &|part| {
                (part == 0).then(|| Range { partition: keyspace::organisations(), prefix: String::new() })
            },
            key: |id| OrganisationId::try_from(id).ok().map(keyspace::organisation_profile),
            keep: &|_, _| true,
        };
        self.list(&listing, request).await
    }

    pub(crate) async fn replace_organisation(
        &self,
        actor: &Actor,
        id: OrganisationId,
        fields: &OrganisationFields,
        expected: Option<Version>,
    ) -> Result<Versioned<Organisation>> {
        self.update_organisation(actor, id, expected, |_| fields.clone()).await
    }

    pub(crate) async fn change_organisation(
        &self,
        actor: &Actor,
        id: OrganisationId,
        patch: &OrganisationPatch,
        expected: Option<Version>,
    ) -> Result<Versioned<Organisation>> {
        self.update_organisation(actor, id, expected, |old| {
            let patch = patch.clone();
            OrganisationFields {
                name: patch.name.apply(Some(old.name.clone())).unwrap_or_default(),
                address: patch.address.apply(old.address.clone()),
                description: patch.description.apply(old.description.clone()),
            }
        })
        .await
    }

    async fn update_organisation(
        &self,
        actor: &Actor,
        id: OrganisationId,
        expected: Option<Version>,
        change: impl Fn(&Organisation) -> OrganisationFields + Send + Sync,
    ) -> Result<Versioned<Organisation>> {
        let change = &change;
        let now = self.database.now();
        self.write(|transaction| async move {
            let key = keyspace::organisation_profile(id);
            let actor = self.confirm(&transaction, actor).await?;
            actor.may(Action::UpdateOrganisation, &target(id))?;
            let found = transaction.read::<Organisation>(&key).await?;
            let found = found.ok_or(Error::NotFound(Kind::Organisation))?;
            check_version(expected, found.version, Kind::Organisation)?;
            if found.closing {
                return Err(Conflict::Closing.into());
            }
            let old = found.data;
            let fields = change(&old);
            let draft = OrganisationDraft::parse(&fields)?;
            actor.may_set(Action::UpdateOrganisation, fields.set_over(Some(&old)), &target(id))?;
            if draft.name.folded() != fold_name(&old.name) {
                expect_free(&transaction, &draft.name).await?;
            }
            let new = draft.into_organisation(id, old.created_at, now);
            transaction.replace(key, Some(&old), Some(&new))?;
            Ok(Versioned { value: new, version: transaction.version() })
        })
        .await
    }
}

async fn expect_free(transaction: &Transaction, name: &Name) -> Result<()> {
    match transaction.lookup(&keyspace::organisation_by_name(name.folded())).await? {
        None => Ok(()),
        Some(id) => {
            // A deletion that a crash left half done holds no name.
            let id = OrganisationId::allotted(id)?;
            let holder = transaction.read::<Organisation>(&keyspace::organisation_profile(id)).await?;
            let closing = holder.is_some_and(|holder| holder.closing);
            Err(if closing { Conflict::Closing } else { Conflict::NameTaken }.into())
        }
    }
}

pub(super) fn target(id: OrganisationId) -> Target {
    Target { organisation_id: Some(id), ..Target::default() }
}
