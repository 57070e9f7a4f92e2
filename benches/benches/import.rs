//! What an import costs beside its limits and beside a peer: reading the same workbook alone, calamine's stream of its
//! cells alone, redb alone taking the very same keys and values in the same batches, the store on redb taking them, and
//! the usual way in Python.
//!
//! `cargo bench -p ums-benches --bench import -- --rows 1000000` measures each in turn in a process of its own, several
//! rounds of each, and prints medians, ratios, the processor time that each took on all cores together, and the most memory
//! that it took over what it had before it began. The machine's speed cancels out of a ratio; the times do not carry over.
//! Afterwards the imported store is looked through, untimed. `--shared` writes the texts of the workbook as
//! shared strings, `--rounds N` changes the number of rounds, `--python` also runs
//! `benches/peers/import.py`, with the interpreter that `PYTHON` names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench reports to a person"
)]
#![allow(clippy::disallowed_methods, reason = "a bench measures time, and talks to its children")]

#[path = "import/replay.rs"]
mod replay;
#[path = "import/workbook.rs"]
mod workbook;

use std::env;
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use ums_core::import::{ImportLimits, ImportOptions, SheetEvent, SheetRow, WorkbookReader};
use ums_store_redb::RedbStore;
use ums_testkit::Fixture;

use replay::DumpingStore;

/// What is measured, each in a child of that name.
const MEASURED: [&str; 5] = ["calamine", "reading", "redb", "store", "import"];

/// How much of the file redb may keep in memory in all of them.
const CACHE: usize = 16 << 20;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let rows: u32 = value("--rows").map_or(50_000, |rows| rows.parse().unwrap());
    if let Some(what) = value("--child") {
        let folder = value("--folder").unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(child(&what, Path::new(&folder), rows));
        return;
    }
    let shared = arguments.iter().any(|argument| argument == "--shared");
    let rounds: usize = value("--rounds").map_or(3, |rounds| rounds.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    workbook::write(&folder.path().join("workbook.xlsx"), rows, shared);
    println!("{rows} users, texts {}", if shared { "shared" } else { "inline" });
    println!("{}", run("dump", folder.path(), rows).trim());
    let mut medians = Vec::new();
    for what in MEASURED {
        let mut runs: Vec<_> = (0..rounds).map(|_| measure(what, folder.path(), rows)).collect();
        let memory = runs.iter().map(|run| run.memory).max().unwrap_or_default();
        runs.sort_unstable_by(|one, other| one.seconds.total_cmp(&other.seconds));
        let median = runs.swap_remove(runs.len() / 2);
        println!(
            "{what:>9}: {:>9.0} rows/s, {:>6.2} s of processor time, {:>4} MiB over idle (median and most of {rounds})",
            f64::from(rows) / median.seconds,
            median.processor,
            memory / 1024
        );
        medians.push(median);
    }
    let [calamine, _, redb, store, import] = <[Measured; 5]>::try_from(medians).unwrap();
    println!("import / redb alone: {:.2}", redb.seconds / import.seconds);
    println!("import / the store alone: {:.2}", store.seconds / import.seconds);
    println!("import / calamine alone: {:.2}", calamine.seconds / import.seconds);
    if arguments.iter().any(|argument| argument == "--python") {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/import.py");
        let output = Command::new(env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()))
            .arg(script)
            .arg(folder.path())
            .output()
            .unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
        let seconds: Option<f64> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .find_map(|line| line.strip_prefix("seconds: ")?.parse().ok());
        match seconds {
            Some(seconds) => println!("import / the Python way: {:.1}", seconds / import.seconds),
            None => println!("the Python way did not run: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

/// What a child says that it took.
#[derive(Debug)]
struct Measured {
    seconds: f64,
    /// Seconds on all cores together.
    processor: f64,
    /// Over idle, in KiB.
    memory: u64,
}

fn measure(what: &str, folder: &Path, rows: u32) -> Measured {
    let said = run(what, folder, rows);
    let line = said.lines().find_map(|line| line.strip_prefix("measured ")).unwrap();
    let mut numbers = line.split(' ');
    let mut number = || numbers.next().unwrap();
    Measured {
        seconds: number().parse().unwrap(),
        processor: number().parse().unwrap(),
        memory: number().parse().unwrap(),
    }
}

fn run(what: &str, folder: &Path, rows: u32) -> String {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--child", what, "--rows", &rows.to_string(), "--folder"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(child.status.success(), "{what}: {}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap()
}

async fn child(what: &str, folder: &Path, rows: u32) {
    let workbook = File::open(folder.join("workbook.xlsx")).unwrap();
    match what {
        "calamine" => report(&Before::now(), stream(workbook)),
        "reading" => report(&Before::now(), read(workbook, rows)),
        "redb" => replay::by_redb(&folder.join("commits"), CACHE),
        "store" => replay::by_store(&folder.join("commits"), CACHE).await,
        "dump" => {
            let directory = tempfile::tempdir_in(folder).unwrap();
            let store = DumpingStore::new(open(directory.path()), &folder.join("commits"));
            import(&Fixture::on(Arc::new(store.clone())).await, workbook, rows).await;
            store.finish(rows);
        }
        _ => {
            let directory = tempfile::tempdir_in(folder).unwrap();
            let fixture = Fixture::on(Arc::new(open(directory.path()))).await;
            let before = Before::now();
            let seconds = import(&fixture, workbook, rows).await;
            report(&before, seconds);
            fixture.verify().await;
        }
    }
}

fn open(directory: &Path) -> RedbStore {
    RedbStore::builder().cache_bytes(CACHE).open(directory.join("ums.redb")).unwrap()
}

/// What this process took before it began.
struct Before {
    memory: u64,
    processor: f64,
}

impl Before {
    fn now() -> Self {
        Self { memory: status("VmRSS:"), processor: processor() }
    }
}

fn report(before: &Before, seconds: f64) {
    let memory = status("VmHWM:").saturating_sub(before.memory);
    println!("measured {seconds} {} {memory}", processor() - before.processor);
}

/// A line of what the system knows of this process, in KiB.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The seconds that all threads of this process took so far, its own and the system's for it.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().into_iter().flat_map(str::split_whitespace).skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

async fn import(fixture: &Fixture, workbook: File, rows: u32) -> f64 {
    let start = Instant::now();
    let report = fixture.ums.system().import_workbook(workbook, &ImportOptions::new()).await.unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!((report.users.read, report.users.created), (u64::from(rows), u64::from(rows)), "{report:?}");
    seconds
}

fn read(workbook: File, rows: u32) -> f64 {
    let start = Instant::now();
    let mut reader = WorkbookReader::open(workbook, &ImportLimits::default()).unwrap();
    let mut found = 0;
    let read = reader.read(&ImportOptions::new(), |event| {
        found += u32::from(matches!(event, SheetEvent::Row(SheetRow::User(_))));
        ControlFlow::Continue(())
    });
    assert!(read.unwrap().is_continue());
    assert_eq!(found, rows);
    start.elapsed().as_secs_f64()
}

/// Every cell of every sheet, without a look at what it means.
fn stream(workbook: File) -> f64 {
    use calamine::{Reader, Xlsx};

    let start = Instant::now();
    let mut workbook: Xlsx<_> = Xlsx::new(BufReader::new(workbook)).unwrap();
    let mut cells = 0_u64;
    for sheet in workbook.sheet_names() {
        let mut reader = workbook.worksheet_cells_reader(&sheet).unwrap();
        while reader.next_cell().unwrap().is_some() {
            cells += 1;
        }
    }
    assert!(cells > 0);
    start.elapsed().as_secs_f64()
}
