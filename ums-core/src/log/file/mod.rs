//! A sink in files.

mod append;
mod directory;
mod lines;
mod search;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use self::append::{Appender, Lines};
use self::directory::Directory;
use super::day::Day;
use super::{LogError, LogEvent, LogPage, LogQuery, LogSink};
use crate::Timestamp;

/// Keeps events as JSON Lines, a file a day in UTC: `2026-11-24.jsonl` in a directory of its own.
///
/// # Files
///
/// The directory is made where it is absent, for its owner alone (`0700`, files `0600`, on Unix). Files are only
/// appended to. An append is all or nothing: what a full disk leaves half written is taken back, and what a crash
/// leaves half written stays behind as a line that readers leave out. Events are handed to the operating system, not
/// forced to the disk: they outlive the program, and the last ones may not outlive a power failure. Several processes
/// may append to one directory; a lock on the day's file keeps their lines apart, and such a day is likely to count
/// as unordered (below). Only regular files whose names are days are opened, never a symbolic link (on Unix).
///
/// # Order and positions
///
/// Within a day the order is that of arrival, and a position is a day and a number of bytes: lines are only ever added
/// behind, so that a position stays good, is found at once in a file of any size, and owes nothing to clocks.
///
/// For the sake of `since` and `until`, times are held to rise along a file but for 5 seconds. Where a clock was set
/// back by more, an empty file `2026-11-24.unordered` says so, and that day is read without the short cut. That file
/// is written by this sink; whoever edits a log by hand writes it too.
///
/// # How much is read
///
/// A query reads backwards, in blocks of 64 KiB; days outside `since` and `until` are not opened, and `until` is
/// found within a day by bisection. Having read 16 MiB, or found 4 MiB of lines, it answers with what it has and a
/// place to go on.
#[derive(Clone, Debug)]
pub struct FileSink {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    directory: Directory,
    appender: Mutex<Appender>,
    block_bytes: usize,
    scan_bytes: u64,
    bytes_read: AtomicU64,
}

impl FileSink {
    /// A sink in this directory, which is made where it is absent.
    ///
    /// # Errors
    ///
    /// [`LogError::Unavailable`] where the directory can't be made or is none.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, LogError> {
        Self::builder(directory).open()
    }

    /// A sink in this directory, to be adjusted.
    pub fn builder(directory: impl Into<PathBuf>) -> FileSinkBuilder {
        FileSinkBuilder { directory: directory.into(), block_bytes: 64 * 1024, scan_bytes: 16 * 1024 * 1024 }
    }

    /// Removes the files of the days more than `keep_days` days before the day of `now`, and answers how many days
    /// that were. With 0, today's stays.
    ///
    /// # Errors
    ///
    /// [`LogError::Unavailable`] where the directory can't be read or a file can't be removed; the others are.
    pub async fn sweep(&self, now: Timestamp, keep_days: u32) -> Result<usize, LogError> {
        let first_kept = Day::of(now).minus(keep_days);
        self.blocking(move |shared| shared.directory.remove_before(first_kept).map_err(LogError::unavailable))
            .await
    }

    /// How many bytes queries have read since the sink was opened.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.shared.bytes_read.load(Ordering::Relaxed)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || work(&shared)).await.map_err(LogError::unavailable)?
    }
}

#[async_trait]
impl LogSink for FileSink {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        let lines = Lines::of(events).map_err(LogError::unavailable)?;
        self.blocking(move |shared| {
            let mut appender = shared.appender.lock().unwrap_or_else(PoisonError::into_inner);
            appender.append(&shared.directory, &lines).map_err(LogError::unavailable)
        })
        .await
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        let query = query.clone();
        self.blocking(move |shared| shared.search(&query)).await
    }
}

/// Makes a [`FileSink`].
#[derive(Clone, Debug)]
pub struct FileSinkBuilder {
    directory: PathBuf,
    block_bytes: usize,
    scan_bytes: u64,
}

impl FileSinkBuilder {
    /// How many bytes a query reads at a time; 64 KiB by default.
    #[must_use]
    pub fn block_bytes(mut self, bytes: usize) -> Self {
        self.block_bytes = bytes.max(1);
        self
    }

    /// How many bytes a query reads before it answers with what it has; 16 MiB by default. It always gets on by a
    /// line.
    #[must_use]
    pub fn scan_bytes(mut self, bytes: u64) -> Self {
        self.scan_bytes = bytes;
        self
    }

    /// The sink.
    ///
    /// # Errors
    ///
    /// [`LogError::Unavailable`] where the directory can't be made or is none.
    pub fn open(self) -> Result<FileSink, LogError> {
        let directory = Directory::open(self.directory).map_err(LogError::unavailable)?;
        Ok(FileSink {
            shared: Arc::new(Shared {
                directory,
                appender: Mutex::default(),
                block_bytes: self.block_bytes,
                scan_bytes: self.scan_bytes,
                bytes_read: AtomicU64::new(0),
            }),
        })
    }
}

/// How far times may fall along a day's file before the day counts as unordered.
const DISORDER: std::time::Duration = std::time::Duration::from_secs(5);
/// No line that is written is longer: an event's bounds, times six for a text of nothing but characters to escape.
const LINE_BYTES: usize = 256 * 1024;

/// The event of a line, without its end.
fn read_line(line: &[u8]) -> Option<LogEvent> {
    serde_json::from_slice(line).ok()
}

fn at(path: &std::path::Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
