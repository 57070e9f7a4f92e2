//! What a dry run decided, kept for whoever wants exactly that done.

use serde::{Deserialize, Serialize};
use ums_store::Version;

use super::ImportFault;
use crate::Timestamp;
use crate::directory::Upserted;
use crate::model::UserId;
use crate::record::Record;

impl Record for PlanChunk {}

/// Decisions that follow each other, one for each row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanChunk {
    pub(crate) decisions: Vec<String>,
}

/// How much of a plan there is, and until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) chunks: u32,
    /// The first of them that counts: those before are of a dry run that was interrupted.
    #[serde(default)]
    pub(crate) first: u32,
    pub(crate) expires_at: Option<Timestamp>,
}

/// How an import is gone about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    /// By itself, or to make a plan.
    #[default]
    Whole,
    /// Its plan is compared with what would be decided now.
    Looking,
    /// Its plan is applied.
    Applying,
}

/// What was decided of a row, in a few characters: what happens, to whom, as which version.
pub(super) fn decision(upserted: Upserted, departments: u64, whom: Option<(UserId, Version)>) -> String {
    let what = match upserted {
        Upserted::Created => 'c',
        Upserted::Updated => 'u',
        Upserted::Unchanged => 'n',
        Upserted::Skipped => 's',
    };
    match whom {
        // Only what is changed has to be as it was.
        Some((id, version)) if upserted == Upserted::Updated => format!("{what}{departments}:{id}:{version}"),
        Some((id, _)) => format!("{what}{departments}:{id}"),
        None => format!("{what}{departments}"),
    }
}

/// The same of a row that is not taken.
pub(super) fn refusal(faults: &[ImportFault]) -> String {
    let codes: Vec<_> = faults.iter().map(|fault| fault.code.as_str()).collect();
    format!("f:{}", codes.join(","))
}
