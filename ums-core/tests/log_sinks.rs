//! Sinks against a model: whatever happened and whatever is asked, files and memory answer what a plain filter does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod log_support;

use std::sync::Arc;

use log_support::{all, id, messages, numbered, time};
use proptest::prelude::*;
use serde_json::json;
use ums_core::log::{
    FanOut, FileSink, Level, LogError, LogEvent, LogPage, LogPosition, LogQuery, LogSink, MemorySink, Outcome,
};
use ums_core::model::{OrganisationId, UserId};
use ums_core::{Error, Timestamp};

/// 2026-11-24T00:00:00Z.
const MIDNIGHT: i64 = 1_795_478_400_000;
const DAY: i64 = 86_400_000;

/// What an event is made of.
#[derive(Clone, Debug)]
struct Made {
    time: i64,
    level: Level,
    action: &'static str,
    message: &'static str,
    actor: Option<u64>,
    target: Option<&'static str>,
    outcome: Option<Outcome>,
    organisation: Option<u64>,
    field: Option<&'static str>,
}

impl Made {
    fn event(&self, number: u64) -> LogEvent {
        let moment = Timestamp::from_unix_milliseconds(self.time);
        let mut event = LogEvent::new(id(moment, number), self.level, self.action, self.message)
            .with_actor(self.actor.map(|actor| UserId::try_from(actor).unwrap()))
            .with_outcome(self.outcome)
            .with_organisation(self.organisation.map(|number| OrganisationId::try_from(number).unwrap()));
        if let Some(target) = self.target {
            event = event.with_target(target);
        }
        if let Some(field) = self.field {
            event = event.with_field("nested", json!([{"name": field}, 7]));
        }
        event
    }

    /// The filter once more, written from its description and not from its code.
    fn is_asked_for(&self, query: &LogQuery) -> bool {
        let mut asked = true;
        if let Some(level) = query.level {
            asked &= self.level as u8 >= level as u8;
        }
        if let Some(prefix) = &query.action {
            asked &= self.action.len() >= prefix.len() && self.action[..prefix.len()] == **prefix;
        }
        if let Some(actor) = query.actor_id {
            asked &= self.actor == Some(actor.as_u64());
        }
        if let Some(target) = &query.target {
            asked &= self.target.is_some_and(|own| own == target);
        }
        if query.outcome.is_some() {
            asked &= self.outcome == query.outcome;
        }
        if let Some(since) = query.since {
            asked &= self.time >= since.unix_milliseconds();
        }
        if let Some(until) = query.until {
            asked &= self.time < until.unix_milliseconds();
        }
        if let Some(organisation) = query.organisation_id {
            asked &= self.organisation == Some(organisation.as_u64());
        }
        if let Some(text) = &query.q {
            let texts = [Some(self.action), Some(self.message), self.target, self.field];
            asked &= texts.into_iter().flatten().any(|own| own.to_lowercase().contains(&text.to_lowercase()));
        }
        asked
    }
}

/// Times that mostly rise, by steps of all sizes; now and then a clock is set back, by little or by much.
fn history() -> impl Strategy<Value = Vec<Made>> {
    let step = prop_oneof![
        6 => 0..3i64,
        6 => 0..60_000i64,
        2 => 0..DAY / 2,
        3 => -5_000..0i64,
        1 => -20_000..-5_000i64,
        1 => -DAY..0i64,
    ];
    let made = (
        step,
        prop::sample::select(Level::ALL.to_vec()),
        prop::sample::select(vec!["auth.login", "auth.logout", "organisation.create", "authority"]),
        prop::sample::select(vec!["Ada logged in", "ÉCLAIR", "two\nlines \u{2028} and more", ""]),
        prop::option::of(1..4u64),
        prop::option::of(prop::sample::select(vec!["user/1", "user/12", "organisation/1"])),
        prop::option::of(prop::sample::select(Outcome::ALL.to_vec())),
        prop::option::of(1..3u64),
        prop::option::of(prop::sample::select(vec!["Grace", "straße"])),
    );
    (0..DAY, prop::collection::vec(made, 0..120)).prop_map(|(start, all)| {
        let mut now = MIDNIGHT + start;
        all.into_iter()
            .map(|(step, level, action, message, actor, target, outcome, organisation, field)| {
                now += step;
                Made { time: now, level, action, message, actor, target, outcome, organisation, field }
            })
            .collect()
    })
}

/// Each condition is there in every third query or so; times are those of events, give or take.
fn query() -> impl Strategy<Value = LogQuery> {
    fn rarely<T: std::fmt::Debug + Clone>(
        strategy: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        prop::option::weighted(0.25, strategy)
    }
    let moment =
        || (0..4 * DAY).prop_map(|offset| Timestamp::from_unix_milliseconds(MIDNIGHT - DAY + offset));
    (
        rarely(prop::sample::select(Level::ALL.to_vec())),
        rarely(prop::sample::select(vec!["auth", "auth.", "auth.login", "org", "x"])),
        rarely(1..5u64),
        rarely(prop::sample::select(vec!["user/1", "organisation/1"])),
        rarely(prop::sample::select(Outcome::ALL.to_vec())),
        rarely(moment()),
        rarely(moment()),
        rarely(prop::sample::select(vec!["ADA", "éclair", "LOGIN", "grace", "nowhere", "name", "User/12"])),
        rarely(1..3u64),
        1..20usize,
    )
        .prop_map(|(level, action, actor, target, outcome, since, until, q, organisation, limit)| {
            let mut query = LogQuery::default();
            query.level = level;
            query.action = action.map(str::to_owned);
            query.actor_id = actor.map(|actor| UserId::try_from(actor).unwrap());
            query.target = target.map(str::to_owned);
            query.outcome = outcome;
            query.since = since;
            query.until = until;
            query.q = q.map(str::to_owned);
            query.organisation_id = organisation.map(|number| OrganisationId::try_from(number).unwrap());
            query.limit = limit;
            query
        })
}

/// What a query must answer: by day and then by arrival, newest first.
fn expected(history: &[Made], query: &LogQuery) -> Vec<LogEvent> {
    let mut asked: Vec<(i64, u64, &Made)> = history
        .iter()
        .zip(0..)
        .filter(|(made, _)| made.is_asked_for(query))
        .map(|(made, number)| (made.time.div_euclid(DAY), number, made))
        .collect();
    asked.sort_by_key(|&(day, number, _)| std::cmp::Reverse((day, number)));
    asked.into_iter().map(|(_, number, made)| made.event(number)).collect()
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn files_and_memory_answer_what_a_filter_does(
        history in history(),
        queries in prop::collection::vec(query(), 1..6),
        batch in 1..30usize,
        block in prop::sample::select(vec![13, 64, 300, 1000, 65_536]),
        scan in prop::sample::select(vec![0, 1000, 5000, 1 << 24]),
        reopen in any::<bool>(),
    ) {
        run(async {
            let directory = tempfile::tempdir().unwrap();
            let open = || FileSink::builder(directory.path()).block_bytes(block).scan_bytes(scan).open().unwrap();
            let memory = MemorySink::new(history.len());
            let mut file = open();
            let events: Vec<LogEvent> = history.iter().zip(0..).map(|(made, number)| made.event(number)).collect();
            for batch in events.chunks(batch) {
                if reopen {
                    file = open();
                }
                memory.append(batch).await.unwrap();
                file.append(batch).await.unwrap();
            }
            for query in &queries {
                let expected = expected(&history, query);
                assert_eq!(all(&memory, query).await.0, expected);
                assert_eq!(all(&file, query).await.0, expected);
            }
        });
    }

    #[test]
    fn pages_stay_as_they_were_while_events_arrive(
        history in history(),
        query in query(),
        first in 0..100usize,
        scan in prop::sample::select(vec![0, 2000, 1 << 24]),
    ) {
        run(async {
            let directory = tempfile::tempdir().unwrap();
            let file = FileSink::builder(directory.path()).block_bytes(100).scan_bytes(scan).open().unwrap();
            let memory = MemorySink::new(history.len());
            let first = first.min(history.len());
            // What comes for an earlier day may still appear, so that only later days' events come meanwhile.
            let latest = history[..first].iter().map(|made| made.time).max().unwrap_or(0);
            let later = history[first..].iter().filter(|made| made.time.div_euclid(DAY) >= latest.div_euclid(DAY));
            let events: Vec<LogEvent> = history.iter().zip(0..).map(|(made, number)| made.event(number)).collect();
            let mut arriving = later.zip(10_000..).map(|(made, number)| made.event(number));
            for sink in [&file as &dyn LogSink, &memory] {
                sink.append(&events[..first]).await.unwrap();
            }
            let mut seen = [Vec::new(), Vec::new()];
            let mut places = [Some(query.clone()), Some(query.clone())];
            while places.iter().any(Option::is_some) {
                for (index, sink) in [&file as &dyn LogSink, &memory].into_iter().enumerate() {
                    let Some(query) = &mut places[index] else { continue };
                    let page = sink.query(query).await.unwrap();
                    seen[index].extend(page.items);
                    query.before = page.next;
                    if query.before.is_none() {
                        places[index] = None;
                    }
                }
                if let Some(event) = arriving.next() {
                    file.append(std::slice::from_ref(&event)).await.unwrap();
                    memory.append(&[event]).await.unwrap();
                }
            }
            let expected = expected(&history[..first], &query);
            assert_eq!(seen, [expected.clone(), expected]);
        });
    }
}

#[tokio::test]
async fn the_ring_forgets_the_oldest_and_positions_survive_it() {
    let memory = MemorySink::new(10);
    let moment = time("2026-11-24T12:00:00Z");
    let events: Vec<_> = (0..30).map(|number| numbered(moment, number)).collect();
    memory.append(&events[..15]).await.unwrap();
    assert_eq!(memory.events(), events[5..15]);

    let mut query = LogQuery::default();
    query.limit = 4;
    let page = memory.query(&query).await.unwrap();
    assert_eq!(messages(&page.items), ["number 14", "number 13", "number 12", "number 11"]);
    query.before = page.next;
    memory.append(&events[15..20]).await.unwrap();
    let page = memory.query(&query).await.unwrap();
    assert_eq!((messages(&page.items), page.next), (vec!["number 10"], None));
    memory.append(&events[20..]).await.unwrap();
    assert_eq!(memory.query(&query).await.unwrap(), LogPage::default());
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = FileSink::open(directory.path()).unwrap();
    let memory = MemorySink::new(10);
    let event = numbered(time("2026-11-24T12:00:00Z"), 1);
    for sink in [&file as &dyn LogSink, &memory] {
        sink.append(std::slice::from_ref(&event)).await.unwrap();
        for text in [
            "",
            "x",
            "file:",
            "file:2026-11-24",
            "file:2026-11-24:",
            "file:2026-11-24:-1",
            "file:2026-11-24:1e3",
            "file:2026-11-24:18446744073709551616",
            "file:2026-11-24:100000",
            "file:2026-11-24:0:0",
            "file:2026-02-30:0",
            "file:../../etc/passwd:0",
            "file:/etc/passwd:0",
            "file:%2e%2e%2f:0",
            "file:2026-11-24\0:0",
            "memory:2026-11-24:2",
            "memory:x:0",
            "memory:2026-11-24:x",
        ] {
            let mut query = LogQuery::default();
            query.before = Some(LogPosition::new(text));
            let result = sink.query(&query).await;
            assert!(matches!(result, Err(LogError::InvalidPosition)), "{sink:?} {text:?}: {result:?}");
        }
    }
    assert!(matches!(Error::from(LogError::InvalidPosition), Error::InvalidCursor));
}

/// A sink that refuses everything, or takes all and can't be asked.
#[derive(Debug)]
enum Odd {
    Down,
    WriteOnly,
}

#[async_trait::async_trait]
impl LogSink for Odd {
    async fn append(&self, _: &[LogEvent]) -> Result<(), LogError> {
        match self {
            Self::Down => Err(LogError::unavailable("down")),
            Self::WriteOnly => Ok(()),
        }
    }

    async fn query(&self, _: &LogQuery) -> Result<LogPage, LogError> {
        match self {
            Self::Down => Err(LogError::unavailable("down")),
            Self::WriteOnly => Err(LogError::NotQueryable),
        }
    }
}

#[tokio::test]
async fn a_fan_out_keeps_on_with_the_sinks_that_work() {
    let memories = [Arc::new(MemorySink::new(10)), Arc::new(MemorySink::new(10))];
    let fan_out = FanOut::new([
        Arc::new(Odd::WriteOnly) as Arc<dyn LogSink>,
        memories[0].clone(),
        Arc::new(Odd::Down),
        memories[1].clone(),
    ]);
    let events = [1, 2, 3].map(|number| numbered(time("2026-11-24T12:00:00Z"), number));
    fan_out.append(&events).await.unwrap();
    assert_eq!(fan_out.missed(), 3);
    assert_eq!(memories.map(|memory| memory.events()), [events.to_vec(), events.to_vec()]);
    let mut query = LogQuery::default();
    query.limit = 2;
    assert_eq!(
        all(&fan_out, &query).await,
        (vec![events[2].clone(), events[1].clone(), events[0].clone()], 2)
    );
}

#[tokio::test]
async fn a_fan_out_goes_on_in_the_sink_where_it_began() {
    let directory = tempfile::tempdir().unwrap();
    let file = Arc::new(FileSink::open(directory.path()).unwrap());
    let memory = Arc::new(MemorySink::new(10));
    let events = [1, 2].map(|number| numbered(time("2026-11-24T12:00:00Z"), number));
    let fan_out = FanOut::new([memory as Arc<dyn LogSink>, file.clone()]);
    fan_out.append(&events).await.unwrap();
    let mut query = LogQuery::default();
    query.limit = 1;
    query.before = file.query(&query).await.unwrap().next;
    assert_eq!(messages(&fan_out.query(&query).await.unwrap().items), ["number 1"]);
    query.before = Some(LogPosition::new("elsewhere:1"));
    assert!(matches!(fan_out.query(&query).await, Err(LogError::InvalidPosition)));
}

#[tokio::test]
async fn a_fan_out_fails_where_all_its_sinks_do() {
    let fan_out = FanOut::new([Arc::new(Odd::Down) as Arc<dyn LogSink>, Arc::new(Odd::Down)]);
    let event = numbered(time("2026-11-24T12:00:00Z"), 1);
    assert!(matches!(fan_out.append(&[event]).await, Err(LogError::Unavailable(_))));
    assert_eq!(fan_out.missed(), 0);
    assert!(matches!(fan_out.query(&LogQuery::default()).await, Err(LogError::Unavailable(_))));
    // Who is down may know the position that the others don't.
    let half = FanOut::new([Arc::new(Odd::Down) as Arc<dyn LogSink>, Arc::new(MemorySink::new(1))]);
    let mut query = LogQuery::default();
    query.before = Some(LogPosition::new("elsewhere:1"));
    assert!(matches!(half.query(&query).await, Err(LogError::Unavailable(_))));
    let silent = FanOut::new([Arc::new(Odd::WriteOnly) as Arc<dyn LogSink>]);
    assert!(matches!(silent.query(&LogQuery::default()).await, Err(LogError::NotQueryable)));
}
