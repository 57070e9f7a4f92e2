//! Transactions one after the other, each decided while the one before it is being committed.

use std::sync::Arc;

use tokio::task::JoinHandle;
use ums_store::{Commit, CommitId, Entry, Key, Version, Write};

use super::commit::{Settled, settle};
use super::{Database, Transaction};
use crate::{Error, Result};

/// What a commit that is under way leaves at its keys, once it applies. Its operations are in the order of keys.
#[derive(Clone, Debug)]
pub(super) struct Ahead(Arc<Commit>);

impl Ahead {
    /// What will stand at a key; `None` where the commit leaves it alone.
    pub(super) fn find(&self, key: &Key) -> Option<Option<Entry>> {
        let ops = self.0.ops();
        let op = ops.get(ops.binary_search_by(|op| op.key.cmp(key)).ok()?)?;
        match &op.write {
            Write::Put { value, expires_at } => {
                let (value, expires_at) = (value.clone(), *expires_at);
                Some(Some(Entry { value, version: self.version(), expires_at }))
            }
            Write::Delete => Some(None),
            Write::Nothing => None,
        }
    }

    pub(super) fn version(&self) -> Version {
        self.0.id().into()
    }
}

/// A commit under way.
#[derive(Debug)]
pub(crate) struct Sending {
    ahead: Ahead,
    settled: JoinHandle<Result<Settled>>,
}

impl Sending {
    /// Waits for its end: whether it was applied. Where it was not, what was decided upon it is void.
    pub(crate) async fn applied(self) -> Result<bool> {
        let settled = self.settled.await;
        match settled.map_err(|error| Error::internal(format!("a commit broke off: {error}")))?? {
            Settled::Applied => Ok(true),
            Settled::Refused => Ok(false),
        }
    }
}

impl Database {
    /// A transaction that sees what one under way will have written. It must not be sent before that one has applied.
    pub(crate) fn begin(&self, after: Option<&Sending>) -> Transaction {
        let id = CommitId::from_u128(self.random().u128());
        Transaction {
            ahead: after.map(|sending| sending.ahead.clone()),
            ..Transaction::new(self.store(), id)
        }
    }

    /// Begins to commit a transaction; nothing where it writes nothing.
    pub(crate) fn send(&self, transaction: Transaction) -> Option<Sending> {
        let commit = Arc::new(transaction.into_commit()?);
        let (store, ahead) = (self.store(), Ahead(commit.clone()));
        Some(Sending { ahead, settled: tokio::spawn(async move { settle(&*store, &commit).await }) })
    }
}
