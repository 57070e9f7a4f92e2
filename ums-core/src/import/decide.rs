//! What becomes of rows: each taken whole or not at all, and where a plan says what is to become of it, as that says.

use super::importer::{Importer, Outcome, Ready, Step};
use super::plan::{self, Phase};
use super::tally::Tally;
use super::{OnExisting, SheetKind};
use crate::directory::{Existing, Upserted};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Result};

impl Importer<'_> {
    pub(super) async fn decide(
        &self,
        transaction: &Transaction,
        steps: &[Ready],
        past_closing: bool,
    ) -> Result<Tally> {
        self.fetch(transaction, steps).await?;
        let mut tally = Tally::default();
        for Ready { step, expected } in steps {
            let kind = match step {
                Step::Organisation(_) => SheetKind::Organisations,
                Step::Department(_) => SheetKind::Departments,
                Step::User(_) => SheetKind::Users,
                Step::Faulty(kind, _) => *kind,
                Step::Sheet(fault) => {
                    tally.error(fault.clone());
                    continue;
                }
                Step::Warning(fault) => {
                    tally.warning(fault.clone());
                    continue;
                }
            };
            tally.read(kind);
            transaction.mark();
            let done = match step {
                Step::Organisation(row) => self.organisation_row(transaction, row).await,
                Step::Department(row) => self.department_row(transaction, row).await,
                Step::User(row) => self.user_row(transaction, row).await,
                _ => Err(Error::internal("a row that is wrong is not applied")),
            };
            let done = match (step, done) {
                (Step::Faulty(_, faults), _) => Err(faults.clone()),
                (_, Ok(outcome)) => Ok(outcome),
                (_, Err(error @ Error::Conflict(Conflict::Closing))) if !past_closing => return Err(error),
                (_, Err(error)) => Err(step.faults(error)?),
            };
            let decision = match &done {
                Ok(Outcome { upserted, departments, whom, .. }) => {
                    plan::decision(*upserted, *departments, *whom)
                }
                Err(faults) => plan::refusal(faults),
            };
            let changed = expected.as_ref().is_some_and(|expected| *expected != decision);
            if changed && self.phase == Phase::Looking {
                tally.is_stale = true;
                return Ok(tally);
            }
            let done = if changed { Err(vec![step.changed()]) } else { done };
            match done {
                Ok(outcome) => {
                    for _ in 0..outcome.departments {
                        tally.done(SheetKind::Departments, Upserted::Created);
                    }
                    tally.done(kind, outcome.upserted);
                    tally.elsewhere += u64::from(outcome.elsewhere);
                    tally.rights.extend(outcome.rights);
                }
                Err(faults) => {
                    transaction.take_back();
                    tally.fail(kind, faults);
                }
            }
            if self.options.dry_run {
                tally.decisions.push(decision);
            }
        }
        Ok(tally)
    }

    pub(super) fn existing(&self) -> Existing {
        match self.options.on_existing {
            OnExisting::Skip => Existing::Skip,
            OnExisting::Update => Existing::Update,
            OnExisting::Fail => Existing::Fail,
        }
    }
}
