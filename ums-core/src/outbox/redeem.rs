//! What a token that is shown stands for.

use crate::model::Status;
use crate::parse::fold_email;
use crate::record::{Found, TokenPurpose, TokenRecord, UserRecord};
use crate::tokens::SingleUseClaims;
use crate::transaction::Transaction;
use crate::{Error, Result, Timestamp, keyspace};

/// The account that a live token is for, with the token's record. The transaction expects both as they are; whoever
/// redeems the token deletes it in the same commit.
///
/// # Errors
///
/// [`Error::InvalidToken`] for one that is unknown, used, expired, or no longer of use: all alike.
pub(crate) async fn live_token(
    transaction: &Transaction,
    claims: &SingleUseClaims,
    now: Timestamp,
) -> Result<(Found<UserRecord>, TokenRecord)> {
    let (token_key, account_key) =
        (keyspace::token(claims.user, claims.purpose), keyspace::user_profile(claims.user));
    transaction.fetch(&[token_key.clone(), account_key.clone()]).await?;
    let token = transaction.read::<TokenRecord>(&token_key).await?;
    let account = transaction.read::<UserRecord>(&account_key).await?;
    let (Some(token), Some(account)) = (token, account) else { return Err(Error::InvalidToken) };
    let token = token.data;
    let is_live = claims.is_of(&token) && now < token.expires_at;
    if is_live && !account.closing && serves(claims.purpose, &account.data, &token) {
        Ok((account, token))
    } else {
        Err(Error::InvalidToken)
    }
}

/// Whether the account is still one that the token was made for.
fn serves(purpose: TokenPurpose, account: &UserRecord, token: &TokenRecord) -> bool {
    let user = &account.user;
    let status = match purpose {
        TokenPurpose::Invitation => user.status == Status::Invited,
        TokenPurpose::EmailChange => user.status == Status::Active,
        TokenPurpose::PasswordReset | TokenPurpose::EmailVerification => {
            matches!(user.status, Status::Active | Status::Pending)
        }
    };
    status && token.epochs.stand_at(account.epochs(), purpose) && fold_email(&user.email) == token.email
}
