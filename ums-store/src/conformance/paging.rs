//! Rule 1: reading a partition page by page.

use super::Case;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::{Key, Op, Scan};

pub(super) fn cases() -> Vec<Case> {
    cases![Order:
        a_page_holds_no_more_than_asked,
        pages_visit_every_entry_once,
        pages_visit_every_entry_once_backwards,
        pages_within_a_prefix_stay_in_it,
        after_is_exclusive,
        after_is_exclusive_backwards,
        after_need_not_exist,
        after_the_last_comes_nothing,
        after_its_own_prefix_comes_the_rest,
        an_empty_partition_is_an_empty_last_page,
        a_page_after_a_deleted_entry_goes_on,
        a_limit_past_all_entries_is_fine,
        large_entries_are_paged_to_the_end,
    ]
}

async fn a_page_holds_no_more_than_asked(subject: Subject) -> Verdict {
    let (partition, sorts) = numbered(&subject, 12).await?;
    for limit in [1, 2, 5, 11, 12, 13] {
        let page = subject.page(&Scan::partition(&partition).limit(limit)).await?;
        let seen: Vec<_> = page.items.iter().map(|item| item.sort.as_str()).collect();
        ensure!(
            sorts.iter().zip(&seen).all(|(sort, seen)| sort == seen),
            "a first page of {limit}: {seen:?}"
        );
        ensure!(page.next.is_some() || seen.len() == sorts.len(), "no next page after {seen:?}");
    }
    Ok(())
}

async fn pages_visit_every_entry_once(subject: Subject) -> Verdict {
    let (partition, sorts) = numbered(&subject, 25).await?;
    for limit in [1, 2, 3, 7, 24, 25, 26] {
        let seen = subject.sorts(&Scan::partition(&partition).limit(limit)).await?;
        ensure_eq!(seen, sorts, "all pages of {limit}");
    }
    Ok(())
}

async fn pages_visit_every_entry_once_backwards(subject: Subject) -> Verdict {
    let (partition, mut sorts) = numbered(&subject, 25).await?;
    sorts.reverse();
    for limit in [1, 2, 3, 7, 24, 25, 26] {
        let seen = subject.sorts(&Scan::partition(&partition).limit(limit).descending()).await?;
        ensure_eq!(seen, sorts, "all pages of {limit}, from the end");
    }
    Ok(())
}

async fn pages_within_a_prefix_stay_in_it(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["a", "b", "b1", "b2", "b3", "b\u{10ffff}", "c"]).await?;
    let mut expected = ["b", "b1", "b2", "b3", "b\u{10ffff}"];
    let scan = Scan::partition(&partition).prefix("b").limit(2);
    ensure_eq!(subject.sorts(&scan).await?, expected, "all pages of 2");
    expected.reverse();
    ensure_eq!(subject.sorts(&scan.descending()).await?, expected, "all pages of 2, from the end");
    Ok(())
}

async fn after_is_exclusive(subject: Subject) -> Verdict {
    let (partition, sorts) = numbered(&subject, 9).await?;
    for (index, sort) in sorts.iter().enumerate() {
        let seen = subject.sorts(&Scan::partition(&partition).after(sort)).await?;
        ensure!(seen.iter().eq(sorts.iter().skip(index + 1)), "after {sort:?} of 000 to 008: {seen:?}");
    }
    Ok(())
}

async fn after_is_exclusive_backwards(subject: Subject) -> Verdict {
    let (partition, sorts) = numbered(&subject, 9).await?;
    for (index, sort) in sorts.iter().enumerate() {
        let mut seen = subject.sorts(&Scan::partition(&partition).after(sort).descending()).await?;
        seen.reverse();
        ensure!(
            seen.iter().eq(sorts.iter().take(index)),
            "after {sort:?} of 000 to 008, going back: {seen:?}"
        );
    }
    Ok(())
}

async fn after_need_not_exist(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["b", "d"]).await?;
    for (after, above, below) in [
        ("", &["b", "d"][..], &[][..]),
        ("a", &["b", "d"], &[]),
        ("b\0", &["d"], &["b"]),
        ("c", &["d"], &["b"]),
        ("e", &[], &["d", "b"]),
        ("\u{10ffff}", &[], &["d", "b"]),
    ] {
        let scan = Scan::partition(&partition).after(after);
        ensure_eq!(subject.sorts(&scan).await?, above, "what comes after {after:?}");
        ensure_eq!(subject.sorts(&scan.descending()).await?, below, "what comes after {after:?}, going back");
    }
    Ok(())
}

async fn after_the_last_comes_nothing(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["a", "b", "c"]).await?;
    let none = [""; 0];
    ensure_eq!(subject.sorts(&Scan::partition(&partition).after("c")).await?, none, "what is past the last");
    let backwards = Scan::partition(&partition).descending().after("a");
    ensure_eq!(subject.sorts(&backwards).await?, none, "what is past the first, going back");
    Ok(())
}

async fn after_its_own_prefix_comes_the_rest(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    subject.fill(&partition, &["a", "b", "b1", "b2", "c"]).await?;
    let scan = Scan::partition(&partition).prefix("b").after("b");
    ensure_eq!(subject.sorts(&scan).await?, ["b1", "b2"], "past the prefix itself");
    ensure_eq!(subject.sorts(&scan.descending()).await?, [""; 0], "past the prefix itself, going back");
    let middle = Scan::partition(&partition).prefix("b").after("b1");
    ensure_eq!(subject.sorts(&middle).await?, ["b2"], "past the middle");
    ensure_eq!(subject.sorts(&middle.descending()).await?, ["b"], "past the middle, going back");
    Ok(())
}

async fn an_empty_partition_is_an_empty_last_page(subject: Subject) -> Verdict {
    let never = Scan::partition(subject.partition("never written"));
    ensure_eq!(subject.all(&never).await?, [], "a partition that never was");
    ensure_eq!(
        subject.all(&never.after("x").descending()).await?,
        [],
        "a partition that never was, going back"
    );
    let (partition, sorts) = numbered(&subject, 3).await?;
    subject.apply(sorts.iter().map(|sort| Op::delete(Key::new(partition.as_str(), sort.as_str())))).await?;
    ensure_eq!(
        subject.all(&Scan::partition(partition)).await?,
        [],
        "a partition whose entries were all deleted"
    );
    Ok(())
}

async fn a_page_after_a_deleted_entry_goes_on(subject: Subject) -> Verdict {
    let (partition, sorts) = numbered(&subject, 9).await?;
    let scan = Scan::partition(&partition).limit(4);
    let first = subject.page(&scan).await?;
    let next = first.next.clone();
    ensure!(next.is_some(), "no next page after {} of 9 entries", first.items.len());
    let next = next.unwrap_or_default();
    subject.apply([Op::delete(Key::new(partition.as_str(), next.as_str()))]).await?;
    let expected: Vec<&String> = sorts.iter().filter(|sort| **sort > next).collect();
    let seen = subject.sorts(&scan.after(&next)).await?;
    ensure_eq!(seen.iter().collect::<Vec<_>>(), expected, "the pages after {next:?}, which was deleted");
    Ok(())
}

async fn a_limit_past_all_entries_is_fine(subject: Subject) -> Verdict {
    let (partition, mut sorts) = numbered(&subject, 5).await?;
    let scan = Scan::partition(&partition).limit(usize::MAX);
    ensure_eq!(subject.sorts(&scan).await?, sorts, "a scan without bound");
    sorts.reverse();
    ensure_eq!(subject.sorts(&scan.descending()).await?, sorts, "a scan without bound, from the end");
    Ok(())
}

/// Past what one page of any engine carries.
async fn large_entries_are_paged_to_the_end(subject: Subject) -> Verdict {
    let partition = subject.partition("p");
    let keys: Vec<Key> = (0..20).map(|index| Key::new(partition.as_str(), format!("{index:02}"))).collect();
    let value = |key: &Key| format!("{}{}", key.sort(), "x".repeat(200_000));
    for keys in keys.chunks(10) {
        subject.apply(keys.iter().map(|key| Op::put(key.clone(), value(key)))).await?;
    }
    let seen = subject.all(&Scan::partition(&partition).limit(1000)).await?;
    let found: Vec<&str> = seen.iter().map(|item| item.sort.as_str()).collect();
    ensure_eq!(found, keys.iter().map(Key::sort).collect::<Vec<_>>(), "the sort parts of 20 large entries");
    for (key, item) in keys.iter().zip(&seen) {
        ensure!(*item.entry.value == value(key), "the entry at {key:?} came back with another value");
    }
    Ok(())
}

async fn numbered(subject: &Subject, count: usize) -> Verdict<(String, Vec<String>)> {
    let partition = subject.partition("p");
    let sorts: Vec<String> = (0..count).map(|index| format!("{index:03}")).collect();
    subject.fill(&partition, &sorts).await?;
    Ok((partition, sorts))
}
