//! Users, the members of what is deleted: with their sessions, many to a commit.

use ums_store::{Key, Scan};

use crate::access::Actor;
use crate::directory::{Directory, count_admins};
use crate::keyspace::{self, Partition, SESSION, TOKEN, USER};
use crate::model::UserId;
use crate::parse::fold_email;
use crate::record::{Admins, ClosingMark, Found, UserRecord};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Kind, Result};

/// What a user's deletion costs at most in operations, but for its sessions, tokens and messages: profile, credential, mark,
/// administrators' count, entries by address in three places, external id, eight words of the name, attempts at its
/// password, a message to its address.
const OPERATIONS_PER_USER: usize = 18;

/// How many members are looked at in one go.
pub(super) const BATCH: usize = 500;

impl Directory {
    /// Deletes users that are closing, with their sessions, tokens and messages.
    pub(super) async fn finish_users(&self, ids: &[UserId]) -> Result<()> {
        for id in ids {
            self.delete_belongings(*id).await?;
        }
        self.database
            .transact(|transaction| async move {
                for id in ids {
                    let key = keyspace::user_profile(*id);
                    let found = transaction.read::<UserRecord>(&key).await?;
                    let Some(found) = found.filter(|found| found.closing) else { continue };
                    transaction.replace(key, Some(&found.data), None)?;
                    transaction.delete(keyspace::credential(*id));
                    self.throttle.forget(&transaction, &found.data.user.email);
                    transaction.delete(keyspace::message_to_address(&fold_email(&found.data.user.email)));
                    transaction.delete(keyspace::closing_mark(Kind::User, id.as_u64()));
                }
                Ok(())
            })
            .await
    }

    /// Deletes every session and token of a user that is closing, and every message to them, so that no new one comes.
    async fn delete_belongings(&self, id: UserId) -> Result<()> {
        let (own, outbox) = (keyspace::user(id), keyspace::outbox());
        for (partition, prefix) in
            [(&own, SESSION), (&own, TOKEN), (&outbox, keyspace::messages_of(id).as_str())]
        {
            self.delete_all(partition, prefix).await?;
        }
        Ok(())
    }

    async fn delete_all(&self, partition: &Partition, prefix: &str) -> Result<()> {
        let limit = self.database.limits().operations.min(BATCH);
        let mut scan = Scan::partition(partition.as_str()).prefix(prefix).limit(limit);
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

    pub(super) fn users_per_commit(&self) -> usize {
        (self.database.limits().operations / OPERATIONS_PER_USER).clamp(1, BATCH)
    }

    /// Looks, before anything is deleted, whether a cascade would meet an account above the actor's, or the last
    /// administrator. What changes after this look is held by the commits of the sweep.
    pub(super) async fn expect_deletable(&self, actor: &Actor, partitions: &[Partition]) -> Result<()> {
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

/// Marks a user as one whose deletion has begun; from then on it counts as no administrator and can't log in.
pub(super) async fn begin_user(transaction: &Transaction, found: &Found<UserRecord>) -> Result<()> {
    if found.closing {
        return Ok(());
    }
    let id = found.data.user.id;
    count_admins(transaction, found.data.counts_as_admin(), false).await?;
    transaction.put_closing(keyspace::user_profile(id), &found.data, true)?;
    transaction.put(keyspace::closing_mark(Kind::User, id.as_u64()), &ClosingMark { cascade: false })
}
