//! How often a message goes to an e-mail address.

use super::account::Asker;
use super::{Throttle, refusal};
use crate::Result;
use crate::transaction::Transaction;

impl Throttle {
    /// Whether a message that anybody may ask for, such as one that resets a password, may go to this address now, at
    /// most one a minute and five an hour; counts it with this commit. Whoever asked is not told. An address without an
    /// account is counted like any other.
    pub(crate) async fn admit_message(&self, transaction: &Transaction, email: &str) -> Result<bool> {
        Ok(self.count_message(transaction, Asker::Anybody, email).await?.is_ok())
    }

    /// Likewise for a message that only somebody with an account may ask for: counted apart, so that what strangers ask
    /// for does not use it up.
    ///
    /// # Errors
    ///
    /// The inner one is [`Error::TooManyRequests`](crate::Error::TooManyRequests), for callers that may be told so.
    pub(crate) async fn admit_account_message(
        &self,
        transaction: &Transaction,
        email: &str,
    ) -> Result<Result<()>> {
        let admitted = self.count_message(transaction, Asker::Account, email).await?;
        Ok(admitted.map_err(refusal))
    }

    async fn count_message(
        &self,
        transaction: &Transaction,
        asker: Asker,
        email: &str,
    ) -> Result<Result<(), std::time::Duration>> {
        let (account, now) = (self.0.keys.account(email), self.0.database.now());
        let mut admitted = Ok(());
        self.change(transaction, account.key(), |record| admitted = record.admit_message(asker, now)).await?;
        Ok(admitted)
    }
}
