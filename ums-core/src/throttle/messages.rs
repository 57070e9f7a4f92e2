//! How often a message goes to an e-mail address.

use super::Throttle;
use crate::Result;
use crate::transaction::Transaction;

impl Throttle {
    /// Whether a message that anybody may ask for, such as one that resets a password, may go to this address now, at
    /// most one a minute and five an hour; counts it with this commit. Whoever asked is not told. An address without an
    /// account is counted like any other.
    pub(crate) async fn admit_message(&self, transaction: &Transaction, email: &str) -> Result<bool> {
        let (account, now) = (self.0.keys.account(email), self.0.database.now());
        let mut admitted = false;
        self.change(transaction, account.key(), |record| admitted = record.admit_message(now)).await?;
        Ok(admitted)
    }
}
