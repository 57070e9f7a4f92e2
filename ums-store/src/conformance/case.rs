//! One named test of one promise.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinError;

use super::subject::Subject;
use super::verdict::{Seen, Verdict};
use super::{Failure, Rule};
use crate::Store;

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A test of one promise.
#[derive(Clone, Copy)]
pub struct Case {
    rule: Rule,
    name: &'static str,
    body: fn(Subject) -> BoxFuture<Verdict>,
}

impl Case {
    pub(crate) fn new(rule: Rule, path: &'static str, body: fn(Subject) -> BoxFuture<Verdict>) -> Self {
        Self { rule, name: short_name(path), body }
    }

    /// The promise that it tests.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Its name, such as `order::empty_sort_part_is_legal`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// The failure, if the store breaks the promise, panics, or gives no answer within [`Case::PATIENCE`].
    ///
    /// # Panics
    ///
    /// If called outside a tokio runtime with its timer enabled.
    pub async fn run<S: Store + Clone>(&self, store: S) -> Result<(), Failure> {
        let verdict = guarded((self.body)(Subject::new(store))).await;
        verdict.map_err(|seen| self.failure(&seen))
    }

    /// How long a case may take before it counts as failed: far longer than any needs.
    pub const PATIENCE: Duration = Duration::from_secs(120);

    fn failure(&self, seen: &Seen) -> Failure {
        Failure { rule: self.rule, case: self.name, seen: seen.to_string() }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("rule", &self.rule).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs the body of a case as a task of its own, so that panics and hanging become verdicts.
pub(super) async fn guarded(body: BoxFuture<Verdict>) -> Verdict {
    let task = tokio::spawn(body);
    let abort = task.abort_handle();
    match tokio::time::timeout(Case::PATIENCE, task).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(error)) => Err(panicked(error)),
        Err(_) => {
            abort.abort();
            Err(Seen::new(format!("no end within {} s", Case::PATIENCE.as_secs())))
        }
    }
}

pub(super) fn panicked(error: JoinError) -> Seen {
    let Ok(panic) = error.try_into_panic() else {
        return Seen::new("a task was cancelled");
    };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Seen::new(format!("a panic: {}", text.unwrap_or("without a message")))
}

/// Module and function, without the path of this folder.
pub(super) fn short_name(path: &'static str) -> &'static str {
    path.split_once("conformance::").map_or(path, |(_, name)| name)
}
