//! Finding out how a commit ended, also where the store's answer got lost.

use ums_store::{Commit, Error, Expect, Outcome, Store, Version, Write};

use crate::Result;

/// How often a commit whose outcome is unknown is looked into.
const LOOKS: usize = 4;

pub(super) enum Settled {
    Applied,
    Refused,
}

/// Commits, and settles a lost answer by reading what the commit would have written.
pub(super) async fn settle(store: &dyn Store, commit: &Commit) -> Result<Settled> {
    let mut answer = store.commit(commit).await;
    for _ in 0..LOOKS {
        let unknown = match answer {
            Ok(Outcome::Applied) => return Ok(Settled::Applied),
            Ok(Outcome::Refused { .. }) => return Ok(Settled::Refused),
            Err(unknown @ Error::Unknown { .. }) => unknown,
            Err(error) => return Err(error.into()),
        };
        match look(store, commit).await? {
            Look::Happened => return Ok(Settled::Applied),
            Look::Overtaken => return Err(unknown.into()),
            // It has not happened so far, and may still be under way: sent again under its own id it happens once
            // at most, since everything that it expects changes when it happens.
            Look::NotSoFar => answer = store.commit(commit).await,
        }
        if matches!(answer, Ok(Outcome::Refused { .. })) {
            // Refused because of others, or because the first sending happened after all.
            return match look(store, commit).await? {
                Look::Happened => Ok(Settled::Applied),
                Look::NotSoFar | Look::Overtaken => Ok(Settled::Refused),
            };
        }
    }
    answer.map_err(Into::into).map(|outcome| match outcome {
        Outcome::Applied => Settled::Applied,
        Outcome::Refused { .. } => Settled::Refused,
    })
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
