//! Attempts at an account's password.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ums_store::Key;

use super::account::{AccountRecord, Admitted};
use super::addresses::AddressLimit;
use super::keys::AccountKey;
use super::turns::Turn;
use super::{CONTENDED, Tally, Throttle, refusal};
use crate::transaction::Transaction;
use crate::{Conflict, Error, Result, Timestamp};

/// An attempt that is counted as a failure and may be verified. While it lasts, others at the same account wait within
/// this process; what it was is said by one of its methods. Where it is dropped before verifying began, since whoever
/// made it did not wait for that, it is counted no longer.
#[derive(Debug)]
pub(crate) struct Attempt {
    throttle: Throttle,
    account: AccountKey,
    address: Option<String>,
    ip: Option<IpAddr>,
    admitted: Admitted,
    turn: Option<Turn>,
    /// Whether it stays counted, or not, as it stands, should it be dropped now.
    settled: Arc<AtomicBool>,
}

impl Throttle {
    /// Counts an attempt at the account of an e-mail address, in any spelling, in a commit of its own before anything is
    /// verified, so that guesses at the same time can't slip past the count. Failures before `password_since`, when the
    /// account was given its password, count no more: they were guesses at another one.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] while attempts from this address are delayed or used up. Such an attempt is counted,
    /// too, and lengthens nothing.
    pub(crate) async fn attempt(
        &self,
        email: &str,
        ip: Option<IpAddr>,
        password_since: Option<Timestamp>,
        tally: &Tally,
    ) -> Result<Attempt> {
        let account = self.0.keys.account(email);
        let address = ip.map(|ip| self.0.keys.known_address(&account, ip));
        let turn = match self.0.accounts.take_free(account.hash()) {
            Some(turn) => turn,
            None => {
                self.refuse_hammering(&account, address.as_deref(), password_since, tally).await?;
                self.0.accounts.take(account.hash()).await
            }
        };
        let admitted = self.admit(&account, address.as_deref(), ip, password_since, tally).await?;
        let (turn, settled) = (Some(turn), Arc::default());
        Ok(Attempt { throttle: self.clone(), account, address, ip, admitted, turn, settled })
    }

    async fn admit(
        &self,
        account: &AccountKey,
        address: Option<&str>,
        ip: Option<IpAddr>,
        password_since: Option<Timestamp>,
        tally: &Tally,
    ) -> Result<Admitted> {
        let (schedule, key) = (&self.0.schedule, account.key());
        let answer = self
            .0
            .database
            .transact(|transaction| async move {
                let found = transaction.read::<AccountRecord>(key).await?;
                let mut record = found.as_ref().map(|found| found.data.clone()).unwrap_or_default();
                let now = self.0.database.now();
                record.settle(now, password_since, schedule);
                if !record.is_known(address) {
                    self.expect_token(AddressLimit::FailedLogins, ip).await?;
                }
                let answer = record.admit(address, now, schedule);
                if answer.is_err() {
                    record.refuse(address);
                }
                tally.note(record.attempts(), answer.is_ok() && record.is_exhausted(address, schedule));
                self.put(&transaction, key, found.as_ref(), &record)?;
                Ok(answer)
            })
            .await;
        match answer {
            Ok(Ok(admitted)) => Ok(admitted),
            Ok(Err(wait)) => Err(refusal(wait)),
            Err(Error::Conflict(Conflict::Contention)) => {
                tally.note(0, false);
                Err(refusal(CONTENDED))
            }
            Err(error) => Err(error),
        }
    }

    /// Refuses at once, without a turn and a commit, what is refused and no longer counted anyway: who hammers an
    /// account must not keep its owner waiting.
    async fn refuse_hammering(
        &self,
        account: &AccountKey,
        address: Option<&str>,
        password_since: Option<Timestamp>,
        tally: &Tally,
    ) -> Result<()> {
        let Some(found) = self.0.database.read::<AccountRecord>(account.key()).await? else { return Ok(()) };
        let (mut record, now) = (found.data, self.0.database.now());
        record.settle(now, password_since, &self.0.schedule);
        let wait = record.wait(address, now, &self.0.schedule);
        if wait.is_zero() || !record.is_full() {
            return Ok(());
        }
        tally.note(record.attempts(), false);
        Err(refusal(wait))
    }
}

impl Attempt {
    /// Where it is counted, so that it can be fetched with what else is read.
    pub(crate) fn key(&self) -> &Key {
        self.account.key()
    }

    /// To be set when verifying begins.
    pub(crate) fn begun(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.settled)
    }

    /// The password was wrong: the attempt stays counted, for its address as well.
    pub(crate) async fn fail(mut self) {
        self.settled.store(true, Relaxed);
        drop(self.turn.take());
        let noted = self.throttle.take_token(AddressLimit::FailedLogins, self.ip).await;
        if let Err(error @ (Error::Store(_) | Error::Internal(_))) = noted {
            tracing::error!(%error, "a failed log-in could not be counted for its address");
        }
    }

    /// The password was right: clears what was counted and makes the address known, with the commit that lets its owner
    /// in.
    pub(crate) async fn succeed(&self, transaction: &Transaction) -> Result<()> {
        let (address, now) = (self.address.as_deref(), self.throttle.0.database.now());
        self.throttle.change(transaction, self.account.key(), |record| record.succeed(address, now)).await
    }

    /// It was no failure and lets nobody in: counts it no longer, with this commit.
    pub(crate) async fn take_back(&self, transaction: &Transaction) -> Result<()> {
        let (address, admitted) = (self.address.as_deref(), self.admitted);
        let change = |record: &mut AccountRecord| record.take_back(address, admitted);
        self.throttle.change(transaction, self.account.key(), change).await
    }

    /// What came of verifying. Where nothing did, since there was no time or no memory for it, the attempt is counted no
    /// longer.
    pub(crate) async fn or_take_back<T>(&self, verified: Result<T>) -> Result<T> {
        if verified.is_err() {
            self.settled.store(true, Relaxed);
            let taken_back = self
                .throttle
                .0
                .database
                .transact(|transaction| async move { self.take_back(&transaction).await })
                .await;
            if let Err(error) = taken_back {
                tracing::warn!(%error, "an attempt that was not verified stays counted");
            }
        }
        verified
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.settled.load(Relaxed) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (throttle, account, turn) = (self.throttle.clone(), self.account.clone(), self.turn.take());
        let (address, admitted) = (self.address.take(), self.admitted);
        runtime.spawn(async move {
            // Who comes next counts from there.
            let _turn = turn;
            let (throttle, key, address) = (&throttle, account.key(), address.as_deref());
            let change = |record: &mut AccountRecord| record.take_back(address, admitted);
            let taken_back = throttle
                .0
                .database
                .transact(|transaction| async move { throttle.change(&transaction, key, change).await })
                .await;
            if let Err(error) = taken_back {
                tracing::warn!(%error, "an attempt that was not verified stays counted");
            }
        });
    }
}
