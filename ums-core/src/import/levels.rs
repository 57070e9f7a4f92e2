//! In which order the rows of departments are applied: those above before those below, whatever their order in the file.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use super::{DepartmentRow, Row};

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
    /// Never: these rows stand below each other in a circle.
    Circle(Vec<u32>),
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
        let mut settled: HashMap<u64, u32> = HashMap::new();
        for start in self.rows.keys() {
            let mut path = Vec::new();
            let mut next = Some(*start);
            // Upwards, to a row that is settled, or that has nobody above it in this sheet.
            let above = loop {
                let Some(noted) = next.and_then(|key| Some((key, *self.rows.get(&key)?))) else { break None };
                let (key, Noted { parent, .. }) = noted;
                if let Some(pass) = settled.get(&key) {
                    break Some(*pass);
                }
                if let Some(begin) = path.iter().position(|on_path| *on_path == key) {
                    let circle = path.split_off(begin);
                    self.close(&circle, &mut levels, &mut settled);
                    break Some(0);
                }
                path.push(key);
                next = parent;
            };
            let first = above.map_or(0, |above| above + 1);
            for (key, pass) in path.into_iter().rev().zip(first..) {
                settled.insert(key, pass);
                levels.last = levels.last.max(pass);
                if let Some(noted) = self.rows.get(&key).filter(|_| pass > 0) {
                    levels.turns.insert(noted.row, Turn::Pass(pass));
                }
            }
        }
        levels.turns.extend(self.repeated.into_iter().map(|(row, first)| (row, Turn::Repeats(first))));
        levels
    }

    /// Names a circle by its rows. What hangs below it goes in the passes after the first, and finds no parent.
    fn close(&self, circle: &[u64], levels: &mut Levels, settled: &mut HashMap<u64, u32>) {
        let mut rows: Vec<u32> = circle.iter().filter_map(|key| Some(self.rows.get(key)?.row)).collect();
        rows.sort_unstable();
        for row in &rows {
            levels.turns.insert(*row, Turn::Circle(rows.clone()));
        }
        settled.extend(circle.iter().map(|key| (*key, 0)));
    }

    fn hash(&self, what: impl Hash) -> u64 {
        self.hashes.hash_one(what)
    }
}

impl Levels {
    pub(super) fn turn(&self, row: u32) -> Turn {
        self.turns.get(&row).cloned().unwrap_or(Turn::Pass(0))
    }

    /// The last pass that has a row.
    pub(super) fn last(&self) -> u32 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::import::{Layout, SheetKind};

    /// Rows of name and parent, the first of them row 2.
    fn turns(rows: &[(&str, &str)]) -> Vec<Turn> {
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
        let levels = survey.levels();
        (2..).take(rows.len()).map(|row| levels.turn(row)).collect()
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
        let circle = Turn::Circle(vec![2, 3, 4]);
        let expected =
            [circle.clone(), circle.clone(), circle, Turn::Pass(1), Turn::Circle(vec![6]), Turn::Pass(0)];
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
    fn a_chain_of_any_length_is_settled_without_recursion() {
        let names: Vec<String> = (0..20_000).map(|number| format!("d{number}")).collect();
        let rows: Vec<(&str, &str)> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), names.get(index + 1).map_or("", String::as_str)))
            .collect();
        assert_eq!(turns(&rows)[0], Turn::Pass(19_999));
    }
}
