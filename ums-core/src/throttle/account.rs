//! What is counted of one account's attempts, and what follows from it.
//!
//! Failures from addresses that the account has been let in from (*known* ones) are counted each for itself, all others
//! together, so that who guesses from elsewhere neither delays nor uses up the attempts of the owner at home. None of
//! these may use up what there is of them all: some is left for another. An attempt is counted before its password is verified: it is a failure until it has succeeded.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use crate::Timestamp;
use crate::record::Record;

/// How many known addresses are kept; the one that was used longest ago goes.
const KNOWN: usize = 8;
/// How long an address is known after the account was last let in from it.
const KNOWN_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// Up to how many refused attempts are counted, so that hammering one account does not keep the store busy.
const COUNTED: u32 = 1000;
/// How far apart messages to one address are, and how many there are in an hour.
const MESSAGE_PAUSE: Duration = Duration::from_secs(60);
const MESSAGES: usize = 5;
const MESSAGES_IN: Duration = Duration::from_secs(3600);

/// What is kept by one e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AccountRecord {
    #[serde(default, skip_serializing_if = "Lane::is_empty")]
    elsewhere: Lane,
    /// The one used last comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    known: Vec<KnownAddress>,
    /// When messages that anybody may ask for went out within the last hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Timestamp>,
    /// When messages that only somebody with an account may ask for did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    account_messages: Vec<Timestamp>,
}

impl Record for AccountRecord {}

/// An address from which the account has been let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownAddress {
    /// A keyed hash.
    address: String,
    used_at: Timestamp,
    #[serde(default, skip_serializing_if = "Lane::is_empty")]
    lane: Lane,
}

/// Attempts in vain that share a delay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lane {
    /// Those whose password was verified.
    failures: u32,
    /// Those that were refused without.
    #[serde(default)]
    refused: u32,
    #[serde(default)]
    failed_at: Option<Timestamp>,
}

/// Who asks for a message. Each has a count of its own, so that a stranger uses up nothing of what the owner may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Anybody,
    Account,
}

/// An attempt that is to be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    at: Timestamp,
    failed_before: Option<Timestamp>,
}

impl AccountRecord {
    /// Drops what no longer counts: failures after their window, and those before the account had its password.
    pub(super) fn settle(&mut self, now: Timestamp, password_since: Option<Timestamp>, schedule: &Schedule) {
        for lane in self.lanes_mut() {
            let Some(failed_at) = lane.failed_at else { continue };
            let over = failed_at.plus(schedule.window) <= now
                // A clock that was wrong by so much must not lock anybody out until it is right.
                || failed_at > now.plus(schedule.window)
                || password_since.is_some_and(|since| failed_at < since);
            if over {
                *lane = Lane::default();
            }
        }
        if self.lanes().all(|lane| lane.failed_at.is_none()) {
            // What was refused for others' failures goes with them.
            self.lanes_mut().for_each(|lane| *lane = Lane::default());
        }
        self.known.retain(|known| now < known.used_at.plus(KNOWN_FOR));
        for messages in [&mut self.messages, &mut self.account_messages] {
            messages.retain(|sent_at| now < sent_at.plus(MESSAGES_IN) && *sent_at <= now);
        }
    }

    pub(super) fn is_known(&self, address: Option<&str>) -> bool {
        address.is_some_and(|address| self.known.iter().any(|known| known.address == address))
    }

    /// How long until an attempt from this address would be verified; nothing where it would be now.
    pub(super) fn wait(&self, address: Option<&str>, now: Timestamp, schedule: &Schedule) -> Duration {
        let lane = self.lane(address);
        let until = |end: Timestamp| end.since(now);
        let delay = lane.failed_at.map_or(Duration::ZERO, |at| until(at.plus(schedule.delay(lane.failures))));
        let limit = if lane.failures >= schedule.most_of_one() {
            lane.failed_at.map(|at| at.plus(schedule.window))
        } else if self.failures() >= schedule.most {
            let ends = self.lanes().filter_map(|lane| lane.failed_at).map(|at| at.plus(schedule.window));
            ends.min()
        } else {
            None
        };
        limit.map_or(delay, |end| until(end).max(delay))
    }

    /// Counts an attempt that is going to be verified, or says how long to wait.
    pub(super) fn admit(
        &mut self,
        address: Option<&str>,
        now: Timestamp,
        schedule: &Schedule,
    ) -> Result<Admitted, Duration> {
        let wait = self.wait(address, now, schedule);
        if !wait.is_zero() {
            return Err(wait);
        }
        let lane = self.lane_mut(address);
        let admitted = Admitted { at: now, failed_before: lane.failed_at };
        lane.failures = lane.failures.saturating_add(1);
        lane.failed_at = Some(now);
        Ok(admitted)
    }

    /// Counts an attempt that was refused; it lengthens nothing.
    pub(super) fn refuse(&mut self, address: Option<&str>) {
        if !self.is_full() {
            let lane = self.lane_mut(address);
            lane.refused = lane.refused.saturating_add(1);
        }
    }

    /// Whether no more refused attempts are counted.
    pub(super) fn is_full(&self) -> bool {
        self.lanes().map(|lane| lane.refused).fold(0, u32::saturating_add) >= COUNTED
    }

    /// Takes back an attempt whose password was not verified after all.
    pub(super) fn take_back(&mut self, address: Option<&str>, admitted: Admitted) {
        let lane = self.lane_mut(address);
        lane.failures = lane.failures.saturating_sub(1);
        // Others may have failed since.
        if lane.failed_at == Some(admitted.at) {
            lane.failed_at = admitted.failed_before;
        }
        if lane.failures == 0 && lane.refused == 0 {
            *lane = Lane::default();
        }
    }

    /// Whether the failures so far are as many as may be, from this address.
    pub(super) fn is_exhausted(&self, address: Option<&str>, schedule: &Schedule) -> bool {
        self.failures() >= schedule.most || self.lane(address).failures >= schedule.most_of_one()
    }

    /// Clears what stood in the way of who has been let in. What others tried from elsewhere stays counted where the
    /// address was known before: their guesses get no better because the owner logs in, and they don't learn of it.
    pub(super) fn succeed(&mut self, address: Option<&str>, now: Timestamp) {
        if !self.is_known(address) {
            self.elsewhere = Lane::default();
        }
        self.let_in(address, now);
    }

    /// Clears everything that was counted, and knows no other address any more: whoever was let in there may be why.
    pub(super) fn forgive(&mut self, address: Option<&str>, now: Timestamp) {
        self.elsewhere = Lane::default();
        self.known.clear();
        self.let_in(address, now);
    }

    fn let_in(&mut self, address: Option<&str>, now: Timestamp) {
        self.known.iter_mut().for_each(|known| known.lane = Lane::default());
        let Some(address) = address else { return };
        self.known.retain(|known| known.address != address);
        let known = KnownAddress { address: address.to_owned(), used_at: now, lane: Lane::default() };
        self.known.insert(0, known);
        self.known.truncate(KNOWN);
    }

    /// Counts a message where one may go out, or says how long to wait.
    pub(super) fn admit_message(&mut self, asker: Asker, now: Timestamp) -> Result<(), Duration> {
        let messages = match asker {
            Asker::Anybody => &mut self.messages,
            Asker::Account => &mut self.account_messages,
        };
        let pause = messages.last().map(|last| last.plus(MESSAGE_PAUSE));
        let limit = messages.iter().rev().nth(MESSAGES - 1).map(|first| first.plus(MESSAGES_IN));
        let wait = pause.max(limit).map_or(Duration::ZERO, |until| until.since(now));
        if !wait.is_zero() {
            return Err(wait);
        }
        messages.push(now);
        Ok(())
    }

    /// All attempts in vain.
    pub(super) fn attempts(&self) -> u64 {
        self.lanes().map(|lane| u64::from(lane.failures) + u64::from(lane.refused)).sum()
    }

    /// From when on nothing of it counts; `None` where nothing does.
    pub(super) fn expires_at(&self, schedule: &Schedule) -> Option<Timestamp> {
        let failures = self.lanes().filter_map(|lane| lane.failed_at).map(|at| at.plus(schedule.window));
        let known = self.known.iter().map(|known| known.used_at.plus(KNOWN_FOR));
        let messages = self.messages.iter().chain(&self.account_messages).map(|at| at.plus(MESSAGES_IN));
        failures.chain(known).chain(messages).max()
    }

    fn failures(&self) -> u32 {
        self.lanes().map(|lane| lane.failures).fold(0, u32::saturating_add)
    }

    fn lane(&self, address: Option<&str>) -> &Lane {
        let known = self.known.iter().find(|known| Some(known.address.as_str()) == address);
        known.map_or(&self.elsewhere, |known| &known.lane)
    }

    fn lane_mut(&mut self, address: Option<&str>) -> &mut Lane {
        let known = self.known.iter_mut().find(|known| Some(known.address.as_str()) == address);
        known.map_or(&mut self.elsewhere, |known| &mut known.lane)
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        std::iter::once(&self.elsewhere).chain(self.known.iter().map(|known| &known.lane))
    }

    fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Lane> {
        std::iter::once(&mut self.elsewhere).chain(self.known.iter_mut().map(|known| &mut known.lane))
    }
}

impl Lane {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests;
