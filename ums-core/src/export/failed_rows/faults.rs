//! Faults, sheet by sheet and row by row.

use std::iter::Peekable;

use super::out_of_order;
use crate::Result;
use crate::import::ImportFault;

pub(super) struct Faults<I: Iterator<Item = Result<ImportFault>>>(Peekable<I>);

impl<I: Iterator<Item = Result<ImportFault>>> Faults<I> {
    pub(super) fn new(faults: I) -> Self {
        Self(faults.peekable())
    }

    pub(super) fn is_empty(&mut self) -> Result<bool> {
        Ok(self.peek()?.is_none())
    }

    /// Whether the next one is of this sheet.
    pub(super) fn is_of(&mut self, sheet: &str) -> Result<bool> {
        Ok(self.peek()?.is_some_and(|next| next.sheet == sheet))
    }

    /// Those of the sheet as a whole: of no row, or of its heading row.
    pub(super) fn of_sheet(&mut self, sheet: &str, heading: u32) -> Result<Vec<ImportFault>> {
        self.take_while(|fault| fault.sheet == sheet && fault.row.is_none_or(|row| row <= heading))
    }

    /// Those of a row, whose faults come next if it has any.
    pub(super) fn of_row(&mut self, sheet: &str, row: u32) -> Result<Vec<ImportFault>> {
        let found = self.take_while(|fault| fault.sheet == sheet && fault.row == Some(row))?;
        match self.peek()? {
            // It was of a row before this one, which is not there or was passed already.
            Some(next) if next.sheet == sheet && next.row.is_none_or(|missed| missed < row) => {
                Err(out_of_order(next))
            }
            _ => Ok(found),
        }
    }

    /// Looks that every one has found its row.
    pub(super) fn expect_none(&mut self) -> Result<()> {
        self.peek()?.map_or(Ok(()), |left| Err(out_of_order(left)))
    }

    fn peek(&mut self) -> Result<Option<&ImportFault>> {
        // An error can't be looked at in place: it has to be taken.
        if let Some(Err(error)) = self.0.next_if(Result::is_err) {
            return Err(error);
        }
        Ok(self.0.peek().and_then(|next| next.as_ref().ok()))
    }

    fn take_while(&mut self, take: impl Fn(&ImportFault) -> bool) -> Result<Vec<ImportFault>> {
        let mut taken = Vec::new();
        while self.peek()?.is_some_and(&take) {
            taken.extend(self.0.next().transpose()?);
        }
        Ok(taken)
    }
}
