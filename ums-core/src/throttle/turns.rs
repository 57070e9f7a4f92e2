//! One after the other, within a process: those who would change the same entry wait for each other instead of meeting
//! in the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Locks = HashMap<String, Arc<AsyncMutex<()>>>;

/// Who is at it, by name. A name takes memory only while somebody is.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Locks>>);

impl Turns {
    /// The turn for this name where nobody has it.
    pub(super) fn take_free(&self, name: &str) -> Option<Turn> {
        let mut turn = self.queue(name);
        turn.guard = turn.lock.clone()?.try_lock_owned().ok();
        turn.guard.is_some().then_some(turn)
    }

    /// The turn for this name, in the order asked.
    pub(super) async fn take(&self, name: &str) -> Turn {
        let mut turn = self.queue(name);
        if let Some(lock) = turn.lock.clone() {
            turn.guard = Some(lock.lock_owned().await);
        }
        turn
    }

    fn queue(&self, name: &str) -> Turn {
        let lock = self.locks().entry(name.to_owned()).or_default().clone();
        Turn { turns: self.clone(), name: name.to_owned(), lock: Some(lock), guard: None }
    }

    fn locks(&self) -> MutexGuard<'_, Locks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turns({})", self.locks().len())
    }
}

/// Somebody's turn, or their place in the queue; over when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    name: String,
    lock: Option<Arc<AsyncMutex<()>>>,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut locks = self.turns.locks();
        // Before looking who else has it: both hold the lock.
        self.guard = None;
        self.lock = None;
        if locks.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[tokio::test]
    async fn one_name_has_one_turn_and_leaves_nothing_behind() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        assert!(turns.take_free("a").is_none());
        assert!(turns.take_free("b").is_some());
        {
            let mut context = Context::from_waker(Waker::noop());
            let mut second = pin!(turns.take("a"));
            assert!(second.as_mut().poll(&mut context).is_pending());
            let mut third = pin!(turns.take("a"));
            assert!(third.as_mut().poll(&mut context).is_pending());
            drop(first);
            let Poll::Ready(turn) = second.as_mut().poll(&mut context) else { panic!("its turn") };
            assert!(third.as_mut().poll(&mut context).is_pending());
            drop(turn);
            // Who goes away while waiting frees the place.
        }
        assert!(turns.take_free("a").is_some());
        assert_eq!(format!("{turns:?}"), "Turns(0)");
    }
}
