//! Identifiers, allotted from 1 and never twice.

use std::collections::BTreeMap;
use std::ops::Range;

use tokio::sync::Mutex;

use super::Database;
use crate::record::Counter;
use crate::{Kind, Result, keyspace};

/// How many are taken from the store at a time, so that the counter is no bottleneck. What a process has taken and
/// not used is lost when it ends: gaps are fine.
const BLOCK: u64 = 16;

/// Identifiers taken from the store and not allotted yet.
#[derive(Debug, Default)]
pub(super) struct Ids(Mutex<BTreeMap<Kind, Range<u64>>>);

impl Ids {
    pub(super) async fn next(&self, database: &Database, kind: Kind) -> Result<u64> {
        let mut blocks = self.0.lock().await;
        if let Some(id) = blocks.get_mut(&kind).and_then(Iterator::next) {
            return Ok(id);
        }
        let first = self.reserve(database, kind, BLOCK).await?;
        blocks.insert(kind, first + 1..first + BLOCK);
        Ok(first)
    }

    pub(super) async fn reserve(&self, database: &Database, kind: Kind, count: u64) -> Result<u64> {
        let key = &keyspace::counter(kind);
        database
            .transact(|transaction| async move {
                let counter = transaction.read::<Counter>(key).await?;
                let first = counter.map_or(1, |found| found.data.next);
                transaction.put(key.clone(), &Counter { next: first + count })?;
                Ok(first)
            })
            .await
    }
}
