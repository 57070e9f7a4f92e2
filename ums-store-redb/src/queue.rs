//! What waits for the writer.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use ums_store::{Commit, Error, Outcome};

use crate::error::NotOpen;

/// A commit that waits for its verdict.
pub(crate) struct Job {
    pub(crate) commit: Commit,
    reply: oneshot::Sender<Result<Outcome, Error>>,
    _room: OwnedSemaphorePermit,
}

impl Job {
    /// Gives the verdict. Nobody may wait for it any more.
    pub(crate) fn answer(self, verdict: Result<Outcome, Error>) {
        let _ = self.reply.send(verdict);
    }
}

/// What the writer is asked for.
pub(crate) enum Message {
    Commit(Job),
    /// Drop all that has expired, and say how many entries these were.
    Sweep(oneshot::Sender<Result<u64, Error>>),
    /// Open the file again, if redb refuses to go on with it.
    Reopen,
    /// Close the file, and end. Always the last message.
    Close(oneshot::Sender<()>),
}

/// The callers' end.
pub(crate) struct Queue {
    room: Arc<Semaphore>,
    sender: RwLock<Option<Sender<Message>>>,
}

impl Queue {
    pub(crate) fn new(room: usize) -> (Self, Receiver<Message>) {
        let (sender, receiver) = mpsc::channel();
        let room = room.clamp(1, Semaphore::MAX_PERMITS);
        (Self { room: Arc::new(Semaphore::new(room)), sender: RwLock::new(Some(sender)) }, receiver)
    }

    /// Waits for room, hands the commit over, and waits for its verdict.
    pub(crate) async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(Error::unavailable)?;
        let (reply, verdict) = oneshot::channel();
        self.send(Message::Commit(Job { commit: commit.clone(), reply, _room: room }))?;
        // A writer that is gone may have gone at any moment.
        verdict.await.unwrap_or_else(|gone| Err(Error::unknown(gone)))
    }

    pub(crate) fn send(&self, message: Message) -> Result<(), Error> {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or_else(|| Error::unavailable(NotOpen::Closed))?;
        // The message comes back unsent, so nothing of it happened.
        sender.send(message).map_err(|_| Error::unavailable(NotOpen::Closed))
    }

    /// Makes this the last message, and says whether it was sent.
    pub(crate) fn close(&self, reply: oneshot::Sender<()>) -> bool {
        let sender = self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
        sender.is_some_and(|sender| sender.send(Message::Close(reply)).is_ok())
    }

    /// Lets the writer end once it has done what waits.
    pub(crate) fn end(&self) {
        self.sender.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}
