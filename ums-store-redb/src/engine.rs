//! The open file, and opening it again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use redb::{Database, DatabaseError, ReadTransaction, ReadableDatabase, WriteTransaction};
use ums_store::Error;

use crate::error::{Cause, NotOpen, OpenError, Panic, cause, of_read};
use crate::tables;

/// Makes redb's database out of the file; called again after a failure.
/// Told whether to check the whole file.
pub(crate) type Opener = Box<dyn Fn(bool) -> Result<Database, DatabaseError> + Send + Sync>;

/// The file, open or not.
pub(crate) struct Engine {
    path: PathBuf,
    opener: Opener,
    state: RwLock<State>,
    wants_reopening: AtomicBool,
}

// Reads hold the lock while they begin a transaction, which takes no I/O; whoever changes the state does it in an
// instant. So the lock never holds up an async thread.
enum State {
    Open(Database),
    Reopening,
    Closed,
}

impl Engine {
    pub(crate) fn open(path: &Path, opener: Opener, check: bool) -> Result<Self, OpenError> {
        let engine = Self {
            path: path.to_owned(),
            opener,
            state: RwLock::new(State::Reopening),
            wants_reopening: AtomicBool::new(false),
        };
        engine.open_file(check)?;
        Ok(engine)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_open(&self) -> bool {
        self.with(|_| ()).is_ok()
    }

    /// Reads, turning a panic of redb, which damaged pages may raise, into an error.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        let work = || {
            let transaction = self.with(Database::begin_read).map_err(Error::unavailable)?;
            transaction.map_err(redb::Error::from).and_then(|transaction| read(&transaction)).map_err(of_read)
        };
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|payload| Err(Error::corrupt(Panic::new(payload.as_ref()))))
    }

    /// Begins a transaction that is durable once it is committed.
    pub(crate) fn begin_write(&self) -> Result<WriteTransaction, Cause> {
        self.with(tables::begin_write).map_err(cause)?.map_err(cause)
    }

    /// Notes that a read found the file out of order, and says whether that is news.
    pub(crate) fn wants_reopening(&self) -> bool {
        !self.wants_reopening.swap(true, Ordering::AcqRel)
    }

    /// Closes the file, if it is open, and opens it again.
    pub(crate) fn reopen(&self) -> Result<(), OpenError> {
        self.replace(State::Reopening);
        self.wants_reopening.store(false, Ordering::Release);
        // Not checked: that may take long, and it is the program or the disk that failed.
        self.open_file(false)
    }

    fn open_file(&self, check: bool) -> Result<(), OpenError> {
        let open = || {
            let database = (self.opener)(check).map_err(|error| OpenError::of_database(error, &self.path))?;
            tables::prepare(&database, &self.path)?;
            Ok(database)
        };
        let database = catch_unwind(AssertUnwindSafe(open))
            .unwrap_or_else(|payload| Err(OpenError::of_panic(Panic::new(payload.as_ref()), &self.path)))?;
        self.replace(State::Open(database));
        Ok(())
    }

    /// Closes the file for good.
    pub(crate) fn close(&self) {
        self.replace(State::Closed);
    }

    fn with<T>(&self, use_it: impl FnOnce(&Database) -> T) -> Result<T, NotOpen> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(database) => Ok(use_it(database)),
            State::Reopening => Err(NotOpen::Reopening),
            State::Closed => Err(NotOpen::Closed),
        }
    }

    fn replace(&self, state: State) {
        let old = {
            let mut guard = self.state.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *guard, state)
        };
        // Closing waits for reads that are under way, and may panic where redb did before: neither under the lock.
        if catch_unwind(AssertUnwindSafe(|| drop(old))).is_err() {
            tracing::warn!(path = %self.path.display(), "redb panicked while it closed the file");
        }
    }
}
