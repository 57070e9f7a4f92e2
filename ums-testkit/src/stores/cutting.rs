//! A store whose power is cut.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

/// A store that answers nothing any more from one of its commits on. What it wraps keeps what was committed before: open
/// that again, as after a crash. Clones are cut together.
#[derive(Clone, Debug)]
pub struct CuttingStore<S> {
    inner: S,
    power: Arc<Power>,
}

#[derive(Debug)]
struct Power {
    /// How many commits are still answered.
    left: AtomicU64,
    /// Whether the first commit that is not answered is done all the same.
    done: bool,
}

impl<S> CuttingStore<S> {
    /// A store that answers so many commits. The one after them gets no answer, and is `done` nevertheless or is not.
    pub fn new(inner: S, commits: u64, done: bool) -> Self {
        Self { inner, power: Arc::new(Power { left: AtomicU64::new(commits + 1), done }) }
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.power.left.load(Ordering::SeqCst) == 0
    }

    fn expect_power(&self) -> Result<(), Error> {
        if self.is_cut() { Err(Error::unavailable(Off)) } else { Ok(()) }
    }

    /// Counts a commit; gives how many were left before it.
    fn spend(&self) -> u64 {
        let spend = |left: u64| Some(left.saturating_sub(1));
        self.power.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).unwrap_or_default()
    }
}

#[async_trait]
impl<S: Store> Store for CuttingStore<S> {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.expect_power()?;
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.expect_power()?;
        self.inner.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        match self.spend() {
            0 => Err(Error::unavailable(Off)),
            1 => {
                if self.power.done {
                    self.inner.commit(commit).await?;
                }
                Err(Error::unknown(Off))
            }
            _ => self.inner.commit(commit).await,
        }
    }
}

/// What stands behind the errors.
#[derive(Debug)]
struct Off;

impl fmt::Display for Off {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the power is off")
    }
}

impl std::error::Error for Off {}
