//! How far an import is: a bar where somebody watches a terminal, else a line now and then.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ums_core::import::ImportProgress;

use crate::course::Begun;
use crate::{report, tell};

/// How long nothing is said where there is no terminal.
const PAUSE: Duration = Duration::from_secs(10);
/// How many rows are done before anything is said there: what is smaller has ended by then.
const MANY: u64 = 1_000;

pub(crate) struct Progress {
    /// Also what tells the time, seen or not.
    bar: ProgressBar,
    is_seen: bool,
    /// Rows that were done before.
    before: u64,
    /// When none had been added to them yet, and how many bytes were read by then.
    start: (Duration, u64),
    /// When the last line was written.
    said: Option<Duration>,
}

impl Progress {
    pub(crate) fn new(workbook: &Path, begun: Begun) -> Self {
        let (id, workbook) = (begun.id, workbook.display());
        tell(&match begun.before {
            None => format!("import {id}: {workbook}"),
            Some(rows) => {
                format!("import {id}: {workbook} goes on after {} rows", report::count(rows))
            }
        });
        let is_seen = io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style);
        Self {
            bar,
            is_seen,
            before: begun.before.unwrap_or_default(),
            start: (Duration::ZERO, 0),
            said: None,
        }
    }

    pub(crate) fn show(&mut self, at: ImportProgress) {
        let elapsed = self.bar.elapsed();
        if at.rows_done <= self.before {
            self.start = (elapsed, at.bytes_read);
        }
        let pace = self.pace(at, elapsed);
        if self.is_seen {
            self.bar.set_length(at.bytes_total);
            self.bar.set_position(at.bytes_read);
            self.bar.set_message(pace);
        } else if at.rows_done >= self.before + MANY && self.said.is_none_or(|said| elapsed >= said + PAUSE) {
            self.said = Some(elapsed);
            let percent = at.bytes_read * 100 / at.bytes_total.max(1);
            tell(&format!("{percent} % {pace}"));
        }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Rows, how many of them a second, and the time that is left if the rest of the file goes as fast.
    fn pace(&self, at: ImportProgress, elapsed: Duration) -> String {
        let (began, bytes_before) = self.start;
        let rows = report::count(at.rows_done.max(self.before));
        let done = at.rows_done.saturating_sub(self.before);
        let milliseconds = u64::try_from(elapsed.saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        if done == 0 || milliseconds == 0 {
            return format!("{rows} rows");
        }
        let rate = report::count(done.saturating_mul(1000) / milliseconds);
        let bytes_done = at.bytes_read.saturating_sub(bytes_before).max(1);
        let left = at.bytes_total.saturating_sub(at.bytes_read).saturating_mul(milliseconds) / bytes_done;
        format!("{rows} rows, {rate} a second, {} left", HumanDuration(Duration::from_millis(left)))
    }
}
