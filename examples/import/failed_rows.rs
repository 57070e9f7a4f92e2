//! The rows that failed, as a workbook beside the one that was imported.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use ums_core::Acting;
use ums_core::model::ImportId;

/// How many names are tried.
const NAMES: u32 = 10_000;

/// Writes them to the first name that is free, and says which; `None` where they are not kept any more.
pub(crate) async fn write(
    acting: &Acting,
    id: ImportId,
    workbook: &Path,
) -> Result<Option<PathBuf>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(mut failed) = acting.failed_rows(id).await? else { return Ok(None) };
    let (path, mut file) = create(workbook)?;
    io::copy(&mut failed, &mut file)?;
    Ok(Some(path))
}

/// Never replaces a file: it may be the workbook itself, or one that somebody is mending.
fn create(workbook: &Path) -> io::Result<(PathBuf, File)> {
    for number in 1..NAMES {
        let path = beside(workbook, number);
        let mut options = File::options();
        options.write(true).create_new(true);
        // Passwords are in it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "every name beside the workbook is taken"))
}

/// `people.errors.xlsx`, then `people.errors-2.xlsx`; also where `people.errors.xlsx` itself was imported.
fn beside(workbook: &Path, number: u32) -> PathBuf {
    let stem = workbook.file_stem().unwrap_or_default().to_string_lossy();
    let stem = match stem.rsplit_once(".errors") {
        Some((name, rest)) if !name.is_empty() && (rest.is_empty() || is_number(rest)) => name,
        _ => &*stem,
    };
    let number = if number == 1 { String::new() } else { format!("-{number}") };
    workbook.with_file_name(format!("{stem}.errors{number}.xlsx"))
}

fn is_number(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|digits| digits.parse::<u32>().is_ok())
}
