//! What a run found.

use std::fmt;

use super::Rule;

/// A case that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The promise that was broken.
    pub rule: Rule,
    /// The case, such as `order::empty_sort_part_is_legal`.
    pub case: &'static str,
    /// What was seen, and what was expected instead.
    pub seen: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.case, self.rule, self.seen)
    }
}

/// What a run found: which cases passed, and how the others failed.
#[derive(Clone, Debug, Default)]
pub struct Report {
    passed: Vec<&'static str>,
    failures: Vec<Failure>,
}

impl Report {
    pub(super) fn add(&mut self, case: &'static str, result: Result<(), Failure>) {
        match result {
            Ok(()) => self.passed.push(case),
            Err(failure) => self.failures.push(failure),
        }
    }

    /// The names of the cases that passed.
    #[must_use]
    pub fn passed(&self) -> &[&'static str] {
        &self.passed
    }

    /// The cases that failed.
    #[must_use]
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// Makes a failed test of a failed run.
    ///
    /// # Panics
    ///
    /// If a case failed, with the whole report; or if no case ran at all.
    pub fn assert_passed(&self) {
        assert!(self.failures.is_empty() && !self.passed.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    /// The count, then each failure on a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed = self.failures.len();
        write!(f, "{} cases passed, {failed} failed", self.passed.len())?;
        for failure in &self.failures {
            write!(f, "\n  {failure}")?;
        }
        Ok(())
    }
}
