//! A store that fails when it is told to.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ums_store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

use super::Call;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It does nothing and says [`Error::Unavailable`].
    Unavailable,
    /// A commit does nothing and says [`Error::Unknown`]. A read is unavailable.
    UnknownUndone,
    /// A commit is done and says [`Error::Unknown`]. A read is unavailable.
    UnknownDone,
    /// A read says [`Error::Corrupt`]. A commit is unavailable.
    Corrupt,
}

/// A store that fails the calls it is told to fail. Clones share the plan.
#[derive(Clone)]
pub struct FailingStore<S> {
    inner: S,
    plan: Arc<Mutex<Plan>>,
}

type Decide = Box<dyn FnMut(u64, Call<'_>) -> Option<Fault> + Send>;

struct Plan {
    decide: Decide,
    calls: u64,
    failed: u64,
}

impl<S> FailingStore<S> {
    /// A store that fails nothing yet.
    pub fn new(inner: S) -> Self {
        let plan = Plan { decide: Box::new(|_, _| None), calls: 0, failed: 0 };
        Self { inner, plan: Arc::new(Mutex::new(plan)) }
    }

    /// Fails one call: the nth from now, counted from 1. Replaces the plan before.
    pub fn fail_nth(&self, nth: u64, fault: Fault) {
        self.fail_when(move |call, _| call == nth, fault);
    }

    /// Fails one commit: the nth from now, counted from 1. Replaces the plan before.
    pub fn fail_nth_commit(&self, nth: u64, fault: Fault) {
        let mut commits = 0;
        self.fail_when(
            move |_, call| {
                commits += u64::from(call.is_commit());
                call.is_commit() && commits == nth
            },
            fault,
        );
    }

    /// Fails every call for which this holds; it sees how many calls there were from now on, this one included.
    /// Replaces the plan before.
    pub fn fail_when(&self, mut holds: impl FnMut(u64, Call<'_>) -> bool + Send + 'static, fault: Fault) {
        let mut plan = self.plan();
        plan.calls = 0;
        plan.decide = Box::new(move |number, call| holds(number, call).then_some(fault));
    }

    /// Fails nothing any more.
    pub fn stop(&self) {
        self.plan().decide = Box::new(|_, _| None);
    }

    /// How many calls there were since the plan was made.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.plan().calls
    }

    /// How many calls failed so far, whatever the plan.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.plan().failed
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, call: Call<'_>) -> Option<Fault> {
        let mut plan = self.plan();
        plan.calls += 1;
        let number = plan.calls;
        let fault = (plan.decide)(number, call);
        plan.failed += u64::from(fault.is_some());
        fault
    }

    fn read_fault(&self, call: Call<'_>) -> Result<(), Error> {
        match self.fault(call) {
            None => Ok(()),
            Some(Fault::Corrupt) => Err(Error::corrupt(Planned)),
            Some(_) => Err(Error::unavailable(Planned)),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for FailingStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailingStore").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: Store> Store for FailingStore<S> {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.read_fault(Call::Get(keys))?;
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.read_fault(Call::Scan(scan))?;
        self.inner.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        match self.fault(Call::Commit(commit)) {
            None => self.inner.commit(commit).await,
            Some(Fault::Unavailable | Fault::Corrupt) => Err(Error::unavailable(Planned)),
            Some(Fault::UnknownUndone) => Err(Error::unknown(Planned)),
            Some(Fault::UnknownDone) => {
                self.inner.commit(commit).await?;
                Err(Error::unknown(Planned))
            }
        }
    }
}

/// What stands behind an error that was asked for.
#[derive(Debug)]
struct Planned;

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault that the test asked for")
    }
}

impl std::error::Error for Planned {}
