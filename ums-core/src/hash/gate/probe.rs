//! What tests look at: how much ran at once, and how much in all.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use tokio::sync::OwnedSemaphorePermit;

use super::Gate;

#[derive(Debug, Default)]
pub(crate) struct Probe {
    running: AtomicUsize,
    peak: AtomicUsize,
    begun: Mutex<Vec<u32>>,
}

impl Probe {
    pub(super) fn start(&self, memory: u32) -> Running<'_> {
        let running = self.running.fetch_add(1, SeqCst) + 1;
        self.peak.fetch_max(running, SeqCst);
        self.begun.lock().unwrap().push(memory);
        Running(self)
    }

    /// The most computations that ran at the same time.
    pub(crate) fn peak(&self) -> usize {
        self.peak.load(SeqCst)
    }

    /// The memory of each computation that began, in KiB.
    pub(crate) fn begun(&self) -> Vec<u32> {
        self.begun.lock().unwrap().clone()
    }
}

pub(super) struct Running<'a>(&'a Probe);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Gate {
    /// Every permit: nothing is computed as long as it is held.
    pub(in crate::hash) fn hold(&self) -> OwnedSemaphorePermit {
        let [_, permits] = self.all;
        Arc::clone(&self.permits).try_acquire_many_owned(permits.try_into().unwrap()).unwrap()
    }

    pub(in crate::hash) fn places_taken(&self) -> usize {
        let [places, _] = self.all;
        places - self.places.available_permits()
    }
}
