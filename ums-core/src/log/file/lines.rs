//! A file's lines, from the last to the first.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::LINE_BYTES;

/// Reads lines backwards, holding about a block, or one line where that is longer.
pub(super) struct BackwardLines<'file> {
    file: &'file File,
    block_bytes: usize,
    /// What has been read and not been given out, but for what is behind `live`.
    buffer: Vec<u8>,
    /// How much of the buffer has not been given out.
    live: usize,
    /// Where the buffer begins in the file.
    low: u64,
    /// Whether the end of the line that we stand in has yet to be found: what is behind it is no line.
    inside: bool,
    bytes_read: u64,
}

pub(super) enum Step<'lines> {
    /// A whole line, without its end.
    Line(&'lines [u8]),
    /// A line that is longer than any that is written; the rest of it is passed by.
    TooLong,
    /// A part of the file in which no whole line ends.
    Nothing,
}

impl<'file> BackwardLines<'file> {
    /// The lines that end at or before this byte. What follows the last line's end is left out.
    pub(super) fn new(file: &'file File, end: u64, block_bytes: usize) -> Self {
        Self { file, block_bytes, buffer: Vec::new(), live: 0, low: end, inside: true, bytes_read: 0 }
    }

    /// What is at this byte and behind has been given out.
    pub(super) fn position(&self) -> u64 {
        self.low + widen(self.live)
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// One step towards the start; `None` at the start. Reads a block at a time, and only as it must.
    pub(super) fn step(&mut self) -> io::Result<Option<Step<'_>>> {
        if self.position() == 0 {
            return Ok(None);
        }
        if self.inside {
            self.read_block()?;
            let end = self.line_end_before(self.live);
            self.inside = end.is_none();
            self.live = end.map_or(0, |end| end + 1);
            return Ok(Some(Step::Nothing));
        }
        loop {
            let end = self.live.saturating_sub(1);
            let start = match self.line_end_before(end) {
                Some(earlier) => earlier + 1,
                None if self.low == 0 => 0,
                None if end > LINE_BYTES => {
                    self.live = 0;
                    self.inside = true;
                    return Ok(Some(Step::TooLong));
                }
                None => {
                    self.read_block()?;
                    continue;
                }
            };
            self.live = start;
            return Ok(Some(Step::Line(self.buffer.get(start..end).unwrap_or_default())));
        }
    }

    /// Where in the buffer the last line's end before this place is.
    fn line_end_before(&self, place: usize) -> Option<usize> {
        self.buffer.get(..place)?.iter().rposition(|&byte| byte == b'\n')
    }

    fn read_block(&mut self) -> io::Result<()> {
        let wanted = usize::try_from(self.low).unwrap_or(usize::MAX).min(self.block_bytes);
        let mut block = vec![0; wanted];
        let start = self.low - widen(wanted);
        let mut file = self.file;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut block)?;
        self.bytes_read += widen(wanted);
        self.buffer.truncate(self.live);
        self.buffer.splice(..0, block);
        self.live = self.buffer.len();
        self.low = start;
        Ok(())
    }
}

pub(super) fn widen(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
