//! Import of Excel workbooks.
//!
//! ```text
//!  file ─▶ guard ─▶ cells (calamine, streamed) ─▶ headings, rows ─▶ SheetEvent … ─▶ what applies them
//!          sizes, nesting, checksums               meaning, faults
//! ```
//!
//! [`WorkbookReader::open`] looks at the whole file and reads no row; after it a fault of the file itself is all but
//! ruled out, so nothing is changed by a workbook that can't be read. [`WorkbookReader::read`] then gives every row,
//! organisations first, then departments, then users, to a closure, in constant memory: one row, and the workbook's
//! shared strings. Both block; run them on one thread of their own (`spawn_blocking`), and let the closure send into a
//! bounded channel, ending with [`ControlFlow::Break`](std::ops::ControlFlow::Break) where nobody listens any more.
//!
//! What applies rows counts each [`SheetEvent::Row`] as read and then under what became of it, and each
//! [`SheetEvent::Faulty`] as read and failed; faults that it finds itself, such as a department that is not there, it
//! makes with [`Row::fault`], which knows the cell. No fault and no `Debug` output carries a password or its hash.
//!
//! `columns`, `headings` and `rows` are pure; `guard`, `cells` and `reader` read the file and nothing else.

mod batch;
pub(crate) mod cells;
pub(crate) mod column_table;
pub(crate) mod columns;
mod decide;
mod error;
mod faults;
mod feed;
mod files;
mod fingerprint;
pub(crate) mod formulas;
mod guard;
mod headings;
mod importer;
mod job;
mod jobs;
mod levels;
mod limits;
mod missing;
mod options;
mod organisations;
mod plan;
mod plan_reader;
mod prepare;
mod reader;
mod records;
mod report;
pub(crate) mod reports;
mod rows;
mod running;
mod seen;
mod stopwatch;
mod tally;
mod users;
pub(crate) mod value;

pub use columns::{Column, SheetKind};
pub use error::WorkbookError;
pub use files::{WorkbookDirectory, WorkbookFiles};
pub use guard::WorkbookSize;
pub use headings::Layout;
pub(crate) use importer::Observer;
pub(crate) use job::{Counts, FaultChunk, Job, KeyUsed};
pub(crate) use jobs::{Jobs, Submitted, Ticket, Tools};
pub use limits::{ImportLimits, Limit};
pub use options::{ImportOptions, OnExisting, OnMissing};
pub(crate) use plan::PlanChunk;
pub use reader::{SheetEvent, WorkbookReader};
pub use records::{DepartmentRow, OrganisationRow, PasswordHash, Record, Row, SheetRow, UserRow};
pub use report::{ImportCounts, ImportFault, ImportReport, ImportStatus};
pub use running::ImportProgress;
