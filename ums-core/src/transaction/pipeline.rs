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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ums_store_memory::MemoryStore;

    use super::*;
    use crate::record::Counter;
    use crate::{Kind, SystemClock, SystemRandom, keyspace};

    fn database() -> Database {
        Database::new(Arc::new(MemoryStore::new()), Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// Raises a counter by one over what the transaction sees.
    async fn raise(transaction: &Transaction, kind: Kind) -> u64 {
        let key = keyspace::counter(kind);
        let next = transaction.read::<Counter>(&key).await.unwrap().map_or(0, |found| found.data.next) + 1;
        transaction.put(key, &Counter { next }).unwrap();
        next
    }

    async fn counted(database: &Database, kind: Kind) -> Option<u64> {
        let found = database.read::<Counter>(&keyspace::counter(kind)).await.unwrap();
        found.map(|found| found.data.next)
    }

    #[tokio::test]
    async fn each_sees_what_all_before_it_write() {
        let database = database();
        let mut under_way: Vec<Sending> = Vec::new();
        for (kind, next) in [(Kind::User, 1), (Kind::Department, 1), (Kind::User, 2), (Kind::User, 3)] {
            let transaction = database.begin(under_way.iter());
            assert_eq!(raise(&transaction, kind).await, next);
            let sealed = transaction.seal().unwrap();
            under_way.push(database.send(sealed, under_way.last()));
        }
        for sending in under_way {
            assert!(sending.applied().await.unwrap());
        }
        assert_eq!(counted(&database, Kind::User).await, Some(3));
        assert_eq!(counted(&database, Kind::Department).await, Some(1));
    }

    #[tokio::test]
    async fn what_is_decided_upon_a_commit_that_is_refused_is_void() {
        let database = database();
        let transaction = database.begin([].into_iter());
        raise(&transaction, Kind::User).await;
        database.reserve_ids(Kind::User, 6).await.unwrap();
        let mut under_way = vec![database.send(transaction.seal().unwrap(), None)];
        for kind in [Kind::Department, Kind::Organisation] {
            let transaction = database.begin(under_way.iter());
            raise(&transaction, kind).await;
            let sealed = transaction.seal().unwrap();
            under_way.push(database.send(sealed, under_way.last()));
        }
        for sending in under_way {
            assert!(!sending.applied().await.unwrap());
        }
        assert_eq!(counted(&database, Kind::User).await, Some(7));
        assert_eq!(counted(&database, Kind::Department).await, None);
        assert_eq!(counted(&database, Kind::Organisation).await, None);
    }
}
