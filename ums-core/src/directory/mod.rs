//! Organisations, departments and users: the rules for making, changing, finding and deleting them.

mod closing;
mod departments;
mod fields;
mod listing;
mod messages;
mod organisations;
mod own;
mod place;
mod rights;
mod uniqueness;
mod upsert;
mod user_fields;
mod user_list;
mod users;

pub use departments::DepartmentFilter;
pub(crate) use fields::{DepartmentDraft, OrganisationDraft};
pub(crate) use place::DEPTH;
pub(crate) use rights::{Rights, RightsChange, UserChange};
pub(crate) use upsert::{Existing, Upserted, UserUpsert, UserUpserted};
pub(crate) use user_fields::{UserDraft, new_status};
pub use user_list::UserFilter;
pub(crate) use users::{FirstAccount, NewCredential};

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ums_store::Version;

use crate::access::Actor;
use crate::model::{Role, Status};
use crate::outbox::Outbox;
use crate::page::Cursors;
use crate::record::{Admins, UserRecord};
use crate::throttle::Throttle;
use crate::transaction::{Database, Transaction};
use crate::{Conflict, Error, Kind, Result, keyspace};

/// A resource with the version that it was read or written at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Versioned<T> {
    /// The resource.
    pub value: T,
    /// Changes whenever the resource does: its entity tag (RFC 9110, section 8.8.3).
    pub version: Version,
}

/// Organisations, departments and users over a store.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    database: Database,
    cursors: Arc<Cursors>,
    throttle: Throttle,
    outbox: Outbox,
    /// Set once it is known that the store has had an account, so that new ones need not look.
    has_accounts: Arc<AtomicBool>,
}

impl Directory {
    pub(crate) fn new(database: Database, cursors: Arc<Cursors>, throttle: Throttle, outbox: Outbox) -> Self {
        Self { database, cursors, throttle, outbox, has_accounts: Arc::default() }
    }

    /// The same directory, but that nothing that is written to it stays.
    pub(crate) fn rehearsal(&self) -> Self {
        Self { database: self.database.rehearsal(), has_accounts: Arc::default(), ..self.clone() }
    }

    fn has_accounts(&self) -> bool {
        self.has_accounts.load(Ordering::Relaxed)
    }

    fn note_accounts(&self) {
        self.has_accounts.store(true, Ordering::Relaxed);
    }

    /// Runs a change. Where it meets something whose deletion has begun, the deletion is finished first: a crash may
    /// have left it half done.
    pub(crate) async fn write<T, F, R>(&self, work: F) -> Result<T>
    where
        F: Fn(Transaction) -> R + Send + Sync,
        R: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let answer = self.database.transact(&work).await;
        if matches!(answer, Err(Error::Conflict(Conflict::Closing))) {
            match self.finish_closing().await {
                // What can't be finished is perhaps not what was met; if it is, the answer stays.
                Ok(_) | Err(Error::Internal(_)) => {}
                Err(error) => return Err(error),
            }
            return self.database.transact(&work).await;
        }
        answer
    }

    /// Reads the actor's account within the transaction, so that the change holds only while the rights do.
    pub(crate) async fn confirm(&self, transaction: &Transaction, actor: &Actor) -> Result<Actor> {
        let Some(id) = actor.user_id() else { return Ok(actor.clone()) };
        let found = transaction.read::<UserRecord>(&keyspace::user_profile(id)).await?;
        match found {
            Some(found) if !found.closing && found.data.user.status == Status::Active => {
                Ok(found.data.actor())
            }
            _ => Err(Error::InvalidAccessToken),
        }
    }
}

impl UserRecord {
    /// The account as one who acts.
    pub(crate) fn actor(&self) -> Actor {
        Actor::User {
            id: self.user.id,
            role: self.user.role,
            organisation_id: self.user.organisation_id,
            department_id: self.user.department_id,
        }
    }

    /// Whether it counts as an administrator who can act.
    pub(crate) fn counts_as_admin(&self) -> bool {
        self.user.role == Role::Admin && self.user.status == Status::Active
    }
}

/// Keeps the count of administrators over a change of one account, and that there is one left.
async fn count_admins(transaction: &Transaction, before: bool, after: bool) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let key = keyspace::admins();
    let counted = transaction.read::<Admins>(&key).await?.map_or(0, |found| found.data.active);
    let active = if after { counted + 1 } else { counted.saturating_sub(1) };
    if active == 0 {
        return Err(Conflict::LastAdmin.into());
    }
    transaction.put(key, &Admins { active })
}

/// Looks whether a caller who expects a version may go on.
fn check_version(expected: Option<Version>, found: Version, kind: Kind) -> Result<()> {
    if expected.is_none_or(|expected| expected == found) {
        Ok(())
    } else {
        Err(Error::PreconditionFailed(kind))
    }
}
