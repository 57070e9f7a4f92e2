//! What is done for a batch of rows before they are decided: what can't be done within a commit, and what is read at once.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::importer::{Importer, Ready, Step};
use super::users::Prepared;
use super::{SheetEvent, SheetRow};
use crate::model::OrganisationId;
use crate::transaction::Transaction;
use crate::{Result, keyspace};

/// Ids of users that were taken.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Those that are not given to a row yet.
    free: Range<u64>,
    taken: u64,
}

impl Importer<'_> {
    /// What cannot be done within a commit.
    pub(super) async fn prepare(&self, events: Vec<SheetEvent>) -> Result<Vec<Ready>> {
        let (mut steps, mut users) = (Vec::with_capacity(events.len()), Vec::new());
        for event in events {
            steps.push(match event {
                SheetEvent::Row(SheetRow::Organisation(row)) => Some(Step::Organisation(row)),
                SheetEvent::Row(SheetRow::Department(row)) => Some(Step::Department(row)),
                SheetEvent::Row(SheetRow::User(row)) => {
                    users.push(row);
                    None
                }
                SheetEvent::Faulty(kind, faults) => Some(Step::Faulty(kind, faults)),
                SheetEvent::Sheet(fault) => Some(Step::Sheet(fault)),
                SheetEvent::Warning(fault) => Some(Step::Warning(fault)),
            });
        }
        let mut users = self.prepare_users(users).await?.into_iter();
        let steps: Vec<_> = steps.into_iter().filter_map(|step| step.or_else(|| users.next())).collect();
        let rows = steps.iter().filter(|step| step.is_row()).count();
        let mut planned = self.expected(rows).await?.into_iter();
        let expects = |step: &Step| self.plan.is_some() && step.is_row();
        Ok(steps
            .into_iter()
            // What the plan does not say is not what it says.
            .map(|step| Ready { expected: expects(&step).then(|| planned.next().unwrap_or_default()), step })
            .collect())
    }

    /// What a plan says of the next rows.
    pub(super) async fn expected(&self, rows: usize) -> Result<Vec<String>> {
        match &self.plan {
            Some(plan) => plan.lock().await.take(self.jobs.database(), rows).await,
            None => Ok(Vec::new()),
        }
    }

    /// Reads what the steps are looked up by: first what is known by name, then what stands in an organisation.
    pub(super) async fn fetch(&self, transaction: &Transaction, steps: &[Ready]) -> Result<()> {
        let mut keys = Vec::with_capacity(steps.len());
        let mut organisations = HashSet::new();
        for Ready { step, .. } in steps {
            match step {
                Step::Organisation(row) => {
                    organisations.insert(row.record.name.folded());
                }
                Step::Department(row) => {
                    organisations.extend(row.record.organisation.as_ref().map(|name| name.folded()));
                }
                Step::User(prepared) => {
                    let record = &prepared.row.record;
                    keys.push(keyspace::user_by_email(record.email.canonical()));
                    organisations.extend(record.organisation.as_ref().map(|name| name.folded()));
                }
                _ => {}
            }
        }
        keys.extend(organisations.into_iter().map(keyspace::organisation_by_name));
        transaction.fetch(&keys).await?;
        keys.clear();
        for Ready { step, .. } in steps {
            let Step::User(Prepared { row, .. }) = step else { continue };
            let record = &row.record;
            let id = match &record.organisation {
                Some(name) => transaction.lookup(&keyspace::organisation_by_name(name.folded())).await?,
                None => {
                    record.organisation_id.or_else(|| self.own_organisation()).map(OrganisationId::as_u64)
                }
            };
            let Some(id) = id.map(OrganisationId::allotted).transpose()? else { continue };
            keys.extend(
                record
                    .external_id
                    .as_ref()
                    .map(|external_id| keyspace::organisation_external_id(Some(id), external_id.as_str())),
            );
            keys.extend(
                record.department.as_ref().map(|name| keyspace::department_by_name(id, name.folded())),
            );
        }
        transaction.fetch(&keys).await
    }

    /// Ids for so many rows of users. They are taken many at a time, since to take some is a commit of its own, which
    /// would wait for the batch before; each time as many as before, so that a crash wastes few.
    pub(super) async fn user_ids(&self, rows: usize) -> Result<Range<u64>> {
        const FEWEST: u64 = 1_000;
        const MOST: u64 = 1 << 16;
        let rows = rows as u64;
        let mut ids = self.ids.lock().await;
        if ids.free.end - ids.free.start < rows {
            let most = self.rows.load(Ordering::Relaxed).min(MOST);
            let some = ids.taken.max(FEWEST).min(most).max(rows);
            let first =
                self.tools.directory.reserve_user_ids(usize::try_from(some).unwrap_or(usize::MAX)).await?;
            self.rows.fetch_sub(some.min(self.rows.load(Ordering::Relaxed)), Ordering::Relaxed);
            ids.taken += some;
            ids.free = first..first + some;
        }
        let given = ids.free.start..ids.free.start + rows;
        ids.free.start += rows;
        Ok(given)
    }
}
