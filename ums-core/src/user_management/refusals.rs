//! What strangers have refused as often as they like: the log is told of some of it, and of how much more there was.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Acting;
use crate::access::Actor;
use crate::{Error, Timestamp};

/// How long refusals are counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// How many of them the log is told of, from one address and from all together.
const TOLD_OF_ONE: u32 = 5;
const TOLD_OF_ALL: u32 = 200;

/// Counts what was refused, by where it came from.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    since: Option<Timestamp>,
    /// How many the log was told of, by address; as many addresses as it is told of at the most.
    told: HashMap<Option<IpAddr>, u32>,
    told_of_all: u32,
    /// Those that the log was not told of, since it was last told of one.
    passed_over: u64,
}

impl Refusals {
    /// Counts one more. Where the log is to be told of it: how many before it the log was not told of.
    pub(super) fn count(&self, address: Option<IpAddr>, now: Timestamp) -> Option<u64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back begins a new window, too.
        let current = counts.since.is_some_and(|since| now >= since && now.since(since) < WINDOW);
        if !current {
            let passed_over = counts.passed_over;
            *counts = Counts { since: Some(now), passed_over, ..Counts::default() };
        }
        let key = address.map(network);
        let told = counts.told.get(&key).copied().unwrap_or_default();
        if told >= TOLD_OF_ONE || counts.told_of_all >= TOLD_OF_ALL {
            counts.passed_over += 1;
            return None;
        }
        counts.told.insert(key, told + 1);
        counts.told_of_all += 1;
        Some(std::mem::take(&mut counts.passed_over))
    }

    /// How many the log was not told of, for something that it is told in any case.
    fn owned_up_to(&self) -> u64 {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut counts.passed_over)
    }
}

impl Acting {
    /// How many refusals before this one the log was not told of; `None` where it is not to be told of this one, either.
    pub(super) fn passed_over(&self, error: &Error) -> Option<u64> {
        let Actor::Anonymous = self.actor else { return Some(0) };
        let parts = self.parts();
        match error {
            // Strangers bring these about as often as they like, at hardly any cost.
            Error::InvalidRefreshToken
            | Error::InvalidToken
            | Error::TooManyRequests { .. }
            | Error::Overloaded { .. }
            | Error::Forbidden => parts.refused_calls.count(self.origin.ip, parts.database.now()),
            // This has cost them a hash.
            Error::InvalidCredentials => Some(parts.refused_calls.owned_up_to()),
            _ => Some(0),
        }
    }
}

/// Of IPv6, what one subscriber is given.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH.plus(Duration::from_secs(1_000_000 + seconds))
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    #[test]
    fn of_many_from_one_address_a_few_are_told_and_the_rest_counted() {
        let refused = Refusals::default();
        let told: Vec<_> = (0..100).filter_map(|_| refused.count(address(1), at(0))).collect();
        assert_eq!(told, [0; TOLD_OF_ONE as usize]);
        assert_eq!(refused.count(address(2), at(59)), Some(95), "those passed over are owned up to");
        assert_eq!(refused.count(address(1), at(59)), None);
        assert_eq!(refused.count(address(1), at(60)), Some(1));
        assert_eq!(refused.count(address(1), at(61)), Some(0));
    }

    #[test]
    fn many_addresses_do_not_make_it_many() {
        let refused = Refusals::default();
        let told = (0..100_000_u32)
            .filter_map(|number| refused.count(Some(IpAddr::from(number.to_be_bytes())), at(0)))
            .count();
        assert_eq!(told, TOLD_OF_ALL as usize);
        assert_eq!(refused.0.lock().unwrap().told.len(), TOLD_OF_ALL as usize);
        // Nor do those of one network.
        let refused = Refusals::default();
        let of_one = |host: u16| Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, host).into());
        let told = (0..1_000).filter_map(|host| refused.count(of_one(host), at(0))).count();
        assert_eq!(told, TOLD_OF_ONE as usize);
    }

    #[test]
    fn a_clock_that_goes_back_silences_nothing() {
        let refused = Refusals::default();
        for _ in 0..10 {
            refused.count(address(1), at(1_000));
        }
        assert_eq!(refused.count(address(1), at(0)), Some(5));
    }
}
