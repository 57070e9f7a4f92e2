//! An import that this process is at: how far it is, and whether it is to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;
use tokio::sync::watch;

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ImportProgress {
    /// Rows that were read, over all sheets.
    pub rows_read: u64,
    /// Rows that were decided and stored, or refused.
    pub rows_done: u64,
    /// Bytes of the workbook that were read, as it is on the disk.
    pub bytes_read: u64,
    /// Bytes of the workbook.
    pub bytes_total: u64,
}

/// What is known of an import in the process that is at it.
#[derive(Debug)]
pub(super) struct Running {
    rows_read: AtomicU64,
    rows_done: AtomicU64,
    bytes_read: AtomicU64,
    bytes_total: u64,
    /// Whether rows are read by now; before, the whole file is looked at.
    reading: AtomicBool,
    cancelled: watch::Sender<bool>,
    /// Changes whenever a batch is done; `true` once all is.
    ended: watch::Sender<bool>,
}

impl Running {
    pub(super) fn new(bytes_total: u64) -> Self {
        Self {
            rows_read: AtomicU64::default(),
            rows_done: AtomicU64::default(),
            bytes_read: AtomicU64::default(),
            bytes_total,
            reading: AtomicBool::default(),
            cancelled: watch::Sender::new(false),
            ended: watch::Sender::new(false),
        }
    }

    pub(super) fn progress(&self) -> ImportProgress {
        ImportProgress {
            rows_read: self.rows_read.load(Ordering::Relaxed),
            rows_done: self.rows_done.load(Ordering::Relaxed),
            // A sheet may be read more than once.
            bytes_read: self.bytes_read.load(Ordering::Relaxed).min(self.bytes_total),
            bytes_total: self.bytes_total,
        }
    }

    pub(super) fn begin_reading(&self) {
        self.reading.store(true, Ordering::Relaxed);
    }

    pub(super) fn note_bytes(&self, bytes: u64) {
        if self.reading.load(Ordering::Relaxed) {
            self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(super) fn note_read(&self, rows: u64) {
        self.rows_read.fetch_add(rows, Ordering::Relaxed);
    }

    pub(super) fn note_done(&self, rows: u64) {
        self.rows_done.store(rows, Ordering::Relaxed);
        self.ended.send_if_modified(|_| true);
    }

    /// Has it stop before its next batch.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Waits until it is to stop.
    pub(super) async fn cancelled(&self) {
        // Its sender is here, so there is no other end to it.
        drop(self.cancelled.subscribe().wait_for(|is_cancelled| *is_cancelled).await);
    }

    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(super) fn watch(&self) -> watch::Receiver<bool> {
        self.ended.subscribe()
    }
}
