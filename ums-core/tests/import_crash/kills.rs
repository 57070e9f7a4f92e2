//! Processes that are killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ums_core::store::Store;
use ums_core::{ImportEvent, UserManagement};
use ums_store_redb::RedbStore;

use super::*;

const CHILD: &str = "UMS_IMPORT_CHILD";
const NTH: &str = "UMS_IMPORT_NTH";

fn open(folder: &Path) -> RedbStore {
    RedbStore::builder().limits(LIMITS).open(folder.join("ums.redb")).unwrap()
}

#[tokio::test]
async fn an_import_whose_process_is_killed_goes_on() {
    let chance = chance();
    let expected = undisturbed().await;
    let points = number("UMS_IMPORT_KILLS", 20);
    let (mut kills, mut imports) = (0, 0);
    while kills < points {
        let folder = tempfile::tempdir().unwrap();
        let mut before = None;
        std::fs::write(folder.path().join("workbook"), bytes()).unwrap();
        for nth in 0.. {
            if !killed(folder.path(), nth, chance.next_u64() % 12, chance.next_u64() % 200_000) {
                break;
            }
            kills += 1;
            let store = open(folder.path());
            let done = look(&store).await;
            assert!(before <= done, "kill {kills}: {before:?} rows were done, and now {done:?}");
            before = done;
        }
        imports += 1;
        let store: Arc<dyn Store> = Arc::new(open(folder.path()));
        let fixture = instance(store, &folder.path().join("imports"), 10_000).await;
        look_at_the_end(&fixture, &expected).await;
    }
    println!("{imports} imports of {ROWS} rows, {kills} kills");
}

/// Starts a child, reads so many lines of it, spins a little, and kills it; `false` where it came to its end before.
fn killed(folder: &Path, nth: u64, lines: u64, spins: u64) -> bool {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::child_that_imports", "--nocapture"])
        .env(CHILD, folder)
        .env(WORKBOOK, folder.join("workbook"))
        .env(NTH, nth.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut seen = 0;
    while seen <= lines {
        match output.next() {
            Some(line) if line.as_ref().unwrap().starts_with("done") => seen += 1,
            Some(_) => {}
            None => {
                assert!(child.wait().unwrap().success(), "the child failed");
                return false;
            }
        }
    }
    (0..spins).for_each(|_| std::hint::spin_loop());
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Does nothing, unless it is the child of the test above: then it imports until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_imports() {
    let Some(folder) = variable(CHILD) else {
        return;
    };
    let folder = Path::new(&folder);
    let store: Arc<dyn Store> = Arc::new(open(folder));
    let fixture = instance(store, &folder.join("imports"), number(NTH, 0)).await;
    println!();
    println!("done opening");
    let ums = fixture.ums.clone();
    let following = tokio::spawn(async move { follow(&ums).await });
    let resumed = fixture.ums.resume_imports().await.unwrap();
    let id = ImportId::try_from(1).unwrap();
    let listed = fixture.ums.system().import(id).await;
    if resumed == 0 && listed.is_err() {
        fixture.ums.system().import_workbook(workbook(), &ImportOptions::new()).await.unwrap();
    }
    following.abort();
}

async fn follow(ums: &UserManagement) {
    let id = ImportId::try_from(1).unwrap();
    let mut events = loop {
        match ums.system().follow_import(id).await {
            Ok(events) => break events,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    while let Ok(Some(event)) = events.next().await {
        if let ImportEvent::Progress(progress) = event {
            println!("done {}", progress.rows_done);
        }
    }
}
