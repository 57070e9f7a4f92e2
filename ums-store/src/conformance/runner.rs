//! Running all cases.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::durability::{Reopening, durable_cases};
use super::{
    Case, Report, atomicity, cancellation, candour, expiry, freshness, limits, order, paging, races, refusal,
    retries, snapshot,
};
use crate::Store;

/// All cases that every store passes, rule by rule, races at the end.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        order::cases(),
        paging::cases(),
        freshness::cases(),
        snapshot::cases(),
        atomicity::cases(),
        refusal::cases(),
        limits::cases(),
        candour::cases(),
        retries::cases(),
        expiry::cases(),
        cancellation::cases(),
        races::cases(),
    ]
    .concat()
}

/// Runs [`cases`], a few at a time, each on the store that the closure makes for it: a new one, or a clone of one
/// that they share.
///
/// # Panics
///
/// Outside a tokio runtime of several threads with its timer enabled, for races need threads:
/// `#[tokio::test(flavor = "multi_thread")]`.
pub async fn run<S, Make, Made>(make: Make) -> Report
where
    S: Store + Clone,
    Make: Fn() -> Made + Send,
    Made: Future<Output = S> + Send,
{
    assert_threads();
    let mut report = Report::default();
    for cases in cases().chunks(AT_ONCE) {
        let mut running = Vec::with_capacity(cases.len());
        for case in cases {
            let store = make().await;
            running.push(async move { (case.name(), case.run(store).await) });
        }
        for (name, result) in join_all(running).await {
            report.add(name, result);
        }
    }
    report
}

/// Runs [`durable_cases`] on a store that outlives its handles. The closure opens the same store each time; it is
/// closed by dropping every handle, and only then opened again.
///
/// # Panics
///
/// As [`run`].
pub async fn run_durable<S, Open, Opening>(open: Open) -> Report
where
    S: Store + Clone,
    Open: Fn() -> Opening + Send + Sync + 'static,
    Opening: Future<Output = S> + Send + 'static,
{
    assert_threads();
    let open = Arc::new(open);
    let mut report = Report::default();
    for case in durable_cases() {
        report.add(case.name(), case.run(Reopening::new(Arc::clone(&open))).await);
    }
    report
}

/// How many cases run side by side.
const AT_ONCE: usize = 8;

fn assert_threads() {
    let flavour = Handle::current().runtime_flavor();
    assert!(
        flavour != RuntimeFlavor::CurrentThread,
        "the conformance suite needs a runtime of several threads: #[tokio::test(flavor = \"multi_thread\")]"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::{DurableCase, Rule};
    use super::*;

    #[test]
    fn every_rule_has_cases_and_every_case_a_name_of_its_own() {
        let (cases, durable) = (cases(), durable_cases());
        assert!(cases.len() >= 60, "{} cases", cases.len());
        let rules: HashSet<Rule> = cases.iter().map(Case::rule).collect();
        assert_eq!(rules, HashSet::from(Rule::ALL));
        let names = cases.iter().map(Case::name).chain(durable.iter().map(DurableCase::name));
        let distinct: HashSet<&str> = names.clone().collect();
        assert_eq!(distinct.len(), names.count());
        assert!(distinct.contains("order::empty_sort_part_is_legal"), "{distinct:?}");
    }

    #[test]
    #[should_panic(expected = "0 cases passed")]
    fn a_run_of_nothing_is_no_pass() {
        Report::default().assert_passed();
    }
}
