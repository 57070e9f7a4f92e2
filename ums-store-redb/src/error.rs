//! Errors of opening, and redb's errors as the store's.

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{DatabaseError, StorageError};
use ums_store::Error;

use crate::tables::FORMAT;

/// Why a file could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file is open already, in another process or in this one.
    #[error("{} is open already: end the other process, or clone the store instead of opening it twice", path.display())]
    AlreadyOpen {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a version of this crate with another format.
    #[error("{} has format {found}, this program reads format {FORMAT}: use the version that wrote it", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: u64,
    },
    /// The file was written by a version of redb whose format this one does not read.
    #[error("{} has format {found} of redb, which this program does not read: use the version that wrote it", path.display())]
    RedbFormat {
        /// The file.
        path: PathBuf,
        /// redb's number for the file's format.
        found: u8,
    },
    /// The file is no database of UMS.
    #[error("{} is not a database of UMS: name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged: restore it from a copy", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What redb says of it, or a panic that it raised.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system did not let it be opened, read or written.
    #[error("{} can't be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// redb did not open it for another reason.
    #[error("{} can't be opened", path.display())]
    Engine {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The writer's thread could not be started.
    #[error("the writer of {} can't be started", path.display())]
    Writer {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn of_database(error: DatabaseError, path: &Path) -> Self {
        let path = path.to_owned();
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::AlreadyOpen { path },
            DatabaseError::UpgradeRequired(found) => Self::RedbFormat { path, found },
            other => Self::of_redb(other, &path),
        }
    }

    pub(crate) fn of_redb(error: impl Into<redb::Error>, path: &Path) -> Self {
        let path = path.to_owned();
        match error.into() {
            // redb's answer to a file that does not begin as one of its own.
            redb::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => Self::Foreign { path },
            // A file that ends before what its header names.
            redb::Error::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Corrupt { path, source: source.into() }
            }
            redb::Error::Io(source) => Self::Io { path, source },
            error if is_corrupt(&error) => Self::Corrupt { path, source: error.into() },
            other => Self::Engine { path, source: Box::new(other) },
        }
    }

    pub(crate) fn of_panic(panic: Panic, path: &Path) -> Self {
        Self::Corrupt { path: path.to_owned(), source: panic.into() }
    }
}

/// Why a transaction failed; shared by the commits of its group.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync>;

pub(crate) fn cause(error: impl std::error::Error + Send + Sync + 'static) -> Cause {
    Arc::new(error)
}

/// A panic inside redb.
#[derive(Debug, thiserror::Error)]
#[error("redb panicked: {message}")]
pub(crate) struct Panic {
    message: String,
}

impl Panic {
    pub(crate) fn new(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Self { message: text.unwrap_or("without a message").to_owned() }
    }
}

/// What an entry is that its checksum does not fit, or that can't be taken apart.
#[derive(Debug, thiserror::Error)]
#[error("an entry does not fit its checksum")]
pub(crate) struct Damaged;

/// What a store says that has no open file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotOpen {
    #[error("the store was closed, or its writer ended")]
    Closed,
    #[error("the file is being opened again after a failure")]
    Reopening,
}

/// A failed read as the store's error.
pub(crate) fn of_read(error: redb::Error) -> Error {
    if is_corrupt(&error) { Error::corrupt(error) } else { Error::unavailable(error) }
}

/// Whether the engine says that the file, and not the disk or the program, is at fault.
pub(crate) fn is_corrupt(error: &redb::Error) -> bool {
    matches!(
        error,
        redb::Error::Corrupted(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TypeDefinitionChanged { .. }
    )
}

impl From<Damaged> for redb::Error {
    fn from(damaged: Damaged) -> Self {
        Self::from(StorageError::Corrupted(damaged.to_string()))
    }
}
