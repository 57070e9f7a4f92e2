//! Making what is not there and changing what is: for an import, many to a commit.

use super::fields::{DepartmentDraft, OrganisationDraft};
use super::place::{Departments, expect_open};
use super::rights::RightsChange;
use super::user_fields::{UserDraft, new_status};
use super::users::target;
use super::{Directory, NewCredential, organisations};
use crate::access::{Action, Actor, Field, Target};
use crate::model::{
    Department, DepartmentFields, DepartmentId, MessageKind, Organisation, OrganisationFields,
    OrganisationId, Role, Status, UserFields, UserId,
};
use crate::parse::Checker;
use crate::record::{Found, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result, Timestamp, keyspace};

/// What happens to something that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Skip,
    Update,
    Fail,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upserted {
    Created,
    Updated,
    Unchanged,
    Skipped,
}

/// What became of a user, who that is as it was found, and whose rights it changes.
#[derive(Debug)]
pub(crate) struct UserUpserted {
    pub(crate) upserted: Upserted,
    pub(crate) whom: Option<(UserId, ums_store::Version)>,
    /// Where the user stands after it.
    pub(crate) organisation_id: Option<OrganisationId>,
    pub(crate) rights: Option<RightsChange>,
}

/// A user to be made or changed. What is `None` is left as it is where the user is there already.
#[derive(Clone, Debug)]
pub(crate) struct UserUpsert {
    /// The id of the user, should it be a new one.
    pub(crate) id: UserId,
    pub(crate) draft: UserDraft,
    pub(crate) role: Option<Role>,
    pub(crate) status: Option<Status>,
    pub(crate) organisation_id: Option<OrganisationId>,
    pub(crate) department_id: Option<DepartmentId>,
    /// For a new user alone.
    pub(crate) credential: NewCredential,
    /// Whether a new account that has no password gets an invitation.
    pub(crate) invite: bool,
}

impl UserUpsert {
    /// Which fields it sets of a new user.
    fn sets(&self) -> impl Iterator<Item = Field> {
        [
            (Field::FullName, true),
            (Field::Email, true),
            (Field::ExternalId, self.draft.external_id.is_some()),
            (Field::Role, self.role.is_some()),
            (Field::Status, self.status.is_some()),
            (Field::OrganisationId, self.organisation_id.is_some()),
            (Field::DepartmentId, self.department_id.is_some()),
            (Field::Password, self.credential.is_some()),
        ]
        .into_iter()
        .filter_map(|(field, is_set)| is_set.then_some(field))
    }
}

impl Directory {
    /// Makes an organisation, or changes the one of its name.
    pub(crate) async fn upsert_organisation(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        draft: &OrganisationDraft,
        existing: Existing,
    ) -> Result<Upserted> {
        let actor = &self.confirm(transaction, actor).await?;
        let now = self.database.now();
        let holder = transaction.lookup(&keyspace::organisation_by_name(draft.name.folded())).await?;
        let Some(id) = holder.map(OrganisationId::allotted).transpose()? else {
            actor.may(Action::CreateOrganisation, &Target::default())?;
            let set = organisation_fields(draft).set_over(None);
            actor.may_set(Action::CreateOrganisation, set, &Target::default())?;
            let id = OrganisationId::allotted(self.database.next_id(Kind::Organisation).await?)?;
            let organisation = draft.clone().into_organisation(id, now, now);
            transaction.replace(keyspace::organisation_profile(id), None, Some(&organisation))?;
            return Ok(Upserted::Created);
        };
        actor.may(Action::UpdateOrganisation, &organisations::target(id))?;
        let key = keyspace::organisation_profile(id);
        let found = present(transaction.read::<Organisation>(&key).await?)?;
        expect_open(&found)?;
        match existing {
            Existing::Skip => return Ok(Upserted::Skipped),
            Existing::Fail => return Err(Conflict::NameTaken.into()),
            Existing::Update => {}
        }
        let old = &found.data;
        let mut new = draft.clone().into_organisation(id, old.created_at, old.updated_at);
        new.address = new.address.or_else(|| old.address.clone());
        new.description = new.description.or_else(|| old.description.clone());
        if new == *old {
            return Ok(Upserted::Unchanged);
        }
        let (set, after) = (organisation_fields(draft).set_over(Some(old)), organisations::target(id));
        actor.may_set(Action::UpdateOrganisation, set, &after)?;
        new.updated_at = now;
        transaction.replace(key, Some(old), Some(&new))?;
        Ok(Upserted::Updated)
    }

    /// The department of a name within an organisation.
    pub(crate) async fn department_named(
        &self,
        transaction: &Transaction,
        organisation_id: OrganisationId,
        folded: &str,
    ) -> Result<Option<DepartmentId>> {
        let id = transaction.lookup(&keyspace::department_by_name(organisation_id, folded)).await?;
        id.map(DepartmentId::allotted).transpose()
    }

    /// The organisation of a name that the actor sees.
    pub(crate) async fn organisation_named(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        folded: &str,
    ) -> Result<Option<OrganisationId>> {
        let id = transaction.lookup(&keyspace::organisation_by_name(folded)).await?;
        let id = id.map(OrganisationId::allotted).transpose()?;
        let seen =
            |id: &OrganisationId| actor.may(Action::ReadOrganisation, &organisations::target(*id)).is_ok();
        Ok(id.filter(seen))
    }

    /// Makes a department, or changes the one of its name.
    pub(crate) async fn upsert_department(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        organisation_id: OrganisationId,
        draft: &DepartmentDraft,
        existing: Existing,
    ) -> Result<(DepartmentId, Upserted)> {
        let actor = &self.confirm(transaction, actor).await?;
        self.expect_organisation(transaction, actor, organisation_id).await?;
        let now = self.database.now();
        let holder = self.department_named(transaction, organisation_id, draft.name.folded()).await?;
        let Some(id) = holder else {
            let after = organisations::target(organisation_id);
            actor.may(Action::CreateDepartment, &after)?;
            let set = department_fields(draft, organisation_id).set_over(None);
            actor.may_set(Action::CreateDepartment, set, &after)?;
            self.parent_path(transaction, organisation_id, draft.parent_id, None).await?;
            let id = DepartmentId::allotted(self.database.next_id(Kind::Department).await?)?;
            let department = draft.clone().into_department(id, organisation_id, now, now);
            transaction.replace(keyspace::department_profile(id), None, Some(&department))?;
            return Ok((id, Upserted::Created));
        };
        actor.may(Action::UpdateDepartment, &organisations::target(organisation_id))?;
        let found: Found<Department> = present(transaction.department(id).await?)?;
        expect_open(&found)?;
        match existing {
            Existing::Skip => return Ok((id, Upserted::Skipped)),
            Existing::Fail => return Err(Conflict::NameTaken.into()),
            Existing::Update => {}
        }
        let old = &found.data;
        let parent_id = draft.parent_id.or(old.parent_id);
        self.parent_path(transaction, organisation_id, parent_id, Some(id)).await?;
        let draft = DepartmentDraft { parent_id, ..draft.clone() };
        let mut new = draft.clone().into_department(id, organisation_id, old.created_at, old.updated_at);
        if new == *old {
            return Ok((id, Upserted::Unchanged));
        }
        let set = department_fields(&draft, organisation_id).set_over(Some(old));
        actor.may_set(Action::UpdateDepartment, set, &organisations::target(organisation_id))?;
        new.updated_at = now;
        transaction.replace(keyspace::department_profile(id), Some(old), Some(&new))?;
        Ok((id, Upserted::Updated))
    }

    /// Makes a user, or changes the one of its external id or e-mail address; says which that is, as it was found.
    pub(crate) async fn upsert_user(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        upsert: &UserUpsert,
        existing: Existing,
    ) -> Result<UserUpserted> {
        let actor = &self.confirm(transaction, actor).await?;
        let place = self.user_place(transaction, actor, upsert.organisation_id, upsert.department_id).await?;
        let Some(found) = self.same_user(transaction, upsert, place.organisation_id).await? else {
            let mut checker = Checker::default();
            let given = without_password(upsert.status, upsert.credential.is_none());
            let status = new_status(given, upsert.credential.is_some(), &mut checker);
            checker.finish()?;
            let role = upsert.role.unwrap_or(Role::Member);
            let after = Target { role: Some(role), ..place.target() };
            actor.may(Action::CreateUser, &after)?;
            actor.may_set(Action::CreateUser, upsert.sets(), &after)?;
            let (id, draft) = (upsert.id, &upsert.draft);
            let made =
                self.insert_user(transaction, id, draft, &place, role, status, &upsert.credential).await?;
            if upsert.invite && status == Status::Invited {
                self.outbox.put_first(transaction, id, MessageKind::Invitation)?;
            }
            let rights = RightsChange::granted(&made.value);
            let organisation_id = made.value.organisation_id;
            return Ok(UserUpserted { upserted: Upserted::Created, whom: None, organisation_id, rights });
        };
        expect_open(&found)?;
        let whom = Some((found.data.user.id, found.version));
        let old = &found.data.user;
        let reach = target(old, old.role, place.departments.clone());
        // Whoever can't see the account learns only what anybody who registers would.
        actor.may(Action::ReadUser, &reach).map_err(|_| Conflict::EmailTaken)?;
        match existing {
            Existing::Skip => {
                let organisation_id = old.organisation_id;
                return Ok(UserUpserted { upserted: Upserted::Skipped, whom, organisation_id, rights: None });
            }
            Existing::Fail => return Err(Conflict::EmailTaken.into()),
            Existing::Update => {}
        }
        actor.may(Action::UpdateUser, &reach)?;
        let moves = upsert.organisation_id.is_some() || upsert.department_id.is_some();
        let draft = &upsert.draft;
        let fields = UserFields {
            full_name: draft.full_name.as_str().to_owned(),
            email: draft.email.as_given().to_owned(),
            external_id: draft
                .external_id
                .as_ref()
                .map(|external_id| external_id.as_str().to_owned())
                .or_else(|| old.external_id.clone()),
            role: upsert.role.or(Some(old.role)),
            status: without_password(upsert.status, old.status == Status::Invited).or(Some(old.status)),
            organisation_id: if moves { place.organisation_id } else { old.organisation_id },
            department_id: upsert.department_id.or_else(|| {
                let stays = !moves || place.organisation_id == old.organisation_id;
                old.department_id.filter(|_| stays)
            }),
            password: None,
        };
        let record = self.changed(transaction, actor, &found, &fields, Checker::default(), &None).await?;
        let organisation_id = record.user.organisation_id;
        let mut unchanged = old.clone();
        unchanged.updated_at = record.user.updated_at;
        if unchanged == record.user {
            return Ok(UserUpserted { upserted: Upserted::Unchanged, whom, organisation_id, rights: None });
        }
        self.write_changed(transaction, &found, &record, &None).await?;
        let rights = RightsChange::between(old, &record.user);
        Ok(UserUpserted { upserted: Upserted::Updated, whom, organisation_id, rights })
    }

    /// Suspends a user of an organisation, where that can be; whether it was.
    pub(crate) async fn suspend_missing(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        id: UserId,
        organisation_id: OrganisationId,
        begun_at: Timestamp,
    ) -> Result<(bool, Option<RightsChange>)> {
        let nothing = Ok((false, None));
        let found = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        let Some(found) = found.filter(|found| !found.closing) else { return nothing };
        let old = &found.data.user;
        let is_oneself = actor.user_id() == Some(id);
        let stands_here = old.organisation_id == Some(organisation_id) && old.created_at <= begun_at;
        if is_oneself || old.status == Status::Suspended || !stands_here {
            return nothing;
        }
        let place = self.user_place(transaction, actor, old.organisation_id, old.department_id).await?;
        if actor.may(Action::UpdateUser, &target(old, old.role, place.departments)).is_err() {
            return nothing;
        }
        let fields = UserFields {
            full_name: old.full_name.clone(),
            email: old.email.clone(),
            external_id: old.external_id.clone(),
            role: Some(old.role),
            status: Some(Status::Suspended),
            organisation_id: old.organisation_id,
            department_id: old.department_id,
            password: None,
        };
        let record = self.changed(transaction, actor, &found, &fields, Checker::default(), &None).await?;
        match self.write_changed(transaction, &found, &record, &None).await {
            Ok(()) => Ok((true, RightsChange::between(old, &record.user))),
            Err(Error::Conflict(Conflict::LastAdmin)) => nothing,
            Err(error) => Err(error),
        }
    }

    /// The users of an organisation after an address, as many as are looked at together, and where to go on.
    pub(crate) async fn users_of(
        &self,
        organisation_id: OrganisationId,
        after: Option<String>,
        most: usize,
    ) -> Result<(Vec<UserRecord>, Option<String>)> {
        let partition = keyspace::organisation(Some(organisation_id));
        let mut scan = ums_store::Scan::partition(partition.as_str()).prefix(keyspace::USER).limit(1_000);
        scan.after = after;
        let mut users = Vec::new();
        loop {
            let page = self.database.scan(&scan).await?;
            let ids = page.items.iter().map(|item| {
                let id = crate::record::read_id(&partition.key(&item.sort), &item.entry.value)?;
                UserId::allotted(id).map(keyspace::user_profile)
            });
            let keys = ids.collect::<Result<Vec<_>>>()?;
            let found = self.database.read_all::<UserRecord>(&keys).await?;
            users.extend(found.into_iter().flatten().map(|found| found.data));
            match page.next {
                Some(next) if users.len() < most => scan = scan.after(next),
                next => return Ok((users, next)),
            }
        }
    }

    /// The user that a row means: by external id where it has one, else by e-mail address.
    async fn same_user(
        &self,
        transaction: &Transaction,
        upsert: &UserUpsert,
        organisation_id: Option<OrganisationId>,
    ) -> Result<Option<Found<UserRecord>>> {
        let by_external_id = match &upsert.draft.external_id {
            Some(external_id) => {
                let key = keyspace::organisation_external_id(organisation_id, external_id.as_str());
                transaction.lookup(&key).await?
            }
            None => None,
        };
        let id = match by_external_id {
            Some(id) => Some(id),
            None => transaction.lookup(&keyspace::user_by_email(upsert.draft.email.canonical())).await?,
        };
        let Some(id) = id.map(UserId::allotted).transpose()? else { return Ok(None) };
        let found = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        present(found).map(Some)
    }
}

/// The status that a row asks for: of an account that has no password yet, `active` means that it may become so, and until
/// then it is invited. So an export, which holds no passwords, can be imported.
fn without_password(given: Option<Status>, has_none: bool) -> Option<Status> {
    given.map(|status| if status == Status::Active && has_none { Status::Invited } else { status })
}

fn organisation_fields(draft: &OrganisationDraft) -> OrganisationFields {
    OrganisationFields {
        name: draft.name.as_str().to_owned(),
        address: draft.address.as_ref().map(|address| address.as_str().to_owned()),
        description: draft.description.as_ref().map(|description| description.as_str().to_owned()),
    }
}

fn department_fields(draft: &DepartmentDraft, organisation_id: OrganisationId) -> DepartmentFields {
    DepartmentFields {
        name: draft.name.as_str().to_owned(),
        organisation_id: Some(organisation_id),
        parent_id: draft.parent_id,
    }
}

fn present<T>(found: Option<Found<T>>) -> Result<Found<T>> {
    found.ok_or_else(|| Error::internal("an index entry leads to nothing"))
}
