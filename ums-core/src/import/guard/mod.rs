//! Looks at a file before calamine does, so that no file, however made, costs more than its limits allow.
//!
//! calamine reads shared strings, styles and the workbook part whole, reserves memory for as many shared strings as the
//! file says it has (tafia/calamine#684), and joins whatever stands between two tags. So the archive's directory is
//! looked at first, then every XML part is unpacked once and looked at tag by tag, holding no more than one of them. What comes through is whole (its checksums match), well nested, and within [`ImportLimits`].

mod kind;
mod markup;
mod scan;

use std::cell::Cell;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use self::scan::{PartKind, Scan};
use super::limits::{Budget, check};
use super::stopwatch::Stopwatch;
use super::{ImportLimits, Limit, WorkbookError};

/// How much there is in a workbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkbookSize {
    /// Bytes of the XML parts, unpacked.
    pub unpacked_bytes: u64,
    /// Rows with a value in them, headings among them, over all sheets.
    pub rows: u64,
    /// Cells, over all sheets.
    pub cells: u64,
}

/// Looks at the whole file. Leaves `source` at its beginning.
pub(super) fn inspect<R: Read + Seek>(
    source: &mut R,
    limits: &ImportLimits,
    stopwatch: &mut Stopwatch,
) -> Result<WorkbookSize, WorkbookError> {
    let bytes = source.seek(SeekFrom::End(0)).map_err(WorkbookError::Io)?;
    check(Limit::FileBytes, limits.file_bytes, bytes)?;
    kind::check(source)?;
    check(Limit::Entries, limits.entries, declared_entries(source, bytes)?)?;
    source.rewind().map_err(WorkbookError::Io)?;
    let packed = Rc::default();
    let counted = Counted { inner: &mut *source, read: Rc::clone(&packed) };
    let mut archive = ZipArchive::new(counted).map_err(directory_fault)?;
    check(Limit::Entries, limits.entries, archive.len() as u64)?;
    let parts = Parts::read(&archive)?;
    archive.validate_header_consistency().map_err(directory_fault)?;
    let mut scan = Scan::new(limits);
    let mut unpacked = Budget::new(Limit::UnpackedBytes, limits.unpacked_bytes);
    for (index, kind) in parts.xml {
        let part = archive.by_index(index).map_err(directory_fault)?;
        let packed = Packed { all: part.compressed_size(), before: packed.get(), read: Rc::clone(&packed) };
        inspect_part(part, packed, kind, &mut scan, &mut unpacked, limits, stopwatch)?;
    }
    source.rewind().map_err(WorkbookError::Io)?;
    Ok(WorkbookSize { unpacked_bytes: unpacked.used(), rows: scan.rows(), cells: scan.cells() })
}

fn inspect_part<R: Read>(
    part: ZipFile<'_, R>,
    packed: Packed,
    kind: PartKind,
    scan: &mut Scan,
    unpacked: &mut Budget,
    limits: &ImportLimits,
    stopwatch: &mut Stopwatch,
) -> Result<(), WorkbookError> {
    let part_budget = match kind {
        PartKind::Streamed | PartKind::SharedStrings => {
            Budget::new(Limit::UnpackedBytes, limits.unpacked_bytes)
        }
        PartKind::Whole | PartKind::Relationships => Budget::new(Limit::PartBytes, limits.part_bytes),
    };
    let metered =
        Metered { packed, inner: part, unpacked, stopwatch, ratio: limits.ratio, part: part_budget };
    scan.part(kind, &mut BufReader::with_capacity(64 * 1024, metered))
}

/// The parts of a workbook, told by their names.
struct Parts {
    /// Index in the archive of each part to be looked at.
    xml: Vec<(usize, PartKind)>,
}

impl Parts {
    fn read<R: Read + Seek>(archive: &ZipArchive<R>) -> Result<Self, WorkbookError> {
        let mut names = Vec::with_capacity(archive.len());
        for name in archive.file_names() {
            let name = name.map_err(|_| WorkbookError::damaged("a part has a name that can't be read"))?;
            names.push(name.replace('\\', "/").to_ascii_lowercase());
        }
        kind::check_parts(&names)?;
        let mut sorted: Vec<_> = names.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(WorkbookError::damaged("two parts have the same name"));
        }
        let xml =
            names.iter().enumerate().filter_map(|(index, name)| PartKind::of(name).map(|kind| (index, kind)));
        Ok(Self { xml: xml.collect() })
    }
}

/// Counts what is unpacked of a part, and ends it where there is too much.
struct Metered<'a, R> {
    inner: R,
    unpacked: &'a mut Budget,
    stopwatch: &'a mut Stopwatch,
    part: Budget,
    packed: Packed,
    ratio: u64,
}

/// How much of a part there is before it is unpacked.
struct Packed {
    /// As the directory says.
    all: u64,
    /// How many bytes of the file were read before the part.
    before: u64,
    /// How many were read by now.
    read: Rc<Cell<u64>>,
}

impl Packed {
    /// How many bytes were taken for what is unpacked by now, at the most: what is read ahead counts.
    fn so_far(&self) -> u64 {
        self.all.min(self.read.get().saturating_sub(self.before))
    }
}

/// Counts what is read of a file.
struct Counted<'a, R> {
    inner: &'a mut R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.set(self.read.get().saturating_add(count as u64));
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        /// Below this the ratio of a part says nothing.
        const SMALL: u64 = 1024 * 1024;
        let count = self.inner.read(buffer)?;
        let amount = count as u64;
        let within = self.part.take(amount).and_then(|()| self.unpacked.take(amount));
        within.and_then(|()| self.stopwatch.check()).map_err(io::Error::other)?;
        let used = self.part.used();
        if used > SMALL && used / self.ratio.max(1) > self.packed.so_far() {
            return Err(io::Error::other(WorkbookError::Limit { limit: Limit::Ratio, allowed: self.ratio }));
        }
        Ok(count)
    }
}

/// How many entries the archive says it has: the directory is read whole, so that number is looked at before.
///
/// 0 where it does not say; reading the archive then says what is wrong with it.
fn declared_entries<R: Read + Seek>(source: &mut R, bytes: u64) -> Result<u64, WorkbookError> {
    /// The end record, and the longest comment that may follow it.
    const TAIL: u64 = 22 + 65_535;
    let mut tail = Vec::new();
    source.seek(SeekFrom::Start(bytes.saturating_sub(TAIL))).map_err(WorkbookError::Io)?;
    source.take(TAIL).read_to_end(&mut tail).map_err(WorkbookError::Io)?;
    let record = tail.windows(22).rev().find(|window| window.starts_with(b"PK\x05\x06"));
    let Some([low, high]) = record.and_then(|record| record.get(10..12)) else { return Ok(0) };
    Ok(u64::from(u16::from_le_bytes([*low, *high])))
}

fn directory_fault(error: ZipError) -> WorkbookError {
    match error {
        ZipError::Io(error) => WorkbookError::from_io(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => WorkbookError::Encrypted,
        error => WorkbookError::damaged(error.to_string()),
    }
}
