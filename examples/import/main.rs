//! A workbook into a store, from the shell: `cargo run --release --example import -- people.xlsx`. `--help` says the rest.
//!
//! It opens what a server would open, the same way: [`Config`](ums_server::config::Config) reads the environment and
//! `.env`, and [`System`](ums_server::System) finds store, secret, log and the directory of workbooks that are on their
//! way. A program that opened the store by itself would keep a secret of its own beside the server's, tell the server's
//! log nothing, and leave an interrupted import where the server does not look for it. So, started in the server's
//! directory while that does not run, this is the server without its socket: what is imported here stands in the server's
//! log and among its imports, and what is interrupted here the server goes on with, too.

mod arguments;
mod course;
mod failed_rows;
mod progress;
mod report;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use self::arguments::Arguments;
use self::course::Outcome;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(course::run(&arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(Outcome::Taken) => ExitCode::SUCCESS,
        Ok(Outcome::SomeFailed) => ExitCode::from(1),
        Ok(Outcome::NothingDone) => ExitCode::from(2),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) => {
            complain(&error);
            ExitCode::from(2)
        }
    }
}

/// Writes an error with its causes to standard error.
fn complain(error: &dyn Error) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    tell(&text);
}

/// Writes a line to standard error. Where there is nobody to tell, the exit code tells.
fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
