//! A user-management server: `cargo run --release --example server`. The environment configures it; see `Config`.

use std::process::ExitCode;

use ums_server::{Command, run};

fn main() -> ExitCode {
    run(Command::Serve)
}
