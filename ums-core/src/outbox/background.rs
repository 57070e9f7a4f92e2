//! Sending while nobody waits.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Outbox, Shared};

/// The longest pause between two looks into the outbox: what another instance left there has to wait so long.
const LONGEST: Duration = Duration::from_secs(60);
/// The shortest: messages that come in meanwhile go out together.
const SHORTEST: Duration = Duration::from_secs(1);
/// How long a notifier, or a store, that is down is left alone.
const RECOVERY: Duration = Duration::from_secs(30);

/// A task that sends; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Background(JoinHandle<()>);

impl Background {
    /// Starts a task on the runtime that this is called in; `None` where there is nothing to send with, nothing to be
    /// sent in the background, or no runtime.
    pub(crate) fn start(outbox: &Outbox) -> Option<Self> {
        let shared = outbox.0.as_ref().filter(|shared| shared.options.is_background())?;
        let runtime = Handle::try_current().ok()?;
        let task = runtime.spawn(run(Arc::downgrade(shared), shared.wake.clone()));
        Some(Self(task))
    }

    /// Ends the task, and waits until it has let go of the store.
    pub(crate) async fn end(mut self) {
        self.0.abort();
        // It was cut off, as was asked, or had ended by itself.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // What is being sent is claimed, and taken up again once the claim has run out.
        self.0.abort();
    }
}

/// Holds the store only while it works.
async fn run(shared: Weak<Shared>, wake: Arc<Notify>) {
    while let Some(shared) = shared.upgrade() {
        let pause = shared.look().await;
        drop(shared);
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl Shared {
    /// Sends what is due, and says when to look again.
    async fn look(&self) -> Duration {
        match self.pass().await {
            Ok(pass) if pass.broken_off => RECOVERY,
            Ok(pass) => {
                let now = self.database.now();
                pass.next.map_or(LONGEST, |next| next.since(now)).clamp(SHORTEST, LONGEST)
            }
            Err(error) => {
                tracing::warn!(cause = ?error, "the outbox can't be looked through; trying again in 30 s");
                RECOVERY
            }
        }
    }
}
