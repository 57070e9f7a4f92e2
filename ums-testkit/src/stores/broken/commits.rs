//! Flaws of commits.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::Ordering;

use ums_store::{Commit, CommitId, Entry, Error, Expect, Key, Op, Outcome, Store, Write};

use super::reads::joined;
use super::{BrokenStore, Flaw};

/// What was put aside for a later commit.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    refused: Vec<Commit>,
    deleted: Vec<(Key, Entry)>,
}

impl<S: Store + Clone> BrokenStore<S> {
    pub(super) async fn flawed_commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let id = commit.id();
        let ops = || commit.ops().iter().cloned();
        match self.flaw {
            Flaw::PartitionsLeak => {
                self.inner_commit(id, ops().map(|op| Op { key: joined(&op.key), ..op })).await
            }
            Flaw::CommitHalfDone => self.half(commit, false).await,
            Flaw::VersionInvented => self.inner_commit(CommitId::from_u128(!id.as_u128()), ops()).await,
            Flaw::VersionOfValue => self.version_of_value(commit).await,
            Flaw::DeletionsResurrect => self.resurrecting(commit).await,
            Flaw::CheckThenAct => {
                if let Some(refused) = self.refusal(commit).await? {
                    return Ok(refused);
                }
                pause().await;
                self.inner_commit(id, ops().map(unconditional)).await
            }
            Flaw::WriteSkew => {
                if let Some(refused) = self.refusal(commit).await? {
                    return Ok(refused);
                }
                pause().await;
                self.inner_commit(id, ops().filter(|op| op.write != Write::Nothing)).await
            }
            Flaw::ExpectationsIgnored => self.inner_commit(id, ops().map(unconditional)).await,
            Flaw::ChecksIgnored => self.inner_commit(id, ops().filter(|op| op.write != Write::Nothing)).await,
            Flaw::RefusedHalfDone => self.half_refused(commit).await,
            Flaw::RefusalNamesNothing => self.renamed(commit, Vec::new()).await,
            Flaw::RefusalNamesAll => self.renamed(commit, (0..commit.ops().len()).collect()).await,
            Flaw::DuplicatesAccepted => {
                let last: HashMap<&Key, &Op> = commit.ops().iter().map(|op| (&op.key, op)).collect();
                self.inner_commit(id, last.into_values().cloned()).await
            }
            Flaw::UnavailableThoughDone => {
                let outcome = self.inner.commit(commit).await?;
                if self.is_fourth() { Err(Error::unavailable("a lie")) } else { Ok(outcome) }
            }
            Flaw::UnknownHalfDone if self.is_fourth() => {
                self.half(commit, true).await?;
                Err(Error::unknown("half the truth"))
            }
            Flaw::RefusedTriedAgain => self.again(commit).await,
            Flaw::ConflictIsError => self.alone(commit).await,
            Flaw::ExpirySticks => self.sticky(commit).await,
            Flaw::TornWhenDropped => self.step_by_step(commit).await,
            _ => self.inner.commit(commit).await,
        }
    }

    /// Commits what is left of a flawed commit; nothing at all is done at once.
    async fn inner_commit(&self, id: CommitId, ops: impl IntoIterator<Item = Op>) -> Result<Outcome, Error> {
        let idle = |op: &Op| op.write == Write::Nothing && op.expect == Expect::Anything;
        let ops: Vec<Op> = ops.into_iter().filter(|op| !idle(op)).collect();
        if ops.is_empty() {
            return Ok(Outcome::Applied);
        }
        self.inner.commit(&Commit::new(id, ops)).await
    }

    /// What a commit would be refused for now, by versions that may be of values.
    async fn refusal(&self, commit: &Commit) -> Result<Option<Outcome>, Error> {
        let keys: Vec<Key> = commit.ops().iter().map(|op| op.key.clone()).collect();
        let found = self.inner.get(&keys).await?;
        let holds =
            |(op, entry): (&Op, &Option<Entry>)| op.expect.holds(entry.as_ref().map(|entry| entry.version));
        let failed: Vec<usize> = (0..)
            .zip(commit.ops().iter().zip(&found))
            .filter(|(_, pair)| !holds(*pair))
            .map(|(index, _)| index)
            .collect();
        Ok((!failed.is_empty()).then_some(Outcome::Refused { failed }))
    }

    /// Does the first half of the writes, or all of a single one unless that is to be lost too.
    async fn half(&self, commit: &Commit, lose_single: bool) -> Result<Outcome, Error> {
        let writes = commit.ops().iter().filter(|op| op.write != Write::Nothing).count();
        let most = if lose_single { writes / 2 } else { writes.div_ceil(2) };
        let mut done = 0;
        let halved = commit.ops().iter().cloned().map(|op| {
            done += usize::from(op.write != Write::Nothing);
            if done > most { Op { write: Write::Nothing, ..op } } else { op }
        });
        let halved: Vec<Op> = halved.collect();
        self.inner_commit(commit.id(), halved).await
    }

    async fn half_refused(&self, commit: &Commit) -> Result<Outcome, Error> {
        let outcome = self.inner.commit(commit).await?;
        if let Outcome::Refused { failed } = &outcome {
            let before = commit.ops().iter().take(failed.first().copied().unwrap_or(0)).cloned();
            self.inner_commit(commit.id(), before.map(unconditional)).await?;
        }
        Ok(outcome)
    }

    async fn renamed(&self, commit: &Commit, names: Vec<usize>) -> Result<Outcome, Error> {
        match self.inner.commit(commit).await? {
            Outcome::Refused { .. } => Ok(Outcome::Refused { failed: names }),
            Outcome::Applied => Ok(Outcome::Applied),
        }
    }

    async fn version_of_value(&self, commit: &Commit) -> Result<Outcome, Error> {
        let _turn = self.notes.turn.lock().await;
        if let Some(refused) = self.refusal(commit).await? {
            return Ok(refused);
        }
        for op in commit.ops() {
            let mut hasher = DefaultHasher::new();
            if let Write::Put { value, .. } = &op.write {
                value.hash(&mut hasher);
            }
            let id = CommitId::from_u128(u128::from(hasher.finish()));
            self.inner_commit(id, [unconditional(op.clone())]).await?;
        }
        Ok(Outcome::Applied)
    }

    async fn resurrecting(&self, commit: &Commit) -> Result<Outcome, Error> {
        let mut remembered = self.notes.remembered.lock().await;
        for (key, entry) in std::mem::take(&mut remembered.deleted) {
            let id = CommitId::from_u128(entry.version.as_u128());
            self.inner_commit(id, [Op::put(key, entry.value).expect_absent()]).await?;
        }
        let deletes = |op: &&Op| op.write == Write::Delete;
        let keys: Vec<Key> = commit.ops().iter().filter(deletes).map(|op| op.key.clone()).collect();
        let entries = self.inner.get(&keys).await?;
        let outcome = self.inner.commit(commit).await?;
        if outcome == Outcome::Applied {
            let deleted = keys.into_iter().zip(entries).filter_map(|(key, entry)| Some((key, entry?)));
            remembered.deleted = deleted.collect();
        }
        Ok(outcome)
    }

    async fn again(&self, commit: &Commit) -> Result<Outcome, Error> {
        let mut remembered = self.notes.remembered.lock().await;
        let outcome = self.inner.commit(commit).await?;
        for refused in std::mem::take(&mut remembered.refused) {
            if self.inner.commit(&refused).await? != Outcome::Applied {
                remembered.refused.push(refused);
            }
        }
        if outcome != Outcome::Applied {
            remembered.refused.push(commit.clone());
            let forget = remembered.refused.len().saturating_sub(20);
            remembered.refused.drain(..forget);
        }
        Ok(outcome)
    }

    async fn alone(&self, commit: &Commit) -> Result<Outcome, Error> {
        if self.notes.busy.swap(true, Ordering::SeqCst) {
            return Err(Error::unavailable("the database is locked"));
        }
        tokio::task::yield_now().await;
        let outcome = self.inner.commit(commit).await;
        self.notes.busy.store(false, Ordering::SeqCst);
        outcome
    }

    async fn sticky(&self, commit: &Commit) -> Result<Outcome, Error> {
        let _turn = self.notes.turn.lock().await;
        let keys: Vec<Key> = commit.ops().iter().map(|op| op.key.clone()).collect();
        let found = self.inner.get(&keys).await?;
        let ops = commit.ops().iter().cloned().zip(found).map(|(op, entry)| match &op.write {
            Write::Put { expires_at: None, .. } => match entry.and_then(|entry| entry.expires_at) {
                Some(seconds) => op.expires_at(seconds),
                None => op,
            },
            _ => op,
        });
        let ops: Vec<Op> = ops.collect();
        self.inner_commit(commit.id(), ops).await
    }

    async fn step_by_step(&self, commit: &Commit) -> Result<Outcome, Error> {
        let _turn = self.notes.turn.lock().await;
        if let Some(refused) = self.refusal(commit).await? {
            return Ok(refused);
        }
        for op in commit.ops() {
            self.inner_commit(commit.id(), [unconditional(op.clone())]).await?;
            tokio::task::yield_now().await;
        }
        Ok(Outcome::Applied)
    }

    fn is_fourth(&self) -> bool {
        self.notes.calls.fetch_add(1, Ordering::SeqCst) % 4 == 3
    }
}

fn unconditional(op: Op) -> Op {
    Op { expect: Expect::Anything, ..op }
}

/// Long enough for another task to come between.
pub(super) async fn pause() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
