//! What was found.

use std::fmt;

use serde::Serialize;
use ums_store::Key;

/// One broken invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The partition of the entry that is wrong, or missing.
    pub partition: String,
    /// Its sort part.
    pub sort: String,
    /// A stable name for what is wrong, `snake_case`.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
}

impl Finding {
    pub(super) fn new(key: &Key, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            partition: key.partition().to_owned(),
            sort: key.sort().to_owned(),
            code,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} ({})", self.partition, self.sort, self.message, self.code)
    }
}
