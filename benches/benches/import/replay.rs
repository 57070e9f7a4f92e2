//! The commits of an import, written to a file and taken from it by redb alone.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ums_core::store::{
    Commit, CommitId, Entry, Error, Key, Limits, Op, Outcome, Page, Scan, Store, Write as Put,
};
use ums_store_redb::RedbStore;

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

/// Has redb alone take the commits. What it takes to read them is not counted.
pub(crate) async fn replay(path: &Path, cache: usize) {
    let directory = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let store = RedbStore::builder().cache_bytes(cache).open(directory.path().join("ums.redb")).unwrap();
    let mut file = BufReader::new(File::open(path).unwrap());
    let (mut spent, mut id) = (Duration::ZERO, 0);
    let before = super::idle();
    while let Some(count) = number(&mut file) {
        let ops: Vec<_> = (0..count)
            .map(|_| {
                let (partition, sort) = (text(&mut file), text(&mut file));
                Op::put(Key::new(partition, sort), text(&mut file))
            })
            .collect();
        if ops.is_empty() {
            continue;
        }
        id += 1;
        let commit = Commit::new(CommitId::from_u128(id), ops);
        let start = Instant::now();
        assert_eq!(store.commit(&commit).await.unwrap(), Outcome::Applied);
        spent += start.elapsed();
    }
    super::report(before, spent.as_secs_f64());
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
