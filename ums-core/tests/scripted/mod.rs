//! A store that does what a test says at the moment that a test chooses.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ums_core::store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store};

/// What the store is asked for.
#[derive(Debug)]
pub(crate) enum Call<'a> {
    /// Entries by key.
    Get(&'a [Key]),
    /// Entries in order.
    Scan(&'a Scan),
    /// A commit.
    Commit(&'a Commit),
}

/// What the store does about it.
pub(crate) enum Turn {
    /// What it is asked for.
    Act,
    /// Nothing, and says so.
    Unavailable,
    /// Nothing, and does not say so.
    UnknownAndLost,
    /// What it is asked for, and does not say so.
    UnknownAndDone,
    /// This first, and then what it is asked for.
    After(Work),
    /// What it is asked for, and then this before it answers.
    Before(Work),
}

/// Something that happens meanwhile.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

type Script = Box<dyn FnMut(&Call) -> Turn + Send>;

/// A store over another one that asks a script before each call.
#[derive(Clone)]
pub(crate) struct ScriptedStore {
    store: Arc<dyn Store>,
    script: Arc<Mutex<Script>>,
}

impl ScriptedStore {
    /// Acts on this store, as it is asked.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, script: Arc::new(Mutex::new(Box::new(|_| Turn::Act))) }
    }

    /// From now on follows this script.
    pub(crate) fn follow(&self, script: impl FnMut(&Call) -> Turn + Send + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// From now on does as it is asked again.
    pub(crate) fn behave(&self) {
        self.follow(|_| Turn::Act);
    }

    /// Does this once, before the first call that the choice falls on.
    pub(crate) fn once_before(&self, choice: impl Fn(&Call) -> bool + Send + 'static, work: Work) {
        self.once(choice, Turn::After(work));
    }

    /// Does this once, after the first call that the choice falls on.
    pub(crate) fn once_after(&self, choice: impl Fn(&Call) -> bool + Send + 'static, work: Work) {
        self.once(choice, Turn::Before(work));
    }

    /// Takes this turn at the first call that the choice falls on.
    pub(crate) fn once(&self, choice: impl Fn(&Call) -> bool + Send + 'static, turn: Turn) {
        let mut turn = Some(turn);
        self.follow(move |call| {
            if choice(call) { turn.take().unwrap_or(Turn::Act) } else { Turn::Act }
        });
    }

    fn turn(&self, call: &Call) -> Turn {
        (self.script.lock().unwrap_or_else(PoisonError::into_inner))(call)
    }

    async fn run<T>(&self, call: Call<'_>, act: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.turn(&call) {
            Turn::Act => act.await,
            Turn::Unavailable => Err(Error::unavailable("the script says so")),
            Turn::UnknownAndLost => Err(Error::unknown("the script says so")),
            Turn::UnknownAndDone => match act.await {
                Ok(_) => Err(Error::unknown("the script says so")),
                Err(error) => Err(error),
            },
            Turn::After(work) => {
                work.await;
                act.await
            }
            Turn::Before(work) => {
                let answer = act.await;
                work.await;
                answer
            }
        }
    }
}

impl fmt::Debug for ScriptedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedStore").field("store", &self.store).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for ScriptedStore {
    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.run(Call::Get(keys), self.store.get(keys)).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.run(Call::Scan(scan), self.store.scan(scan)).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        self.run(Call::Commit(commit), self.store.commit(commit)).await
    }
}

/// Whether a commit is asked for that writes something at this key.
pub(crate) fn writes(call: &Call, partition: &str, sort: &str) -> bool {
    use ums_core::store::Write;
    let Call::Commit(commit) = call else { return false };
    let at = |key: &Key| key.partition() == partition && key.sort() == sort;
    commit.ops().iter().any(|op| at(&op.key) && op.write != Write::Nothing)
}

/// Whether a scan is asked for of this partition and prefix.
pub(crate) fn scans(call: &Call, partition: &str, prefix: &str) -> bool {
    matches!(call, Call::Scan(scan) if scan.partition == partition && scan.prefix == prefix)
}

/// Whether this key is asked for.
pub(crate) fn gets(call: &Call, partition: &str, sort: &str) -> bool {
    matches!(call, Call::Get(keys) if keys.iter().any(|key| key.partition() == partition && key.sort() == sort))
}
