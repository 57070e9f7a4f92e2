//! How much of a workbook is read before it is refused.

use std::fmt;
use std::time::Duration;

/// How large a workbook may be, each bound with the value it has where nothing is said; and how much is kept of one.
///
/// All are looked at before the first row is given out, so that a workbook that is over one of them changes nothing. The
/// time alone goes on to count while rows are given out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportLimits {
    /// Bytes of the file itself: 128 MiB.
    pub file_bytes: u64,
    /// Entries of the zip archive that a workbook is: 4,096.
    pub entries: u64,
    /// Bytes of all XML parts together, unpacked: 1 GiB.
    pub unpacked_bytes: u64,
    /// How many times larger than packed an XML part of more than 1 MiB may be: 250.
    pub ratio: u64,
    /// Bytes of one part that is held in memory whole, such as the styles: 16 MiB.
    pub part_bytes: u64,
    /// Bytes of memory that the shared strings take, as an estimate: 192 MiB.
    pub shared_string_bytes: u64,
    /// Rows with a value in them, over all sheets: 2,000,000.
    pub rows: u64,
    /// Cells, empty ones with a format among them, over all sheets: 20,000,000.
    pub cells: u64,
    /// The number of the last column with a value in it: 16,384, which is `XFD`, Excel's last.
    pub columns: u64,
    /// Bytes of one cell or shared string, its markup included: 1 MiB. Excel's own limit is 32,767 characters.
    pub cell_bytes: u64,
    /// Seconds that reading takes, those left out in which others work on the rows: 120.
    pub seconds: u64,
    /// How many faults are kept beyond those of the report, for whoever asks for the failed rows: 1,000,000.
    pub faults: u64,
    /// How long the workbook and the faults beyond those of the report are kept once an import has ended: a day.
    pub kept_for: Duration,
}

impl Default for ImportLimits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            file_bytes: 128 * MIB,
            entries: 4096,
            unpacked_bytes: 1024 * MIB,
            ratio: 250,
            part_bytes: 16 * MIB,
            shared_string_bytes: 192 * MIB,
            rows: 2_000_000,
            cells: 20_000_000,
            columns: 16_384,
            cell_bytes: MIB,
            seconds: 120,
            faults: 1_000_000,
            kept_for: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// One of [`ImportLimits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`ImportLimits::file_bytes`].
    FileBytes,
    /// [`ImportLimits::entries`].
    Entries,
    /// [`ImportLimits::unpacked_bytes`].
    UnpackedBytes,
    /// [`ImportLimits::ratio`].
    Ratio,
    /// [`ImportLimits::part_bytes`].
    PartBytes,
    /// [`ImportLimits::shared_string_bytes`].
    SharedStringBytes,
    /// [`ImportLimits::rows`].
    Rows,
    /// [`ImportLimits::cells`].
    Cells,
    /// [`ImportLimits::columns`].
    Columns,
    /// [`ImportLimits::cell_bytes`].
    CellBytes,
    /// [`ImportLimits::seconds`].
    Seconds,
}

impl Limit {
    /// The limit's name, that of the field of [`ImportLimits`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FileBytes => "file_bytes",
            Self::Entries => "entries",
            Self::UnpackedBytes => "unpacked_bytes",
            Self::Ratio => "ratio",
            Self::PartBytes => "part_bytes",
            Self::SharedStringBytes => "shared_string_bytes",
            Self::Rows => "rows",
            Self::Cells => "cells",
            Self::Columns => "columns",
            Self::CellBytes => "cell_bytes",
            Self::Seconds => "seconds",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Counts one thing up to its limit.
#[derive(Debug)]
pub(super) struct Budget {
    limit: Limit,
    allowed: u64,
    used: u64,
}

impl Budget {
    pub(super) fn new(limit: Limit, allowed: u64) -> Self {
        Self { limit, allowed, used: 0 }
    }

    pub(super) fn take(&mut self, amount: u64) -> Result<(), super::WorkbookError> {
        self.used = self.used.saturating_add(amount);
        check(self.limit, self.allowed, self.used)
    }

    pub(super) fn used(&self) -> u64 {
        self.used
    }
}

/// Whether `found` is within what is allowed.
pub(super) fn check(limit: Limit, allowed: u64, found: u64) -> Result<(), super::WorkbookError> {
    if found > allowed { Err(super::WorkbookError::Limit { limit, allowed }) } else { Ok(()) }
}
