//! Why a workbook can't be read.

use std::io;

use super::Limit;
use crate::error::Error;

/// Why a file can't be read as a workbook, in words for the person who made it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkbookError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is of some other kind.
    #[error("the file is {found}, not an Excel workbook; save it as .xlsx and send that")]
    NotAWorkbook {
        /// What it seems to be.
        found: &'static str,
    },
    /// It can't be opened without a password.
    #[error("the workbook is protected by a password; save it without one")]
    Encrypted,
    /// It carries programs.
    #[error("the workbook has macros; save it as .xlsx, which has none")]
    Macros,
    /// It draws on other files.
    #[error("the workbook has links to other files; break the links (Data, Edit Links) and save it again")]
    ExternalLinks,
    /// It is not as its format demands.
    #[error(
        "the file is cut off or damaged: {detail}; open it in a spreadsheet program, save it again and send that"
    )]
    Damaged {
        /// What is wrong, for whoever made the program that wrote it.
        detail: String,
    },
    /// More than one of its sheets is to be read as the same.
    #[error(
        "the workbook has more than one sheet named {kind}, capitals and spaces aside; put all rows into one of them"
    )]
    RepeatedSheet {
        /// The name.
        kind: &'static str,
    },
    /// It is larger than is allowed here.
    #[error("the workbook is over the limit {limit}, which is {allowed}; split it, or have the limit raised")]
    Limit {
        /// Which limit.
        limit: Limit,
        /// Its value.
        allowed: u64,
    },
    /// The file could not be read from where it is.
    #[error("the file could not be read")]
    Io(#[source] io::Error),
}

impl WorkbookError {
    /// A stable name for the cause, `snake_case`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::NotAWorkbook { .. } => "not_a_workbook",
            Self::Encrypted => "encrypted_workbook",
            Self::Macros => "macros",
            Self::ExternalLinks => "external_links",
            Self::Damaged { .. } => "damaged_workbook",
            Self::RepeatedSheet { .. } => "repeated_sheet",
            Self::Limit { .. } => "limit_exceeded",
            Self::Io(_) => "unreadable_file",
        }
    }

    /// What a failed read says: that the limits were passed, the data are damaged, or the file can't be read.
    pub(super) fn from_io(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(carried) => carried,
            Err(error) => match error.kind() {
                // Unsupported: packed in a way that no workbook is.
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidData
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::Unsupported => Self::damaged(error.to_string()),
                _ => Self::Io(error),
            },
        }
    }

    pub(super) fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged { detail: detail.into() }
    }
}

impl From<WorkbookError> for Error {
    fn from(error: WorkbookError) -> Self {
        Self::UnreadableWorkbook { cause: error.to_string() }
    }
}
