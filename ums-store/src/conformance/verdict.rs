//! How a case ends.

use std::error::Error as StdError;
use std::fmt;

use crate::Error;

/// Nothing, or what was seen that should not have been.
pub(crate) type Verdict<T = ()> = Result<T, Seen>;

/// What a case saw.
#[derive(Debug)]
pub(crate) struct Seen(String);

impl Seen {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for Seen {
    fn from(error: Error) -> Self {
        let mut text = format!("an error where none was expected: {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Self(text)
    }
}
