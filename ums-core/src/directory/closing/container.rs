//! Organisations and departments, which hold others: looked into, swept, deleted or opened again.

use ums_store::Key;

use super::members::{BATCH, begin_user};
use crate::directory::Directory;
use crate::index::Indexed;
use crate::keyspace::{self, DEPARTMENT, Partition, USER};
use crate::model::{Department, DepartmentId, OrganisationId, UserId};
use crate::record::{ClosingMark, Found, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result};

/// How many sweeps in a row may find nothing to delete behind the entries that they found.
const SWEEPS_IN_VAIN: usize = 8;

/// Something that others point to.
#[derive(Debug)]
pub(super) struct Container {
    kind: Kind,
    id: u64,
    pub(super) profile: Key,
    partition: Partition,
}

impl Container {
    pub(super) fn organisation(id: OrganisationId) -> Self {
        Self {
            kind: Kind::Organisation,
            id: id.as_u64(),
            profile: keyspace::organisation_profile(id),
            partition: keyspace::organisation(Some(id)),
        }
    }

    pub(super) fn department(id: DepartmentId) -> Self {
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

impl Directory {
    /// Looks whether a container holds something before its deletion begins, so that the usual refusal changes nothing.
    /// What comes in after this look is found by the one after the mark.
    pub(super) async fn expect_empty<T: Indexed>(
        &self,
        container: &Container,
        found: &Found<T>,
    ) -> Result<()> {
        let (departments, users) = self.members(container, 1).await?;
        let empty = departments.is_empty() && users.is_empty();
        if empty || found.closing { Ok(()) } else { Err(Conflict::NotEmpty.into()) }
    }

    async fn members(&self, container: &Container, most: usize) -> Result<(Vec<u64>, Vec<u64>)> {
        let departments = self.ids_in(&container.partition, DEPARTMENT, most).await?;
        let users = self.ids_in(&container.partition, USER, most).await?;
        Ok((departments, users))
    }

    pub(super) async fn finish_container<T: Indexed>(&self, container: &Container) -> Result<()> {
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
}

/// Marks a container as one whose deletion has begun. One that was begun with cascade before stays so: it is half done.
pub(super) async fn begin<T: Indexed>(
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
