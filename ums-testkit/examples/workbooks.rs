//! Writes the workbooks that go out into a directory, to be looked at: `cargo run -p ums-testkit --example workbooks -- DIR`.

use std::error::Error;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, io};

use ums_core::export::{ExportOptions, failed_rows};
use ums_core::import::{ImportLimits, ImportOptions};
use ums_store_memory::MemoryStore;
use ums_testkit::Fixture;
use ums_testkit::workbook::golden;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(env::args().nth(1).ok_or("say which directory to write into")?);
    fs::create_dir_all(&directory)?;
    let fixture = Fixture::on(Arc::new(MemoryStore::new())).await;
    let system = fixture.ums.system();
    fs::write(directory.join("template.xlsx"), system.import_template().await?)?;

    let sent = directory.join("sent.xlsx");
    fs::write(&sent, golden().bytes())?;
    let report = system.import_workbook(File::open(&sent)?, &ImportOptions::new()).await?;
    let faults = report.errors.into_iter().map(Ok);
    let failed = failed_rows(File::open(&sent)?, &ImportLimits::default(), faults, report.started_at)?;
    if let Some(mut failed) = failed {
        io::copy(&mut failed, &mut File::create(directory.join("errors.xlsx"))?)?;
    }
    let mut exported = system.export_users(&ExportOptions::new()).await?.file;
    io::copy(&mut exported, &mut File::create(directory.join("users.xlsx"))?)?;
    Ok(())
}
