//! Which rows become one commit.

use std::mem;

use super::job::Checkpoint;
use super::{SheetEvent, SheetRow};

/// The most passwords of a commit that are hashed for it, some seconds' worth.
const PASSWORDS: usize = 256;

/// Events that are applied together: of one pass over one sheet.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) at: Checkpoint,
    pub(super) events: Vec<SheetEvent>,
    passwords: usize,
}

impl Batch {
    /// An empty one, of what begins at a checkpoint.
    pub(super) fn at(at: Checkpoint) -> Self {
        Self { at, events: Vec::new(), passwords: 0 }
    }

    /// Whether what stands at a checkpoint may join.
    pub(super) fn takes(&self, at: Checkpoint, rows: usize) -> bool {
        let next = Checkpoint { events: self.at.events + self.events.len() as u64, ..self.at };
        self.events.is_empty() || at == next && self.events.len() < rows && self.passwords < PASSWORDS
    }

    pub(super) fn push(&mut self, at: Checkpoint, event: SheetEvent) {
        if self.events.is_empty() {
            self.at = at;
        }
        let has_password =
            matches!(&event, SheetEvent::Row(SheetRow::User(row)) if row.record.password.is_some());
        self.passwords += usize::from(has_password);
        self.events.push(event);
    }

    /// What is gathered, to leave an empty batch.
    pub(super) fn take(&mut self, at: Checkpoint) -> Self {
        mem::replace(self, Self::at(at))
    }
}
