//! The page on OWASP's ASVS: every requirement of levels 1 and 2 is on it once, and every test that it names is there.

use crate::rule::refuse;
use crate::source::{Source, load};

const PAGE: &str = "docs/asvs.md";
const ATTACKS: &str = "examples/tests/abuse/";

/// The requirements of levels 1 and 2 in ASVS 5.0.0: for each section the numbers within it.
const REQUIREMENTS: &[(&str, &[u8])] = &[
    ("6.1", &[1, 2, 3]),
    ("6.2", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ("6.3", &[1, 2, 3, 4]),
    ("6.4", &[1, 2, 3, 4]),
    ("6.5", &[1, 2, 3, 4, 5]),
    ("6.6", &[1, 2, 3]),
    ("6.8", &[1, 2, 3, 4]),
    ("7.1", &[1, 2, 3]),
    ("7.2", &[1, 2, 3, 4]),
    ("7.3", &[1, 2]),
    ("7.4", &[1, 2, 3, 4, 5]),
    ("7.5", &[1, 2]),
    ("7.6", &[1, 2]),
    ("8.1", &[1, 2]),
    ("8.2", &[1, 2, 3]),
    ("8.3", &[1]),
    ("8.4", &[1]),
    ("9.1", &[1, 2, 3]),
    ("9.2", &[1, 2, 3, 4]),
];

#[test]
fn every_requirement_is_answered_once() {
    let because = "docs/asvs.md has one row for each requirement of levels 1 and 2";
    assert_eq!(unanswered("| 6.1.1 | 1 | a | holds | b |\n| 6.1.1 | 1 | a | holds | b |\n").len(), 67);
    refuse(because, &unanswered(page(load())));
}

#[test]
fn a_requirement_that_holds_is_shown_by_tests_and_any_other_has_its_reason() {
    let because = "docs/asvs.md names tests that are there; what has none says in a sentence why";
    let sources = [
        Source::new("a/tests/b.rs", "fn c() {}\n"),
        Source::new("examples/tests/abuse/d.rs", "case!(7, \"d\", d),"),
    ];
    for (row, wrong) in [
        ("| 6.1.1 | 1 | asks | holds | `b.rs::c`, abuse 7 |", 0),
        ("| 6.1.1 | 1 | asks | holds | `b.rs::gone` |", 1),
        ("| 6.1.1 | 1 | asks | holds | `gone.rs::c` |", 1),
        ("| 6.1.1 | 1 | asks | holds | abuse 8 |", 1),
        ("| 6.1.1 | 1 | asks | holds | |", 1),
        ("| 6.1.1 | 1 | asks | holds: see the page | [SECURITY.md](../SECURITY.md) |", 0),
        ("| 6.1.1 | 1 | asks | does not apply: nobody has done such a thing here | |", 0),
        ("| 6.1.1 | 1 | asks | does not apply | |", 1),
        ("| 6.1.1 | 1 | asks | not met: nobody has built that yet, others do | |", 0),
        ("| 6.1.1 | 1 | asks | perhaps | `b.rs::c` |", 1),
    ] {
        assert_eq!(unshown(row, &sources).len(), wrong, "{row}");
    }
    let sources = load();
    refuse(because, &unshown(page(sources), sources));
}

fn page(sources: &[Source]) -> &str {
    let page = sources.iter().find(|source| source.path == PAGE);
    page.map(|page| page.text.as_str()).expect("the page is there")
}

struct Row<'a> {
    requirement: &'a str,
    verdict: &'a str,
    shown_by: &'a str,
}

fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [requirement, _, _, verdict, shown_by] = cells[..] else { return None };
        requirement.starts_with(|first: char| first.is_ascii_digit()).then_some(Row {
            requirement,
            verdict,
            shown_by,
        })
    })
}

fn unanswered(page: &str) -> Vec<String> {
    let wanted = REQUIREMENTS
        .iter()
        .flat_map(|(section, numbers)| numbers.iter().map(move |number| format!("{section}.{number}")));
    let wanted: Vec<String> = wanted.collect();
    let answers = |wanted: &str| rows(page).filter(|row| row.requirement == wanted).count();
    let counted = wanted.iter().map(|wanted| (wanted, answers(wanted)));
    let mut bad: Vec<String> = counted
        .filter(|(_, count)| *count != 1)
        .map(|(wanted, count)| format!("{wanted} has {count} rows"))
        .collect();
    bad.extend(
        rows(page)
            .filter(|row| !wanted.iter().any(|wanted| wanted == row.requirement))
            .map(|row| format!("{} is no requirement of these levels", row.requirement)),
    );
    bad
}

fn unshown(page: &str, sources: &[Source]) -> Vec<String> {
    rows(page).flat_map(|row| wrong_in(&row, sources)).collect()
}

fn wrong_in(row: &Row<'_>, sources: &[Source]) -> Vec<String> {
    let Row { requirement, verdict, shown_by } = row;
    let (kind, reason) = verdict.split_once(':').unwrap_or((verdict, ""));
    match kind {
        "does not apply" | "not met" => {
            let short = reason.split_whitespace().count() < 4;
            short.then(|| format!("{requirement}: says not why")).into_iter().collect()
        }
        "holds" if shown_by.is_empty() => vec![format!("{requirement}: shown by nothing")],
        "holds" => {
            let named = shown_by.split(',').map(str::trim);
            let absent = named.filter(|named| !is_there(named, sources));
            absent.map(|named| format!("{requirement}: {named} is not there")).collect()
        }
        other => vec![format!("{requirement}: {other:?} is neither `holds`, `does not apply` nor `not met`")],
    }
}

/// Whether a test, one of the attacks on the running server, or a linked page is there.
fn is_there(named: &str, sources: &[Source]) -> bool {
    if let Some(number) = named.strip_prefix("abuse ") {
        let case = format!("case!({number},");
        return sources.iter().any(|source| source.path.starts_with(ATTACKS) && source.text.contains(&case));
    }
    if let Some((_, link)) = named.split_once("](") {
        let page = link.trim_end_matches(')').trim_start_matches("../").split('#').next().unwrap_or_default();
        return page.ends_with("SECURITY.md") || sources.iter().any(|source| source.path.ends_with(page));
    }
    let Some((file, name)) = named.trim_matches('`').split_once("::") else { return false };
    let declared = format!("fn {name}(");
    sources.iter().any(|source| {
        (source.path == file || source.path.ends_with(&format!("/{file}"))) && source.text.contains(&declared)
    })
}
