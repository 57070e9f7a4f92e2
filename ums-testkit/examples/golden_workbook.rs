//! Writes the golden workbook: `cargo run -p ums-testkit --example golden_workbook -- FILE`.

use std::error::Error;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("say which file to write")?;
    fs::write(path, ums_testkit::workbook::golden().bytes())?;
    Ok(())
}
