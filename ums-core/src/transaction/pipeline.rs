//! Transactions one after the other, each decided while the one before it is being committed.

use tokio::task::JoinHandle;
use ums_store::{Commit, CommitId, Entry, Key, Version, Write};

use super::commit::{Settled, settle};
use super::{Database, Transaction};
use crate::{Error, Result};

/// What a commit that is under way leaves at its keys, once it applies. Its operations are in the order of keys.
#[derive(Clone, Debug)]
pub(super) struct Ahead(Commit);

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

/// A transaction that is decided: its commit, ready to be sent.
#[derive(Debug)]
pub(crate) struct Sealed(Commit);

impl Transaction {
    /// Makes up the commit, so that nothing is left to be done once it can be sent; `None` where nothing is written.
    pub(crate) fn seal(self) -> Option<Sealed> {
        self.into_commit().map(Sealed)
    }
}

impl Database {
    /// A transaction that sees what one under way will have written. It must not be sent before that one has applied.
    pub(crate) fn begin(&self, after: Option<&Sending>) -> Transaction {
        let transaction = Transaction::new(self.store(), CommitId::from_u128(self.random().u128()));
        let Some(Sending { ahead, .. }) = after else { return transaction };
        // Those that follow each other are of one kind, and of about one size.
        transaction.pending().keys.reserve(ahead.0.ops().len());
        Transaction { ahead: Some(ahead.clone()), ..transaction }
    }

    /// Begins to commit.
    pub(crate) fn send(&self, Sealed(commit): Sealed) -> Sending {
        let ahead = Ahead(commit.clone());
        let database = self.clone();
        let settled = tokio::spawn(async move {
            let ending = database.epochs.on_end_of(&commit);
            let settled = settle(&*database.store, &commit).await;
            drop(ending);
            settled
        });
        Sending { ahead, settled }
    }
}
