//! What is read of a workbook, in which order: on a thread of its own, in portions, from wherever an import goes on.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::faults::duplicate;
use super::job::Checkpoint;
use super::levels::{Levels, Survey, Turn};
use super::running::Running;
use super::seen::{Seen, Sighting};
use super::{
    Column, ImportOptions, OnMissing, SheetEvent, SheetKind, SheetRow, WorkbookError, WorkbookReader,
};
use crate::{Clock, Error, Result};

/// How many events go from the reader to the importer at a time, and how many such portions may wait.
const EVENTS: usize = 512;
const PORTIONS: usize = 3;

/// Events that follow each other.
#[derive(Debug)]
pub(super) struct Portion {
    /// Where the first of them stands.
    pub(super) at: Checkpoint,
    pub(super) events: Vec<SheetEvent>,
}

pub(super) type Message = Result<Portion, WorkbookError>;

/// Whom a workbook names, once all of it was read.
pub(super) type Named = oneshot::Receiver<Box<Seen>>;

/// Begins to read a workbook that was found sound, from where an import goes on.
pub(super) fn start(
    reader: WorkbookReader<Metered>,
    options: ImportOptions,
    from: Checkpoint,
) -> (mpsc::Receiver<Message>, Named) {
    let (sender, receiver) = mpsc::channel(PORTIONS);
    let (named_sender, named_receiver) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let is_whole = options.on_missing == OnMissing::Suspend;
        let named = is_whole.then(|| Seen::new(2 * reader.size().rows));
        let mut feed = Feed { reader, options, from, sender, named };
        match feed.run() {
            Ok(()) => drop(feed.named.map(|named| named_sender.send(Box::new(named)))),
            // Nobody listens any more where the import was called off.
            Err(error) => drop(feed.sender.blocking_send(Err(error))),
        }
    });
    (receiver, named_receiver)
}

/// Opens a workbook on a thread that may block.
pub(super) async fn open(
    clock: Arc<dyn Clock>,
    workbook: File,
    limits: super::ImportLimits,
    running: Arc<Running>,
) -> Result<Result<WorkbookReader<Metered>, WorkbookError>> {
    let opened = tokio::task::spawn_blocking(move || {
        let metered = Metered { file: workbook, running: running.clone() };
        let reader = WorkbookReader::open_by(clock, metered, &limits)?;
        running.begin_reading();
        Ok(reader)
    });
    opened.await.map_err(|error| Error::internal(format!("reading a workbook: {error}")))
}

struct Feed {
    reader: WorkbookReader<Metered>,
    options: ImportOptions,
    from: Checkpoint,
    sender: mpsc::Sender<Message>,
    /// Whom the rows name, where that is asked for.
    named: Option<Seen>,
}

impl Feed {
    fn run(&mut self) -> Result<(), WorkbookError> {
        for sheet in self.from.sheet..self.reader.sheets() {
            let levels = self.survey(sheet)?;
            let first = if sheet == self.from.sheet { self.from.pass } else { 0 };
            for pass in first..=levels.last() {
                if self.pass(sheet, pass, &levels)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Looks through a sheet of departments for who stands above whom.
    fn survey(&mut self, sheet: u32) -> Result<Levels, WorkbookError> {
        if matches!(self.reader.kind(sheet), Some(SheetKind::Organisations | SheetKind::Users)) {
            return Ok(Levels::default());
        }
        let mut survey = Survey::default();
        let _ = self.reader.read_sheet(sheet, &self.options, |event| match event {
            SheetEvent::Row(SheetRow::Department(row)) => {
                survey.note(&row);
                ControlFlow::Continue(())
            }
            SheetEvent::Row(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        })?;
        Ok(survey.levels())
    }

    fn pass(&mut self, sheet: u32, pass: u32, levels: &Levels) -> Result<ControlFlow<()>, WorkbookError> {
        let at = Checkpoint { sheet, pass, events: 0 };
        let rows = self.reader.size().rows;
        let mut portions = Portions {
            sender: &self.sender,
            at,
            done: if (sheet, pass) == (self.from.sheet, self.from.pass) { self.from.events } else { 0 },
            events: Vec::with_capacity(EVENTS),
            // A row has two keys at most: an e-mail address and an external id.
            seen: Seen::new(2 * rows),
            named: &mut self.named,
            failed: None,
        };
        let read = self.reader.read_sheet(sheet, &self.options, |event| {
            match event_of_pass(event, pass, levels) {
                Some(event) => portions.push(event),
                None => ControlFlow::Continue(()),
            }
        })?;
        let ended = if read.is_continue() { portions.flush() } else { read };
        match portions.failed {
            Some(error) => Err(WorkbookError::Io(error)),
            None => Ok(ended),
        }
    }
}

/// What of a sheet belongs to a pass: all but departments whose turn is another.
fn event_of_pass(event: SheetEvent, pass: u32, levels: &Levels) -> Option<SheetEvent> {
    let SheetEvent::Row(SheetRow::Department(row)) = event else { return (pass == 0).then_some(event) };
    let refused = match levels.turn(row.number()) {
        Turn::Pass(turn) => {
            return (turn == pass).then_some(SheetEvent::Row(SheetRow::Department(row)));
        }
        Turn::Repeats(first) => duplicate(&row, Column::Name, first),
        Turn::Circle(circle) => {
            let message = format!("stands below itself; these rows make the circle: {circle}");
            row.fault(Column::Parent, "cycle", message)
        }
    };
    (pass == 0).then(|| SheetEvent::Faulty(SheetKind::Departments, vec![refused]))
}

/// Gathers the events of a pass, finds rows that repeat an earlier one, and sends what is not done yet.
struct Portions<'a> {
    sender: &'a mpsc::Sender<Message>,
    at: Checkpoint,
    /// How many events of the pass are done already.
    done: u64,
    events: Vec<SheetEvent>,
    seen: Seen,
    named: &'a mut Option<Seen>,
    failed: Option<io::Error>,
}

impl Portions<'_> {
    fn push(&mut self, event: SheetEvent) -> ControlFlow<()> {
        self.events.push(event);
        if self.events.len() < EVENTS { ControlFlow::Continue(()) } else { self.flush() }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        if let Err(error) = self.refuse_repetitions() {
            self.failed = Some(error);
            return ControlFlow::Break(());
        }
        let mut events = mem::replace(&mut self.events, Vec::with_capacity(EVENTS));
        let mut at = self.at;
        self.at.events += events.len() as u64;
        let skipped = usize::try_from(self.done.saturating_sub(at.events)).unwrap_or(usize::MAX);
        events.drain(..skipped.min(events.len()));
        at.events += skipped as u64;
        if events.is_empty() {
            return ControlFlow::Continue(());
        }
        match self.sender.blocking_send(Ok(Portion { at, events })) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Of rows with one e-mail address, one external id or one organisation's name the first stands.
    fn refuse_repetitions(&mut self) -> io::Result<()> {
        let mut sightings: Vec<Sighting> = Vec::with_capacity(self.events.len());
        let mut whose = Vec::with_capacity(self.events.len());
        for (index, event) in self.events.iter().enumerate() {
            let mut note = |column, sighting| {
                sightings.push(sighting);
                whose.push((index, column));
            };
            match event {
                SheetEvent::Row(SheetRow::User(row)) => {
                    let (record, number) = (&row.record, row.number());
                    note(Column::Email, self.seen.sighting(record.email.canonical(), number));
                    if let Some(external_id) = &record.external_id {
                        let organisation = record.organisation.as_ref().map(|name| name.folded());
                        let ids = (record.organisation_id, record.department_id);
                        let key = (organisation, ids, external_id.as_str());
                        note(Column::ExternalId, self.seen.sighting(key, number));
                    }
                }
                SheetEvent::Row(SheetRow::Organisation(row)) => {
                    note(Column::Name, self.seen.sighting(row.record.name.folded(), row.number()));
                }
                _ => {}
            }
        }
        if sightings.is_empty() {
            return Ok(());
        }
        if let Some(named) = self.named {
            let rows = self.events.iter().filter_map(|event| match event {
                SheetEvent::Row(SheetRow::User(row)) => Some(row),
                _ => None,
            });
            let names: Vec<_> = rows
                .flat_map(|row| {
                    let (record, number) = (&row.record, row.number());
                    let external_id = record.external_id.as_ref().map(|id| by_external_id(id.as_str()));
                    let names = [Some(by_email(record.email.canonical())), external_id];
                    names.map(|name| name.map(|name| named.sighting(name, number)))
                })
                .flatten()
                .collect();
            named.first_rows(&names)?;
        }
        let firsts = self.seen.first_rows(&sightings)?;
        for ((index, column), first) in whose.into_iter().zip(firsts) {
            let (Some(first), Some(event)) = (first, self.events.get_mut(index)) else { continue };
            let refused = match &*event {
                SheetEvent::Row(SheetRow::User(row)) => (SheetKind::Users, duplicate(row, column, first)),
                SheetEvent::Row(SheetRow::Organisation(row)) => {
                    (SheetKind::Organisations, duplicate(row, column, first))
                }
                _ => continue,
            };
            *event = SheetEvent::Faulty(refused.0, vec![refused.1]);
        }
        Ok(())
    }
}

/// What a user is named by.
pub(super) fn by_email(canonical: &str) -> (&str, &str) {
    ("e-mail", canonical)
}

/// What a user is named by, in another system.
pub(super) fn by_external_id(external_id: &str) -> (&str, &str) {
    ("external id", external_id)
}

/// A file that tells how much was read of it.
#[derive(Debug)]
pub(super) struct Metered {
    file: File,
    running: Arc<Running>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.running.note_bytes(read as u64);
        Ok(read)
    }
}

impl Seek for Metered {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}
