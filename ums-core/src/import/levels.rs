//! In which order the rows of departments are applied: those above before those below, whatever their order in the file.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::{DepartmentRow, Row};
use crate::directory::DEPTH;

/// The last pass there can be. A row with as many above it in its sheet, or more, is too deep for any organisation, so the
/// directory refuses it whenever its turn is.
const LAST: u32 = DEPTH as u32;
/// How many rows of a circle are named.
const NAMED: usize = 20;

/// What is noted of the rows of a sheet while it is looked through for the first time: some 30 bytes apiece, keyed hashes
/// that nobody can aim at in place of names.
#[derive(Debug, Default)]
pub(super) struct Survey {
    rows: HashMap<u64, Noted>,
    repeated: HashMap<u32, u32>,
    hashes: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Noted {
    row: u32,
    parent: Option<u64>,
}

/// When each row's turn is.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Of rows that are not among the first to go.
    turns: HashMap<u32, Turn>,
    last: u32,
}

/// When a row's turn is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// In this pass over the sheet, counted from 0.
    Pass(u32),
    /// Never: an earlier row names the same department.
    Repeats(u32),
    /// Never: it stands below itself.
    Circle(Arc<Circle>),
}

/// Rows that stand below each other in a circle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Circle {
    /// The first of them.
    first: Vec<u32>,
    rows: usize,
}

/// What is known of a row on the way up.
#[derive(Clone, Copy, Debug)]
enum State {
    /// It stands here on the way.
    OnPath(usize),
    /// Its turn is in this pass.
    Settled(u32),
}

impl Survey {
    pub(super) fn note(&mut self, row: &Row<DepartmentRow>) {
        let record = &row.record;
        let organisation = (record.organisation.as_ref().map(|name| name.folded()), record.organisation_id);
        let parent = record.parent.as_ref().map(|parent| self.hash((organisation, parent.folded())));
        let noted = Noted { row: row.number(), parent };
        let first = *self.rows.entry(self.hash((organisation, record.name.folded()))).or_insert(noted);
        if first.row != noted.row {
            self.repeated.insert(noted.row, first.row);
        }
    }

    pub(super) fn levels(self) -> Levels {
        let mut levels = Levels::default();
        let mut states: HashMap<u64, State> = HashMap::with_capacity(self.rows.len());
        for start in self.rows.keys() {
            let mut path = Vec::new();
            let mut next = Some(*start);
            // Upwards, to a row that is settled, or that has nobody above it in this sheet. Each is come by once.
            let above = loop {
                let Some(noted) = next.and_then(|key| Some((key, *self.rows.get(&key)?))) else { break None };
                let (key, Noted { parent, .. }) = noted;
                match states.get(&key) {
                    Some(State::Settled(pass)) => break Some(*pass),
                    Some(State::OnPath(begin)) => {
                        let circle = path.split_off(*begin);
                        self.close(&circle, &mut levels, &mut states);
                        break Some(0);
                    }
                    None => {
                        states.insert(key, State::OnPath(path.len()));
                        path.push(key);
                        next = parent;
                    }
                }
            };
            let mut pass = above.map_or(0, |above| LAST.min(above + 1));
            for key in path.into_iter().rev() {
                states.insert(key, State::Settled(pass));
                levels.last = levels.last.max(pass);
                if let Some(noted) = self.rows.get(&key).filter(|_| pass > 0) {
                    levels.turns.insert(noted.row, Turn::Pass(pass));
                }
                pass = LAST.min(pass + 1);
            }
        }
        levels.turns.extend(self.repeated.into_iter().map(|(row, first)| (row, Turn::Repeats(first))));
        levels
    }

    /// Names a circle by its rows. What hangs below it goes in the passes after the first, and finds no parent.
    fn close(&self, circle: &[u64], levels: &mut Levels, states: &mut HashMap<u64, State>) {
        let mut rows: Vec<u32> = circle.iter().filter_map(|key| Some(self.rows.get(key)?.row)).collect();
        rows.sort_unstable();
        let named = Circle { first: rows.iter().take(NAMED).copied().collect(), rows: rows.len() };
        let turn = Turn::Circle(Arc::new(named));
        levels.turns.extend(rows.into_iter().map(|row| (row, turn.clone())));
        states.extend(circle.iter().map(|key| (*key, State::Settled(0))));
    }

    fn hash(&self, what: impl Hash) -> u64 {
        self.hashes.hash_one(what)
    }
}

impl Levels {
    pub(super) fn turn(&self, row: u32) -> Turn {
        self.turns.get(&row).cloned().unwrap_or(Turn::Pass(0))
    }

    /// The last pass that has a row: at most as many follow the first as departments can stand above one another.
    pub(super) fn last(&self) -> u32 {
        self.last
    }
}

/// The numbers of its rows, of many the first.
impl fmt::Display for Circle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in self.first.iter().enumerate() {
            let before = if index == 0 { "" } else { ", " };
            write!(formatter, "{before}{row}")?;
        }
        match self.rows.saturating_sub(self.first.len()) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Layout, SheetKind};

    /// Rows of name and parent, the first of them row 2.
    fn turns(rows: &[(&str, &str)]) -> Vec<Turn> {
        let levels = levels(rows);
        (2..).take(rows.len()).map(|row| levels.turn(row)).collect()
    }

    fn levels(rows: &[(&str, &str)]) -> Levels {
        let cells = [(0, "name".to_owned()), (1, "parent".to_owned())];
        let read = Layout::read("departments", Some(SheetKind::Departments), 1, &cells, true);
        let layout = Arc::new(read.layout.unwrap());
        let mut survey = Survey::default();
        for (index, (name, parent)) in rows.iter().enumerate() {
            let record = DepartmentRow {
                name: name.parse().unwrap(),
                organisation: None,
                organisation_id: None,
                parent: (!parent.is_empty()).then(|| parent.parse().unwrap()),
            };
            survey.note(&Row::new(&layout, u32::try_from(index).unwrap() + 2, record));
        }
        survey.levels()
    }

    fn circle(first: &[u32]) -> Turn {
        Turn::Circle(Arc::new(Circle { first: first.to_vec(), rows: first.len() }))
    }

    /// Each of many below the next; the last below whoever that is.
    fn chain(names: &[String], top: impl Fn(&[String]) -> &str) -> Vec<(&str, &str)> {
        let above = names.iter().skip(1).map(String::as_str).chain([top(names)]);
        names.iter().map(String::as_str).zip(above).collect()
    }

    fn names() -> Vec<String> {
        (0..100_000).map(|number| format!("d{number}")).collect()
    }

    #[test]
    fn those_above_go_first() {
        let rows =
            [("Payroll", "HR"), ("HR", "Board"), ("Board", ""), ("Sales", "Board"), ("Lone", "Absent")];
        let expected = [2, 1, 0, 1, 0].map(Turn::Pass);
        assert_eq!(turns(&rows), expected);
    }

    #[test]
    fn circles_are_named_by_their_rows_and_what_hangs_below_is_none_of_them() {
        let rows = [("A", "B"), ("B", "C"), ("C", "A"), ("Below", "A"), ("Own", "own"), ("Free", "")];
        let three = circle(&[2, 3, 4]);
        let expected = [three.clone(), three.clone(), three, Turn::Pass(1), circle(&[6]), Turn::Pass(0)];
        assert_eq!(turns(&rows), expected);
    }

    #[test]
    fn the_first_of_a_name_stands() {
        assert_eq!(
            turns(&[("A", ""), ("B", "a"), ("a", "B"), ("A", "")]),
            [Turn::Pass(0), Turn::Pass(1), Turn::Repeats(2), Turn::Repeats(2)]
        );
    }

    #[test]
    fn a_chain_of_any_length_is_done_in_as_many_passes_as_departments_can_be_deep() {
        let names = names();
        let levels = levels(&chain(&names, |_| ""));
        assert_eq!(levels.last(), 32);
        let turns = |rows: std::ops::Range<u32>| rows.map(|row| levels.turn(row));
        let passes: Vec<Turn> = (0..=32).rev().map(Turn::Pass).collect();
        assert!(turns(99_969..100_002).eq(passes), "those whom an organisation has room for, and one more");
        assert!(turns(2..99_969).all(|turn| turn == Turn::Pass(32)), "those too deep");
    }

    #[test]
    fn a_circle_of_any_length_is_held_once_and_named_in_short() {
        let names = names();
        let levels = levels(&chain(&names, |names| &names[0]));
        assert_eq!(levels.last(), 0);
        let Turn::Circle(shared) = levels.turn(2) else { panic!("{:?}", levels.turn(2)) };
        let is_same = |turn| matches!(turn, Turn::Circle(circle) if Arc::ptr_eq(&circle, &shared));
        assert!((2..100_002).all(|row| is_same(levels.turn(row))));
        assert!(shared.first.capacity() < 100, "{}", shared.first.capacity());
        let said = "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 and 99980 more";
        assert_eq!(shared.to_string(), said);
    }
}
