//! Processes that are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ums_core::store::Store;
use ums_store_redb::RedbStore;

use super::*;
use crate::trap::{Trap, TrappedClock, TrappedFiles, TrappedStore};

const CHILD: &str = "UMS_IMPORT_CHILD";
const NTH: &str = "UMS_IMPORT_NTH";
const TRAP: &str = "UMS_IMPORT_TRAP";

/// How often an import is interrupted at most: some three batches of its 170 apart.
const KILLS: u64 = 50;
/// What a process commits before its first batch: it takes the job up, begins, and takes ids.
const BEFORE: u64 = 3;
/// How many rows of a batch, by the store's limits.
const BATCH: u64 = 119;

/// What was killed when, over all imports.
type Told = BTreeMap<String, u64>;

#[test]
fn an_import_whose_process_is_killed_goes_on() {
    let seed = seed();
    let expected = in_runtime(undisturbed());
    let points = number("UMS_IMPORT_KILLS", 200);
    let workbook = tempfile::tempdir().unwrap();
    std::fs::write(workbook.path().join("workbook"), bytes()).unwrap();
    let (kills, imports, told) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::new(Told::new()));
    // Two at a time: a process waits for the disk now and then, and for its parent.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while kills.load(Ordering::Relaxed) < points {
                    let nth = imports.fetch_add(1, Ordering::Relaxed);
                    let chance = SeededRandom::new(seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                    let import = Import { chance, folder: tempfile::tempdir().unwrap(), told: &told };
                    import.run(&workbook.path().join("workbook"), &expected, || {
                        kills.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |kills| {
                            (kills < points).then_some(kills + 1)
                        })
                    });
                }
            });
        }
    });
    println!("{} imports of {ROWS} rows, {} kills:", imports.into_inner(), kills.into_inner());
    for (what, count) in told.into_inner().unwrap() {
        println!("{count:6} {what}");
    }
}

fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn open(folder: &Path) -> RedbStore {
    RedbStore::builder().limits(LIMITS).open(folder.join("ums.redb")).unwrap()
}

/// An import that is killed again and again.
struct Import<'a> {
    chance: SeededRandom,
    folder: tempfile::TempDir,
    told: &'a Mutex<Told>,
}

impl Import<'_> {
    fn run(&self, workbook: &Path, expected: &ImportReport, may_kill: impl Fn() -> Result<u64, u64>) {
        let folder = self.folder.path();
        let (mut before, mut known) = (Standing::Unknown, BTreeSet::new());
        let mut in_vain = 0;
        for nth in 0..KILLS {
            if before == Standing::Ended || may_kill().is_err() {
                break;
            }
            // One that never comes on is given up, and rightly so.
            let trap = match in_vain {
                3.. => format!("{} 0 writes waits", BEFORE + 2),
                _ => self.trap(before, KILLS - nth),
            };
            let what = killed(folder, workbook, nth, &trap);
            let standing = if folder.join("ums.redb").exists() {
                in_runtime(look(&open(folder), &mut known))
            } else {
                Standing::Unknown
            };
            assert!(before <= standing, "{trap}: {before:?} it was, and now {standing:?}");
            let stage = match (before, standing) {
                (_, Standing::Unknown) => "before it was taken in",
                (Standing::Unknown, Standing::Taken(0)) => "before its first row",
                (before, now) if before == now => "before another row",
                (_, Standing::Taken(done)) if done == u64::from(ROWS) => "after its last row",
                (_, Standing::Taken(_)) => "on its way",
                (_, Standing::Ended) => "after its end",
            };
            *self.told.lock().unwrap().entry(format!("{stage}: {what}")).or_default() += 1;
            in_vain = if before == standing { in_vain + 1 } else { 0 };
            before = standing;
        }
        in_runtime(async {
            let fixture = instance(Arc::new(open(folder)), &folder.join("imports"), KILLS).await;
            fixture.ums.resume_imports().await.unwrap();
            if before == Standing::Unknown {
                fixture.ums.system().import_workbook(super::workbook(), &ImportOptions::new()).await.unwrap();
            }
            look_at_the_end(&fixture, expected).await;
            expect_no_other_files(&fixture, &folder.join("imports")).await;
        });
    }

    /// Where the next process is to be killed, so that the rest of the import lasts for so many kills.
    fn trap(&self, standing: Standing, kills: u64) -> String {
        let below = |most: u64| self.chance.next_u64() % most;
        // A commit changes the file some 30 times; reading to where the import goes on takes thousands of steps.
        let (kind, steps) = match below(2) {
            0 => ("writes", below(60)),
            _ => ("all", (1 << below(13)) + below(64) - 1),
        };
        let when = match standing {
            Standing::Unknown => below(5).to_string(),
            Standing::Taken(done) => {
                let left = (u64::from(ROWS) - done).div_ceil(BATCH);
                let commits = below(BEFORE + 2 * left.div_ceil(kills) + 1);
                if left < 8 && below(2) == 0 { "ending".to_owned() } else { commits.to_string() }
            }
            Standing::Ended => "ending".to_owned(),
        };
        let waits = if below(4) == 0 { "goes-on" } else { "waits" };
        format!("{when} {steps} {kind} {waits}")
    }
}

/// Starts a process that imports, and kills it where its trap springs; says what it did then.
fn killed(folder: &Path, workbook: &Path, nth: u64, trap: &str) -> String {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::child_that_imports", "--nocapture"])
        .env(CHILD, folder)
        .env(WORKBOOK, workbook)
        .env(NTH, nth.to_string())
        .env(TRAP, trap)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut sprung = output.filter_map(|line| line.unwrap().strip_prefix("sprung ").map(str::to_owned));
    let what = sprung.next();
    child.kill().unwrap();
    let status = child.wait().unwrap();
    let Some(what) = what else {
        assert!(status.success(), "the child failed");
        return "nothing, it was done before".to_owned();
    };
    what
}

/// What interruptions leave of workbooks is cleared up.
async fn expect_no_other_files(fixture: &Fixture, folder: &Path) {
    fixture.ums.sweep_imports().await.unwrap();
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let id = the_import(&fixture.ums).await.unwrap();
    assert_eq!(names.collect::<Vec<_>>(), [format!("{id}.xlsx").as_str()]);
}

/// Does nothing, unless it is the child of the test above: then it imports until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_imports() {
    let Some(folder) = variable(CHILD) else {
        return;
    };
    let folder = Path::new(&folder);
    let trap = Trap::parse(&variable(TRAP).unwrap());
    let store = TrappedStore::open(folder.join("ums.redb"), LIMITS, trap.clone());
    let imports = folder.join("imports");
    let inner = WorkbookDirectory::open(&imports).unwrap();
    let files = TrappedFiles { inner, folder: imports, trap: trap.clone() };
    let inner = clock_of(number(NTH, 0));
    let fixture = Fixture::with(Arc::new(store) as Arc<dyn Store>, |builder| {
        let random = SeededRandom::new(0x1000 + number(NTH, 0));
        let builder = builder.clock(Arc::new(TrappedClock { inner, trap })).random(Arc::new(random));
        builder.import_files(Arc::new(files)).resume_imports(false)
    })
    .await;
    let resumed = fixture.ums.resume_imports().await.unwrap();
    if resumed == 0 && the_import(&fixture.ums).await.is_none() {
        fixture.ums.system().import_workbook(workbook(), &ImportOptions::new()).await.unwrap();
    }
}
