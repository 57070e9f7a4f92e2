//! The store under test, with what the cases need around it.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::case::panicked;
use super::verdict::{Seen, Verdict};
use crate::{Commit, CommitId, Entry, Error, Expect, Item, Key, Op, Outcome, Page, Scan, Store, Version};

/// A store under test, two handles on it, and a corner of its own in it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The handle that a case works with.
    pub(crate) store: Arc<dyn Store>,
    /// A clone of that handle, made by its own `Clone`.
    pub(crate) twin: Arc<dyn Store>,
    tag: u64,
    ids: Arc<AtomicU64>,
}

impl Subject {
    pub(crate) fn new<S: Store + Clone>(store: S) -> Self {
        Self::tagged(store, random())
    }

    /// A subject whose partitions are those of every other one with this tag.
    pub(crate) fn tagged<S: Store + Clone>(store: S, tag: u64) -> Self {
        let twin = Arc::new(store.clone());
        Self { store: Arc::new(store), twin, tag, ids: Arc::new(AtomicU64::new(random())) }
    }

    /// The same corner, seen through the clone of the handle.
    pub(crate) fn through_twin(&self) -> Self {
        Self { store: Arc::clone(&self.twin), twin: Arc::clone(&self.store), ..self.clone() }
    }

    /// The name of a partition that no other case and no other run uses.
    pub(crate) fn partition(&self, name: &str) -> String {
        format!("conformance/{:016x}/{name}", self.tag)
    }

    /// A key in such a partition.
    pub(crate) fn key(&self, name: &str, sort: &str) -> Key {
        Key::new(self.partition(name), sort)
    }

    /// Keys in such a partition, with sort parts `00`, `01` and so on.
    pub(crate) fn keys(&self, name: &str, count: usize) -> Vec<Key> {
        (0..count).map(|index| self.key(name, &format!("{index:02}"))).collect()
    }

    /// A commit with an id that was never used.
    pub(crate) fn prepare(&self, ops: impl IntoIterator<Item = Op>) -> Commit {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        Commit::new(CommitId::from_u128(u128::from(random()) << 64 | u128::from(number)), ops)
    }

    /// Commits, leaving the verdict to the case.
    pub(crate) async fn commit(&self, ops: impl IntoIterator<Item = Op>) -> Result<Outcome, Error> {
        let commit = self.prepare(ops);
        self.store.commit(&commit).await
    }

    /// Commits what must apply, and says which version it gave.
    pub(crate) async fn apply(&self, ops: impl IntoIterator<Item = Op>) -> Verdict<Version> {
        let commit = self.prepare(ops);
        match self.store.commit(&commit).await? {
            Outcome::Applied => Ok(commit.id().into()),
            Outcome::Refused { failed } => {
                Err(Seen::new(format!("refused for operations {failed:?}, though every expectation holds")))
            }
        }
    }

    /// Commits what must be refused, and says for which operations it was.
    pub(crate) async fn refused(&self, ops: impl IntoIterator<Item = Op>) -> Verdict<Vec<usize>> {
        match self.commit(ops).await? {
            Outcome::Refused { failed } => Ok(failed),
            Outcome::Applied => Err(Seen::new("applied, though an expectation does not hold")),
        }
    }

    /// The entry at a key.
    pub(crate) async fn entry(&self, key: &Key) -> Verdict<Option<Entry>> {
        let found = self.store.get(std::slice::from_ref(key)).await?;
        let [entry] = <[_; 1]>::try_from(found)
            .map_err(|found| Seen::new(format!("{} answers to a get of one key", found.len())))?;
        Ok(entry)
    }

    /// The entries at these keys.
    pub(crate) async fn entries(&self, keys: &[Key]) -> Verdict<Vec<Option<Entry>>> {
        let found = self.store.get(keys).await?;
        ensure_eq!(found.len(), keys.len(), "answers to a get");
        Ok(found)
    }

    /// The value at a key.
    pub(crate) async fn value(&self, key: &Key) -> Verdict<Option<String>> {
        Ok(self.entry(key).await?.map(|entry| entry.value.to_string()))
    }

    /// The number at a key, with its version.
    pub(crate) async fn number(&self, key: &Key) -> Verdict<(i64, Version)> {
        let entry = self.entry(key).await?.ok_or_else(|| Seen::new(format!("nothing at {key:?}")))?;
        let number =
            entry.value.parse().map_err(|_| Seen::new(format!("no number at {key:?}: {entry:?}")))?;
        Ok((number, entry.version))
    }

    /// The numbers at these keys at one moment, which a commit of checks proves; `None` where others came between.
    pub(crate) async fn numbers_at_once(&self, keys: &[Key]) -> Verdict<Option<Vec<i64>>> {
        let Some(entries) = self.at_once(keys).await? else {
            return Ok(None);
        };
        let number = |entry: Option<Entry>| entry.and_then(|entry| entry.value.parse().ok());
        let numbers: Option<Vec<i64>> = entries.into_iter().map(number).collect();
        numbers.map(Some).ok_or_else(|| Seen::new("a number is missing or torn"))
    }

    /// The entries at these keys at one moment, which a commit of checks proves; `None` where others came between.
    pub(crate) async fn at_once(&self, keys: &[Key]) -> Verdict<Option<Vec<Option<Entry>>>> {
        let entries = self.entries(keys).await?;
        let checks = keys.iter().zip(&entries).map(|(key, entry)| {
            let expect = entry.as_ref().map_or(Expect::Absent, |entry| Expect::At(entry.version));
            Op { expect, ..Op::check(key.clone()) }
        });
        Ok((self.commit(checks).await? == Outcome::Applied).then_some(entries))
    }

    /// Puts entries of these sort parts into a partition, each with its sort part in its value.
    pub(crate) async fn fill<T: AsRef<str> + Sync>(&self, partition: &str, sorts: &[T]) -> Verdict {
        for sorts in sorts.chunks(100) {
            let put = |sort: &T| Op::put(Key::new(partition, sort.as_ref()), value_of(sort.as_ref()));
            self.apply(sorts.iter().map(put)).await?;
        }
        Ok(())
    }

    /// One page.
    pub(crate) async fn page(&self, scan: &Scan) -> Verdict<Page> {
        let page = self.store.scan(scan).await?;
        let (found, most) = (page.items.len(), scan.limit);
        ensure!(found <= most, "a page of {found} items, at most {most} were asked");
        Ok(page)
    }

    /// Every entry that a scan finds, page after page.
    pub(crate) async fn all(&self, scan: &Scan) -> Verdict<Vec<Item>> {
        let mut items = Vec::new();
        let mut scan = scan.clone();
        for _ in 0..PAGES {
            let page = self.page(&scan).await?;
            items.extend(page.items);
            let Some(next) = page.next else {
                return Ok(items);
            };
            scan = scan.after(next);
        }
        Err(Seen::new(format!("{PAGES} pages, and no end")))
    }

    /// The sort parts of every entry that a scan finds, page after page; each with the value that
    /// [`fill`](Self::fill) gave it.
    pub(crate) async fn sorts(&self, scan: &Scan) -> Verdict<Vec<String>> {
        let items = self.all(scan).await?;
        for item in &items {
            ensure_eq!(*item.entry.value, value_of(&item.sort), "the value at {:?}", item.sort);
        }
        Ok(items.into_iter().map(|item| item.sort).collect())
    }

    /// Runs as many tasks at once, and waits for all of them.
    pub(crate) async fn race<T: Future<Output = Verdict> + Send + 'static>(
        &self,
        tasks: usize,
        mut task: impl FnMut(usize, Self) -> T + Send,
    ) -> Verdict {
        let running: Vec<_> = (0..tasks).map(|index| tokio::spawn(task(index, self.clone()))).collect();
        let mut verdict = Ok(());
        for task in running {
            verdict = verdict.and(task.await.unwrap_or_else(|error| Err(panicked(error))));
        }
        verdict
    }
}

/// Counts the attempts of a task in a race: contention gets every task through long before the last.
#[derive(Default)]
pub(crate) struct Tries(usize);

impl Tries {
    /// Lets others go first, and fails when it is enough.
    pub(crate) async fn next(&mut self) -> Verdict {
        self.0 += 1;
        ensure!(self.0 <= ATTEMPTS, "no way through after {ATTEMPTS} attempts");
        tokio::task::yield_now().await;
        Ok(())
    }
}

/// What [`Subject::fill`] puts at a sort part.
pub(crate) fn value_of(sort: &str) -> String {
    format!("value of {sort}")
}

/// The year 2100, in seconds since 1970: no store drops what expires then.
pub(crate) const FAR: u64 = 4_102_444_800;

const ATTEMPTS: usize = 5_000;

/// How many pages a scan may take before it counts as endless.
const PAGES: usize = 1_000;

/// The standard library seeds its hash maps at random: enough to keep the runs on one store apart.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}
