//! Power cuts within this process.

use std::collections::BTreeSet;

use ums_core::store::Store;
use ums_testkit::stores::CuttingStore;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_power_is_cut_goes_on() {
    let chance = SeededRandom::new(seed());
    let expected = undisturbed().await;
    let points = number("UMS_IMPORT_CUTS", 60);
    let (mut cuts, mut imports) = (0, 0);
    while cuts < points {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::with_limits(LIMITS);
        let (mut before, mut known) = (Standing::Unknown, BTreeSet::new());
        for nth in 0.. {
            // Three to take it up, and then some of its 170 batches.
            let commits = chance.next_u64() % 11;
            let cutting = CuttingStore::new(store.clone(), commits, chance.next_u64().is_multiple_of(2));
            if !interrupted(&cutting, folder.path(), nth, before != Standing::Unknown).await {
                break;
            }
            cuts += 1;
            let done = look(&store, &mut known).await;
            assert!(before <= done, "cut {cuts}: {before:?} it was, and now {done:?}");
            before = done;
        }
        imports += 1;
        let fixture = instance(Arc::new(store), folder.path(), 10_000).await;
        look_at_the_end(&fixture, &expected).await;
    }
    println!("{imports} imports of {ROWS} rows, {cuts} power cuts");
}

/// Begins an import, or goes on with it, until the power is cut; whether it was.
async fn interrupted(store: &CuttingStore<MemoryStore>, folder: &Path, nth: u64, begun: bool) -> bool {
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let files = WorkbookDirectory::open(folder).unwrap();
    let secret = ums_core::SecretKey::new([7; 32]).unwrap();
    let opened = ums_core::UserManagement::builder(shared, secret)
        .clock(Arc::new(clock_of(nth)))
        .random(Arc::new(SeededRandom::new(0x2000 + nth)))
        .import_files(Arc::new(files))
        .resume_imports(false)
        .open()
        .await;
    if let Ok(ums) = opened {
        drop(ums.resume_imports().await);
        // What was not taken in is forgotten, and sent again.
        if !begun {
            drop(ums.system().import_workbook(workbook(), &ImportOptions::new()).await);
        }
    }
    store.is_cut()
}
