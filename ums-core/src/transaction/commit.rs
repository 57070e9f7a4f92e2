//! Finding out how a commit ended, also where the store's answer got lost.

use ums_store::{Commit, Error, Expect, Outcome, Store, Version, Write};

use crate::Result;

/// How often a commit whose outcome is unknown is looked into.
const LOOKS: usize = 4;

#[derive(Debug)]
pub(super) enum Settled {
    Applied,
    Refused,
}

/// Commits, and settles a lost answer by reading what the commit would have written.
pub(super) async fn settle(store: &dyn Store, commit: &Commit) -> Result<Settled> {
    let unknown = match store.commit(commit).await {
        Ok(outcome) => return Ok(outcome.into()),
        Err(unknown @ Error::Unknown { .. }) => unknown,
        Err(error) => return Err(error.into()),
    };
    for _ in 0..LOOKS {
        match look(store, commit).await {
            Ok(Look::Happened) => return Ok(Settled::Applied),
            // It has not happened so far, and may still be under way: sent again under its own id it happens once
            // at most, since everything that it expects changes when it happens.
            Ok(Look::NotSoFar) => {}
            // What came of the first sending stays unknown, whatever comes of looking or of another one.
            Ok(Look::Overtaken) | Err(_) => break,
        }
        match store.commit(commit).await {
            Ok(Outcome::Applied) => return Ok(Settled::Applied),
            // Because of others, or because the first sending happened after all.
            Ok(Outcome::Refused { .. }) => match look(store, commit).await {
                Ok(Look::Happened) => return Ok(Settled::Applied),
                Ok(Look::NotSoFar) => return Ok(Settled::Refused),
                Ok(Look::Overtaken) | Err(_) => break,
            },
            Err(Error::Unknown { .. }) => {}
            Err(_) => break,
        }
    }
    Err(unknown.into())
}

impl From<Outcome> for Settled {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Applied => Self::Applied,
            Outcome::Refused { .. } => Self::Refused,
        }
    }
}

enum Look {
    Happened,
    NotSoFar,
    /// The keys have been written by others since, so they no longer tell.
    Overtaken,
}

async fn look(store: &dyn Store, commit: &Commit) -> Result<Look> {
    let ours = Version::from(commit.id());
    let written: Vec<_> = commit.ops().iter().filter(|op| op.write != Write::Nothing).collect();
    let keys: Vec<_> = written.iter().map(|op| op.key.clone()).collect();
    let found = store.get(&keys).await?;
    if written.iter().all(|op| op.write == Write::Delete) {
        // Nothing carries the commit's version then, and that nothing is left there says enough.
        let gone = found.iter().all(Option::is_none);
        return Ok(if gone { Look::Happened } else { Look::NotSoFar });
    }
    let mut untouched = false;
    for (op, entry) in written.into_iter().zip(found) {
        let version = entry.map(|entry| entry.version);
        if version == Some(ours) {
            return Ok(Look::Happened);
        }
        // An expectation that a write of this key would have broken still holds.
        untouched |= match (&op.write, op.expect) {
            (Write::Put { .. }, Expect::Absent | Expect::At(_)) | (Write::Delete, Expect::At(_)) => {
                op.expect.holds(version)
            }
            _ => false,
        };
    }
    Ok(if untouched { Look::NotSoFar } else { Look::Overtaken })
}
