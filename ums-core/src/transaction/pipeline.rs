//! Transactions one after the other, each decided while those before it are being committed.

use tokio::sync::watch;
use tokio::task::JoinHandle;
use ums_store::{Commit, CommitId, Entry, Key, Version, Write};

use super::commit::{Settled, settle};
use super::{Database, Transaction};
use crate::{Error, Result};

/// What commits that are under way leave at their keys, once they apply: the newest last, the operations of each in the
/// order of keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead(Vec<Commit>);

impl Ahead {
    /// What will stand at a key; `None` where the commits leave it alone.
    pub(super) fn find(&self, key: &Key) -> Option<Option<Entry>> {
        self.0.iter().rev().find_map(|commit| left_by(commit, key))
    }

    /// Whether one of them is what gives entries this version.
    pub(super) fn makes(&self, version: Version) -> bool {
        self.0.iter().any(|commit| Version::from(commit.id()) == version)
    }
}

fn left_by(commit: &Commit, key: &Key) -> Option<Option<Entry>> {
    let ops = commit.ops();
    let op = ops.get(ops.binary_search_by(|op| op.key.cmp(key)).ok()?)?;
    match &op.write {
        Write::Put { value, expires_at } => {
            let (value, expires_at) = (value.clone(), *expires_at);
            Some(Some(Entry { value, version: commit.id().into(), expires_at }))
        }
        Write::Delete => Some(None),
        Write::Nothing => None,
    }
}

/// A commit under way.
#[derive(Debug)]
pub(crate) struct Sending {
    commit: Commit,
    settled: JoinHandle<Result<Settled>>,
    /// Becomes `true` once it has applied.
    is_applied: watch::Receiver<bool>,
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
    /// A transaction that sees what those under way will have written, each of which was sent after the one before it.
    pub(crate) fn begin<'a>(&self, after: impl Iterator<Item = &'a Sending>) -> Transaction {
        let transaction = Transaction::new(self.store(), CommitId::from_u128(self.random().u128()));
        let ahead = Ahead(after.map(|sending| sending.commit.clone()).collect());
        // Those that follow each other are of one kind, and of about one size.
        transaction.pending().keys.reserve(ahead.0.last().map_or(0, |commit| commit.ops().len()));
        Transaction { ahead, ..transaction }
    }

    /// Begins to commit, as soon as the one that was sent last has applied. Where that does not apply, nor does this.
    pub(crate) fn send(&self, Sealed(commit): Sealed, after: Option<&Sending>) -> Sending {
        let (tell, is_applied) = watch::channel(false);
        let before = after.map(|sending| sending.is_applied.clone());
        let (database, sent) = (self.clone(), commit.clone());
        let settled = tokio::spawn(async move {
            if let Some(mut before) = before
                && before.wait_for(|is_applied| *is_applied).await.is_err()
            {
                return Ok(Settled::Refused);
            }
            let ending = database.epochs.on_end_of(&sent);
            let settled = settle(&*database.store, &sent).await;
            drop(ending);
            if matches!(settled, Ok(Settled::Applied)) {
                tell.send_replace(true);
            }
            settled
        });
        Sending { commit, settled, is_applied }
    }
}
