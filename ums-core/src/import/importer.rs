//! From a workbook to the directory: rows in batches, each batch one commit, together with how far the import is by it.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use ums_store::Version;

use super::batch::Batch;
use super::feed::{self, Message, Metered};
use super::job::{Checkpoint, Job};
use super::jobs::{Halt, Jobs, Stop, Tools};
use super::plan::Phase;
use super::plan_reader::PlanReader;
use super::prepare::Ids;
use super::running::Running;
use super::tally::Tally;
use super::users::Prepared;
use super::{
    DepartmentRow, ImportFault, ImportOptions, OrganisationRow, Row, SheetEvent, SheetKind, WorkbookReader,
};
use crate::access::Actor;
use crate::directory::{RightsChange, Upserted};
use crate::model::{ImportId, UserId};
use crate::transaction::{Sealed, Sending, Transaction};
use crate::{Conflict, Error, Result, keyspace, store};

/// What a row costs at most in operations of a commit, with what is read for it, and what each commit costs besides.
const OPERATIONS_PER_ROW: usize = 25;
const OPERATIONS_PER_COMMIT: usize = 8;
/// The most rows of a commit: with more the engine holds more changed pages at once, past what an import may take.
const ROWS: usize = 1_000;
/// How many batches are committed while another is decided: with two the store has work whenever one of either takes
/// longer than the other.
const FLIGHTS: usize = 2;

/// Who is told how an import goes on.
pub(crate) trait Observer: Send + Sync {
    /// It has begun, and nothing is changed yet.
    fn begun(&self, id: ImportId, options: &ImportOptions);

    /// These changes of rights are committed.
    fn rights_changed(&self, changes: &[RightsChange]);
}

/// Carries out one import.
pub(super) struct Importer<'a> {
    pub(super) jobs: &'a Jobs,
    pub(super) tools: &'a Tools,
    pub(super) actor: &'a Actor,
    pub(super) options: &'a ImportOptions,
    pub(super) id: ImportId,
    pub(super) phase: Phase,
    /// What a plan says of the rows to come, where one is looked at or applied.
    pub(super) plan: Option<Mutex<PlanReader>>,
    pub(super) running: &'a Arc<Running>,
    pub(super) observer: &'a dyn Observer,
    pub(super) ids: Mutex<Ids>,
    /// How many rows were done before.
    done: u64,
    /// How many rows there may still be to take ids for.
    pub(super) rows: AtomicU64,
}

/// A batch that is being committed.
#[derive(Debug)]
struct Flight {
    at: Checkpoint,
    steps: Vec<Ready>,
    done: Done,
    sending: Sending,
}

/// What a batch comes to: how many rows are done with it, and whose rights it changes.
#[derive(Debug, Default)]
pub(super) struct Done {
    rows: u64,
    rights: Vec<RightsChange>,
}

/// What became of a row that was taken.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) upserted: Upserted,
    /// How many departments were made for it.
    pub(super) departments: u64,
    /// The user that was there, as it was found.
    pub(super) whom: Option<(UserId, Version)>,
    /// Whether it is a user who stands in another organisation than the import's own, or in none.
    pub(super) elsewhere: bool,
    /// Whose rights it changes.
    pub(super) rights: Option<RightsChange>,
}

/// What is to be done, and what a plan says of it, where there is one.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) step: Step,
    pub(super) expected: Option<String>,
}

/// What is done with an event of the sheet.
#[derive(Debug)]
pub(super) enum Step {
    Organisation(Row<OrganisationRow>),
    Department(Row<DepartmentRow>),
    User(Prepared),
    Faulty(SheetKind, Vec<ImportFault>),
    Sheet(ImportFault),
    Warning(ImportFault),
}

impl<'a> Importer<'a> {
    pub(super) fn new(
        jobs: &'a Jobs,
        tools: &'a Tools,
        actor: &'a Actor,
        job: &'a Job,
        plan: Option<PlanReader>,
        running: &'a Arc<Running>,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            jobs,
            tools,
            actor,
            options: &job.options,
            id: job.id,
            phase: job.phase,
            plan: plan.map(Mutex::new),
            running,
            observer,
            ids: Mutex::default(),
            done: job.counts.rows(),
            rows: AtomicU64::default(),
        }
    }

    /// Imports a workbook from where the job is to its end. A row that is wrong does not stop the others.
    pub(super) async fn run(
        &self,
        reader: WorkbookReader<Metered>,
        from: Checkpoint,
    ) -> Result<Result<(), Halt>> {
        let reader_rows = reader.size().rows;
        let (mut portions, named) = feed::start(reader, self.options.clone(), from);
        self.rows.store(reader_rows.saturating_sub(self.done), Ordering::Relaxed);
        let mut flights = VecDeque::new();
        let halted = self.apply_all(&mut portions, from, &mut flights).await?;
        // Also where it is called off meanwhile: what is committed has to be told.
        let landed = self.land_all_but(0, &mut flights).await?.map(drop).map_err(Halt::Stop);
        if let Err(halt) = halted.and(landed) {
            return Ok(Err(halt));
        }
        if self.phase == Phase::Looking {
            let rest = self.expected(1).await?;
            return Ok(if rest.is_empty() { Ok(()) } else { Err(Halt::Stop(Stop::Stale)) });
        }
        Ok(self.suspend_missing(named).await?.map_err(Halt::Stop))
    }

    async fn apply_all(
        &self,
        portions: &mut Receiver<Message>,
        from: Checkpoint,
        flights: &mut VecDeque<Flight>,
    ) -> Result<Result<(), Halt>> {
        let mut batch = Batch::at(from);
        loop {
            // Reading to where the import goes on may take a while.
            let portion = match self.jobs.holding(self.id, portions.recv()).await? {
                Ok(Some(Ok(portion))) => portion,
                Ok(Some(Err(error))) => return Ok(Err(Halt::Unreadable(error))),
                Ok(None) => return Ok(self.apply(batch, flights).await?.map_err(Halt::Stop)),
                Err(stop) => return Ok(Err(Halt::Stop(stop))),
            };
            self.running.note_read(portion.events.iter().filter(|event| is_row(event)).count() as u64);
            let mut at = portion.at;
            for event in portion.events {
                if !batch.takes(at, self.rows_per_commit())
                    && let Err(stop) = self.apply(batch.take(at), flights).await?
                {
                    return Ok(Err(Halt::Stop(stop)));
                }
                batch.push(at, event);
                at.events += 1;
            }
        }
    }

    /// Decides a batch while those before it are being committed, and has it committed after them.
    async fn apply(&self, batch: Batch, flights: &mut VecDeque<Flight>) -> Result<Result<(), Stop>> {
        if batch.events.is_empty() {
            return Ok(Ok(()));
        }
        let mut at = batch.at;
        let steps = match self.jobs.holding(self.id, self.prepare(batch.events)).await? {
            Ok(steps) => steps?,
            Err(stop) => return Ok(Err(stop)),
        };
        let ahead = self.decide_ahead(at, &steps, flights).await;
        let ahead = ahead.filter(|_| !self.running.is_cancelled());
        let stay = if ahead.is_some() { FLIGHTS - 1 } else { 0 };
        let stand = match self.land_all_but(stay, flights).await? {
            Ok(stand) => stand,
            Err(stop) => return Ok(Err(stop)),
        };
        // Whatever went wrong, or not as expected, is gone about again without haste.
        match ahead.filter(|_| stand) {
            Some((commit, done)) => {
                let before = flights.back().map(|flight| &flight.sending);
                let sending = self.jobs.database().send(commit, before);
                flights.push_back(Flight { at, steps, done, sending });
                Ok(Ok(()))
            }
            None => self.commit(&mut at, &steps).await,
        }
    }

    /// What a batch comes to, once those that are being committed are; `None` where that can't be told yet.
    async fn decide_ahead(
        &self,
        at: Checkpoint,
        steps: &[Ready],
        before: &VecDeque<Flight>,
    ) -> Option<(Sealed, Done)> {
        if self.options.dry_run {
            return None;
        }
        let transaction = self.jobs.database().begin(before.iter().map(|flight| &flight.sending));
        let job = self.expect_going_on(&transaction).await.ok()?.ok()?;
        let tally = self.decide(&transaction, steps, false).await.ok()?;
        let after = Checkpoint { events: at.events + steps.len() as u64, ..at };
        let done = self.note(&transaction, job, after, tally).ok()?;
        Some((transaction.seal()?, done))
    }

    /// Waits until all batches are committed but for so many, the oldest first; all of them where one was not committed
    /// just as it was decided, for what was decided upon that is void. Whether none was.
    async fn land_all_but(&self, stay: usize, flights: &mut VecDeque<Flight>) -> Result<Result<bool, Stop>> {
        let mut stand = true;
        while flights.len() > if stand { stay } else { 0 } {
            let Some(flight) = flights.pop_front() else { break };
            match self.land(flight).await? {
                Ok(stands) => stand &= stands,
                Err(stop) => return Ok(Err(stop)),
            }
        }
        Ok(Ok(stand))
    }

    /// Waits until a batch is committed; whether it was just as it was decided.
    async fn land(&self, flight: Flight) -> Result<Result<bool, Stop>> {
        let Flight { mut at, steps, done, sending } = flight;
        match sending.applied().await {
            Ok(true) => {
                self.tell(&done);
                return Ok(Ok(true));
            }
            Ok(false) | Err(Error::Store(store::Error::Invalid { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(self.commit(&mut at, &steps).await?.map(|()| false))
    }

    fn tell(&self, done: &Done) {
        self.observer.rights_changed(&done.rights);
        self.running.note_done(done.rows);
    }

    /// Applies steps that begin at a checkpoint, and moves that on.
    async fn commit(&self, at: &mut Checkpoint, steps: &[Ready]) -> Result<Result<(), Stop>> {
        let after = Checkpoint { events: at.events + steps.len() as u64, ..*at };
        let mut applied = self.try_commit(after, steps, false).await;
        if matches!(applied, Err(Error::Conflict(Conflict::Closing))) {
            // What can't be finished is in the way of the rows that meet it, and of no others.
            applied = self.try_commit(after, steps, true).await;
        }
        match applied {
            Ok(Ok(done)) => {
                *at = after;
                self.tell(&done);
                Ok(Ok(()))
            }
            Ok(Err(stop)) => Ok(Err(stop)),
            // More than the store takes in one commit.
            Err(Error::Store(store::Error::Invalid { .. })) if steps.len() > 1 => {
                let (one, other) = steps.split_at(steps.len() / 2);
                for steps in [one, other] {
                    if let Err(stop) = Box::pin(self.commit(at, steps)).await? {
                        return Ok(Err(stop));
                    }
                }
                Ok(Ok(()))
            }
            Err(error) => Err(error),
        }
    }

    /// One commit: what the steps come to, and the job as it is after them.
    async fn try_commit(
        &self,
        after: Checkpoint,
        steps: &[Ready],
        past_closing: bool,
    ) -> Result<Result<Done, Stop>> {
        if self.running.is_cancelled() {
            return Ok(Err(Stop::Cancelled));
        }
        if self.options.dry_run {
            let decide = |transaction: Transaction| async move {
                self.decide(&transaction, steps, past_closing).await
            };
            let tally = &self.tools.directory.write(decide).await?;
            if tally.is_stale {
                return Ok(Err(Stop::Stale));
            }
            if self.phase == Phase::Looking {
                return Ok(self.jobs.give_sign(self.id).await?.map(|()| Done::default()));
            }
            let note = |transaction: Transaction| async move {
                match self.expect_going_on(&transaction).await? {
                    Ok(job) => self.note(&transaction, job, after, tally.clone()).map(Ok),
                    Err(stop) => Ok(Err(stop)),
                }
            };
            return self.jobs.database().transact(note).await;
        }
        let work = |transaction: Transaction| async move {
            let job = match self.expect_going_on(&transaction).await? {
                Ok(job) => job,
                Err(stop) => return Ok(Err(stop)),
            };
            let tally = self.decide(&transaction, steps, past_closing).await?;
            self.note(&transaction, job, after, tally).map(Ok)
        };
        self.tools.directory.write(work).await
    }

    /// The job, as long as this instance is at it and whoever asked for it still may.
    pub(super) async fn expect_going_on(&self, transaction: &Transaction) -> Result<Result<Job, Stop>> {
        let job = match self.jobs.held(transaction, self.id).await? {
            Ok(job) => job,
            Err(stop) => return Ok(Err(stop)),
        };
        Ok(match self.tools.confirm(transaction, self.actor, &job).await? {
            Ok(_) => Ok(job),
            Err(error) => Err(Stop::Refused(error)),
        })
    }

    /// Notes how far the job is.
    fn note(
        &self,
        transaction: &Transaction,
        mut job: Job,
        after: Checkpoint,
        mut tally: Tally,
    ) -> Result<Done> {
        self.jobs.keep_plan(transaction, &mut job, mem::take(&mut tally.decisions))?;
        // What is rehearsed gives nobody rights.
        let rights = if self.options.dry_run { Vec::new() } else { mem::take(&mut tally.rights) };
        job.checkpoint = after;
        job.lease = Some(self.jobs.lease());
        // A dry run begins anew each time, so it would never be given up.
        job.attempts = if self.options.dry_run { job.attempts } else { 0 };
        job.bytes_read = self.running.progress().bytes_read;
        self.jobs.keep_tally(transaction, &mut job, tally)?;
        transaction.put(keyspace::import_job(self.id), &job)?;
        Ok(Done { rows: job.counts.rows(), rights })
    }

    fn rows_per_commit(&self) -> usize {
        let operations = self.jobs.database().limits().operations.saturating_sub(OPERATIONS_PER_COMMIT);
        (operations / OPERATIONS_PER_ROW).clamp(1, ROWS)
    }
}

fn is_row(event: &SheetEvent) -> bool {
    matches!(event, SheetEvent::Row(_) | SheetEvent::Faulty(..))
}
