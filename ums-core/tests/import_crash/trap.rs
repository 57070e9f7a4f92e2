//! Where a process is to be killed: so many commits on, and so many steps after them. A step is whatever the process does
//! that is seen from here: a read, a write or a sync of the store's file, a look at the clock, of which reading a row takes
//! two, and what is done with a workbook that is kept.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::{io, thread};

use async_trait::async_trait;
use redb::backends::FileBackend;
use ums_core::import::{WorkbookDirectory, WorkbookFiles};
use ums_core::model::ImportId;
use ums_core::store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store, Write};
use ums_core::{Clock, Timestamp};
use ums_store_redb::{RedbStore, StorageBackend};
use ums_testkit::FixedClock;

/// A trap that springs once. It tells the parent, which kills the process.
#[derive(Debug)]
pub(crate) struct Trap {
    state: Mutex<State>,
    /// Whether only what changes the store's file counts.
    writes: bool,
    /// Whether whoever springs it waits to be killed; the others go on. Else all do.
    waits: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// It is set after so many commits, and springs so many steps later.
    Commits(u64, u64),
    /// It is set when the import is about to be noted as ended, and springs so many steps later.
    Ending(u64),
    Set(u64),
    Sprung,
}

impl Trap {
    /// As the parent spells it.
    pub(crate) fn parse(text: &str) -> Arc<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let number = |word: &str| word.parse().unwrap();
        let [when, steps, kind, waits] = words[..] else { panic!("{text} is no trap") };
        let state = match (when, number(steps)) {
            ("ending", steps) => State::Ending(steps),
            ("0", steps) => State::Set(steps),
            (commits, steps) => State::Commits(number(commits), steps),
        };
        Arc::new(Self { state: Mutex::new(state), writes: kind == "writes", waits: waits == "waits" })
    }

    /// Counts a change of the store's file that is about to be made. Where the trap springs, it is made in part at most.
    fn change(&self, what: &str, in_part: impl FnOnce()) {
        self.count(what, in_part);
    }

    /// Counts a step that is about to be done. Where the trap springs, it is done in part at most.
    fn step(&self, what: &str, in_part: impl FnOnce()) {
        if !self.writes {
            self.count(what, in_part);
        }
    }

    fn count(&self, what: &str, in_part: impl FnOnce()) {
        {
            let mut state = self.state();
            match *state {
                State::Set(0) => *state = State::Sprung,
                State::Set(steps) => {
                    *state = State::Set(steps - 1);
                    return;
                }
                _ => return,
            }
        }
        if self.waits {
            in_part();
        }
        println!("\nsprung {what}");
        if self.waits {
            loop {
                thread::park();
            }
        }
    }

    fn committed(&self) {
        let mut state = self.state();
        match *state {
            State::Commits(1, steps) => *state = State::Set(steps),
            State::Commits(commits, steps) => *state = State::Commits(commits - 1, steps),
            _ => {}
        }
        drop(state);
        self.step("after a commit", || {});
    }

    fn ends(&self) {
        let mut state = self.state();
        if let State::Ending(steps) = *state {
            *state = State::Set(steps);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// The store of a process with a trap in it.
#[derive(Debug)]
pub(crate) struct TrappedStore {
    inner: RedbStore,
    trap: Arc<Trap>,
}

impl TrappedStore {
    pub(crate) fn open(path: PathBuf, limits: Limits, trap: Arc<Trap>) -> Self {
        let disk = trap.clone();
        let builder = RedbStore::builder().limits(limits);
        let inner = builder.open_storage(path.clone(), move || {
            let mut options = std::fs::OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(&path)?;
            let inner = FileBackend::new(file).map_err(io::Error::other)?;
            Ok(TrappedDisk { inner, trap: disk.clone() })
        });
        Self { inner: inner.unwrap(), trap }
    }
}

#[async_trait]
impl Store for TrappedStore {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.inner.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let is_end =
            |op: &ums_core::store::Op| op.key.partition() == "imports-pending" && op.write == Write::Delete;
        if commit.ops().iter().any(is_end) {
            self.trap.ends();
        }
        let outcome = self.inner.commit(commit).await;
        if matches!(outcome, Ok(Outcome::Applied)) {
            self.trap.committed();
        }
        outcome
    }
}

#[derive(Debug)]
struct TrappedDisk {
    inner: FileBackend,
    trap: Arc<Trap>,
}

impl StorageBackend for TrappedDisk {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.trap.step("a read of the store", || {});
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.trap.change("a commit, about to resize the file", || {});
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.trap.change("a commit, about to sync", || {});
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.trap.change("a commit, within a write", || {
            self.inner.write(offset, &data[..data.len() / 2]).unwrap();
        });
        self.inner.write(offset, data)
    }
}

/// The clock of a process with a trap in it.
#[derive(Debug)]
pub(crate) struct TrappedClock {
    pub(crate) inner: FixedClock,
    pub(crate) trap: Arc<Trap>,
}

impl Clock for TrappedClock {
    fn now(&self) -> Timestamp {
        self.trap.step("a look at the clock", || {});
        self.inner.now()
    }
}

/// The workbooks of a process with a trap in it.
#[derive(Debug)]
pub(crate) struct TrappedFiles {
    pub(crate) inner: WorkbookDirectory,
    pub(crate) folder: PathBuf,
    pub(crate) trap: Arc<Trap>,
}

#[async_trait]
impl WorkbookFiles for TrappedFiles {
    async fn keep(&self, id: ImportId, workbook: std::fs::File) -> io::Result<()> {
        self.trap.step("keeping a workbook", || {
            std::fs::write(self.folder.join(format!("{id}.part")), b"PK").unwrap();
        });
        self.inner.keep(id, workbook).await?;
        self.trap.step("having kept a workbook", || {});
        Ok(())
    }

    async fn open(&self, id: ImportId) -> io::Result<std::fs::File> {
        self.inner.open(id).await
    }

    async fn remove(&self, id: ImportId) -> io::Result<()> {
        self.trap.step("removing a workbook", || {});
        self.inner.remove(id).await
    }

    async fn ids(&self) -> io::Result<Vec<ImportId>> {
        self.inner.ids().await
    }
}
