//! How many hashes are computed at once, and in which memory.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::argon2::MAXIMUM_MEMORY;
use crate::{Error, Result};

/// When to come back, told to those for whom there is no place. A full queue is worked off in about this time.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// How many there may be at once whose work needs a large memory, those that wait for it among them.
const LARGE: usize = 32;

/// Lets a bounded number of hashes be computed at once, off the async threads, each in a memory of its own.
///
/// A piece of work has a *place* from when it is asked for, and a *permit* while it is computed. The blocking thread
/// holds both: a caller who goes away while waiting gives up the place, but one who goes away during the computation
/// frees nothing before that has ended, since nothing can stop it.
///
/// Memories are made at first use, at most one for each permit, and used again. Each is wiped after use, which takes
/// about 3 % of the time: from what a computation leaves behind, its steps can be undone, and each guess at the password
/// would then cost one BLAKE2 instead of one argon2. Work that needs more than such a memory has one of its own for as
/// long as it runs; all of these together are at most 1 GiB. Who waits for that takes no place yet, and no more than 32 do:
/// an organisation that brings such hashes along keeps nobody else from logging in. One permit, where there are several,
/// is never theirs.
pub(super) struct Gate {
    places: Arc<Semaphore>,
    permits: Arc<Semaphore>,
    large: Large,
    shelf: Arc<Shelf>,
    /// How many places and permits there are.
    all: [usize; 2],
    refused: AtomicU64,
    #[cfg(test)]
    pub(super) probe: Arc<probe::Probe>,
}

/// How busy hashing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashLoad {
    /// How many hashes are computed now.
    pub running: usize,
    /// How many wait for their turn.
    pub waiting: usize,
    /// How many were turned away since the start, since too many waited.
    pub refused: u64,
}

impl Gate {
    /// A gate with this many permits, this many waiting beyond, and memories of this size, in KiB.
    pub(super) fn new(concurrency: usize, queue: usize, memory: u32) -> Self {
        let places = concurrency.saturating_add(queue).min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(places)),
            permits: Arc::new(Semaphore::new(concurrency)),
            large: Large::new(concurrency),
            shelf: Arc::new(Shelf { size: memory, free: Mutex::default() }),
            all: [places, concurrency],
            refused: AtomicU64::new(0),
            #[cfg(test)]
            probe: Arc::default(),
        }
    }

    /// How much is computed and waits now, and how much was turned away so far.
    pub(super) fn load(&self) -> HashLoad {
        let [places, permits] = self.all;
        let held = places.saturating_sub(self.places.available_permits());
        let running = permits.saturating_sub(self.permits.available_permits());
        HashLoad {
            running,
            waiting: held.saturating_sub(running),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Does this work on a blocking thread, in its turn, with this much memory, in KiB.
    ///
    /// # Errors
    ///
    /// [`Error::Overloaded`] at once where no place is left, too many want large memories, or the machine has no such
    /// memory.
    pub(super) async fn run<T, W>(&self, memory: u32, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut [Block]) -> T + Send + 'static,
    {
        self.run_noting(&AtomicBool::default(), memory, work).await
    }

    /// The same; sets `begun` once nothing stops it any more.
    pub(super) async fn run_noting<T, W>(&self, begun: &AtomicBool, memory: u32, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut [Block]) -> T + Send + 'static,
    {
        // Before the place and the permit: who waits for a large memory must not keep others from computing.
        let large = match memory > self.shelf.size {
            true => Some(self.large.enter(memory).await.map_err(|error| self.count(error))?),
            false => None,
        };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.count(overloaded()))?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        let held = Held { _permit: permit, _large: large, _place: place };
        let shelf = Arc::clone(&self.shelf);
        #[cfg(test)]
        let probe = Arc::clone(&self.probe);
        begun.store(true, Ordering::Relaxed);
        let task = tokio::task::spawn_blocking(move || {
            let _held = held;
            #[cfg(test)]
            let _running = probe.start(memory);
            let mut lease = shelf.lease(memory)?;
            Ok(work(&mut lease))
        });
        task.await.map_err(|error| Error::internal(format!("hashing was cut off: {error}")))?
    }

    fn count(&self, error: Error) -> Error {
        if matches!(error, Error::Overloaded { .. }) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        error
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("free_places", &self.places.available_permits())
            .field("free_permits", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}

/// What is shared by those who need large memories.
struct Large {
    entries: Arc<Semaphore>,
    /// In KiB.
    memory: Arc<Semaphore>,
    permits: Arc<Semaphore>,
}

impl Large {
    fn new(concurrency: usize) -> Self {
        Self {
            entries: Arc::new(Semaphore::new(LARGE)),
            memory: Arc::new(Semaphore::new(MAXIMUM_MEMORY as usize)),
            permits: Arc::new(Semaphore::new(concurrency.saturating_sub(1).max(1))),
        }
    }

    /// What work with a large memory holds as long as it lasts.
    async fn enter(&self, memory: u32) -> Result<[OwnedSemaphorePermit; 3]> {
        let entry = Arc::clone(&self.entries).try_acquire_owned().map_err(|_| overloaded())?;
        let memory = Arc::clone(&self.memory).acquire_many_owned(memory).await.map_err(closed)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        Ok([permit, memory, entry])
    }
}

struct Held {
    _permit: OwnedSemaphorePermit,
    _large: Option<[OwnedSemaphorePermit; 3]>,
    _place: OwnedSemaphorePermit,
}

/// Memories of one size that wait for their next use.
struct Shelf {
    /// In KiB, which is in blocks.
    size: u32,
    free: Mutex<Vec<Vec<Block>>>,
}

impl Shelf {
    fn lease(self: Arc<Self>, size: u32) -> Result<Lease> {
        let size = size.max(self.size);
        let waiting = if size == self.size { self.free().pop() } else { None };
        let memory = match waiting {
            Some(memory) => memory,
            None => allocate(size as usize)?,
        };
        Ok(Lease { memory, shelf: self })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn allocate(blocks: usize) -> Result<Vec<Block>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks).map_err(|_| overloaded())?;
    memory.resize(blocks, Block::new());
    Ok(memory)
}

/// A memory in use, wiped when it is given back.
struct Lease {
    memory: Vec<Block>,
    shelf: Arc<Shelf>,
}

impl Deref for Lease {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        &self.memory
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut [Block] {
        &mut self.memory
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut memory = std::mem::take(&mut self.memory);
        memory.fill(Block::new());
        if memory.len() == self.shelf.size as usize {
            self.shelf.free().push(memory);
        } else {
            // Without this the compiler could leave out wiping what nobody reads again.
            std::hint::black_box(&memory);
        }
    }
}

fn overloaded() -> Error {
    Error::Overloaded { retry_after: RETRY_AFTER }
}

fn closed(_: tokio::sync::AcquireError) -> Error {
    Error::internal("the gate for hashing was closed")
}

#[cfg(test)]
pub(super) mod probe;
#[cfg(test)]
mod tests;
