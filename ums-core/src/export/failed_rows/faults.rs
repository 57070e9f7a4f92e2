//! Faults in any order, put into that of the rows.
//!
//! What they say stands in a temporary file; in memory are 16 bytes of each.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};

use super::out_of_place;
use crate::export::unwritten;
use crate::import::ImportFault;
use crate::{Error, Result};

/// Faults, sheet by sheet and row by row.
pub(super) struct Faults {
    file: BufReader<File>,
    /// Where the file is read next.
    position: u64,
    /// Each fault's place, in order; those of a whole sheet are of row 0.
    places: std::vec::IntoIter<Place>,
    /// The one that comes next.
    ahead: Option<(Place, ImportFault)>,
}

/// Which fault, and where in the file it stands. In the order of rows, and within a row in that in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    sheet: u32,
    row: u32,
    offset: u64,
}

impl Faults {
    /// Puts them in order. `sheets` are the sheets' names in theirs.
    pub(super) fn new(
        faults: impl IntoIterator<Item = Result<ImportFault>>,
        sheets: &[String],
    ) -> Result<Self> {
        let mut file = BufWriter::new(tempfile::tempfile().map_err(unwritten)?);
        let (mut places, mut offset) = (Vec::new(), 0);
        for fault in faults {
            let fault = fault?;
            let sheet = sheets.iter().position(|name| *name == fault.sheet);
            let sheet =
                sheet.and_then(|index| u32::try_from(index).ok()).ok_or_else(|| out_of_place(&fault))?;
            places.push(Place { sheet, row: fault.row.unwrap_or(0), offset });
            let mut line = serde_json::to_vec(&fault).map_err(unwritten)?;
            line.push(b'\n');
            file.write_all(&line).map_err(unwritten)?;
            offset += line.len() as u64;
        }
        places.sort_unstable();
        let file = file.into_inner().map_err(unwritten)?;
        let mut faults =
            Self { file: BufReader::new(file), position: offset, places: places.into_iter(), ahead: None };
        faults.advance()?;
        Ok(faults)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ahead.is_none()
    }

    /// Whether the next one is of this sheet.
    pub(super) fn is_of(&self, sheet: u32) -> bool {
        self.ahead.as_ref().is_some_and(|(place, _)| place.sheet == sheet)
    }

    /// Those of the sheet as a whole: of no row, or of its heading row.
    pub(super) fn of_sheet(&mut self, sheet: u32, heading: u32) -> Result<Vec<ImportFault>> {
        self.take_while(|place| place.sheet == sheet && place.row <= heading)
    }

    /// Those of a row.
    pub(super) fn of_row(&mut self, sheet: u32, row: u32) -> Result<Vec<ImportFault>> {
        let found = self.take_while(|place| place.sheet == sheet && place.row == row)?;
        match &self.ahead {
            Some((place, missed)) if place.sheet == sheet && place.row < row => Err(out_of_place(missed)),
            _ => Ok(found),
        }
    }

    /// Looks that every one has found its row.
    pub(super) fn expect_none(&self) -> Result<()> {
        self.ahead.as_ref().map_or(Ok(()), |(_, left)| Err(out_of_place(left)))
    }

    fn take_while(&mut self, take: impl Fn(&Place) -> bool) -> Result<Vec<ImportFault>> {
        let mut taken = Vec::new();
        while self.ahead.as_ref().is_some_and(|(place, _)| take(place)) {
            taken.extend(self.advance()?);
        }
        Ok(taken)
    }

    /// Gives out the one ahead, and reads the next.
    fn advance(&mut self) -> Result<Option<ImportFault>> {
        let next = match self.places.next() {
            Some(place) => Some((place, self.read(place.offset)?)),
            None => None,
        };
        Ok(std::mem::replace(&mut self.ahead, next).map(|(_, fault)| fault))
    }

    fn read(&mut self, offset: u64) -> Result<ImportFault> {
        // Most stand in order already, and what is buffered is read on.
        if offset != self.position {
            self.file.seek(SeekFrom::Start(offset)).map_err(unread)?;
        }
        let mut line = String::new();
        let count = self.file.read_line(&mut line).map_err(unread)?;
        self.position = offset + count as u64;
        serde_json::from_str(&line).map_err(unread)
    }
}

fn unread(error: impl std::fmt::Display) -> Error {
    Error::internal(format!("faults that were put aside can't be read: {error}"))
}
