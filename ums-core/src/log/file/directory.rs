//! The only place that spells file names and opens files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;

use super::{Day, at};

/// A directory with a file for each day.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(at(&path))?;
        Ok(Self(path))
    }

    /// The days that have a file, the latest first. Other names, and what is no regular file, are not ours.
    pub(super) fn days(&self) -> io::Result<Vec<Day>> {
        let mut days = Vec::<Day>::new();
        for entry in fs::read_dir(&self.0).map_err(at(&self.0))? {
            let entry = entry.map_err(at(&self.0))?;
            let name = entry.file_name();
            let day: Option<Day> =
                name.to_str().and_then(|name| name.strip_suffix(LINES)).and_then(|day| day.parse().ok());
            if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                days.extend(day);
            }
        }
        days.sort_unstable_by(|left, right| right.cmp(left));
        Ok(days)
    }

    /// The day's file, to read; `None` where there is none, or what has its name is no regular file.
    pub(super) fn open_to_read(&self, day: Day) -> io::Result<Option<File>> {
        let path = self.path(day, LINES);
        match open_regular(OpenOptions::new().read(true), &path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_irregular(&error) => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// The day's file, to append to; made where it is absent.
    pub(super) fn open_to_append(&self, day: Day) -> io::Result<File> {
        let path = self.path(day, LINES);
        open_regular(OpenOptions::new().read(true).append(true).create(true), &path).map_err(at(&path))
    }

    /// Whether the times of this day's lines rise only here and there.
    pub(super) fn is_unordered(&self, day: Day) -> bool {
        self.path(day, UNORDERED).symlink_metadata().is_ok()
    }

    pub(super) fn mark_unordered(&self, day: Day) -> io::Result<()> {
        let path = self.path(day, UNORDERED);
        if self.is_unordered(day) {
            return Ok(());
        }
        open_regular(OpenOptions::new().append(true).create(true), &path).map(drop).map_err(at(&path))
    }

    /// Removes the files of earlier days, and answers how many days had one.
    pub(super) fn remove_before(&self, first_kept: Day) -> io::Result<usize> {
        let mut removed = 0;
        let mut failure = None;
        for day in self.days()?.into_iter().filter(|&day| day < first_kept) {
            match self.remove(day) {
                Ok(()) => removed += 1,
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(removed), Err)
    }

    /// The lines go first: were the mark to go first, a crash in between would leave an unordered day without it.
    fn remove(&self, day: Day) -> io::Result<()> {
        for suffix in [LINES, UNORDERED] {
            let path = self.path(day, suffix);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn path(&self, day: Day, suffix: &str) -> PathBuf {
        self.0.join(format!("{day}{suffix}"))
    }
}

const LINES: &str = ".jsonl";
const UNORDERED: &str = ".unordered";

#[cfg(unix)]
fn open_regular(options: &mut OpenOptions, path: &std::path::Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    // Without O_NONBLOCK, opening a named pipe would wait for its other end.
    let file = options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}

#[cfg(not(unix))]
fn open_regular(options: &mut OpenOptions, path: &std::path::Path) -> io::Result<File> {
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => return Err(irregular()),
        _ => options.open(path),
    }
}

fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// What opening a symbolic link, a named pipe without a reader, or a directory answers.
fn is_irregular(error: &io::Error) -> bool {
    #[cfg(unix)]
    if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO | libc::EMLINK)) {
        return true;
    }
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory)
}
