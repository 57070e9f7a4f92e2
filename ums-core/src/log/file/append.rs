//! Appending: the single place that writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::directory::Directory;
use super::lines::{BackwardLines, Step};
use super::{DISORDER, Day, LogEvent, read_line};
use crate::Timestamp;

/// Events as lines, by day.
pub(super) struct Lines(BTreeMap<Day, DayLines>);

#[derive(Default)]
struct DayLines {
    text: Vec<u8>,
    times: Vec<Timestamp>,
}

impl Lines {
    pub(super) fn of(events: &[LogEvent]) -> io::Result<Self> {
        let mut days = BTreeMap::<Day, DayLines>::new();
        for event in events {
            let day = days.entry(Day::of(event.timestamp())).or_default();
            event.write_line(&mut day.text)?;
            day.times.push(event.timestamp());
        }
        Ok(Self(days))
    }
}

/// Appends lines, and knows for the days it appends to how far their times have come.
#[derive(Debug, Default)]
pub(super) struct Appender {
    known: BTreeMap<Day, Known>,
}

/// What is known of a file of this length.
#[derive(Clone, Copy, Debug)]
struct Known {
    length: u64,
    /// No line has a later time.
    latest: Timestamp,
    /// Whether it ends in the middle of a line.
    torn: bool,
}

impl Appender {
    /// Appends all lines or none.
    pub(super) fn append(&mut self, directory: &Directory, lines: &Lines) -> io::Result<()> {
        let mut written = Vec::new();
        let result = lines.0.iter().try_for_each(|(&day, lines)| {
            let file = directory.open_to_append(day)?;
            lock(&file)?;
            let before = self.known(day, &file)?;
            let after = write(directory, day, &file, before, lines);
            written.push((file, day, before.length));
            self.known.insert(day, after?);
            Ok(())
        });
        if result.is_err() {
            for (file, day, length) in written {
                self.known.remove(&day);
                // Where this fails as well, the torn line stays, and the next append ends it.
                let _ = file.set_len(length);
            }
        }
        while self.known.len() > DAYS_KNOWN {
            self.known.pop_first();
        }
        result
    }

    fn known(&self, day: Day, file: &File) -> io::Result<Known> {
        let length = file.metadata()?.len();
        let known = self.known.get(&day).filter(|known| known.length == length);
        known.map_or_else(|| survey(file, length), |known| Ok(*known))
    }
}

const DAYS_KNOWN: usize = 4;

/// The lock goes with the file's closing. Where the file system has none, processes must not share the directory.
fn lock(file: &File) -> io::Result<()> {
    match file.lock() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        result => result,
    }
}

fn write(
    directory: &Directory,
    day: Day,
    mut file: &File,
    before: Known,
    lines: &DayLines,
) -> io::Result<Known> {
    let mut latest = before.latest;
    let mut ordered = true;
    for &time in &lines.times {
        ordered &= time >= latest.minus(DISORDER);
        latest = latest.max(time);
    }
    if !ordered {
        directory.mark_unordered(day)?;
    }
    if before.torn {
        file.write_all(b"\n")?;
    }
    file.write_all(&lines.text)?;
    let length = file.metadata()?.len();
    Ok(Known { length, latest, torn: false })
}

/// Finds out about a file that this process has not written, or not alone.
///
/// The last line may be earlier than one before it by as much as the times may fall: so the latest time is taken to be
/// that much later, and no file gets out of order by being opened again and again.
fn survey(mut file: &File, length: u64) -> io::Result<Known> {
    let earliest = Timestamp::from_unix_milliseconds(i64::MIN);
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    let mut lines = BackwardLines::new(file, length, SURVEY_BLOCK_BYTES);
    let latest = loop {
        let event = match lines.step()? {
            Some(Step::Line(line)) => read_line(line),
            Some(_) => None,
            None => break earliest,
        };
        if let Some(event) = event {
            break event.timestamp().plus(DISORDER);
        }
        if lines.bytes_read() > SURVEY_BYTES {
            // Nothing can be said of such a file; whatever comes next is taken to be out of order.
            break Timestamp::from_unix_milliseconds(i64::MAX);
        }
    };
    Ok(Known { length, latest, torn: last != *b"\n" })
}

const SURVEY_BLOCK_BYTES: usize = 16 * 1024;
const SURVEY_BYTES: u64 = 4 * 1024 * 1024;
