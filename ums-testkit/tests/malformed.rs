//! Each malformed workbook, read by a process of its own that may use so much memory and time and open neither file nor
//! socket: a clear error or the right data, never a crash.
//!
//! As a test it reads all of `ums_testkit::malformed::corpus` and some that are changed by chance, and those of
//! `heavy` where it is optimised; `-- --mutations 20000 --seed 7` reads as many of the changed ones alone. `cargo xtask
//! malformed` does all of that. It prints a table of what came of them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops where it fails, and reports to a person"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use ums_testkit::malformed::{Mutations, Outcome, Specimen, corpus, heavy, originals};

/// What reading a file may take, beside what the process has to begin with.
const MEMORY_MIB: u64 = 192;
/// Seconds of a processor that reading a file may take. Without optimisation it takes many times longer.
const SECONDS: u64 = if cfg!(debug_assertions) { 30 } else { 5 };

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [read, path] = arguments.as_slice()
        && read == "--read"
    {
        child::read(Path::new(path));
        return ExitCode::SUCCESS;
    }
    // Asked for the names of its tests, or for a test of another name, it has none.
    if arguments.iter().any(|argument| argument == "--list")
        || arguments
            .first()
            .is_some_and(|filter| !filter.starts_with('-') && !"malformed".contains(&**filter))
    {
        return ExitCode::SUCCESS;
    }
    let number = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let mutations = number("--mutations");
    let seed = number("--seed").unwrap_or(1);
    let mut run = Run::new();
    if mutations.is_none() {
        corpus(&mut |specimen| run.read(&specimen));
        if !cfg!(debug_assertions) {
            heavy(&mut |specimen| run.read(&specimen));
        }
    }
    let count = usize::try_from(mutations.unwrap_or(150)).unwrap();
    for specimen in Mutations::new(seed).take(count) {
        run.read(&specimen);
    }
    run.report(seed)
}

/// What came of all of them.
struct Run {
    directory: tempfile::TempDir,
    originals: Vec<Outcome>,
    classes: BTreeMap<&'static str, Class>,
    failures: Vec<String>,
}

#[derive(Default)]
struct Class {
    read: usize,
    refused: usize,
    failed: usize,
    most_memory: u64,
    most_milliseconds: u64,
}

impl Run {
    fn new() -> Self {
        let originals: Vec<_> = originals().iter().map(|bytes| Outcome::of(Cursor::new(bytes))).collect();
        assert!(originals.iter().all(|outcome| matches!(outcome, Outcome::Read { .. })), "{originals:?}");
        let directory = tempfile::tempdir().unwrap();
        Self { directory, originals, classes: BTreeMap::new(), failures: Vec::new() }
    }

    fn read(&mut self, specimen: &Specimen) {
        let path: PathBuf = self.directory.path().join("specimen");
        fs::write(&path, &specimen.bytes).unwrap();
        let child = Command::new(env::current_exe().unwrap()).arg("--read").arg(&path).output().unwrap();
        let told = String::from_utf8_lossy(&child.stdout);
        let mut lines = told.lines();
        let outcome = lines.next().unwrap_or_default().parse::<Outcome>();
        let mut costs = lines.next().unwrap_or_default().split(' ').map_while(|number| number.parse().ok());
        let class = self.classes.entry(specimen.class).or_default();
        class.most_memory = class.most_memory.max(costs.next().unwrap_or(0));
        class.most_milliseconds = class.most_milliseconds.max(costs.next().unwrap_or(0));
        let right = match &outcome {
            Ok(outcome) => child.status.success() && outcome.is(&specimen.expected, &self.originals),
            Err(_) => false,
        };
        match outcome {
            Ok(Outcome::Read { .. }) if right => class.read += 1,
            Ok(Outcome::Refused { .. }) if right => class.refused += 1,
            outcome => {
                class.failed += 1;
                self.failures.push(format!(
                    "{}: {}: expected {:?}, got {outcome:?}, {}: {}",
                    specimen.class,
                    specimen.name,
                    specimen.expected,
                    child.status,
                    String::from_utf8_lossy(&child.stderr).lines().take(3).collect::<Vec<_>>().join(" ")
                ));
            }
        }
    }

    fn report(self, seed: u64) -> ExitCode {
        println!(
            "{:>14}  {:>6} {:>8} {:>7} {:>7} {:>9} {:>9}",
            "", "files", "refused", "read", "failed", "most KiB", "most ms"
        );
        let all = self.classes.values().map(|class| class.read + class.refused + class.failed).sum::<usize>();
        for (name, class) in &self.classes {
            let files = class.read + class.refused + class.failed;
            println!(
                "{name:>14}  {files:>6} {:>8} {:>7} {:>7} {:>9} {:>9}",
                class.refused, class.read, class.failed, class.most_memory, class.most_milliseconds
            );
        }
        println!("{all} files, seed {seed}, {} failed", self.failures.len());
        for failure in &self.failures {
            println!("{failure}");
        }
        if self.failures.is_empty() && all > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The process that reads a file.
mod child {
    use super::*;

    /// Reads the file and prints what came of it; then the memory it took in KiB, and the processor's milliseconds.
    pub(super) fn read(path: &Path) {
        let file = File::open(path).unwrap();
        let before = status("VmHWM:");
        limits::set();
        let outcome = limits::with_no_other_file(&file, || Outcome::of(&file));
        println!("{outcome}");
        println!("{} {}", status("VmHWM:").saturating_sub(before), milliseconds());
    }

    #[cfg(target_os = "linux")]
    mod limits {
        use std::os::fd::AsRawFd;

        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        use super::*;

        /// Bounds the memory that can be had from here on, and the time of the processor.
        pub(super) fn set() {
            let both = |most| Rlimit { current: Some(most), maximum: Some(most) };
            let memory = status("VmSize:") * 1024 + MEMORY_MIB * 1024 * 1024;
            setrlimit(Resource::As, both(memory)).unwrap();
            setrlimit(Resource::Cpu, both(SECONDS)).unwrap();
            setrlimit(Resource::Core, both(0)).unwrap();
        }

        /// Does something while neither a file nor a socket can be opened.
        pub(super) fn with_no_other_file<T>(file: &File, work: impl FnOnce() -> T) -> T {
            let before = getrlimit(Resource::Nofile);
            let open = u64::try_from(file.as_raw_fd()).unwrap() + 1;
            setrlimit(Resource::Nofile, Rlimit { current: Some(open), ..before }).unwrap();
            assert!(File::open("/dev/null").is_err());
            let done = work();
            setrlimit(Resource::Nofile, before).unwrap();
            done
        }
    }

    /// Limits are set on Linux alone; elsewhere it is seen that nothing crashes.
    #[cfg(not(target_os = "linux"))]
    mod limits {
        use super::*;

        pub(super) fn set() {
            let _ = (MEMORY_MIB, SECONDS);
        }

        pub(super) fn with_no_other_file<T>(_: &File, work: impl FnOnce() -> T) -> T {
            work()
        }
    }

    /// A line of what the system says of this process, in KiB; 0 where it says nothing.
    fn status(name: &str) -> u64 {
        let all = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = all.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }

    fn milliseconds() -> u64 {
        let all = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let numbers: Vec<u64> = all
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .split(' ')
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        // Fields 14 and 15 of proc(5), in ticks of 10 ms.
        numbers.iter().skip(11).take(2).sum::<u64>() * 10
    }
}
