//! One group of commits: each decided in turn, all written with one redb transaction.

use std::collections::BTreeMap;

use redb::{ReadableTable, Table, WriteTransaction};
use ums_store::{Commit, Error, Expect, Key, Outcome, Version, Write};

use crate::error::is_corrupt;
use crate::tables::{ENTRIES, EXPIRIES};
use crate::value;
use crate::writer::Work;

/// Decides every commit, writes what applies, and gives the verdicts, which hold once the transaction is committed.
pub(crate) fn decide<'a>(
    transaction: &WriteTransaction,
    commits: impl Iterator<Item = &'a Commit>,
) -> Result<Work<Vec<Result<Outcome, Error>>>, redb::Error> {
    let mut entries = transaction.open_table(ENTRIES)?;
    let mut changes = Changes::new();
    let mut verdicts = Vec::new();
    for commit in commits {
        let failed = match failed(&entries, &changes, commit) {
            Ok(failed) => failed,
            // A damaged entry is its own commit's trouble; nothing was written for that one yet.
            Err(error) if is_corrupt(&error) => {
                verdicts.push(Err(Error::unavailable(error)));
                continue;
            }
            Err(error) => return Err(error),
        };
        if !failed.is_empty() {
            verdicts.push(Ok(Outcome::Refused { failed }));
            continue;
        }
        let version = commit.id().into();
        let writes = commit.ops().iter().filter(|op| !matches!(op.write, Write::Nothing));
        let written = writes.map(|op| (parts(&op.key), Change { version, write: &op.write }));
        if changes.is_empty() {
            // Built at once from what comes in order, as the keys of a large commit do.
            changes = written.collect();
        } else {
            changes.extend(written);
        }
        verdicts.push(Ok(Outcome::Applied));
    }
    if !changes.is_empty() {
        write(&mut entries, &mut transaction.open_table(EXPIRIES)?, &changes)?;
    }
    Ok(Work { wrote: !changes.is_empty(), done: verdicts })
}

/// What the commits of the group so far leave at each key, in the order in which the tree is written best.
type Changes<'a> = BTreeMap<(&'a str, &'a str), Change<'a>>;

struct Change<'a> {
    version: Version,
    write: &'a Write,
}

type Entries<'transaction> = Table<'transaction, (&'static str, &'static str), &'static [u8]>;
type Expiries<'transaction> = Table<'transaction, (u64, &'static str, &'static str), ()>;

fn failed(entries: &Entries<'_>, changes: &Changes<'_>, commit: &Commit) -> Result<Vec<usize>, redb::Error> {
    let mut failed = Vec::new();
    for (index, op) in commit.ops().iter().enumerate() {
        if op.expect != Expect::Anything && !op.expect.holds(version_at(entries, changes, &op.key)?) {
            failed.push(index);
        }
    }
    Ok(failed)
}

fn version_at(
    entries: &Entries<'_>,
    changes: &Changes<'_>,
    key: &Key,
) -> Result<Option<Version>, redb::Error> {
    let key = parts(key);
    if let Some(change) = changes.get(&key) {
        return Ok(matches!(change.write, Write::Put { .. }).then_some(change.version));
    }
    let found = entries.get(key)?;
    Ok(found.map(|bytes| value::version(key, bytes.value())).transpose()?)
}

fn write(
    entries: &mut Entries<'_>,
    expiries: &mut Expiries<'_>,
    changes: &Changes<'_>,
) -> Result<(), redb::Error> {
    let mut bytes = Vec::new();
    for (key, Change { version, write }) in changes {
        let (new, old) = match write {
            Write::Put { value, expires_at } => {
                value::encode(&mut bytes, *key, *version, *expires_at, value);
                let old = entries.insert(*key, bytes.as_slice())?;
                (*expires_at, old.and_then(|bytes| value::expiry(bytes.value())))
            }
            Write::Delete => (None, entries.remove(*key)?.and_then(|bytes| value::expiry(bytes.value()))),
            Write::Nothing => continue,
        };
        if new == old {
            continue;
        }
        let (partition, sort) = *key;
        if let Some(time) = old {
            expiries.remove((time, partition, sort))?;
        }
        if let Some(time) = new {
            expiries.insert((time, partition, sort), ())?;
        }
    }
    Ok(())
}

fn parts(key: &Key) -> (&str, &str) {
    (key.partition(), key.sort())
}
