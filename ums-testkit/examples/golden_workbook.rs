//! Writes the golden workbook: `cargo run -p ums-testkit --example golden_workbook -- FILE`.
#![allow(clippy::print_stderr, reason = "a program for a person")]

use std::env;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("say which file to write");
        return ExitCode::FAILURE;
    };
    match fs::write(&path, ums_testkit::workbook::golden().bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::FAILURE
        }
    }
}
