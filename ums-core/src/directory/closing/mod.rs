//! Deleting what others point to.
//!
//! First the record becomes `closing`, so that every commit that expected it open is refused and later ones see it;
//! then members are looked for; then it is deleted, or opened again. A mark says that a deletion has begun: what a
//! crash left half done is finished at the next start, and by whoever meets it before.

mod container;
mod members;

use ums_store::{Scan, Version};

use super::place::{Departments, departments_above, no_department};
use super::user_fields::no_user;
use super::{Directory, check_version, organisations, users};
use crate::access::{Action, Actor};
use crate::keyspace;
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, UserId};
use crate::record::UserRecord;
use crate::{Conflict, Error, Kind, Result};
use container::{Container, begin};
use members::begin_user;

impl Directory {
    pub(crate) async fn delete_organisation(
        &self,
        actor: &Actor,
        id: OrganisationId,
        expected: Option<Version>,
        cascade: bool,
    ) -> Result<()> {
        if cascade {
            actor.may(Action::DeleteOrganisation, &organisations::target(id))?;
            self.expect_deletable(actor, &[keyspace::organisation(Some(id))]).await?;
        }
        let container = &Container::organisation(id);
        self.database
            .transact(|transaction| async move {
                let actor = self.confirm(&transaction, actor).await?;
                actor.may(Action::DeleteOrganisation, &organisations::target(id))?;
                let found = transaction.read::<Organisation>(&container.profile).await?;
                let found = found.ok_or(Error::NotFound(Kind::Organisation))?;
                check_version(expected, found.version, Kind::Organisation)?;
                if !cascade {
                    self.expect_empty(container, &found).await?;
                }
                begin(&transaction, container, &found, cascade).await
            })
            .await?;
        self.finish_container::<Organisation>(container).await
    }

    /// Deletes a department, and says of which organisation it was.
    pub(crate) async fn delete_department(
        &self,
        actor: &Actor,
        id: DepartmentId,
        expected: Option<Version>,
        cascade: bool,
    ) -> Result<OrganisationId> {
        if cascade {
            let found = self.database.department(id).await?.ok_or_else(no_department)?;
            actor.may(Action::DeleteDepartment, &organisations::target(found.data.organisation_id))?;
            let below = self.subtree(id).await?.into_iter().map(keyspace::department).collect::<Vec<_>>();
            self.expect_deletable(actor, &below).await?;
        }
        let container = &Container::department(id);
        let organisation_id = self
            .database
            .transact(|transaction| async move {
                let actor = self.confirm(&transaction, actor).await?;
                let found = transaction.department(id).await?.ok_or_else(no_department)?;
                let target = organisations::target(found.data.organisation_id);
                actor.may(Action::DeleteDepartment, &target)?;
                check_version(expected, found.version, Kind::Department)?;
                if !cascade {
                    self.expect_empty(container, &found).await?;
                }
                begin(&transaction, container, &found, cascade).await?;
                Ok(found.data.organisation_id)
            })
            .await?;
        self.finish_container::<Department>(container).await?;
        Ok(organisation_id)
    }

    /// Deletes a user, and says of which organisation it was.
    pub(crate) async fn delete_user(
        &self,
        actor: &Actor,
        id: UserId,
        expected: Option<Version>,
    ) -> Result<Option<OrganisationId>> {
        let organisation_id = self
            .database
            .transact(|transaction| async move {
                let actor = self.confirm(&transaction, actor).await?;
                let found = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
                let found = found.ok_or_else(no_user)?;
                let user = &found.data.user;
                let above = departments_above(&transaction, user.department_id).await?;
                actor.may(Action::DeleteUser, &users::target(user, user.role, above))?;
                check_version(expected, found.version, Kind::User)?;
                begin_user(&transaction, &found).await?;
                Ok(found.data.user.organisation_id)
            })
            .await?;
        self.finish_users(&[id]).await?;
        Ok(organisation_id)
    }

    /// Finishes every deletion that has begun. Returns how many there were. One that can't be finished, since what it is
    /// of is broken, stops no other.
    pub(crate) async fn finish_closing(&self) -> Result<usize> {
        let mut finished = 0;
        let mut broken = None;
        let mut scan = Scan::partition(keyspace::closing().as_str());
        loop {
            let page = self.database.scan(&scan).await?;
            for item in &page.items {
                finished += 1;
                match self.finish(&item.sort).await {
                    // Opened again, since it was not to be deleted with what it holds.
                    Ok(()) | Err(Error::Conflict(Conflict::NotEmpty | Conflict::LastAdmin)) => {}
                    Err(error @ Error::Internal(_)) => broken = broken.or(Some(error)),
                    Err(error) => return Err(error),
                }
            }
            let Some(next) = page.next else { return broken.map_or(Ok(finished), Err) };
            scan = scan.after(next);
        }
    }

    async fn finish(&self, mark: &str) -> Result<()> {
        let unknown = || Error::internal(format!("the mark of a deletion, {mark}, can't be read"));
        let (kind, id) = mark.split_once('/').ok_or_else(unknown)?;
        let id = id.parse().map_err(|_| unknown())?;
        match kind {
            "organisation" => {
                let container = Container::organisation(OrganisationId::allotted(id)?);
                self.finish_container::<Organisation>(&container).await
            }
            "department" => {
                let container = Container::department(DepartmentId::allotted(id)?);
                self.finish_container::<Department>(&container).await
            }
            "user" => self.finish_users(&[UserId::allotted(id)?]).await,
            _ => Err(unknown()),
        }
    }
}
