//! What came of reading a file, on one line that one process can tell another.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::str::FromStr;

use ums_core::import::{ImportLimits, ImportOptions, SheetEvent, WorkbookError, WorkbookReader};

use super::Expected;

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was refused.
    Refused {
        /// The cause, as a code.
        code: String,
        /// The cause, in words.
        words: String,
    },
    /// It was read.
    Read {
        /// Rows without a fault.
        good: usize,
        /// Rows with one or more.
        faulty: usize,
        /// Faults of whole sheets.
        sheets: usize,
        /// What tells what was read from anything else.
        digest: u64,
    },
}

impl Outcome {
    /// Reads a file to its end, as an import does.
    pub fn of(file: impl Read + Seek) -> Self {
        match Self::read(file) {
            Ok(read) => read,
            // A line has one end.
            Err(error) => Self::Refused {
                code: error.code().to_owned(),
                words: error.to_string().replace(char::is_control, " "),
            },
        }
    }

    fn read(file: impl Read + Seek) -> Result<Self, WorkbookError> {
        let mut reader = WorkbookReader::open(file, &ImportLimits::default())?;
        let (mut good, mut faulty, mut sheets) = (0, 0, 0);
        let mut digest = DefaultHasher::new();
        let flow = reader.read(&ImportOptions::new(), |event| {
            match &event {
                SheetEvent::Row(_) => good += 1,
                SheetEvent::Faulty(..) => faulty += 1,
                SheetEvent::Sheet(_) => sheets += 1,
                _ => {}
            }
            format!("{event:?}").hash(&mut digest);
            ControlFlow::Continue(())
        });
        flow.map(|_| Self::Read { good, faulty, sheets, digest: digest.finish() })
    }

    /// Whether it is what had to come of it; `originals` are what came of those.
    #[must_use]
    pub fn is(&self, expected: &Expected, originals: &[Self]) -> bool {
        match (self, expected) {
            // A file of ours can always be read from where it is.
            (Self::Refused { code, words }, _) if code == "unreadable_file" || words.is_empty() => false,
            (Self::Refused { code, .. }, Expected::Refused(codes)) => codes.contains(&code.as_str()),
            (Self::Refused { .. }, Expected::RefusedOrLike(_)) | (_, Expected::Ends) => true,
            (Self::Read { .. }, Expected::RefusedOrLike(original)) => originals.get(*original) == Some(self),
            (Self::Read { good, faulty, sheets, .. }, Expected::Read { good: right, faulty: wrong }) => {
                (good, faulty, sheets) == (right, wrong, &0)
            }
            (Self::Read { good, faulty, sheets, .. }, Expected::NoSheet) => {
                (*good, *faulty) == (0, 0) && *sheets > 0
            }
            _ => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, words } => write!(f, "refused {code} {words}"),
            Self::Read { good, faulty, sheets, digest } => {
                write!(f, "read {good} {faulty} {sheets} {digest}")
            }
        }
    }
}

impl FromStr for Outcome {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = || format!("`{line}` is no outcome");
        let (what, rest) = line.split_once(' ').ok_or_else(wrong)?;
        if what == "refused" {
            let (code, words) = rest.split_once(' ').ok_or_else(wrong)?;
            return Ok(Self::Refused { code: code.to_owned(), words: words.to_owned() });
        }
        let numbers: Vec<u64> = rest.split(' ').map_while(|number| number.parse().ok()).collect();
        match (what, numbers.as_slice()) {
            ("read", &[good, faulty, sheets, digest]) => {
                let [good, faulty, sheets] = [good, faulty, sheets].map(|count| count as usize);
                Ok(Self::Read { good, faulty, sheets, digest })
            }
            _ => Err(wrong()),
        }
    }
}
