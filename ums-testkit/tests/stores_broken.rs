//! The conformance suite notices every broken promise, under the right rule.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::HashSet;

use ums_store::Limits;
use ums_store::conformance::{self, Rule};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::broken::{BrokenStore, Flaw};

fn sound() -> MemoryStore {
    MemoryStore::with_limits(
        Limits::FLOOR
            .with_operations(1_000)
            .with_commit_bytes(10_000_000)
            .with_value_bytes(1 << 20)
            .with_key_bytes(4096),
    )
}

/// The rule that a flaw breaks, and a case that must notice it.
fn expected(flaw: Flaw) -> (Rule, &'static str) {
    match flaw {
        Flaw::ScanUnsorted => (Rule::Order, "order::keys_order_by_their_bytes"),
        Flaw::ScanByUtf16 => (Rule::Order, "order::characters_past_the_basic_plane_come_last"),
        Flaw::PrefixIgnored => (Rule::Order, "order::a_prefix_finds_what_begins_with_it"),
        Flaw::PrefixIsPattern => (Rule::Order, "order::a_prefix_is_no_pattern"),
        Flaw::AfterInclusive => (Rule::Order, "paging::after_is_exclusive"),
        Flaw::PagingByOffset => (Rule::Order, "paging::a_page_after_a_deleted_entry_goes_on"),
        Flaw::LastPageEarly => (Rule::Order, "paging::pages_visit_every_entry_once"),
        Flaw::PartitionsLeak => (Rule::Order, "order::partitions_that_begin_with_each_other_are_apart"),
        Flaw::StaleGet => (Rule::Freshness, "freshness::get_sees_every_put_at_once"),
        Flaw::StaleScan => (Rule::Freshness, "freshness::scan_sees_every_put_at_once"),
        Flaw::AnswersSorted => (Rule::Freshness, "freshness::get_answers_in_the_order_asked"),
        Flaw::AnswersDeduplicated => (Rule::Freshness, "freshness::a_key_asked_twice_is_answered_twice"),
        Flaw::ValueTruncated => (Rule::Freshness, "freshness::values_come_back_as_they_were_put"),
        Flaw::TornEntry => (Rule::NoSnapshot, "snapshot::a_get_beside_a_writer_sees_whole_entries"),
        Flaw::CommitHalfDone => (Rule::Atomicity, "atomicity::a_commit_does_all_its_operations"),
        Flaw::VersionInvented => (Rule::Atomicity, "atomicity::every_entry_bears_the_version_of_its_commit"),
        Flaw::VersionOfValue => (Rule::Atomicity, "atomicity::deletion_and_re_creation_gives_a_new_version"),
        Flaw::DeletionsResurrect => {
            (Rule::Atomicity, "atomicity::deletion_and_re_creation_gives_a_new_version")
        }
        Flaw::CheckThenAct => (Rule::Atomicity, "races::increments_lose_nothing"),
        Flaw::WriteSkew => (Rule::Atomicity, "races::write_skew_never_happens"),
        Flaw::ExpectationsIgnored => (Rule::Refusal, "refusal::absence_is_refused_where_something_stands"),
        Flaw::ChecksIgnored => (Rule::Refusal, "refusal::a_check_refuses_the_writes_beside_it"),
        Flaw::RefusedHalfDone => (Rule::Refusal, "refusal::a_refused_commit_writes_nothing"),
        Flaw::RefusalNamesNothing => (Rule::Refusal, "refusal::a_refusal_names_the_one_that_failed"),
        Flaw::RefusalNamesAll => (Rule::Refusal, "refusal::a_refusal_names_only_what_did_not_hold"),
        Flaw::DuplicatesAccepted => (Rule::Limits, "limits::two_operations_on_one_key_are_invalid"),
        Flaw::LimitsIgnored => (Rule::Limits, "limits::a_value_one_byte_larger_is_invalid"),
        Flaw::LimitsBelowFloor => (Rule::Limits, "limits::limits_are_at_least_the_floor"),
        Flaw::UnavailableThoughDone => (Rule::Candour, "candour::a_commit_did_what_was_said_of_it"),
        Flaw::UnknownHalfDone => (Rule::Candour, "candour::a_commit_did_what_was_said_of_it"),
        Flaw::RefusedTriedAgain => (Rule::Retries, "retries::a_refused_commit_is_not_done_later"),
        Flaw::ConflictIsError => (Rule::Retries, "retries::commits_on_one_key_conflict_without_errors"),
        Flaw::ExpiresEarly => (Rule::Expiry, "expiry::an_entry_that_expires_within_the_hour_is_kept"),
        Flaw::ExpiryInMilliseconds => (Rule::Expiry, "expiry::an_entry_is_kept_until_its_time"),
        Flaw::ExpiryForgotten => (Rule::Expiry, "expiry::the_expiry_comes_back_as_it_was_put"),
        Flaw::ExpirySticks => (Rule::Expiry, "expiry::no_expiry_replaces_an_expiry"),
        Flaw::TornWhenDropped => (Rule::Cancellation, "cancellation::commits_dropped_at_any_poll_are_whole"),
        Flaw::ClonesApart => (Rule::Cancellation, "cancellation::clones_share_the_data"),
        other => panic!("no rule is named for {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_flaw_the_store_passes() {
    conformance::run(|| async { BrokenStore::new(Flaw::None, sound) }).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_flaw_is_noticed_under_its_rule() {
    let mut unnoticed = Vec::new();
    for flaw in Flaw::ALL {
        let (rule, case) = expected(flaw);
        let report = conformance::run(|| async move { BrokenStore::new(flaw, sound) }).await;
        if !report.failures().iter().any(|failure| failure.rule == rule && failure.case == case) {
            unnoticed.push(format!("{flaw:?} passes {case}\n{report}"));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n\n"));
}

/// A flaw of one rule leaves most of the suite alone: what fails says where to look.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn narrow_flaws_fail_few_cases() {
    for flaw in [
        Flaw::ScanByUtf16,
        Flaw::PrefixIsPattern,
        Flaw::PagingByOffset,
        Flaw::AnswersDeduplicated,
        Flaw::TornEntry,
        Flaw::WriteSkew,
        Flaw::RefusalNamesNothing,
        Flaw::DuplicatesAccepted,
        Flaw::LimitsIgnored,
        Flaw::RefusedTriedAgain,
        Flaw::ExpirySticks,
        Flaw::TornWhenDropped,
        Flaw::ClonesApart,
    ] {
        let report = conformance::run(|| async move { BrokenStore::new(flaw, sound) }).await;
        let failed = report.failures().len();
        assert!((1..=30).contains(&failed), "{flaw:?}: {report}");
    }
}

#[test]
fn every_rule_has_a_flaw_and_every_flaw_is_listed_once() {
    let rules: HashSet<Rule> = Flaw::ALL.into_iter().map(|flaw| expected(flaw).0).collect();
    assert_eq!(rules.len(), Rule::ALL.len());
    assert_eq!(HashSet::from(Flaw::ALL).len(), Flaw::ALL.len());
}

/// A store that begins anew each time it is opened.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_forgets_is_not_durable() {
    let report = conformance::run_durable(|| async { MemoryStore::new() }).await;
    let failed: Vec<&str> = report.failures().iter().map(|failure| failure.case).collect();
    for case in
        ["durability::entries_last", "durability::versions_still_hold", "durability::counting_goes_on"]
    {
        assert!(failed.contains(&case), "{report}");
    }
}

/// A store that is never really closed shows that the cases themselves are right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_stays_open_is_durable() {
    let store = MemoryStore::new();
    let open = move || {
        let store = store.clone();
        async move { store }
    };
    conformance::run_durable(open).await.assert_passed();
}
