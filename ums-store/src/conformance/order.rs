//! Rule 1: order, prefixes, and partitions apart from each other.

use super::Case;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::{Key, Op, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Order:
        empty_sort_part_is_legal,
        keys_order_by_their_bytes,
        keys_order_backwards_too,
        characters_past_the_basic_plane_come_last,
        a_key_comes_before_those_it_begins,
        letters_order_by_code_and_not_by_language,
        digits_order_as_text,
        control_characters_are_characters,
        long_keys_order_by_their_last_byte,
        a_prefix_finds_what_begins_with_it,
        a_prefix_finds_the_same_backwards,
        a_prefix_is_no_pattern,
        a_prefix_may_end_with_the_highest_character,
        a_prefix_may_end_before_the_surrogates,
        a_prefix_that_nothing_begins_with_finds_nothing,
        partitions_that_begin_with_each_other_are_apart,
        partitions_with_separators_are_apart,
        partitions_are_apart_to_get_and_commit,
    ]
}

/// Sort parts in the order of their bytes, with what other orders put elsewhere: UTF-16, case, length, languages.
const SORTED: [&str; 24] = [
    "",
    "\0",
    "\0\0",
    "\u{1}",
    "\t",
    "\n",
    " ",
    "#",
    "/",
    "10",
    "2",
    "A",
    "Z",
    "a",
    "a\0",
    "a ",
    "a#b",
    "a/b",
    "aa",
    "b",
    "\u{e9}",
    "\u{ffff}",
    "\u{1f600}",
    "\u{10ffff}",
];

async fn empty_sort_part_is_legal(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["", "a"]).await?;
    ensure_eq!(subject.sorts(&Scan::partition(&partition)).await?, ["", "a"], "the whole partition");
    let first = subject.page(&Scan::partition(&partition).limit(1)).await?;
    ensure!(first.items.iter().all(|item| item.sort.is_empty()), "{first:?} before the empty sort part");
    ensure_eq!(
        subject.sorts(&Scan::partition(&partition).after("")).await?,
        ["a"],
        "what is past the empty one"
    );
    let empty = Key::new(partition, "");
    ensure_eq!(subject.value(&empty).await?.as_deref(), Some("value of "), "the entry itself");
    subject.apply([Op::delete(empty.clone())]).await?;
    ensure_eq!(subject.value(&empty).await?, None, "the entry after its deletion");
    Ok(())
}

async fn keys_order_by_their_bytes(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &shuffled(&SORTED)).await?;
    ensure_eq!(subject.sorts(&Scan::partition(&partition)).await?, SORTED, "the order");
    Ok(())
}

async fn keys_order_backwards_too(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &shuffled(&SORTED)).await?;
    let mut backwards = SORTED;
    backwards.reverse();
    ensure_eq!(subject.sorts(&Scan::partition(&partition).descending()).await?, backwards, "the order");
    Ok(())
}

/// UTF-16 would put them before U+E000.
async fn characters_past_the_basic_plane_come_last(subject: Subject) -> Verdict {
    let sorted = ["\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{ffff}", "\u{10000}", "\u{1f600}", "\u{10ffff}"];
    order(&subject, &sorted).await
}

async fn a_key_comes_before_those_it_begins(subject: Subject) -> Verdict {
    order(&subject, &["a", "a\0", "a\0a", "aa", "aaa", "ab", "b"]).await
}

/// No folding of case, no composing of accents, no collation.
async fn letters_order_by_code_and_not_by_language(subject: Subject) -> Verdict {
    order(&subject, &["B", "Z", "a", "b", "e\u{301}", "z", "\u{c9}", "\u{df}", "\u{e9}", "\u{2126}"]).await
}

async fn digits_order_as_text(subject: Subject) -> Verdict {
    order(&subject, &["-1", "01", "1", "10", "1e3", "2", "9"]).await
}

async fn control_characters_are_characters(subject: Subject) -> Verdict {
    order(
        &subject,
        &["\0", "\u{1}", "\u{8}", "\t", "\n", "\r", "\r\n", "\u{1f}", " ", "\"", "\\", "\u{7f}", "\u{85}"],
    )
    .await
}

async fn long_keys_order_by_their_last_byte(subject: Subject) -> Verdict {
    let length = subject.store.limits().key_bytes.min(1024) - subject.partition("p").len();
    let long = |last: &str| format!("{}{last}", "x".repeat(length - 1));
    let sorted: Vec<String> = ["", "a", "b", "c", "z"].into_iter().map(long).collect();
    order(&subject, &sorted).await
}

async fn a_prefix_finds_what_begins_with_it(subject: Subject) -> Verdict {
    let partition = with_prefixes(&subject).await?;
    for (prefix, expected) in PREFIXED {
        let seen = subject.sorts(&Scan::partition(&partition).prefix(prefix)).await?;
        ensure_eq!(seen, expected, "what begins with {prefix:?}");
    }
    Ok(())
}

async fn a_prefix_finds_the_same_backwards(subject: Subject) -> Verdict {
    let partition = with_prefixes(&subject).await?;
    for (prefix, expected) in PREFIXED {
        let mut seen = subject.sorts(&Scan::partition(&partition).prefix(prefix).descending()).await?;
        seen.reverse();
        ensure_eq!(seen, expected, "what begins with {prefix:?}, from the end");
    }
    Ok(())
}

async fn a_prefix_is_no_pattern(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["%", "%a", "*", "_", "_a", "a", "aa", "b", "."]).await?;
    for (prefix, expected) in [
        ("%", &["%", "%a"][..]),
        ("_", &["_", "_a"]),
        ("*", &["*"]),
        (".", &["."]),
        ("a", &["a", "aa"]),
        ("?", &[]),
    ] {
        let seen = subject.sorts(&Scan::partition(&partition).prefix(prefix)).await?;
        ensure_eq!(seen, expected, "what begins with {prefix:?}");
    }
    Ok(())
}

/// There is no next character to end the range with.
async fn a_prefix_may_end_with_the_highest_character(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject
        .fill(&partition, &["a", "a\u{10ffff}", "a\u{10ffff}b", "b", "\u{10ffff}", "\u{10ffff}\u{10ffff}"])
        .await?;
    for (prefix, expected) in [
        ("a\u{10ffff}", &["a\u{10ffff}", "a\u{10ffff}b"][..]),
        ("\u{10ffff}", &["\u{10ffff}", "\u{10ffff}\u{10ffff}"]),
        ("\u{10ffff}\u{10ffff}", &["\u{10ffff}\u{10ffff}"]),
    ] {
        let scan = Scan::partition(&partition).prefix(prefix);
        ensure_eq!(subject.sorts(&scan).await?, expected, "what begins with {prefix:?}");
        let mut backwards = subject.sorts(&scan.descending()).await?;
        backwards.reverse();
        ensure_eq!(backwards, expected, "what begins with {prefix:?}, from the end");
    }
    Ok(())
}

/// The next code point is none that a text may hold.
async fn a_prefix_may_end_before_the_surrogates(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["\u{d7fe}", "\u{d7ff}", "\u{d7ff}a", "\u{e000}", "\u{e000}a"]).await?;
    let scan = Scan::partition(&partition).prefix("\u{d7ff}");
    ensure_eq!(subject.sorts(&scan).await?, ["\u{d7ff}", "\u{d7ff}a"], "what begins with U+D7FF");
    ensure_eq!(subject.sorts(&scan.descending()).await?, ["\u{d7ff}a", "\u{d7ff}"], "the same from the end");
    Ok(())
}

async fn a_prefix_that_nothing_begins_with_finds_nothing(subject: Subject) -> Verdict {
    let partition = with_prefixes(&subject).await?;
    for prefix in ["user/ab", "zzz", "\u{10ffff}", "USER"] {
        let seen = subject.sorts(&Scan::partition(&partition).prefix(prefix)).await?;
        ensure_eq!(seen, [""; 0], "what begins with {prefix:?}");
    }
    Ok(())
}

async fn partitions_that_begin_with_each_other_are_apart(subject: Subject) -> Verdict {
    apart(&subject, &["p", "p/", "p/q", "pq", "p ", "P"]).await
}

/// Whatever a backend joins partition and sort part with, somebody's key has it in it.
async fn partitions_with_separators_are_apart(subject: Subject) -> Verdict {
    apart(
        &subject,
        &[
            "p",
            "p\0",
            "p\0\0",
            "p\u{1}",
            "p#",
            "p##",
            "p/",
            "p//",
            "p:",
            "p|",
            "p\u{1f}",
            "p\u{ff}",
            "p\u{10ffff}",
        ],
    )
    .await
}

async fn partitions_are_apart_to_get_and_commit(subject: Subject) -> Verdict {
    // Joined without care, all of these are one key.
    let keys: Vec<Key> = ["", "/", "/b", "/b/"]
        .into_iter()
        .zip(["a/b/c", "b/c", "/c", "c"])
        .map(|(name, sort)| Key::new(format!("{}a{name}", subject.partition("")), sort))
        .collect();
    for (index, key) in keys.iter().enumerate() {
        subject.apply([Op::put(key.clone(), index.to_string()).expect_absent()]).await?;
    }
    subject.apply(keys.iter().skip(1).take(1).map(|key| Op::delete(key.clone()))).await?;
    let mut seen = Vec::new();
    for key in &keys {
        seen.push(subject.value(key).await?);
    }
    let expected = [Some("0"), None, Some("2"), Some("3")].map(|value| value.map(str::to_owned));
    ensure_eq!(seen, expected, "four keys, of which the second was deleted");
    Ok(())
}

async fn order<T: AsRef<str> + Clone + Sync>(subject: &Subject, sorted: &[T]) -> Verdict {
    let partition = subject.partition("p");
    let mut expected: Vec<String> = sorted.iter().map(|sort| sort.as_ref().to_owned()).collect();
    subject.fill(&partition, &shuffled(&expected)).await?;
    ensure_eq!(subject.sorts(&Scan::partition(&partition)).await?, expected, "the order");
    expected.reverse();
    ensure_eq!(
        subject.sorts(&Scan::partition(&partition).descending()).await?,
        expected,
        "the order, from the end"
    );
    Ok(())
}

/// The same in an order that is neither sorted nor its reverse.
fn shuffled<T: Clone>(sorted: &[T]) -> Vec<T> {
    let (even, odd): (Vec<_>, Vec<_>) =
        sorted.iter().cloned().enumerate().partition(|(index, _)| index % 2 == 0);
    odd.into_iter().rev().chain(even).map(|(_, sort)| sort).collect()
}

const PREFIXED: [(&str, &[&str]); 5] = [
    ("", &["use", "user", "user/", "user/a", "user/b", "user0", "users"]),
    ("user", &["user", "user/", "user/a", "user/b", "user0", "users"]),
    ("user/", &["user/", "user/a", "user/b"]),
    ("user/a", &["user/a"]),
    ("users", &["users"]),
];

async fn with_prefixes(subject: &Subject) -> Verdict<String> {
    let partition = subject.partition("p");
    let [(_, all), ..] = PREFIXED;
    subject.fill(&partition, &shuffled(all)).await?;
    Ok(partition)
}

/// Fills partitions of these names with entries of their own, and looks whether any shows in another.
async fn apart(subject: &Subject, names: &[&str]) -> Verdict {
    let sorts =
        |index: usize| [String::new(), "\0".to_owned(), format!("own {index}"), "z\u{10ffff}".to_owned()];
    for (index, name) in names.iter().enumerate() {
        subject.fill(&subject.partition(name), &sorts(index)).await?;
    }
    for (index, name) in names.iter().enumerate() {
        let scan = Scan::partition(subject.partition(name));
        let mut expected = sorts(index);
        ensure_eq!(subject.sorts(&scan).await?, expected, "partition {name:?}");
        expected.reverse();
        ensure_eq!(subject.sorts(&scan.descending()).await?, expected, "partition {name:?}, from the end");
    }
    Ok(())
}
