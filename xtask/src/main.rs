//! What is too long for CI, or needs tools of its own: `cargo xtask help`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod common_passwords;
mod fuzz;
mod malformed;
mod refresh_race;

use std::env;
use std::path::Path;
use std::process::{Command, ExitCode};

/// A task: its name, its arguments, what it does.
struct Task {
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    run: fn(&[String]) -> Result<(), String>,
}

const TASKS: [Task; 7] = [
    Task {
        name: "ci",
        arguments: "",
        does: "everything that has to hold before a merge, as CI runs it",
        run: ci,
    },
    Task {
        name: "common-passwords",
        arguments: "PATH",
        does: "makes the list of common passwords from a public one (ums-core/src/hash/common/ORIGIN.md)",
        run: common_passwords::run,
    },
    Task {
        name: "fuzz",
        arguments: "[TARGET] [SECONDS]",
        does: "fuzzes one target, or each in turn (60 s); needs nightly Rust and cargo-fuzz",
        run: fuzz::run,
    },
    Task {
        name: "import-crash",
        arguments: "[POINTS]",
        does: "kills imports of 20,000 rows at so many points (10,000), and cuts the power of a twentieth more",
        run: import_crash,
    },
    Task {
        name: "malformed",
        arguments: "[COUNT] [SEED]",
        does: "reads every malformed workbook, and 20,000 changed by chance, under limits of memory and time",
        run: malformed::run,
    },
    Task {
        name: "refresh-race",
        arguments: "[--rounds N] [--seed S]",
        does: "64 callers refresh with one token, in each of 10,000 rounds, in memory and on redb",
        run: refresh_race::run,
    },
    Task { name: "help", arguments: "", does: "this list", run: help },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", &[][..]),
    };
    let done = match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None => Err(format!("there is no task `{name}`; `cargo xtask help` lists them")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn help(_: &[String]) -> Result<(), String> {
    println!("cargo xtask TASK\n");
    for task in &TASKS {
        println!("  {:<38}{}", format!("{} {}", task.name, task.arguments), task.does);
    }
    Ok(())
}

fn ci(arguments: &[String]) -> Result<(), String> {
    if !arguments.is_empty() {
        return Err("`ci` takes no arguments".to_owned());
    }
    run(Command::new(root().join(".ci/run")))
}

fn import_crash(arguments: &[String]) -> Result<(), String> {
    let points = match arguments {
        [] => 10_000,
        [points] => points.parse::<u32>().map_err(|error| format!("{points}: {error}"))?,
        _ => return Err("`import-crash` takes one argument at most".to_owned()),
    };
    let mut command = Command::new("cargo");
    command
        .args(["test", "--release", "--package", "ums-core", "--test", "import_crash", "--", "--nocapture"])
        .env("UMS_IMPORT_CUTS", points.div_ceil(20).to_string())
        .env("UMS_IMPORT_KILLS", points.to_string());
    run(command)
}

/// Runs a command in the project's root, with this process's input and output.
fn run(mut command: Command) -> Result<(), String> {
    let status = command.current_dir(root()).status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
