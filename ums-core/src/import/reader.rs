//! From a file to rows: which sheets are read, in which order.

use std::fmt;
use std::io::{BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;

use calamine::{Reader, Xlsx};

use super::cells::{RawRow, SheetCells, SheetName, sheets};
use super::headings::Layout;
use super::stopwatch::Stopwatch;
use super::{
    ImportFault, ImportLimits, ImportOptions, SheetKind, SheetRow, WorkbookError, WorkbookSize, guard, rows,
};
use crate::{Clock, SystemClock};

/// What reading a workbook comes upon, in the order of the rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SheetEvent {
    /// A row that reads well.
    Row(SheetRow),
    /// A row that does not, with everything that is wrong with it: at least one fault.
    Faulty(SheetKind, Vec<ImportFault>),
    /// What keeps a whole sheet from being read. One sheet may have several.
    Sheet(ImportFault),
    /// What may be wrong, and hinders nothing.
    Warning(ImportFault),
}

/// A workbook whose file was looked at and found sound.
pub struct WorkbookReader<R: Read + Seek> {
    workbook: Xlsx<BufReader<R>>,
    size: WorkbookSize,
    chosen: Vec<Chosen>,
    stopwatch: Stopwatch,
}

impl<R: Read + Seek> WorkbookReader<R> {
    /// Looks at the whole file: its kind, its size, its checksums, how its parts are nested. Blocks.
    ///
    /// Holds in memory the workbook's shared strings, at most about [`ImportLimits::shared_string_bytes`], and its
    /// styles.
    ///
    /// # Errors
    ///
    /// [`WorkbookError`], where the file is no workbook, is damaged, is over one of the limits, or has two sheets that are
    /// to be read as one.
    pub fn open(source: R, limits: &ImportLimits) -> Result<Self, WorkbookError> {
        Self::open_by(Arc::new(SystemClock), source, limits)
    }

    /// The same by a clock other than the machine's, for [`ImportLimits::seconds`].
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_by(
        clock: Arc<dyn Clock>,
        mut source: R,
        limits: &ImportLimits,
    ) -> Result<Self, WorkbookError> {
        let mut stopwatch = Stopwatch::start(clock, limits);
        let size = guard::inspect(&mut source, limits, &mut stopwatch)?;
        let mut workbook = Xlsx::new(BufReader::new(source))?;
        let chosen = choose(&sheets(&workbook))?;
        if chosen.is_empty() {
            return Err(WorkbookError::damaged("it has no sheet"));
        }
        for sheet in &chosen {
            SheetCells::open(&mut workbook, &sheet.name)?;
        }
        stopwatch.check()?;
        Ok(Self { workbook, size, chosen, stopwatch })
    }

    /// How much there is in the workbook.
    #[must_use]
    pub fn size(&self) -> WorkbookSize {
        self.size
    }

    /// The workbook, and the sheets of it that are read, in order.
    pub(crate) fn into_sheets(self) -> (Xlsx<BufReader<R>>, Vec<Chosen>) {
        (self.workbook, self.chosen)
    }

    /// Gives everything in the workbook to `sink`, until that breaks. Blocks.
    ///
    /// Read are the sheets named `organisations`, `departments` and `users`, hidden or not, in this order; where there
    /// is none of them, the first visible sheet, told by its headings.
    ///
    /// Of the options only [`ImportOptions::organisation_id`] counts here: with it, a department needs to name none.
    ///
    /// # Errors
    ///
    /// [`WorkbookError::Io`] where the file can't be read any more, [`WorkbookError::Damaged`] where more than 1,000
    /// cells of a sheet can't be read, and [`WorkbookError::Limit`] where reading takes too long; rows may have been given
    /// out by then.
    pub fn read(
        &mut self,
        options: &ImportOptions,
        mut sink: impl FnMut(SheetEvent) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, WorkbookError> {
        for sheet in 0..self.sheets() {
            if self.read_sheet(sheet, options, &mut sink)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// How many sheets are read.
    pub(super) fn sheets(&self) -> u32 {
        u32::try_from(self.chosen.len()).unwrap_or(u32::MAX)
    }

    /// What a sheet holds, where its name says so.
    pub(super) fn kind(&self, sheet: u32) -> Option<SheetKind> {
        self.chosen.get(usize::try_from(sheet).ok()?)?.kind
    }

    /// Gives everything in one of the sheets to `sink`, counted from 0 in the order of import. May be called again.
    pub(super) fn read_sheet(
        &mut self,
        sheet: u32,
        options: &ImportOptions,
        mut sink: impl FnMut(SheetEvent) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, WorkbookError> {
        let mut events = Events { sink: &mut sink, organisation_given: options.organisation_id.is_some() };
        let chosen = usize::try_from(sheet).ok().and_then(|sheet| self.chosen.get(sheet));
        chosen.map_or(Ok(ControlFlow::Continue(())), |chosen| {
            self.stopwatch.resume();
            read_sheet(&mut self.workbook, chosen, &mut events, &mut self.stopwatch)
        })
    }
}

impl<R: Read + Seek> fmt::Debug for WorkbookReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkbookReader").field("size", &self.size).finish_non_exhaustive()
    }
}

fn read_sheet<R: Read + Seek, S: FnMut(SheetEvent) -> ControlFlow<()>>(
    workbook: &mut Xlsx<R>,
    chosen: &Chosen,
    events: &mut Events<'_, S>,
    stopwatch: &mut Stopwatch,
) -> Result<ControlFlow<()>, WorkbookError> {
    let mut cells = SheetCells::open(workbook, &chosen.name)?;
    let heading = cells.next_row(None)?;
    let ControlFlow::Continue(layout) = events.headings(chosen, heading) else {
        return Ok(ControlFlow::Break(()));
    };
    let Some(layout) = layout else { return Ok(ControlFlow::Continue(())) };
    while let Some(row) = cells.next_row(Some(&layout))? {
        stopwatch.check()?;
        if events.row(&layout, &row).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        stopwatch.resume();
    }
    Ok(ControlFlow::Continue(()))
}

/// A sheet to be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    /// What the name says it holds.
    pub(crate) kind: Option<SheetKind>,
}

/// Which sheets are read, in order: one of each kind, so that what an import goes on with is all that there is of it.
fn choose(sheets: &[SheetName]) -> Result<Vec<Chosen>, WorkbookError> {
    let mut named: Vec<_> = sheets
        .iter()
        .filter_map(|sheet| {
            SheetKind::of_sheet(&sheet.name).map(|kind| Chosen { name: sheet.name.clone(), kind: Some(kind) })
        })
        .collect();
    named.sort_by_key(|chosen| chosen.kind);
    let repeated = named.iter().zip(named.iter().skip(1)).find(|(one, next)| one.kind == next.kind);
    if let Some(kind) = repeated.and_then(|(one, _)| one.kind) {
        return Err(WorkbookError::RepeatedSheet { kind: kind.as_str() });
    }
    if named.is_empty() {
        let first = sheets.iter().find(|sheet| sheet.visible).or_else(|| sheets.first());
        named.extend(first.map(|sheet| Chosen { name: sheet.name.clone(), kind: None }));
    }
    Ok(named)
}

/// Makes events of rows.
struct Events<'a, S> {
    sink: &'a mut S,
    organisation_given: bool,
}

impl<S: FnMut(SheetEvent) -> ControlFlow<()>> Events<'_, S> {
    /// The layout that a heading row tells; `None` where the sheet is not read.
    fn headings(&mut self, chosen: &Chosen, row: Option<RawRow<'_>>) -> ControlFlow<(), Option<Arc<Layout>>> {
        let Some(row) = row else {
            if chosen.kind.is_none() {
                let message = "the sheet is empty: it has no heading row";
                (self.sink)(SheetEvent::Sheet(ImportFault::of_sheet(&chosen.name, "empty_sheet", message)))?;
            }
            return ControlFlow::Continue(None);
        };
        if let Some(doubt) = row.doubt {
            let fault =
                ImportFault::of_sheet(&chosen.name, "unreadable_cell", doubt.message).in_row(row.number);
            (self.sink)(SheetEvent::Sheet(fault))?;
            return ControlFlow::Continue(None);
        }
        let cells: Vec<_> =
            row.cells.iter().map(|(index, value)| (*index, value.as_str().to_owned())).collect();
        let read = Layout::read(&chosen.name, chosen.kind, row.number, &cells, self.organisation_given);
        for warning in read.warnings {
            (self.sink)(SheetEvent::Warning(warning))?;
        }
        match read.layout {
            Ok(layout) => ControlFlow::Continue(Some(Arc::new(layout))),
            Err(faults) => {
                for fault in faults {
                    (self.sink)(SheetEvent::Sheet(fault))?;
                }
                ControlFlow::Continue(None)
            }
        }
    }

    fn row(&mut self, layout: &Arc<Layout>, row: &RawRow<'_>) -> ControlFlow<()> {
        if rows::is_example(layout, row) {
            let message = "is the example of the template, and is passed over";
            let warning = ImportFault::of_sheet(layout.sheet(), "example_row", message).in_row(row.number);
            return (self.sink)(SheetEvent::Warning(warning));
        }
        let read = rows::read(layout, row, self.organisation_given);
        for warning in read.warnings {
            (self.sink)(SheetEvent::Warning(warning))?;
        }
        (self.sink)(match read.row {
            Ok(row) => SheetEvent::Row(row),
            Err(faults) => SheetEvent::Faulty(layout.kind(), faults),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sheets: &[(&str, bool)]) -> Vec<(String, Option<SheetKind>)> {
        let sheets: Vec<_> = sheets
            .iter()
            .map(|(name, visible)| SheetName { name: (*name).to_owned(), visible: *visible })
            .collect();
        choose(&sheets).unwrap().into_iter().map(|chosen| (chosen.name, chosen.kind)).collect()
    }

    #[test]
    fn named_sheets_are_read_in_order_hidden_or_not() {
        let read =
            chosen(&[("Notes", true), ("USERS", true), ("departments", false), ("Organisations ", true)]);
        assert_eq!(
            read,
            [
                ("Organisations ".to_owned(), Some(SheetKind::Organisations)),
                ("departments".to_owned(), Some(SheetKind::Departments)),
                ("USERS".to_owned(), Some(SheetKind::Users)),
            ]
        );
    }

    #[test]
    fn of_each_kind_there_is_one() {
        let sheet = |name: &str| SheetName { name: name.to_owned(), visible: true };
        let twice = choose(&[sheet("users"), sheet("departments"), sheet("Users ")]);
        assert!(matches!(twice, Err(WorkbookError::RepeatedSheet { kind: "users" })), "{twice:?}");
        assert_eq!(chosen(&[("Notes", true), ("Notes ", true)]).len(), 1);
    }

    #[test]
    fn where_none_is_named_the_first_visible_one_is_read() {
        assert_eq!(
            chosen(&[("Hidden", false), ("Sheet1", true), ("Sheet2", true)]),
            [("Sheet1".to_owned(), None)]
        );
        assert_eq!(chosen(&[("Hidden", false), ("More", false)]), [("Hidden".to_owned(), None)]);
        assert!(chosen(&[]).is_empty());
    }
}
