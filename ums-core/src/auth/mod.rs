//! Who somebody is: registration, log-in, and what is asked of every request.

mod authenticate;
mod input;
mod login;
mod password;
mod register;

pub use authenticate::Principal;
pub use input::{Credentials, MePatch, PasswordChange, Registration};
pub use register::RegistrationMode;

use std::sync::Arc;

use crate::directory::{Directory, FirstAccount, NewCredential};
use crate::hash::{Hasher, PasswordContext, PasswordPolicy};
use crate::sessions::Sessions;
use crate::tokens::Tokens;
use crate::transaction::Database;
use crate::{Error, Faults, Password, Result};

/// Authentication over a store.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) policy: PasswordPolicy,
    pub(crate) registration: RegistrationMode,
    pub(crate) first_account: FirstAccount,
}

impl Auth {
    /// Checks a password that is to be set and hashes it; `None` for none.
    pub(crate) async fn new_credential(
        &self,
        password: Option<&Password>,
        email: &str,
    ) -> Result<NewCredential> {
        let Some(password) = password else { return Ok(None) };
        self.check_password(password, email).map_err(Error::Invalid)?;
        Ok(Some(self.hasher.hash(password).await?))
    }

    fn check_password(&self, password: &Password, email: &str) -> Result<(), Faults> {
        let context = PasswordContext::new().email(email);
        self.policy.check(password, &context).map_err(|fault| Faults::from_iter([fault]))
    }
}
