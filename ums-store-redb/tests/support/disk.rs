//! A disk in memory that fails at a chosen moment, and forgets what was not synced when it loses power.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use ums_store_redb::StorageBackend;

use super::Seeded;

/// A disk. Clones are one disk; each is a [`StorageBackend`] of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    synced: Arc<Condvar>,
}

#[derive(Debug, Default)]
struct State {
    /// What survives a power failure.
    durable: Vec<u8>,
    /// What is read.
    bytes: Vec<u8>,
    /// Changes since the last sync.
    pending: Vec<Change>,
    writes: u64,
    reads: u64,
    syncs: u64,
    trouble: Option<Trouble>,
    failed: u64,
    /// Whether a sync waits until it is let through, and whether one does.
    held: bool,
    waiting: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Resize(usize),
}

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trouble {
    /// How many writes, syncs and changes of length go well before.
    pub(crate) after: u64,
    /// How many then fail.
    pub(crate) times: u64,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Error(ErrorKind),
    Panic,
    /// A read fails, whenever the number of writes has been reached.
    Read(ErrorKind),
}

impl Disk {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let state = State { durable: bytes.clone(), bytes, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), synced: Arc::default() }
    }

    pub(crate) fn open(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    /// Lets things go wrong from now on.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        let mut state = self.state();
        state.writes = 0;
        state.reads = 0;
        state.trouble = Some(trouble);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub(crate) fn heal(&self) {
        self.state().trouble = None;
    }

    pub(crate) fn failed(&self) -> u64 {
        self.state().failed
    }

    /// Writes, syncs and changes of length since the disk was made or trouble was ordered.
    pub(crate) fn writes(&self) -> u64 {
        self.state().writes
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Lets every sync wait.
    pub(crate) fn hold(&self) {
        self.state().held = true;
    }

    /// Blocks the thread until a sync waits.
    pub(crate) fn wait_for_sync(&self) {
        let mut state = self.state();
        while !state.waiting {
            state = self.synced.wait(state).unwrap();
        }
    }

    /// Lets the sync that waits, and all later ones, through.
    pub(crate) fn release(&self) {
        self.state().held = false;
        self.synced.notify_all();
    }

    /// What is left after the power failed: all that was synced, and of the rest whatever the seed says, in parts.
    pub(crate) fn after_power_failure(&self, random: &mut Seeded) -> Self {
        let state = self.state();
        let mut bytes = state.durable.clone();
        for change in &state.pending {
            match change {
                Change::Resize(length) => {
                    if random.below(2) == 0 {
                        bytes.resize(*length, 0);
                    }
                }
                Change::Write(offset, data) => {
                    let (from, to) = match random.below(4) {
                        0 => (0, 0),
                        1 => (0, random.below(data.len() + 1)),
                        2 => (random.below(data.len() + 1), data.len()),
                        _ => (0, data.len()),
                    };
                    if from < to {
                        let length = bytes.len().max(offset + to);
                        bytes.resize(length, 0);
                        bytes[offset + from..offset + to].copy_from_slice(&data[from..to]);
                    }
                }
            }
        }
        Self::of(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A planned panic poisons the lock.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn about_to_write(&mut self) -> io::Result<()> {
        self.writes += 1;
        match self.trouble {
            Some(Trouble { how: How::Read(_), .. }) | None => Ok(()),
            Some(Trouble { after, times, how }) => {
                if self.writes <= after || self.writes - after > times {
                    return Ok(());
                }
                self.failed += 1;
                match how {
                    How::Panic => panic!("the disk was told to panic at write {}", self.writes),
                    How::Error(kind) | How::Read(kind) => Err(kind.into()),
                }
            }
        }
    }

    fn about_to_read(&mut self) -> io::Result<()> {
        self.reads += 1;
        match self.trouble {
            Some(Trouble { after, times, how: How::Read(kind) })
                if self.reads > after && self.reads - after <= times =>
            {
                self.failed += 1;
                Err(kind.into())
            }
            // A disk without power does not read either.
            Some(Trouble { after, times: u64::MAX, how: How::Error(kind) }) if self.writes > after => {
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        let mut state = self.state();
        state.about_to_read()?;
        Ok(state.bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        state.about_to_read()?;
        let offset = usize::try_from(offset).unwrap();
        let bytes = state.bytes.get(offset..offset + out.len()).ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        state.about_to_write()?;
        let length = usize::try_from(length).unwrap();
        state.bytes.resize(length, 0);
        state.pending.push(Change::Resize(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.about_to_write()?;
        state.syncs += 1;
        state.waiting = true;
        self.synced.notify_all();
        while state.held {
            state = self.synced.wait(state).unwrap();
        }
        state.waiting = false;
        state.durable = state.bytes.clone();
        state.pending.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.about_to_write()?;
        let offset = usize::try_from(offset).unwrap();
        let bytes = state.bytes.get_mut(offset..offset + data.len()).ok_or(ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(data);
        state.pending.push(Change::Write(offset, data.to_vec()));
        Ok(())
    }
}
