//! Workbooks that go out: the template to fill in, what the store holds, and the rows that an import did not take.
//!
//! Template and export are written by the table of columns that import reads by, so that it reads them back. An export streams: pages of
//! the directory go through a bounded channel to one blocking thread, which writes rows to temporary files and packs them
//! in the end. What is in memory does not grow with the rows.
//!
//! What comes back is what went out, but for ids and times, and but for what an export does not hold: passwords and
//! their hashes. Without those an account can't be active, so import makes an active one invited.

mod exporter;
mod failed_rows;
mod style;
mod template;
mod workbook;

pub(crate) use exporter::Exporter;
pub use exporter::{ExportOptions, ExportedWorkbook};
pub use failed_rows::failed_rows;
pub(crate) use template::template;

use rust_xlsxwriter::XlsxError;

use crate::Error;

/// The last row of a sheet, counted from 0.
const LAST_ROW: u32 = 1_048_575;

/// A workbook that could not be written: the disk for temporary files is full, or not there.
fn unwritten(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("a workbook could not be written: {error}"))
}

impl From<XlsxError> for Error {
    fn from(error: XlsxError) -> Self {
        unwritten(error)
    }
}
