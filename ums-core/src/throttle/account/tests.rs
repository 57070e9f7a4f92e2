//! What is counted, on a clock of the test's own.

use proptest::prelude::*;

use super::*;
use crate::ThrottleOptions;

const HOME: Option<&str> = Some("home");
const ELSEWHERE: Option<&str> = Some("elsewhere");

/// A record under the default schedule, and the time.
struct Account {
    record: AccountRecord,
    now: Timestamp,
    schedule: Schedule,
}

impl Account {
    fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH.plus(Duration::from_secs(1 << 30));
        Self { record: AccountRecord::default(), now, schedule: ThrottleOptions::new().schedule }
    }

    fn at_home() -> Self {
        let mut account = Self::new();
        account.record.succeed(HOME, account.now);
        account
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    /// An attempt that fails; the seconds to wait where it is not verified.
    fn fail(&mut self, address: Option<&str>) -> Result<Admitted, u64> {
        self.record.settle(self.now, None, &self.schedule);
        let answer = self.record.admit(address, self.now, &self.schedule);
        if answer.is_err() {
            self.record.refuse(address);
        }
        answer.map_err(|wait| wait.as_secs())
    }

    /// Fails until it would take longer than the longest delay, and waits in between; how often that was.
    fn exhaust(&mut self, address: Option<&str>) -> u32 {
        let mut failures = 0;
        loop {
            match self.fail(address) {
                Ok(_) => failures += 1,
                Err(wait) if wait > 900 => return failures,
                Err(wait) => self.pass(wait),
            }
        }
    }
}

#[test]
fn failures_delay_and_refusals_lengthen_nothing() {
    let mut account = Account::new();
    for _ in 0..6 {
        assert!(account.fail(ELSEWHERE).is_ok());
    }
    for _ in 0..94 {
        assert_eq!(account.fail(ELSEWHERE), Err(1));
    }
    assert_eq!(account.record.attempts(), 100);
    account.pass(1);
    assert!(account.fail(ELSEWHERE).is_ok());
    assert_eq!(account.fail(ELSEWHERE), Err(2));
}

#[test]
fn strangers_use_up_no_more_than_theirs() {
    let mut account = Account::at_home();
    assert_eq!(account.exhaust(ELSEWHERE), 80);
    assert_eq!(account.fail(Some("somewhere else")), Err(24 * 3600));
    assert_eq!(account.fail(None), Err(24 * 3600));
    // At home nothing is delayed, and the rest is left.
    for _ in 0..6 {
        assert!(account.fail(HOME).is_ok());
    }
    assert_eq!(account.fail(HOME), Err(1));
    assert_eq!(account.exhaust(HOME), 14);
    assert_eq!(account.record.failures(), 100);
    let Err(wait) = account.fail(HOME) else { panic!("the 101st") };
    account.pass(wait);
    assert!(account.fail(HOME).is_ok());
}

#[test]
fn no_known_address_uses_up_what_others_have() {
    let mut account = Account::at_home();
    account.record.succeed(Some("office"), account.now);
    assert_eq!(account.exhaust(HOME), 80);
    assert!(account.record.is_exhausted(HOME, &account.schedule));
    assert_eq!(account.exhaust(Some("office")), 20);
    assert_eq!(account.record.failures(), 100);
    assert!(matches!(account.fail(ELSEWHERE), Err(wait) if wait > 0));
}

#[test]
fn who_resets_the_password_leaves_no_other_address_known() {
    let mut account = Account::new();
    account.record.succeed(Some("thief"), account.now);
    account.record.succeed(HOME, account.now);
    account.record.forgive(HOME, account.now);
    assert!(account.record.is_known(HOME) && !account.record.is_known(Some("thief")));
    // What is tried from there counts with what all strangers try.
    assert_eq!(account.exhaust(Some("thief")) + account.exhaust(ELSEWHERE), 80);
    assert!(account.fail(HOME).is_ok());
    account.record.forgive(None, account.now);
    assert_eq!(account.record, AccountRecord::default());
}

#[test]
fn who_is_let_in_at_home_clears_nothing_elsewhere() {
    let mut account = Account::at_home();
    assert_eq!(account.exhaust(ELSEWHERE), 80);
    account.exhaust(HOME);
    account.record.succeed(HOME, account.now);
    assert_eq!(account.record.failures(), 80);
    assert!(account.fail(ELSEWHERE).is_err());
    assert!(account.fail(HOME).is_ok());
    // Who comes in from elsewhere, or has proved to own the address, does.
    for clear in [AccountRecord::succeed, AccountRecord::forgive] {
        let mut account = Account::new();
        account.exhaust(ELSEWHERE);
        clear(&mut account.record, ELSEWHERE, account.now);
        assert_eq!(account.record.attempts(), 0);
    }
    account.record.forgive(HOME, account.now);
    assert_eq!(account.record.attempts(), 0);
}

#[test]
fn the_window_and_a_new_password_end_the_count() {
    let mut account = Account::new();
    account.exhaust(ELSEWHERE);
    account.pass(24 * 3600 - 901);
    assert!(account.fail(ELSEWHERE).is_err());
    let mut later = account.record.clone();
    later.settle(account.now.plus(Duration::from_secs(901)), None, &account.schedule);
    assert_eq!(later, AccountRecord::default());
    let mut same = account.record.clone();
    let failed_at = account.record.elsewhere.failed_at.unwrap();
    same.settle(account.now, Some(failed_at), &account.schedule);
    assert_eq!(same, account.record);
    same.settle(account.now, Some(failed_at.plus(Duration::from_millis(1))), &account.schedule);
    assert_eq!(same, AccountRecord::default());
}

#[test]
fn a_clock_that_was_wrong_locks_nobody_out_for_good() {
    let mut account = Account::new();
    let now = account.now;
    account.pass(365 * 24 * 3600);
    account.exhaust(ELSEWHERE);
    account.now = now;
    assert!(account.fail(ELSEWHERE).is_ok());
}

#[test]
fn an_attempt_taken_back_leaves_the_record_as_it_was() {
    let mut account = Account::new();
    for failures in 0..20 {
        account.pass(900);
        let before = account.record.clone();
        let admitted = account.fail(ELSEWHERE).unwrap();
        account.record.take_back(ELSEWHERE, admitted);
        assert_eq!(account.record, before, "after {failures}");
        account.fail(ELSEWHERE).unwrap();
    }
    // Where another one failed meanwhile, that stands.
    account.pass(900);
    let admitted = account.fail(ELSEWHERE).unwrap();
    account.pass(900);
    account.fail(ELSEWHERE).unwrap();
    account.record.take_back(ELSEWHERE, admitted);
    assert_eq!((account.record.failures(), account.fail(ELSEWHERE)), (21, Err(900)));
}

#[test]
fn eight_addresses_are_known_for_ninety_days() {
    let mut account = Account::new();
    let names: Vec<String> = (0..9).map(|number| number.to_string()).collect();
    for name in &names {
        account.record.succeed(Some(name), account.now);
        account.pass(1);
    }
    account.record.succeed(Some("1"), account.now);
    let known = |record: &AccountRecord| names.iter().filter(|name| record.is_known(Some(name))).count();
    assert_eq!((known(&account.record), account.record.is_known(Some("0"))), (8, false));
    account.record.succeed(Some("ninth"), account.now);
    assert!(account.record.is_known(Some("1")) && !account.record.is_known(Some("2")));

    account.pass(90 * 24 * 3600 - 5);
    assert_eq!(account.record.expires_at(&account.schedule), Some(account.now.plus(Duration::from_secs(5))));
    account.record.settle(account.now, None, &account.schedule);
    assert_eq!(known(&account.record), 5, "{:?}", account.record);
    account.pass(5);
    account.record.settle(account.now, None, &account.schedule);
    assert_eq!(account.record, AccountRecord::default());
    assert_eq!(account.record.expires_at(&account.schedule), None);
}

#[test]
fn messages_go_out_once_a_minute_and_five_times_an_hour() {
    let mut account = Account::new();
    let mut sent = Vec::new();
    for second in 0..2 * 3600 {
        account.record.settle(account.now, None, &account.schedule);
        if account.record.admit_message(Asker::Anybody, account.now).is_ok() {
            sent.push(second);
        }
        account.pass(1);
    }
    assert_eq!(sent, [0, 60, 120, 180, 240, 3600, 3660, 3720, 3780, 3840]);
}

#[test]
fn who_has_an_account_asks_beside_strangers_and_is_told_how_long_to_wait() {
    let mut account = Account::new();
    for wait in [60, 60, 60, 60, 3360] {
        account.record.admit_message(Asker::Anybody, account.now).unwrap();
        account.record.admit_message(Asker::Account, account.now).unwrap();
        assert_eq!(account.record.admit_message(Asker::Account, account.now), Err(Duration::from_secs(wait)));
        account.pass(60);
    }
    for asker in [Asker::Anybody, Asker::Account] {
        assert_eq!(account.record.admit_message(asker, account.now), Err(Duration::from_secs(3300)));
    }
    assert_eq!(
        account.record.expires_at(&account.schedule),
        Some(account.now.plus(Duration::from_secs(3540)))
    );
    account.pass(3540);
    account.record.settle(account.now, None, &account.schedule);
    assert_eq!(account.record, AccountRecord::default());
}

#[test]
fn refusals_are_counted_up_to_a_bound() {
    let mut account = Account::new();
    for _ in 0..2000 {
        let _ = account.fail(ELSEWHERE);
    }
    assert_eq!((account.record.attempts(), account.record.is_full()), (1006, true));
}

#[test]
fn it_is_written_small_and_read_again() {
    let mut account = Account::at_home();
    assert_eq!(
        serde_json::to_string(&account.record).unwrap(),
        r#"{"known":[{"address":"home","used_at":"2004-01-10T13:37:04.000Z"}]}"#
    );
    account.fail(ELSEWHERE).unwrap();
    account.fail(HOME).unwrap();
    let text = serde_json::to_string(&account.record).unwrap();
    assert_eq!(serde_json::from_str::<AccountRecord>(&text).unwrap(), account.record);
}

proptest! {
    /// Whoever tries what, from wherever and whenever: between two log-ins no more than 100 passwords are verified
    /// within a window, no more than 80 of them from addresses that are not known, no delay is cut short, and nobody
    /// waits longer than they were told.
    #[test]
    fn no_run_of_attempts_passes_the_bounds(
        known in 0..3_usize,
        steps in proptest::collection::vec((0..5_usize, 0..3_u8, 0..3000_u64), 1..400),
    ) {
        let names = ["0", "1", "2", "3", "4"];
        let mut account = Account::new();
        for name in names.iter().take(known) {
            account.record.succeed(Some(name), account.now);
        }
        let mut verified: Vec<(Timestamp, bool)> = Vec::new();
        for (who, patience, pause) in steps {
            let address = Some(names[who]);
            match account.fail(address) {
                Ok(_) => verified.push((account.now, who >= known)),
                Err(wait) => {
                    prop_assert!(wait <= 24 * 3600);
                    if patience == 0 {
                        account.pass(wait);
                        prop_assert!(account.fail(address).is_ok(), "{address:?} waited {wait} s");
                        verified.push((account.now, who >= known));
                    }
                }
            }
            if patience != 0 {
                account.pass(pause / if patience == 1 { 1 } else { 100 });
            }
            // A window that has passed since a lane's last failure ends its count; within one, nothing does.
            let recent = verified.iter().filter(|(at, _)| account.now.since(*at).as_secs() < 24 * 3600);
            let (all, elsewhere) = recent.fold((0, 0), |(all, elsewhere), (_, stranger)| {
                (all + 1, elsewhere + u32::from(*stranger))
            });
            prop_assert!(all <= 100 && elsewhere <= 80, "{all} in all, {elsewhere} from elsewhere");
        }
    }
}
