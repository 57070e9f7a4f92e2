//! How far an import is, and what it has to remember on the way.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use super::{DepartmentRow, ImportFault, ImportReport, Row, SheetKind};
use crate::directory::Upserted;

/// The report so far, and what was seen in the file.
#[derive(Debug)]
pub(super) struct Progress {
    report: ImportReport,
    /// Departments whose parent was not there when they were read.
    pub(super) waiting: Vec<Row<DepartmentRow>>,
    seen: Seen,
}

impl Progress {
    pub(super) fn new(report: ImportReport) -> Self {
        Self { report, waiting: Vec::new(), seen: Seen::default() }
    }

    pub(super) fn into_report(self) -> ImportReport {
        self.report
    }

    pub(super) fn read(&mut self, kind: SheetKind) {
        self.report.counts_mut(kind).read += 1;
    }

    pub(super) fn fail(&mut self, kind: SheetKind, faults: Vec<ImportFault>) {
        self.report.counts_mut(kind).failed += 1;
        faults.into_iter().for_each(|fault| self.error(fault));
    }

    pub(super) fn error(&mut self, fault: ImportFault) {
        self.report.add_error(fault);
    }

    pub(super) fn warning(&mut self, fault: ImportFault) {
        self.report.add_warning(fault);
    }

    pub(super) fn done(&mut self, kind: SheetKind, upserted: Upserted) {
        let counts = self.report.counts_mut(kind);
        match upserted {
            Upserted::Created => counts.created += 1,
            Upserted::Updated => counts.updated += 1,
            Upserted::Unchanged => counts.unchanged += 1,
            Upserted::Skipped => counts.skipped += 1,
        }
    }

    /// The row that had the same of something before, where there was one.
    pub(super) fn first_row(&mut self, kind: SheetKind, what: impl Hash, row: u32) -> Option<u32> {
        self.seen.first_row((kind, what), row)
    }
}

/// What was seen in the file, at 16 bytes or so apiece: a keyed hash of 64 bits, which nobody can aim at, in place of
/// the text.
#[derive(Debug, Default)]
struct Seen {
    rows: HashMap<u64, u32>,
    hashes: RandomState,
}

impl Seen {
    fn first_row(&mut self, what: impl Hash, row: u32) -> Option<u32> {
        let first = *self.rows.entry(self.hashes.hash_one(what)).or_insert(row);
        (first != row).then_some(first)
    }
}
