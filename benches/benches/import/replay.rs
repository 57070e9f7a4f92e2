//! The commits of an import, written to a file and taken from it by redb alone, or by the store on it.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redb::{Database, Durability, TableDefinition};
use ums_core::store::{
    Commit, CommitId, Entry, Error, Key, Limits, Op, Outcome, Page, Scan, Store, Write as Put,
};
use ums_store_redb::RedbStore;

use crate::{Before, report};

/// A store that writes down every commit that it applies.
#[derive(Clone, Debug)]
pub(crate) struct DumpingStore {
    inner: RedbStore,
    dump: Arc<Mutex<Dump>>,
}

#[derive(Debug)]
struct Dump {
    file: BufWriter<File>,
    entries: u64,
    commits: u64,
}

impl DumpingStore {
    pub(crate) fn new(inner: RedbStore, path: &Path) -> Self {
        let file = BufWriter::new(File::create(path).unwrap());
        Self { inner, dump: Arc::new(Mutex::new(Dump { file, entries: 0, commits: 0 })) }
    }

    /// Says what was written down.
    pub(crate) fn finish(&self, rows: u32) {
        let mut dump = self.dump.lock().unwrap();
        dump.file.flush().unwrap();
        let each = dump.entries as f64 / f64::from(rows);
        println!("{each:.2} entries a user, {} commits", dump.commits);
    }
}

#[async_trait]
impl Store for DumpingStore {
    fn limits(&self) -> Limits {
        self.inner.limits()
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, Error> {
        self.inner.get(keys).await
    }

    async fn scan(&self, scan: &Scan) -> Result<Page, Error> {
        self.inner.scan(scan).await
    }

    async fn commit(&self, commit: &Commit) -> Result<Outcome, Error> {
        let outcome = self.inner.commit(commit).await?;
        if outcome == Outcome::Applied {
            let puts: Vec<_> = commit
                .ops()
                .iter()
                .filter_map(|op| match &op.write {
                    Put::Put { value, .. } => Some((&op.key, value)),
                    _ => None,
                })
                .collect();
            let mut dump = self.dump.lock().unwrap();
            dump.entries += puts.len() as u64;
            dump.commits += 1;
            dump.file.write_all(&(puts.len() as u64).to_le_bytes()).unwrap();
            for (key, value) in puts {
                for text in [key.partition(), key.sort(), value] {
                    dump.file.write_all(&(text.len() as u64).to_le_bytes()).unwrap();
                    dump.file.write_all(text.as_bytes()).unwrap();
                }
            }
        }
        Ok(outcome)
    }
}

/// Has redb alone take the commits, each durable as the store has it. What it takes to read them is not counted.
pub(crate) fn by_redb(path: &Path, cache: usize) {
    const ENTRIES: TableDefinition<'static, (&str, &str), &[u8]> = TableDefinition::new("entries");
    let directory = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let database =
        Database::builder().set_cache_size(cache).create(directory.path().join("ums.redb")).unwrap();
    let mut spent = Duration::ZERO;
    let before = Before::now();
    let mut commits = Commits::open(path);
    while let Some(entries) = commits.next() {
        let start = Instant::now();
        let mut transaction = database.begin_write().unwrap();
        transaction.set_durability(Durability::Immediate).unwrap();
        transaction.set_quick_repair(true);
        let mut table = transaction.open_table(ENTRIES).unwrap();
        for [partition, sort, value] in &entries {
            table.insert((partition.as_str(), sort.as_str()), value.as_bytes()).unwrap();
        }
        drop(table);
        transaction.commit().unwrap();
        spent += start.elapsed();
    }
    report(&before, spent.as_secs_f64());
}

/// Has the store on redb take the commits, with nothing expected of them.
pub(crate) async fn by_store(path: &Path, cache: usize) {
    let directory = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let store = RedbStore::builder().cache_bytes(cache).open(directory.path().join("ums.redb")).unwrap();
    let (mut spent, mut id) = (Duration::ZERO, 0);
    let before = Before::now();
    let mut commits = Commits::open(path);
    while let Some(entries) = commits.next() {
        id += 1;
        let puts =
            entries.into_iter().map(|[partition, sort, value]| Op::put(Key::new(partition, sort), value));
        let commit = Commit::new(CommitId::from_u128(id), puts);
        let start = Instant::now();
        assert_eq!(store.commit(&commit).await.unwrap(), Outcome::Applied);
        spent += start.elapsed();
    }
    report(&before, spent.as_secs_f64());
}

/// The commits that were written down: of each entry its partition, sort part and value.
struct Commits(BufReader<File>);

impl Commits {
    fn open(path: &Path) -> Self {
        Self(BufReader::new(File::open(path).unwrap()))
    }

    fn next(&mut self) -> Option<Vec<[String; 3]>> {
        loop {
            let count = number(&mut self.0)?;
            if count > 0 {
                return Some((0..count).map(|_| [(); 3].map(|()| text(&mut self.0))).collect());
            }
        }
    }
}

fn number(file: &mut impl Read) -> Option<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}

fn text(file: &mut impl Read) -> String {
    let mut bytes = vec![0; usize::try_from(number(file).unwrap()).unwrap()];
    file.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}
