//! Dropping what has expired.

use std::ops::Bound;

use redb::{ReadTransaction, ReadableTable, WriteTransaction};

use crate::tables::{ENTRIES, EXPIRIES};
use crate::value;
use crate::writer::Work;

/// How many entries are dropped with one transaction, so that no commit waits long behind it.
pub(crate) const SLICE: usize = 1_000;

/// Whether anything has expired by now.
pub(crate) fn is_due(transaction: &ReadTransaction, now: u64) -> Result<bool, redb::Error> {
    let expiries = transaction.open_table(EXPIRIES)?;
    Ok(expiries.range::<(u64, &str, &str)>((Bound::Unbounded, up_to(now)))?.next().transpose()?.is_some())
}

/// Takes up to [`SLICE`] entries out that have expired by now, and says how many.
pub(crate) fn sweep(transaction: &WriteTransaction, now: u64) -> Result<Work<u64>, redb::Error> {
    let mut entries = transaction.open_table(ENTRIES)?;
    let mut expiries = transaction.open_table(EXPIRIES)?;
    let mut expired = Vec::new();
    for row in expiries.range::<(u64, &str, &str)>((Bound::Unbounded, up_to(now)))?.take(SLICE) {
        let (key, ()) = row.map(|(key, _)| (key, ()))?;
        let (time, partition, sort) = key.value();
        expired.push((time, partition.to_owned(), sort.to_owned()));
    }
    let mut dropped = 0;
    for (time, partition, sort) in &expired {
        expiries.remove((*time, partition.as_str(), sort.as_str()))?;
        let key = (partition.as_str(), sort.as_str());
        // Whatever the index says, only the entry's own expiry drops it.
        let expires_at = entries.get(key)?.and_then(|bytes| value::expiry(bytes.value()));
        if expires_at == Some(*time) {
            entries.remove(key)?;
            dropped += 1;
        }
    }
    Ok(Work { wrote: !expired.is_empty(), done: dropped })
}

fn up_to(now: u64) -> Bound<(u64, &'static str, &'static str)> {
    now.checked_add(1).map_or(Bound::Unbounded, |next| Bound::Excluded((next, "", "")))
}
