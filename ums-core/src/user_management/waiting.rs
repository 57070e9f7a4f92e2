//! Whoever waits for an import, and calls it off by going.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Acting;
use crate::model::ImportId;

/// Waits for an import. Dropped before that is done, it calls the import off, also one that is yet to begin.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    acting: &'a Acting,
    state: WaitedFor,
}

/// What whoever is at the import knows of those who wait.
#[derive(Clone, Debug, Default)]
pub(super) struct WaitedFor(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    import: Option<ImportId>,
    gone: bool,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(acting: &'a Acting) -> Self {
        Self { acting, state: WaitedFor::default() }
    }

    pub(super) fn share(&self) -> WaitedFor {
        self.state.clone()
    }

    /// There is nothing more to wait for.
    pub(super) fn done(self) {
        self.state.lock().import = None;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        state.gone = true;
        if let Some(id) = state.import {
            self.acting.parts().jobs.cancel_here(id);
        }
    }
}

impl WaitedFor {
    /// It is known now which import it is.
    pub(super) fn begun(&self, acting: &Acting, id: ImportId) {
        let mut state = self.lock();
        state.import = Some(id);
        if state.gone {
            acting.parts().jobs.cancel_here(id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
