//! The operator's program.

use std::io::{self, Write};
use std::process::ExitCode;

use ums_server::{Command, run};

fn main() -> ExitCode {
    match Command::read(std::env::args().skip(1)) {
        Ok(command) => run(command),
        Err(error) => {
            // Where there is nobody to tell, the exit code tells.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}
