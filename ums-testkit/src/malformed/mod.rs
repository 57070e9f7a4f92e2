//! Workbooks that are broken, hostile, odd, or no workbooks at all, and what has to come of each.
//!
//! All are made here, so that each says in a line of code what is wrong with it. `ums-testkit/tests/malformed.rs` has each
//! read by a process of its own, which may use so much memory and time and no more.

mod archives;
mod cells;
mod kinds;
mod markup;
mod meaning;
mod mutations;
mod outcome;
mod raw_zip;
mod sizes;

pub use mutations::{Mutations, originals};
pub use outcome::Outcome;

use crate::package::{Package, row};

/// A file, and what has to come of reading it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Specimen {
    /// What kind of trouble it is.
    pub class: &'static str,
    /// What is wrong with it.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// What has to come of it.
    pub expected: Expected,
}

/// What has to come of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// It is refused, for one of these causes (the codes of `WorkbookError`).
    Refused(&'static [&'static str]),
    /// It is read: so many rows well, so many with faults.
    Read {
        /// Rows without a fault.
        good: usize,
        /// Rows with one or more.
        faulty: usize,
    },
    /// Its sheet is not read, and a fault says why.
    NoSheet,
    /// It is refused, or reads to exactly what this one of [`originals`] reads to.
    RefusedOrLike(usize),
    /// It is refused or read, whichever; that it ends well is enough.
    Ends,
}

/// Hands specimens over, one at a time: some are large.
pub type Take<'a> = &'a mut dyn FnMut(Specimen);

/// Every specimen that does not come from chance.
pub fn corpus(take: Take<'_>) {
    kinds::specimens(take);
    archives::specimens(take);
    sizes::specimens(take);
    markup::specimens(take);
    meaning::specimens(take);
    cells::specimens(take);
}

/// Those that are large, too: reading them takes seconds where nothing is optimised.
pub fn heavy(take: Take<'_>) {
    sizes::heavy(take);
}

const DAMAGED: Expected = Expected::Refused(&["damaged_workbook"]);
const LIMIT: Expected = Expected::Refused(&["limit_exceeded"]);
const NO_WORKBOOK: Expected = Expected::Refused(&["not_a_workbook"]);

const fn read(good: usize, faulty: usize) -> Expected {
    Expected::Read { good, faulty }
}

fn specimen(class: &'static str, name: impl Into<String>, bytes: Vec<u8>, expected: Expected) -> Specimen {
    Specimen { class, name: name.into(), bytes, expected }
}

/// A sound workbook of one user, to be spoilt.
fn sound() -> Package {
    Package::new("users", &people())
}

/// The rows of one user.
fn people() -> String {
    format!("{}{}", row(1, &["email", "name"]), row(2, &["a@example.com", "A"]))
}

/// The rows of one user and one that is made of these cells.
fn people_and(cells: &str) -> String {
    format!(r#"{}<row r="3">{cells}</row>"#, people())
}
