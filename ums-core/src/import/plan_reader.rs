//! A plan, read back.

use std::collections::VecDeque;

use ums_store::Scan;

use super::PlanChunk;
use super::plan::Plan;
use crate::Result;
use crate::keyspace::{self, PLAN};
use crate::model::ImportId;
use crate::record::Found;
use crate::transaction::Database;

/// Gives the decisions of a plan one after the other.
#[derive(Debug)]
pub(super) struct PlanReader {
    scan: Option<Scan>,
    ready: VecDeque<String>,
}

impl PlanReader {
    pub(super) fn new(id: ImportId, plan: Plan) -> Self {
        let mut scan = Scan::partition(keyspace::import(id).as_str()).prefix(PLAN).limit(2);
        let before = plan.first.checked_sub(1);
        scan.after = before.map(|before| keyspace::import_plan(id, before).sort().to_owned());
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
