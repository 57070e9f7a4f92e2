//! What a batch of rows came to, until it is committed with them.

use std::mem;

use super::job::{Counts, FaultChunk, Job};
use super::{ImportFault, ImportReport, SheetKind};
use crate::directory::{RightsChange, Upserted};
use crate::transaction::Transaction;
use crate::{Result, Timestamp, keyspace};

/// How many faults stand in one entry: some 200 KB where each is as long as it can be.
const CHUNK: usize = 150;

/// Counts and faults of a batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    /// How many users stand elsewhere than in the organisation of the import.
    pub(super) elsewhere: u64,
    errors: Vec<ImportFault>,
    warnings: Vec<ImportFault>,
    /// What was decided of each row, for a plan.
    pub(super) decisions: Vec<String>,
    /// Whose rights are changed.
    pub(super) rights: Vec<RightsChange>,
    /// Whether something was decided otherwise than a plan says.
    pub(super) is_stale: bool,
}

impl Tally {
    pub(super) fn read(&mut self, kind: SheetKind) {
        self.counts.of_mut(kind).read += 1;
    }

    pub(super) fn fail(&mut self, kind: SheetKind, faults: Vec<ImportFault>) {
        self.counts.of_mut(kind).failed += 1;
        self.errors.extend(faults);
    }

    pub(super) fn error(&mut self, fault: ImportFault) {
        self.errors.push(fault);
    }

    pub(super) fn warning(&mut self, fault: ImportFault) {
        self.warnings.push(fault);
    }

    pub(super) fn done(&mut self, kind: SheetKind, upserted: Upserted) {
        let counts = self.counts.of_mut(kind);
        match upserted {
            Upserted::Created => counts.created += 1,
            Upserted::Updated => counts.updated += 1,
            Upserted::Unchanged => counts.unchanged += 1,
            Upserted::Skipped => counts.skipped += 1,
        }
    }

    /// Adds it to the job, and puts what was wrong beside the job: the first of it for good, the rest until
    /// `expires_at`, and nothing past `most`. What is of the import itself, such as why it failed, is always kept, and for
    /// good: in a chunk of its own, behind the others.
    pub(super) fn settle(
        mut self,
        transaction: &Transaction,
        job: &mut Job,
        most: u64,
        expires_at: Timestamp,
    ) -> Result<()> {
        job.counts.add(&self.counts);
        job.elsewhere += self.elsewhere;
        let (of_the_import, errors) =
            mem::take(&mut self.errors).into_iter().partition(ImportFault::is_of_the_import);
        let of_the_import = FaultChunk { errors: of_the_import, warnings: Vec::new() };
        self.errors = errors;
        self.errors.sort_by_key(|fault| fault.row);
        let room = |most: u64, kept: u64| usize::try_from(most.saturating_sub(kept)).unwrap_or(usize::MAX);
        let log = &mut job.faults;
        let listed = ImportReport::KEPT as u64;
        let warnings_room = room(listed, log.warnings);
        log.errors += (self.errors.len() + of_the_import.errors.len()) as u64;
        log.warnings += self.warnings.len() as u64;
        self.errors.truncate(room(most.max(listed), log.kept));
        self.warnings.truncate(warnings_room);
        while !self.errors.is_empty() || !self.warnings.is_empty() {
            let first = |faults: &mut Vec<ImportFault>| faults.drain(..faults.len().min(CHUNK)).collect();
            let chunk = FaultChunk { errors: first(&mut self.errors), warnings: first(&mut self.warnings) };
            let key = keyspace::import_fault(job.id, log.chunks);
            if log.kept < listed || !chunk.warnings.is_empty() {
                transaction.put(key, &chunk)?;
            } else {
                transaction.put_expiring(key, &chunk, expires_at)?;
            }
            log.kept += chunk.errors.len() as u64;
            log.chunks += 1;
        }
        if !of_the_import.errors.is_empty() {
            transaction.put(keyspace::import_fault(job.id, log.chunks), &of_the_import)?;
            log.kept += of_the_import.errors.len() as u64;
            log.chunks += 1;
        }
        Ok(())
    }
}
