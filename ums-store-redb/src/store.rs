//! The handle, and the trait on it.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use tokio::sync::oneshot;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

use crate::builder::RedbStoreBuilder;
use crate::engine::Engine;
use crate::error::OpenError;
use crate::queue::{Message, Queue};
use crate::read;

/// A store in one file. Clones share it.
///
/// The file is closed when the last clone is dropped, which waits until every commit that was handed over is done;
/// [`close`](Self::close) does the same without blocking the thread.
#[derive(Clone)]
pub struct RedbStore {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Arc<Engine>,
    queue: Queue,
    limits: Limits,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl RedbStore {
    /// Opens the file, or makes it if there is none, with the settings that [`RedbStoreBuilder`] begins with. The
    /// folder must exist. Blocks while the file is read: call it before serving, or on a thread that may block.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("ums.redb");
    /// let store = ums_store_redb::RedbStore::open(&path)?;
    /// let clone = store.clone();
    /// assert!(ums_store_redb::RedbStore::open(&path).is_err(), "it is open already");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose variants say why.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder().open(path)
    }

    /// Settings, to open a file with.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("ums.redb");
    /// let store = ums_store_redb::RedbStore::builder()
    ///     .cache_bytes(256 << 20)
    ///     .sweep_every(Duration::from_secs(600))
    ///     .open(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder() -> RedbStoreBuilder {
        RedbStoreBuilder::new()
    }

    /// Drops every entry that has expired by now, and says how many these were. The store does so by itself; this
    /// is for tests, and for programs that want it at a moment of their own.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] where the file could not be read or written, and [`Error::Unknown`] where some may
    /// have been dropped.
    pub async fn sweep(&self) -> Result<u64, Error> {
        let (reply, dropped) = oneshot::channel();
        self.inner.queue.send(Message::Sweep(reply))?;
        dropped.await.unwrap_or_else(|gone| Err(Error::unknown(gone)))
    }

    /// Does every commit that was handed over, and closes the file. From then on this store and its clones answer
    /// [`Error::Unavailable`]. Closing twice is fine.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.inner.queue.close(reply) {
            // Where the writer is gone, the file is closed with the last handle.
            let _ = closed.await;
        }
    }

    pub(crate) fn new(engine: Arc<Engine>, queue: Queue, limits: Limits, writer: JoinHandle<()>) -> Self {
        Self { inner: Arc::new(Inner { engine, queue, limits, writer: Mutex::new(Some(writer)) }) }
    }

    /// Looks at what a read came to: after a failure redb refuses to go on until the file is opened again.
    fn checked<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Err(Error::Unavailable { .. })) && self.inner.engine.wants_reopening() {
            // Where the writer is gone, nobody can.
            let _ = self.inner.queue.send(Message::Reopen);
        }
        result
    }
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore").field("path", &self.inner.engine.path()).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.end();
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // A clock that holds a store may drop it on the writer's own thread, which can't wait for itself.
        if let Some(writer) = writer.filter(|writer| writer.thread().id() != thread::current().id()) {
            let _ = writer.join();
        }
    }
}

#[async_trait]
impl Store for RedbStore {
    fn limits(&self) -> Limits {
        self.inner.limits
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        for key in keys {
            self.inner.limits.validate_key(key)?;
        }
        self.checked(read::get(&self.inner.engine, keys).await)
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        scan.validate(&self.inner.limits)?;
        self.checked(read::scan(&self.inner.engine, scan).await)
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        commit.validate(&self.inner.limits)?;
        self.inner.queue.commit(commit).await
    }
}
