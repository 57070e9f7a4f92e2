//! Commits in a sequence, each of which leaves marks that show whether it happened, whole, and after those before.

use ums_store::{Commit, CommitId, Entry, Error, Key, Op, Outcome, Scan, Store, Version, Write};

/// Commit number `n`, from 1: a line in the log, the count, and one of five slots; and every third takes a line of
/// the second log out again. Each expects the one before, so that none happens without it.
pub(crate) fn commit(n: u64) -> Commit {
    let text = |what: &str| format!("{what} {n} {}", "x".repeat(usize::try_from(n * 37 % 500).unwrap()));
    let mut ops = vec![
        Op::put(line(n), text("line")).expect_absent(),
        Op::put(count(), n.to_string()),
        Op::put(slot(n), text("slot")).expires_at(4_000_000_000 + n),
    ];
    if n > 1 {
        ops.push(Op::check(line(n - 1)).expect_version(Version::from_u128(u128::from(n - 1))));
    }
    if n.is_multiple_of(3) {
        ops.push(Op::delete(second(n - 1)));
    } else {
        ops.push(Op::put(second(n), "1"));
    }
    Commit::new(CommitId::from_u128(u128::from(n)), ops)
}

/// How many commits of the history happened.
///
/// # Panics
///
/// If what is there is not what some first commits of the history leave, to the byte.
pub(crate) async fn length(store: &impl Store) -> u64 {
    let mut lines = Vec::new();
    let mut scan = Scan::partition("log").limit(1_000);
    loop {
        let page = store.scan(&scan).await.unwrap();
        lines.extend(page.items);
        match page.next {
            Some(next) => scan = scan.after(next),
            None => break,
        }
    }
    let length = lines.len() as u64;
    for (n, item) in (1..).zip(&lines) {
        assert_eq!(item.sort, line(n).sort(), "line {n} of {length}");
        assert_eq!(Some(&item.entry), expected(&commit(n), &line(n)).as_ref(), "line {n} of {length}");
    }
    let mut keys = vec![count()];
    keys.extend((0..5).map(slot));
    keys.extend((1..=length + 2).map(second));
    let found = store.get(&keys).await.unwrap();
    for (key, entry) in keys.iter().zip(found) {
        let last = (1..=length).rev().map(commit).find(|commit| write(commit, key).is_some());
        assert_eq!(entry, last.and_then(|commit| expected(&commit, key)), "{key:?} after {length} commits");
    }
    length
}

/// Looks whether what was said of each commit is what became of it, with so many in the store.
pub(crate) fn assert_candid(said: &[Result<Outcome, Error>], length: u64) {
    for (n, said) in (1..).zip(said) {
        let happened = n <= length;
        let fits = match said {
            Ok(Outcome::Applied) => happened,
            Ok(Outcome::Refused { .. }) | Err(Error::Unavailable { .. }) => !happened,
            Err(Error::Unknown { .. }) => true,
            Err(_) => false,
        };
        assert!(fits, "{said:?} of commit {n}, and {length} are there");
    }
}

fn expected(commit: &Commit, key: &Key) -> Option<Entry> {
    match write(commit, key)?.clone() {
        Write::Put { value, expires_at } => Some(Entry { value, version: commit.id().into(), expires_at }),
        _ => None,
    }
}

fn write<'a>(commit: &'a Commit, key: &Key) -> Option<&'a Write> {
    commit.ops().iter().find(|op| op.key == *key && op.write != Write::Nothing).map(|op| &op.write)
}

fn line(n: u64) -> Key {
    Key::new("log", format!("{n:06}"))
}

fn second(n: u64) -> Key {
    Key::new("second", format!("{n:06}"))
}

fn slot(n: u64) -> Key {
    Key::new(format!("slot/{}", n % 5), "")
}

fn count() -> Key {
    Key::new("count", "")
}
