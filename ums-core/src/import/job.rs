//! An import as the store keeps it: what it is to do, how far it is, and who is at it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::{Phase, Plan};
use super::{ImportCounts, ImportFault, ImportOptions, ImportProgress, ImportStatus, SheetKind};
use crate::Timestamp;
use crate::model::{ImportId, OrganisationId, UserId};
use crate::record::Record;

impl Record for Job {}
impl Record for FaultChunk {}
impl Record for Pending {}
impl Record for KeyUsed {}

/// An import, from when its workbook comes in. Everything but what was wrong, which stands beside it in chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: ImportId,
    pub(crate) status: ImportStatus,
    pub(crate) options: ImportOptions,
    /// Who asked for it; `None` for the embedding program.
    pub(crate) actor_id: Option<UserId>,
    /// The organisation whose administrators see it.
    pub(crate) organisation_id: Option<OrganisationId>,
    pub(crate) workbook: Workbook,
    /// Whether its workbook has come in whole, so that it counts.
    pub(crate) accepted: bool,
    /// Whether nobody waits for its end, so that a workbook that can't be read is told in the report.
    pub(crate) detached: bool,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) counts: Counts,
    /// How many users whom the workbook names stand elsewhere than in the organisation that the import stands for.
    #[serde(default)]
    pub(crate) elsewhere: u64,
    /// Whether its report says by now that nobody is suspended.
    #[serde(default)]
    pub(crate) nobody_suspended: bool,
    /// How many users were suspended, since the workbook does not name them.
    pub(crate) suspended: u64,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) faults: FaultLog,
    /// What a dry run decided, where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<Plan>,
    #[serde(default)]
    pub(crate) phase: Phase,
    /// Who is at it; `None` once it has ended.
    pub(crate) lease: Option<Lease>,
    /// Whether it is called off.
    pub(crate) cancelled: bool,
    /// How often it was begun since it last came on.
    pub(crate) attempts: u32,
    /// How many bytes of the workbook were read by the checkpoint.
    pub(crate) bytes_read: u64,
    /// Under which hash an `Idempotency-Key` leads to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
}

/// The file that an import reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Workbook {
    pub(crate) bytes: u64,
    /// In hexadecimal.
    pub(crate) sha256: String,
    /// Whether it is kept, so that another process can go on.
    pub(crate) kept: bool,
    /// Until when it is kept, once the import has ended.
    pub(crate) kept_until: Option<Timestamp>,
}

/// How far an import is: everything before this is in the store, nothing behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// Which sheet, in the order of import.
    pub(crate) sheet: u32,
    /// Which pass over it.
    pub(crate) pass: u32,
    /// How many events of the pass are done.
    pub(crate) events: u64,
}

/// Rows by kind, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) users: ImportCounts,
    pub(crate) departments: ImportCounts,
    pub(crate) organisations: ImportCounts,
}

/// How much was wrong, and how much of it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FaultLog {
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    /// How many errors are kept; the same unless there were too many even for that.
    pub(crate) kept: u64,
    pub(crate) chunks: u32,
    /// The first of them that counts: those before are of a dry run whose plan is applied.
    #[serde(default)]
    pub(crate) first: u32,
}

/// Something that was wrong, many times over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FaultChunk {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<ImportFault>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) warnings: Vec<ImportFault>,
}

/// Who is at an import, and until when nobody else may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) owner: String,
    pub(crate) until: Timestamp,
}

/// Says that an import has not ended, so that it is found after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {}

/// What an `Idempotency-Key` was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyUsed {
    pub(crate) import_id: ImportId,
    /// Of the options and the workbook.
    pub(crate) fingerprint: String,
    pub(crate) expires_at: Timestamp,
}

/// How long a plan may be committed.
const PLAN_KEPT: Duration = Duration::from_secs(60 * 60);

impl Job {
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.status, ImportStatus::Queued | ImportStatus::Running)
    }

    /// How far it is, by what is stored of it.
    pub(crate) fn progress(&self) -> ImportProgress {
        let rows = self.counts.rows();
        let bytes_total = self.workbook.bytes;
        ImportProgress { rows_read: rows, rows_done: rows, bytes_read: self.bytes_read, bytes_total }
    }

    /// Forgets how far it is, and what was wrong by then.
    pub(crate) fn begin_anew(&mut self) {
        self.counts = Counts::default();
        self.elsewhere = 0;
        self.nobody_suspended = false;
        self.suspended = 0;
        self.checkpoint = Checkpoint::default();
        self.bytes_read = 0;
        self.faults =
            FaultLog { first: self.faults.chunks, chunks: self.faults.chunks, ..FaultLog::default() };
    }

    /// Ends it as its counts say, or otherwise.
    pub(crate) fn end(&mut self, otherwise: Option<ImportStatus>, now: Timestamp, kept_until: Timestamp) {
        let came_through = self.counts.all().iter().any(|counts| counts.came_through());
        self.status = otherwise.unwrap_or(match (self.faults.errors, came_through) {
            (0, _) => ImportStatus::Succeeded,
            (_, true) => ImportStatus::SucceededWithErrors,
            (_, false) => ImportStatus::Failed,
        });
        self.finished_at = Some(now);
        if self.phase == Phase::Looking {
            // It is a plan as before, which may be looked at again.
            self.phase = Phase::Whole;
            self.cancelled = false;
        } else if let Some(plan) = &mut self.plan {
            plan.expires_at = self.options.dry_run.then_some(now.plus(PLAN_KEPT));
        }
        self.lease = None;
        self.workbook.kept_until = self.workbook.kept.then_some(kept_until);
    }
}

impl Counts {
    pub(crate) fn of_mut(&mut self, kind: SheetKind) -> &mut ImportCounts {
        match kind {
            SheetKind::Organisations => &mut self.organisations,
            SheetKind::Departments => &mut self.departments,
            SheetKind::Users => &mut self.users,
        }
    }

    pub(crate) fn all(&self) -> [&ImportCounts; 3] {
        [&self.organisations, &self.departments, &self.users]
    }

    /// How many rows there were so far.
    pub(crate) fn rows(&self) -> u64 {
        self.all().iter().map(|counts| counts.read).sum()
    }

    /// Adds what a batch came to.
    pub(crate) fn add(&mut self, other: &Self) {
        self.users.add(&other.users);
        self.departments.add(&other.departments);
        self.organisations.add(&other.organisations);
    }
}
