//! A sink in memory.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::day::Day;
use super::{LogError, LogEvent, LogPage, LogPosition, LogQuery, LogSink};

/// Keeps the latest events in memory and forgets the oldest: for tests, and for a program that keeps its log
/// elsewhere.
pub struct MemorySink {
    capacity: usize,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    /// How many events ever came, so that each has a number.
    appended: u64,
    events: VecDeque<(Place, LogEvent)>,
}

/// Where an event stands: its day, and its number.
type Place = (Day, u64);

impl MemorySink {
    /// A sink that keeps this many events; at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), ring: Mutex::default() }
    }

    /// Every event that is kept, in the order of arrival.
    #[must_use]
    pub fn events(&self) -> Vec<LogEvent> {
        self.with_ring(|ring| ring.events.iter().map(|(_, event)| event.clone()).collect())
    }

    fn with_ring<T>(&self, work: impl FnOnce(&mut Ring) -> T) -> T {
        work(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MemorySink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySink").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[async_trait]
impl LogSink for MemorySink {
    async fn append(&self, events: &[LogEvent]) -> Result<(), LogError> {
        self.with_ring(|ring| {
            for event in events {
                if ring.events.len() == self.capacity {
                    ring.events.pop_front();
                }
                ring.events.push_back(((Day::of(event.timestamp()), ring.appended), event.clone()));
                ring.appended += 1;
            }
        });
        Ok(())
    }

    async fn query(&self, query: &LogQuery) -> Result<LogPage, LogError> {
        let before = query.before.as_ref().map(read_position).transpose()?;
        self.with_ring(|ring| {
            if before.is_some_and(|(_, number)| number > ring.appended) {
                return Err(LogError::InvalidPosition);
            }
            let mut found: Vec<&(Place, LogEvent)> = ring
                .events
                .iter()
                .filter(|(place, event)| before.is_none_or(|before| *place < before) && query.matches(event))
                .collect();
            found.sort_unstable_by(|(left, _), (right, _)| right.cmp(left));
            let more = found.len() > query.page_size();
            found.truncate(query.page_size());
            let next = found.last().filter(|_| more).map(|(place, _)| write_position(*place));
            Ok(LogPage::new(found.into_iter().map(|(_, event)| event.clone()).collect(), next))
        })
    }
}

fn write_position((day, number): Place) -> LogPosition {
    LogPosition::new(format!("memory:{day}:{number}"))
}

fn read_position(position: &LogPosition) -> Result<Place, LogError> {
    let place = position.as_str().strip_prefix("memory:").and_then(|place| place.split_once(':'));
    let (day, number) = place.ok_or(LogError::InvalidPosition)?;
    match (day.parse(), number.parse()) {
        (Ok(day), Ok(number)) => Ok((day, number)),
        _ => Err(LogError::InvalidPosition),
    }
}
