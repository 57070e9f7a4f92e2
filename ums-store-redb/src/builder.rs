//! Settings, and opening.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::backends::FileBackend;
use redb::{Builder, DatabaseError, StorageBackend};
use ums_store::Limits;

use crate::engine::{Engine, Opener};
use crate::error::OpenError;
use crate::queue::Queue;
use crate::store::RedbStore;
use crate::writer::{Clock, Writer};

/// Settings of a [`RedbStore`].
#[must_use]
pub struct RedbStoreBuilder {
    cache_bytes: usize,
    limits: Limits,
    queue: usize,
    sweep_every: Duration,
    check_on_open: bool,
    clock: Clock,
}

impl RedbStoreBuilder {
    /// What a store grants unless told otherwise: 100,000 operations and 64 MB a commit, 1 MiB a value, 1 KiB a
    /// key. An import commits tens of thousands of rows at once; the bound on a commit is what a group may take of
    /// memory beside the commits themselves.
    pub const LIMITS: Limits =
        Limits::FLOOR.with_operations(100_000).with_commit_bytes(64_000_000).with_value_bytes(1 << 20);

    pub(crate) fn new() -> Self {
        Self {
            cache_bytes: 64 << 20,
            limits: Self::LIMITS,
            queue: 1024,
            sweep_every: Duration::from_secs(60),
            check_on_open: true,
            clock: Box::new(wall_clock),
        }
    }

    /// How much memory redb may take to keep pages of the file, in bytes; 64 MiB by default.
    pub fn cache_bytes(self, cache_bytes: usize) -> Self {
        Self { cache_bytes, ..self }
    }

    /// What the store grants; [`LIMITS`](Self::LIMITS) by default. Below [`Limits::FLOOR`] it keeps no backend's
    /// promise.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// How many commits may wait for the writer before others wait for room; 1024 by default, and at least 1.
    pub fn queue(self, queue: usize) -> Self {
        Self { queue, ..self }
    }

    /// How often the writer looks for entries that have expired; a minute by default, and at least a second. Busy
    /// or idle, it drops 1,000 of them at a time, and goes on while there are more and no commit waits.
    pub fn sweep_every(self, sweep_every: Duration) -> Self {
        Self { sweep_every, ..self }
    }

    /// Whether opening reads the whole file and compares redb's checksums of all its pages; so by default. It reads
    /// some 500 to 800 MB a second (`cargo run --release -p ums-store-redb --example opening`), so a million users
    /// take a second or two. Without it a file opens in a millisecond, whatever its size, and damage to a key may
    /// go unnoticed.
    pub fn check_on_open(self, check_on_open: bool) -> Self {
        Self { check_on_open, ..self }
    }

    /// The clock by which entries expire, in seconds since 1970-01-01 UTC; the system's by default. It is read on
    /// the writer's thread, after every group of commits: it should be quick, and must not panic.
    pub fn clock(self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Opens the file, or makes it if there is none. The folder must exist. Blocks while the file is read: call it
    /// before serving, or on a thread that may block.
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose variants say why.
    pub fn open(self, path: impl AsRef<Path>) -> Result<RedbStore, OpenError> {
        let path = path.as_ref().to_owned();
        let file = path.clone();
        self.open_at(&path, move || {
            let backend = FileBackend::new(open_file(&file)?)?;
            Ok(backend)
        })
    }

    /// Opens a store on storage of the caller's making: for tests, which let it fail, and for media that are no
    /// files. After a failure the closure is called again, once the storage before was closed, and must give the
    /// same bytes. The name stands for a path in errors.
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose variants say why.
    pub fn open_storage<B: StorageBackend>(
        self,
        name: impl AsRef<Path>,
        storage: impl Fn() -> io::Result<B> + Send + Sync + 'static,
    ) -> Result<RedbStore, OpenError> {
        self.open_at(name.as_ref(), move || Ok(storage()?))
    }

    fn open_at<B: StorageBackend>(
        self,
        path: &Path,
        storage: impl Fn() -> Result<B, DatabaseError> + Send + Sync + 'static,
    ) -> Result<RedbStore, OpenError> {
        let cache_bytes = self.cache_bytes;
        let opener: Opener = Box::new(move |check| {
            Builder::new()
                .set_cache_size(cache_bytes)
                .set_check_integrity_on_open(check)
                .create_with_backend(storage()?)
        });
        let engine = Arc::new(Engine::open(path, opener, self.check_on_open)?);
        let (queue, messages) = Queue::new(self.queue);
        let writer = Writer::new(Arc::clone(&engine), messages, self.clock, self.sweep_every);
        let thread = thread::Builder::new().name("ums-store-redb".into()).spawn(move || writer.run());
        let thread = thread.map_err(|source| OpenError::Writer { path: path.to_owned(), source })?;
        Ok(RedbStore::new(engine, queue, self.limits, thread))
    }
}

impl fmt::Debug for RedbStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStoreBuilder")
            .field("cache_bytes", &self.cache_bytes)
            .field("limits", &self.limits)
            .field("queue", &self.queue)
            .field("sweep_every", &self.sweep_every)
            .field("check_on_open", &self.check_on_open)
            .finish_non_exhaustive()
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    // Hashes of passwords are in it.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.create(true).truncate(false).open(path)?;
    sync_folder(path)?;
    Ok(file)
}

/// Makes the name of a new file as durable as what will be in it.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the default of a clock that every caller can replace")]
fn wall_clock() -> u64 {
    // A clock before 1970 drops nothing.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
