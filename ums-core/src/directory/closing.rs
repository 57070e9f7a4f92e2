//! Deleting what others point to.
//!
//! First the record becomes `closing`, so that every commit that expected it open is refused and later ones see it;
//! then members are looked for; then it is deleted, or opened again. A mark says that a deletion has begun: what a
//! crash left half done is finished at the next start, and by whoever meets it before.

use ums_store::{Key, Scan, Version};

use super::place::{Departments, departments_above, no_department};
use super::user_fields::no_user;
use super::{Directory, check_version, count_admins, organisations, users};
use crate::access::{Action, Actor};
use crate::index::Indexed;
use crate::keyspace::{self, DEPARTMENT, Partition, SESSION, USER};
use crate::model::{Department, DepartmentId, Organisation, OrganisationId, UserId};
use crate::record::{Admins, ClosingMark, Found, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result};

/// What a user's deletion costs at most in operations, but for its sessions: profile, credential, mark, administrators'
/// count, entries by address in three places, external id, eight words of the name.
const OPERATIONS_PER_USER: usize = 16;

/// How many members are looked at in one go.
const BATCH: usize = 500;

/// How many sweeps in a row may find nothing to delete behind the entries that they found.
const SWEEPS_IN_VAIN: usize = 8;

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

    /// Finishes every deletion that has begun. Returns how many there were.
    pub(crate) async fn finish_closing(&self) -> Result<usize> {
        let mut finished = 0;
        let mut scan = Scan::partition(keyspace::closing().as_str());
        loop {
            let page = self.database.scan(&scan).await?;
            for item in &page.items {
                finished += 1;
                match self.finish(&item.sort).await {
                    // Opened again, since it was not to be deleted with what it holds.
                    Ok(()) | Err(Error::Conflict(Conflict::NotEmpty | Conflict::LastAdmin)) => {}
                    Err(error) => return Err(error),
                }
            }
            let Some(next) = page.next else { return Ok(finished) };
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

    /// Looks whether a container holds something before its deletion begins, so that the usual refusal changes nothing.
    /// What comes in after this look is found by the one after the mark.
    async fn expect_empty<T: Indexed>(&self, container: &Container, found: &Found<T>) -> Result<()> {
        let (departments, users) = self.members(container, 1).await?;
        let empty = departments.is_empty() && users.is_empty();
        if empty || found.closing { Ok(()) } else { Err(Conflict::NotEmpty.into()) }
    }

    async fn members(&self, container: &Container, most: usize) -> Result<(Vec<u64>, Vec<u64>)> {
        let departments = self.ids_in(&container.partition, DEPARTMENT, most).await?;
        let users = self.ids_in(&container.partition, USER, most).await?;
        Ok((departments, users))
    }

    async fn finish_container<T: Indexed>(&self, container: &Container) -> Result<()> {
        let mut in_vain = 0;
        loop {
            let Some(found) = self.database.read::<T>(&container.profile).await? else { return Ok(()) };
            if !found.closing {
                return Err(Conflict::NotEmpty.into());
            }
            let (departments, users) = self.members(container, BATCH).await?;
            if departments.is_empty() && users.is_empty() {
                if self.delete_container::<T>(container).await? {
                    return Ok(());
                }
                continue;
            }
            let mark = self.database.read::<ClosingMark>(&container.mark()).await?;
            if !mark.is_some_and(|mark| mark.data.cascade) {
                if self.reopen::<T>(container, false).await? {
                    return Err(Conflict::NotEmpty.into());
                }
                continue;
            }
            let swept = self.sweep(container, &departments, &users).await;
            if matches!(swept, Err(Error::Conflict(Conflict::NotEmpty | Conflict::LastAdmin))) {
                self.reopen::<T>(container, true).await?;
            }
            // Entries that were found and lead to no member: those who moved away meanwhile, and not again and again.
            in_vain = if swept? == 0 { in_vain + 1 } else { 0 };
            if in_vain == SWEEPS_IN_VAIN {
                let partition = container.partition.as_str();
                return Err(Error::internal(format!("entries of {partition} lead to nothing that is there")));
            }
        }
    }

    /// Deletes the record of what was found empty; `false` where others were at it meanwhile.
    async fn delete_container<T: Indexed>(&self, container: &Container) -> Result<bool> {
        self.database
            .transact(|transaction| async move {
                let found = transaction.read::<T>(&container.profile).await?;
                let Some(found) = found.filter(|found| found.closing) else { return Ok(false) };
                transaction.replace(container.profile.clone(), Some(&found.data), None)?;
                transaction.delete(container.mark());
                Ok(true)
            })
            .await
    }

    /// Opens a container again whose deletion is asked for with or without cascade, as given; `false` where it is asked
    /// for otherwise by now, or not at all.
    async fn reopen<T: Indexed>(&self, container: &Container, cascade: bool) -> Result<bool> {
        self.database
            .transact(|transaction| async move {
                let found = transaction.read::<T>(&container.profile).await?;
                let Some(found) = found.filter(|found| found.closing) else { return Ok(false) };
                let mark = transaction.read::<ClosingMark>(&container.mark()).await?;
                if mark.is_some_and(|mark| mark.data.cascade) != cascade {
                    return Ok(false);
                }
                transaction.put_closing(container.profile.clone(), &found.data, false)?;
                transaction.delete(container.mark());
                Ok(true)
            })
            .await
    }

    /// Deletes what a container holds, of that which was found in it: who has moved away since is left alone. Returns
    /// how many there were.
    async fn sweep(&self, container: &Container, departments: &[u64], users: &[u64]) -> Result<usize> {
        let mut swept = 0;
        for id in departments {
            let below = &Container::department(DepartmentId::allotted(*id)?);
            let begun = self
                .database
                .transact(|transaction| async move {
                    let found = transaction.read::<Department>(&below.profile).await?;
                    let Some(found) = found.filter(|found| container.holds(&found.data)) else {
                        return Ok(false);
                    };
                    begin(&transaction, below, &found, true).await?;
                    Ok(true)
                })
                .await?;
            if begun {
                Box::pin(self.finish_container::<Department>(below)).await?;
                swept += 1;
            }
        }
        let users: Vec<UserId> = users.iter().map(|id| UserId::allotted(*id)).collect::<Result<_>>()?;
        for batch in users.chunks(self.users_per_commit()) {
            let begun = self
                .database
                .transact(|transaction| async move {
                    let mut begun = Vec::with_capacity(batch.len());
                    for id in batch {
                        let found = transaction.read::<UserRecord>(&keyspace::user_profile(*id)).await?;
                        if let Some(found) = found.filter(|found| container.holds(&found.data)) {
                            begin_user(&transaction, &found).await?;
                            begun.push(*id);
                        }
                    }
                    Ok(begun)
                })
                .await?;
            self.finish_users(&begun).await?;
            swept += begun.len();
        }
        Ok(swept)
    }

    /// Deletes users that are closing, with their sessions.
    async fn finish_users(&self, ids: &[UserId]) -> Result<()> {
        for id in ids {
            self.delete_sessions(*id).await?;
        }
        self.database
            .transact(|transaction| async move {
                for id in ids {
                    let key = keyspace::user_profile(*id);
                    let found = transaction.read::<UserRecord>(&key).await?;
                    let Some(found) = found.filter(|found| found.closing) else { continue };
                    transaction.replace(key, Some(&found.data), None)?;
                    transaction.delete(keyspace::credential(*id));
                    transaction.delete(keyspace::closing_mark(Kind::User, id.as_u64()));
                }
                Ok(())
            })
            .await
    }

    /// Deletes every session of a user that is closing, so that no new one comes.
    async fn delete_sessions(&self, id: UserId) -> Result<()> {
        let partition = keyspace::user(id);
        let limit = self.database.limits().operations.min(BATCH);
        let mut scan = Scan::partition(partition.as_str()).prefix(SESSION).limit(limit);
        loop {
            let page = self.database.scan(&scan).await?;
            let keys = &page.items.iter().map(|item| partition.key(&item.sort)).collect::<Vec<_>>();
            self.database
                .transact(|transaction| async move {
                    keys.iter().for_each(|key| transaction.delete(key.clone()));
                    Ok(())
                })
                .await?;
            let Some(next) = page.next else { return Ok(()) };
            scan = scan.after(next);
        }
    }

    fn users_per_commit(&self) -> usize {
        (self.database.limits().operations / OPERATIONS_PER_USER).clamp(1, BATCH)
    }

    /// Looks, before anything is deleted, whether a cascade would meet an account above the actor's, or the last
    /// administrator. What changes after this look is held by the commits of the sweep.
    async fn expect_deletable(&self, actor: &Actor, partitions: &[Partition]) -> Result<()> {
        let mut admins = 0;
        for partition in partitions {
            let ids = self.ids_in(partition, USER, usize::MAX).await?;
            for batch in ids.chunks(BATCH) {
                let keys: Vec<Key> = batch
                    .iter()
                    .map(|id| UserId::allotted(*id).map(keyspace::user_profile))
                    .collect::<Result<_>>()?;
                for found in self.database.read_all::<UserRecord>(&keys).await?.into_iter().flatten() {
                    if actor.role().is_some_and(|role| found.data.user.role > role) {
                        return Err(Error::Forbidden);
                    }
                    admins += u64::from(found.data.counts_as_admin() && !found.closing);
                }
            }
        }
        let counted = self.database.read::<Admins>(&keyspace::admins()).await?;
        if admins > 0 && counted.is_none_or(|counted| counted.data.active <= admins) {
            return Err(Conflict::LastAdmin.into());
        }
        Ok(())
    }
}

/// Something that others point to.
#[derive(Debug)]
struct Container {
    kind: Kind,
    id: u64,
    profile: Key,
    partition: Partition,
}

impl Container {
    fn organisation(id: OrganisationId) -> Self {
        Self {
            kind: Kind::Organisation,
            id: id.as_u64(),
            profile: keyspace::organisation_profile(id),
            partition: keyspace::organisation(Some(id)),
        }
    }

    fn department(id: DepartmentId) -> Self {
        Self {
            kind: Kind::Department,
            id: id.as_u64(),
            profile: keyspace::department_profile(id),
            partition: keyspace::department(id),
        }
    }

    fn mark(&self) -> Key {
        keyspace::closing_mark(self.kind, self.id)
    }

    /// Whether something is listed in it.
    fn holds(&self, member: &impl Indexed) -> bool {
        member.index().keys().any(|key| key.partition() == self.partition.as_str())
    }
}

/// Marks a container as one whose deletion has begun. One that was begun with cascade before stays so: it is half done.
async fn begin<T: Indexed>(
    transaction: &Transaction,
    container: &Container,
    found: &Found<T>,
    cascade: bool,
) -> Result<()> {
    let begun = transaction.read::<ClosingMark>(&container.mark()).await?;
    let cascade = cascade || begun.is_some_and(|mark| mark.data.cascade);
    transaction.put_closing(container.profile.clone(), &found.data, true)?;
    transaction.put(container.mark(), &ClosingMark { cascade })
}

/// Marks a user as one whose deletion has begun; from then on it counts as no administrator and can't log in.
async fn begin_user(transaction: &Transaction, found: &Found<UserRecord>) -> Result<()> {
    if found.closing {
        return Ok(());
    }
    let id = found.data.user.id;
    count_admins(transaction, found.data.counts_as_admin(), false).await?;
    transaction.put_closing(keyspace::user_profile(id), &found.data, true)?;
    transaction.put(keyspace::closing_mark(Kind::User, id.as_u64()), &ClosingMark { cascade: false })
}
