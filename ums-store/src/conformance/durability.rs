//! Rule 4 of a store that outlives its handles: applied means durable.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::case::{BoxFuture, guarded, short_name};
use super::subject::{FAR, Subject, random};
use super::verdict::{Seen, Verdict};
use super::{Failure, Rule};
use crate::{Key, Op, Scan, Store};

/// A test of what is left of a store after it was closed and opened again.
#[derive(Clone, Copy)]
pub struct DurableCase {
    name: &'static str,
    body: fn(Reopening) -> BoxFuture<Verdict>,
}

impl DurableCase {
    /// The promise that it tests: always [`Rule::Atomicity`], for applied means durable.
    #[must_use]
    pub fn rule(&self) -> Rule {
        Rule::Atomicity
    }

    /// Its name, such as `durability::deletions_last`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(super) async fn run(&self, reopening: Reopening) -> Result<(), Failure> {
        let verdict = guarded((self.body)(reopening)).await;
        verdict.map_err(|seen: Seen| Failure { rule: self.rule(), case: self.name, seen: seen.to_string() })
    }
}

impl fmt::Debug for DurableCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableCase").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The cases that [`run_durable`](super::run_durable) runs.
#[must_use]
pub fn durable_cases() -> Vec<DurableCase> {
    macro_rules! durable {
        ($($name:ident),+ $(,)?) => {
            vec![$(DurableCase {
                name: short_name(concat!(module_path!(), "::", stringify!($name))),
                body: |reopening| Box::pin($name(reopening)),
            }),+]
        };
    }
    durable![
        entries_last,
        deletions_last,
        refusals_leave_nothing,
        versions_still_hold,
        pages_go_on,
        counting_goes_on,
        limits_stay,
    ]
}

/// Opens one store again and again.
#[derive(Clone)]
pub(super) struct Reopening {
    open: Arc<dyn Fn() -> BoxFuture<Opened> + Send + Sync>,
    tag: u64,
}

/// How a subject of a tag is made of a store whose type is forgotten here.
type Opened = Box<dyn FnOnce(u64) -> Subject + Send>;

impl Reopening {
    pub(super) fn new<S, Open, Opening>(open: Arc<Open>) -> Self
    where
        S: Store + Clone,
        Open: Fn() -> Opening + Send + Sync + 'static,
        Opening: Future<Output = S> + Send + 'static,
    {
        let open = move || -> BoxFuture<Opened> {
            let opening = open();
            Box::pin(async move {
                let store = opening.await;
                Box::new(move |tag| Subject::tagged(store, tag)) as Opened
            })
        };
        Self { open: Arc::new(open), tag: random() }
    }

    async fn open(&self) -> Subject {
        (self.open)().await(self.tag)
    }
}

async fn entries_last(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let keys = subject.keys("p", 50);
    for (round, keys) in keys.chunks(10).enumerate() {
        let put = |key: &Key| Op::put(key.clone(), format!("{round} {}", key.sort().repeat(200)));
        subject.apply(keys.iter().map(put).map(|op| op.expires_at(FAR + round as u64))).await?;
    }
    let odd = ["", "\0", "a/b", "\u{1f600}", "\u{10ffff}"].map(|sort| subject.key("odd\0#", sort));
    subject.apply(odd.iter().map(|key| Op::put(key.clone(), key.sort()))).await?;
    let before =
        (subject.entries(&keys).await?, subject.all(&Scan::partition(subject.partition("odd\0#"))).await?);
    drop(subject);
    for round in 0..2 {
        let subject = reopening.open().await;
        let after = (
            subject.entries(&keys).await?,
            subject.all(&Scan::partition(subject.partition("odd\0#"))).await?,
        );
        ensure!(before == after, "other entries after reopening {round}");
        ensure_eq!(after.0.into_iter().flatten().count(), keys.len(), "entries after reopening {round}");
    }
    Ok(())
}

async fn deletions_last(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let keys = subject.keys("p", 10);
    subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    subject.apply(keys.iter().step_by(2).map(|key| Op::delete(key.clone()))).await?;
    drop(subject);
    let subject = reopening.open().await;
    let found: Vec<bool> = subject.entries(&keys).await?.iter().map(Option::is_some).collect();
    ensure_eq!(found, [false, true].repeat(5), "which entries are there, every second one deleted");
    ensure_eq!(
        subject.all(&Scan::partition(subject.partition("p"))).await?.len(),
        5,
        "entries that a scan finds"
    );
    Ok(())
}

async fn refusals_leave_nothing(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let (taken, beside) = (subject.key("p", "taken"), subject.key("p", "beside"));
    subject.apply([Op::put(taken.clone(), "1")]).await?;
    subject.refused([Op::put(beside.clone(), "2"), Op::put(taken.clone(), "2").expect_absent()]).await?;
    drop(subject);
    let subject = reopening.open().await;
    ensure_eq!(subject.value(&taken).await?.as_deref(), Some("1"), "what stood there before the refusal");
    ensure_eq!(subject.entry(&beside).await?, None, "what the refused commit would have put");
    Ok(())
}

async fn versions_still_hold(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let keys = subject.keys("p", 3);
    let first = subject.apply(keys.iter().map(|key| Op::put(key.clone(), "1"))).await?;
    let second = subject.apply(keys.iter().skip(1).map(|key| Op::put(key.clone(), "2"))).await?;
    drop(subject);
    let subject = reopening.open().await;
    let checks = |version| keys.iter().map(move |key| Op::check(key.clone()).expect_version(version));
    ensure_eq!(subject.refused(checks(second)).await?, [0], "the refusal of the first key");
    subject.apply(checks(first).take(1).chain(checks(second).skip(1))).await?;
    let expect = |(index, key): (usize, &Key)| {
        Op::put(key.clone(), "3").expect_version(if index == 0 { first } else { second })
    };
    subject.apply(keys.iter().enumerate().map(expect)).await?;
    Ok(())
}

async fn pages_go_on(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let partition = subject.partition("p");
    let sorts: Vec<String> = (0..12).map(|index| format!("{index:02}")).collect();
    subject.fill(&partition, &sorts).await?;
    let mut scan = Scan::partition(&partition).limit(5);
    let mut seen = Vec::new();
    drop(subject);
    for _ in 0..=sorts.len() {
        let subject = reopening.open().await;
        let page = subject.page(&scan).await?;
        seen.extend(page.items.into_iter().map(|item| item.sort));
        match page.next {
            Some(next) => scan = scan.after(next),
            None => break,
        }
    }
    ensure_eq!(seen, sorts, "pages, with the store closed after each");
    Ok(())
}

async fn counting_goes_on(reopening: Reopening) -> Verdict {
    let subject = reopening.open().await;
    let key = subject.key("p", "counter");
    subject.apply([Op::put(key.clone(), "0").expect_absent()]).await?;
    drop(subject);
    for round in 0..5 {
        let subject = reopening.open().await;
        for step in 0..3 {
            let (count, version) = subject.number(&key).await?;
            ensure_eq!(count, round * 3 + step, "the count");
            subject.apply([Op::put(key.clone(), (count + 1).to_string()).expect_version(version)]).await?;
        }
    }
    Ok(())
}

async fn limits_stay(reopening: Reopening) -> Verdict {
    let limits = reopening.open().await.store.limits();
    ensure_eq!(reopening.open().await.store.limits(), limits, "the limits after reopening");
    Ok(())
}
