//! What a dry run decided, kept for whoever wants exactly that done.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use ums_store::{Scan, Version};

use super::ImportFault;
use crate::directory::Upserted;
use crate::keyspace::{self, PLAN};
use crate::model::{ImportId, UserId};
use crate::record::{Found, Record};
use crate::transaction::Database;
use crate::{Result, Timestamp};

impl Record for PlanChunk {}

/// Decisions that follow each other, one for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanChunk {
    pub(crate) decisions: Vec<String>,
}

/// How much of a plan there is, and until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) chunks: u32,
    pub(crate) expires_at: Option<Timestamp>,
}

/// How an import is gone about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// By itself, or to make a plan.
    #[default]
    Whole,
    /// Its plan is compared with what would be decided now.
    Looking,
    /// Its plan is applied.
    Applying,
}

/// What was decided of a row, in a few characters: what happens, to whom, as which version.
pub(super) fn decision(upserted: Upserted, departments: u64, whom: Option<(UserId, Version)>) -> String {
    let what = match upserted {
        Upserted::Created => 'c',
        Upserted::Updated => 'u',
        Upserted::Unchanged => 'n',
        Upserted::Skipped => 's',
    };
    match whom {
        // Only what is changed has to be as it was.
        Some((id, version)) if upserted == Upserted::Updated => format!("{what}{departments}:{id}:{version}"),
        Some((id, _)) => format!("{what}{departments}:{id}"),
        None => format!("{what}{departments}"),
    }
}

/// The same of a row that is not taken.
pub(super) fn refusal(faults: &[ImportFault]) -> String {
    let codes: Vec<_> = faults.iter().map(|fault| fault.code.as_str()).collect();
    format!("f:{}", codes.join(","))
}

/// Gives the decisions of a plan one after the other.
#[derive(Debug)]
pub(super) struct PlanReader {
    scan: Option<Scan>,
    ready: VecDeque<String>,
}

impl PlanReader {
    pub(super) fn new(id: ImportId) -> Self {
        let scan = Scan::partition(keyspace::import(id).as_str()).prefix(PLAN).limit(2);
        Self { scan: Some(scan), ready: VecDeque::new() }
    }

    /// Passes over what is applied already.
    pub(super) async fn skip(&mut self, database: &Database, mut count: u64) -> Result<()> {
        while count > 0 {
            self.fill(database, 1).await?;
            if self.ready.is_empty() {
                return Ok(());
            }
            let passed = self.ready.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            self.ready.drain(..passed);
            count -= passed as u64;
        }
        Ok(())
    }

    /// The next decisions; fewer where the plan ends.
    pub(super) async fn take(&mut self, database: &Database, count: usize) -> Result<Vec<String>> {
        self.fill(database, count).await?;
        Ok(self.ready.drain(..count.min(self.ready.len())).collect())
    }

    async fn fill(&mut self, database: &Database, count: usize) -> Result<()> {
        while self.ready.len() < count {
            let Some(scan) = self.scan.take() else { return Ok(()) };
            let page = database.scan(&scan).await?;
            for item in page.items {
                self.ready.extend(Found::<PlanChunk>::read(&item.entry)?.data.decisions);
            }
            self.scan = page.next.map(|next| scan.after(next));
        }
        Ok(())
    }
}
