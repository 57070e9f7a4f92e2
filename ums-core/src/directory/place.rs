//! Where a user or department belongs: an organisation, a department of it, and those above that.

use ums_store::Scan;

use super::Directory;
use crate::access::{Action, Actor, Target};
use crate::keyspace::Partition;
use crate::model::{Department, DepartmentId, Organisation, OrganisationId};
use crate::record::{Found, Record, read_id};
use crate::transaction::{Database, Transaction};
use crate::{Conflict, Error, Faults, Kind, Result, keyspace};

/// How many departments may stand above one another.
pub(crate) const DEPTH: usize = 32;

/// A place that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) organisation_id: Option<OrganisationId>,
    pub(super) department_id: Option<DepartmentId>,
    /// The department and every one above it, lowest first.
    pub(super) departments: Vec<DepartmentId>,
}

impl Place {
    pub(super) fn target(&self) -> Target {
        Target {
            organisation_id: self.organisation_id,
            departments: self.departments.clone(),
            ..Target::default()
        }
    }
}

/// What reads departments: a transaction, so that what was read still holds at the commit, or the database.
pub(super) trait Departments {
    fn department(&self, id: DepartmentId) -> impl Future<Output = Result<Option<Found<Department>>>> + Send;
}

impl Departments for Transaction {
    async fn department(&self, id: DepartmentId) -> Result<Option<Found<Department>>> {
        self.read(&keyspace::department_profile(id)).await
    }
}

impl Departments for Database {
    async fn department(&self, id: DepartmentId) -> Result<Option<Found<Department>>> {
        self.read(&keyspace::department_profile(id)).await
    }
}

/// A department and every one above it, lowest first.
pub(super) async fn departments_above(
    departments: &(impl Departments + Sync),
    lowest: Option<DepartmentId>,
) -> Result<Vec<DepartmentId>> {
    let mut path = Vec::new();
    let mut next = lowest;
    while let Some(id) = next {
        if path.len() >= 4 * DEPTH {
            return Err(Error::internal(format!("department {id} has too many departments above it")));
        }
        path.push(id);
        next = departments.department(id).await?.and_then(|found| found.data.parent_id);
    }
    Ok(path)
}

impl Directory {
    /// Reads the place that a user is to have. What is not there, and what the actor can't see, is a fault of its
    /// field, alike.
    pub(super) async fn user_place(
        &self,
        transaction: &Transaction,
        actor: &Actor,
        organisation_id: Option<OrganisationId>,
        department_id: Option<DepartmentId>,
    ) -> Result<Place> {
        let mut faults = Faults::default();
        let department = match department_id {
            None => None,
            Some(id) => {
                let found = transaction.department(id).await?;
                let seen = found.filter(|found| sees_department(actor, &found.data));
                if seen.is_none() {
                    faults.add("department_id", "not_found", "there is no such department");
                }
                seen
            }
        };
        let implied = department.as_ref().map(|found| found.data.organisation_id);
        if let (Some(given), Some(implied)) = (organisation_id, implied)
            && given != implied
        {
            let message = "the department belongs to another organisation";
            faults.add("department_id", "wrong_organisation", message);
        }
        let organisation_id = organisation_id.or(implied);
        if let Some(id) = organisation_id {
            let key = keyspace::organisation_profile(id);
            let found = transaction.read::<Organisation>(&key).await?;
            let visible = actor_sees_organisation(actor, id);
            match found.filter(|_| visible) {
                None => faults.add("organisation_id", "not_found", "there is no such organisation"),
                Some(found) => expect_open(&found)?,
            }
        }
        faults.into_result()?;
        if let Some(department) = &department {
            expect_open(department)?;
        }
        let departments = departments_above(transaction, department_id).await?;
        Ok(Place { organisation_id, department_id, departments })
    }

    /// The name of the organisation that an account is in or is to be in, as far as the actor sees it; the actor's own
    /// where no place is given.
    pub(crate) async fn organisation_name(
        &self,
        actor: &Actor,
        organisation_id: Option<OrganisationId>,
        department_id: Option<DepartmentId>,
    ) -> Result<Option<String>> {
        let id = match (organisation_id, department_id, actor) {
            (None, Some(id), _) => {
                self.database.department(id).await?.map(|found| found.data.organisation_id)
            }
            (None, None, Actor::User { organisation_id, .. }) => *organisation_id,
            _ => organisation_id,
        };
        let Some(id) = id.filter(|id| actor_sees_organisation(actor, *id)) else { return Ok(None) };
        let found = self.database.read::<Organisation>(&keyspace::organisation_profile(id)).await?;
        Ok(found.map(|found| found.data.name))
    }

    /// Reads the departments above a department to be, and refuses a parent that is not there, of another
    /// organisation, below the department itself, or too deep.
    pub(super) async fn parent_path(
        &self,
        transaction: &Transaction,
        organisation_id: OrganisationId,
        parent_id: Option<DepartmentId>,
        itself: Option<DepartmentId>,
    ) -> Result<Vec<DepartmentId>> {
        let Some(parent_id) = parent_id else { return Ok(Vec::new()) };
        let parent = transaction.department(parent_id).await?;
        let Some(parent) = parent.filter(|found| found.data.organisation_id == organisation_id) else {
            return Err(Error::invalid("parent_id", "not_found", "the organisation has no such department"));
        };
        expect_open(&parent)?;
        let path = departments_above(transaction, Some(parent_id)).await?;
        if itself.is_some_and(|itself| path.contains(&itself)) {
            let message = "a department can't stand below itself";
            return Err(Error::invalid("parent_id", "cycle", message));
        }
        let below = match itself {
            Some(itself) => self.levels_below(itself).await?,
            None => 0,
        };
        if path.len() + 1 + below > DEPTH {
            let message = format!("at most {DEPTH} departments can stand above one another");
            return Err(Error::invalid("parent_id", "too_deep", message));
        }
        Ok(path)
    }
}

impl Directory {
    /// How many levels of departments stand below one.
    async fn levels_below(&self, id: DepartmentId) -> Result<usize> {
        let mut level = vec![id];
        for levels in 0..DEPTH {
            level = self.departments_below(&level).await?;
            if level.is_empty() {
                return Ok(levels);
            }
        }
        Ok(DEPTH)
    }

    /// A department and all those below it.
    pub(super) async fn subtree(&self, id: DepartmentId) -> Result<Vec<DepartmentId>> {
        let mut all = vec![id];
        let mut level = vec![id];
        for _ in 0..DEPTH {
            level = self.departments_below(&level).await?;
            all.extend(&level);
        }
        Ok(all)
    }

    async fn departments_below(&self, level: &[DepartmentId]) -> Result<Vec<DepartmentId>> {
        let mut below = Vec::new();
        for id in level {
            let ids = self.ids_in(&keyspace::department(*id), keyspace::DEPARTMENT, usize::MAX).await?;
            for id in ids {
                below.push(DepartmentId::allotted(id)?);
            }
        }
        Ok(below)
    }

    /// The ids that a partition's entries of one prefix lead to, up to a number.
    pub(super) async fn ids_in(&self, partition: &Partition, prefix: &str, most: usize) -> Result<Vec<u64>> {
        let mut ids = Vec::new();
        let mut scan = Scan::partition(partition.as_str()).prefix(prefix).limit(most.min(1_000));
        loop {
            let page = self.database.scan(&scan).await?;
            for item in &page.items {
                ids.push(read_id(&partition.key(&item.sort), &item.entry.value)?);
            }
            match page.next {
                Some(next) if ids.len() < most => scan = scan.after(next),
                _ => return Ok(ids),
            }
        }
    }
}

/// Refuses what is being deleted.
pub(super) fn expect_open<T: Record>(found: &Found<T>) -> Result<()> {
    if found.closing { Err(Conflict::Closing.into()) } else { Ok(()) }
}

/// Somebody who registers names a department without an account to see it with.
fn sees_department(actor: &Actor, department: &Department) -> bool {
    let target = Target { organisation_id: Some(department.organisation_id), ..Target::default() };
    *actor == Actor::Anonymous || actor.may(Action::ReadDepartment, &target).is_ok()
}

fn actor_sees_organisation(actor: &Actor, id: OrganisationId) -> bool {
    let target = Target { organisation_id: Some(id), ..Target::default() };
    *actor == Actor::Anonymous || actor.may(Action::ReadOrganisation, &target).is_ok()
}

/// The error for a department that is not there.
pub(super) fn no_department() -> Error {
    Error::NotFound(Kind::Department)
}
