//! Every event that the log is told of is on the page of events, and no other.

use std::collections::BTreeSet;

use crate::source::{Source, load};

const PAGE: &str = "docs/events.md";

/// What the actions of events begin with.
const SUBJECTS: [&str; 10] =
    ["auth", "access", "organisation", "department", "user", "import", "log", "key", "message", "metrics"];

#[test]
fn every_event_is_on_the_page() {
    let bad =
        Source::new("ums-core/src/a.rs", "self.tell(\"user.novelty\", subject, None);\n// \"user.comment\"");
    assert_eq!(told(&[bad]), ["user.novelty".to_owned()].into());
    let other =
        Source::new("ums-core/src/a.rs", "let name = \"user.email@example.com\";\nlet file = \"log.txt2\";");
    assert_eq!(told(&[other]), BTreeSet::new());
    let page =
        Source::new(PAGE, "| action | x |\n| --- | --- |\n| `auth.login`, `user.read` | `auth.other` |\n");
    assert_eq!(listed(&page), ["auth.login".to_owned(), "user.read".to_owned()].into());

    let page = load().iter().find(|source| source.path == PAGE).expect("the page of events");
    let (told, listed) = (told(load()), listed(page));
    let missing: Vec<_> = told.difference(&listed).collect();
    assert!(missing.is_empty(), "the log is told of what {PAGE} does not list, add a row: {missing:?}");
    let idle: Vec<_> = listed.difference(&told).collect();
    assert!(idle.is_empty(), "{PAGE} lists what the log is never told of: {idle:?}");
}

/// Every literal of the core that is an action.
fn told(sources: &[Source]) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is_rust() && source.path.starts_with("ums-core/src/"))
    {
        let texts: Vec<&str> = source.text.lines().collect();
        for line in source.lines().filter(|line| !line.is_test && !line.code.trim().is_empty()) {
            let text = texts[line.number - 1].split("//").next().unwrap_or_default();
            told.extend(
                text.split('"').skip(1).step_by(2).filter(|literal| is_action(literal)).map(str::to_owned),
            );
        }
    }
    told
}

fn is_action(literal: &str) -> bool {
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    literal.split_once('.').is_some_and(|(subject, done)| SUBJECTS.contains(&subject) && is_name(done))
}

/// Every action in the first column of a table.
fn listed(page: &Source) -> BTreeSet<String> {
    let rows = page.text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.filter(|name| is_action(name)).map(str::to_owned).collect()
}
