//! A store that lets something else happen at a moment that a test chooses.

#![allow(dead_code, reason = "each of the tests that share it uses a part")]

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ums_core::store::{Commit, Entry, Error, Key, Limits, Outcome, Page, Scan, Store, Write};
use ums_testkit::stores::Call;

/// What happens around a call.
pub(crate) enum Turn {
    /// Nothing.
    Act,
    /// This, before it.
    Before(Work),
    /// This, after it and before it is answered.
    After(Work),
}

/// Something that happens meanwhile.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

type Script = Box<dyn FnMut(Call<'_>) -> Turn + Send>;

/// A store over another one that asks a script before each call. Clones follow the same script.
#[derive(Clone)]
pub(crate) struct ScriptedStore {
    store: Arc<dyn Store>,
    script: Arc<Mutex<Script>>,
}

impl ScriptedStore {
    /// Acts on this store, and nothing else happens.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, script: Arc::new(Mutex::new(Box::new(|_| Turn::Act))) }
    }

    /// From now on follows this script.
    pub(crate) fn follow(&self, script: impl FnMut(Call<'_>) -> Turn + Send + 'static) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(script);
    }

    /// From now on nothing else happens any more.
    pub(crate) fn behave(&self) {
        self.follow(|_| Turn::Act);
    }

    /// Does this once, before the first call that the choice falls on.
    pub(crate) fn once_before(&self, choice: impl Fn(Call<'_>) -> bool + Send + 'static, work: Work) {
        let mut work = Some(work);
        self.follow(move |call| match choice(call) {
            true => work.take().map_or(Turn::Act, Turn::Before),
            false => Turn::Act,
        });
    }

    async fn run<T>(&self, call: Call<'_>, act: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let turn = (self.script.lock().unwrap_or_else(PoisonError::into_inner))(call);
        match turn {
            Turn::Act => act.await,
            Turn::Before(work) => {
                work.await;
                act.await
            }
            Turn::After(work) => {
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
pub(crate) fn writes(call: Call<'_>, partition: &str, sort: &str) -> bool {
    let Call::Commit(commit) = call else { return false };
    let at = |key: &Key| key.partition() == partition && key.sort() == sort;
    commit.ops().iter().any(|op| at(&op.key) && op.write != Write::Nothing)
}

/// Whether a scan is asked for of this partition and prefix.
pub(crate) fn scans(call: Call<'_>, partition: &str, prefix: &str) -> bool {
    matches!(call, Call::Scan(scan) if scan.partition == partition && scan.prefix == prefix)
}

/// Whether this key is asked for.
pub(crate) fn gets(call: Call<'_>, partition: &str, sort: &str) -> bool {
    matches!(call, Call::Get(keys) if keys.iter().any(|key| key.partition() == partition && key.sort() == sort))
}

/// Whether a commit is asked for that begins or ends a deletion.
pub(crate) fn marks(call: Call<'_>) -> bool {
    matches!(call, Call::Commit(commit) if commit.ops().iter().any(|op| op.key.partition() == "closing"))
}
