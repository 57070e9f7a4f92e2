//! Answering queries.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;

use super::lines::{BackwardLines, Step, widen};
use super::{DISORDER, Day, LINE_BYTES, Shared, read_line};
use crate::Timestamp;
use crate::log::{LogError, LogPage, LogPosition, LogQuery};

impl Shared {
    pub(super) fn search(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        let from = query.before.as_ref().map(read_position).transpose()?;
        let mut search =
            Search { shared: self, query, page: LogPage::default(), found_bytes: 0, bytes_read: 0 };
        let result = search.run(from);
        self.bytes_read.fetch_add(search.bytes_read, Ordering::Relaxed);
        result.map(|()| search.page)
    }
}

struct Search<'shared> {
    shared: &'shared Shared,
    query: &'shared LogQuery,
    page: LogPage,
    found_bytes: u64,
    bytes_read: u64,
}

/// Where the search of a day ended.
enum End {
    /// At its start.
    Start,
    /// Where the page was full or enough had been read.
    Paused(u64),
    /// Where everything earlier is before `since`.
    Since,
}

impl Search<'_> {
    fn run(&mut self, from: Option<(Day, u64)>) -> Result<(), LogError> {
        let mut days = self.days(from)?.into_iter().peekable();
        let mut moved = false;
        while let Some(day) = days.next() {
            let Some(file) = self.shared.directory.open_to_read(day).map_err(LogError::unavailable)? else {
                continue;
            };
            // The length comes before the question whether the day is in order: a line out of order is preceded by
            // the mark.
            let length = file.metadata().map_err(LogError::unavailable)?.len();
            let ordered = !self.shared.directory.is_unordered(day);
            let end = match from.filter(|&(from, _)| from == day) {
                Some((_, offset)) if offset > length => return Err(LogError::InvalidPosition),
                Some((_, offset)) => offset,
                None if ordered => self.skip_until(&file, length).map_err(LogError::unavailable)?,
                None => length,
            };
            match self.search_day(&file, end, ordered, moved).map_err(LogError::unavailable)? {
                End::Start => moved = true,
                End::Since => return Ok(()),
                End::Paused(offset) => {
                    if offset > 0 || days.peek().is_some() {
                        self.page.next = Some(write_position(day, offset));
                    }
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The days that may hold something, the latest first.
    fn days(&self, from: Option<(Day, u64)>) -> Result<Vec<Day>, LogError> {
        let first = self.query.since.map(Day::of);
        let last = self.query.until.map(Day::of);
        let mut days = self.shared.directory.days().map_err(LogError::unavailable)?;
        days.retain(|&day| {
            first.is_none_or(|first| day >= first)
                && last.is_none_or(|last| day <= last)
                && from.is_none_or(|(from, _)| day <= from)
        });
        Ok(days)
    }

    /// Searches what is before the end. `moved`: whether this query has got on already.
    fn search_day(&mut self, file: &File, end: u64, ordered: bool, mut moved: bool) -> io::Result<End> {
        let enough = self.query.since.filter(|_| ordered).map(|since| since.minus(DISORDER));
        let mut lines = BackwardLines::new(file, end, self.shared.block_bytes);
        let read_before = self.bytes_read;
        loop {
            let place = lines.position();
            moved |= place < end;
            if moved && self.bytes_read >= self.shared.scan_bytes {
                return Ok(End::Paused(place));
            }
            let line = match lines.step()? {
                None => return Ok(End::Start),
                Some(Step::Line(line)) => Some((line.len(), read_line(line))),
                Some(Step::TooLong) => {
                    self.page.unreadable += 1;
                    None
                }
                Some(Step::Nothing) => None,
            };
            self.bytes_read = read_before + lines.bytes_read();
            let event = match line {
                None => continue,
                Some((_, None)) => {
                    self.page.unreadable += 1;
                    continue;
                }
                Some((length, Some(event))) => {
                    if enough.is_some_and(|enough| event.timestamp() < enough) {
                        return Ok(End::Since);
                    }
                    if !self.query.matches(&event) {
                        continue;
                    }
                    self.found_bytes += widen(length);
                    event
                }
            };
            self.page.items.push(event);
            if self.page.items.len() >= self.query.page_size() || self.found_bytes >= PAGE_BYTES {
                return Ok(End::Paused(lines.position()));
            }
        }
    }

    /// A place in an ordered day behind which everything is past `until`, close to the first such place.
    ///
    /// Once a line is later than `until` by more than times may fall, so is everything behind it. Times that fall a
    /// little may lead the bisection to a later such line than the first, never to a wrong one.
    fn skip_until(&mut self, file: &File, length: u64) -> io::Result<u64> {
        let Some(past) = self.query.until.map(|until| until.plus(DISORDER)) else { return Ok(length) };
        let (mut low, mut high, mut end) = (0, length, length);
        while high - low > widen(self.shared.block_bytes) {
            let middle = low + (high - low) / 2;
            match self.first_line_after(file, middle, high)? {
                Some((start, time)) if time >= past => {
                    end = start;
                    high = middle;
                }
                Some(_) => low = middle,
                None => high = middle,
            }
        }
        Ok(end)
    }

    /// The first line that can be read among those that begin behind `from` and end before `to`: where it begins, and
    /// its time.
    fn first_line_after(
        &mut self,
        mut file: &File,
        from: u64,
        to: u64,
    ) -> io::Result<Option<(u64, Timestamp)>> {
        let most = widen(LINE_BYTES).saturating_mul(2).min(to - from);
        file.seek(SeekFrom::Start(from))?;
        let mut reader = file.take(most);
        let mut buffer = Vec::new();
        let mut seen = 0;
        loop {
            let wanted = widen(self.shared.block_bytes.min(PROBE_BYTES));
            let got = reader.by_ref().take(wanted).read_to_end(&mut buffer)?;
            self.bytes_read += widen(got);
            if got == 0 {
                return Ok(None);
            }
            while let Some(rest) = buffer.get(seen..) {
                let mut ends = rest.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at);
                let (Some(first), Some(second)) = (ends.next(), ends.next()) else { break };
                let event = rest.get(first + 1..second).and_then(read_line);
                if let Some(event) = event {
                    return Ok(Some((from + widen(seen + first + 1), event.timestamp())));
                }
                seen += second;
            }
        }
    }
}

const PAGE_BYTES: u64 = 4 * 1024 * 1024;
const PROBE_BYTES: usize = 4 * 1024;

fn write_position(day: Day, offset: u64) -> LogPosition {
    LogPosition::new(format!("file:{day}:{offset}"))
}

fn read_position(position: &LogPosition) -> Result<(Day, u64), LogError> {
    let place = position.as_str().strip_prefix("file:").and_then(|place| place.split_once(':'));
    let (day, offset) = place.ok_or(LogError::InvalidPosition)?;
    match (day.parse(), offset.parse()) {
        (Ok(day), Ok(offset)) => Ok((day, offset)),
        _ => Err(LogError::InvalidPosition),
    }
}
