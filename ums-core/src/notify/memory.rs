//! Messages kept in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Message, Notifier, NotifyError};

/// Keeps messages in memory, without bound: for tests. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryNotifier(Arc<Mutex<Vec<Message>>>);

impl MemoryNotifier {
    /// One that has brought nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every message so far, in the order sent.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().clone()
    }

    /// Every message so far, in the order sent; they are forgotten here.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Notifier for MemoryNotifier {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        self.lock().push(message.clone());
        Ok(())
    }
}
