//! Who somebody is: registration, log-in, and what is asked of every request.

mod authenticate;
mod email;
mod input;
mod invitation;
mod login;
mod password;
mod recover;
mod register;

pub use authenticate::Principal;
pub use input::{
    Credentials, EmailChange, ForgottenPassword, InvitationAcceptance, MePatch, PasswordChange,
    PasswordReset, Registration,
};
pub use register::RegistrationMode;

use std::sync::Arc;

use crate::access::Actor;
use crate::directory::{Directory, FirstAccount, NewCredential, UserDraft};
use crate::hash::{Hasher, PasswordContext, PasswordPolicy};
use crate::model::UserFields;
use crate::outbox::Outbox;
use crate::parse::Checker;
use crate::sessions::Sessions;
use crate::throttle::Throttle;
use crate::tokens::Tokens;
use crate::transaction::Database;
use crate::{Faults, Password, Result};

/// Authentication over a store.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    pub(crate) database: Database,
    pub(crate) directory: Directory,
    pub(crate) sessions: Sessions,
    pub(crate) outbox: Outbox,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) hasher: Arc<Hasher>,
    pub(crate) policy: PasswordPolicy,
    pub(crate) registration: RegistrationMode,
    pub(crate) first_account: FirstAccount,
    pub(crate) throttle: Throttle,
}

impl Auth {
    /// Checks the password that comes with a user's fields, and them with it so that every fault is told at once, and
    /// hashes it; `None` for none. The checker may know of more faults.
    pub(crate) async fn new_credential(
        &self,
        actor: &Actor,
        fields: &UserFields,
        mut checker: Checker,
    ) -> Result<NewCredential> {
        let Some(password) = fields.password() else { return Ok(None) };
        UserDraft::read(fields, &mut checker);
        let mut faults = checker.into_faults();
        faults.append(self.password_faults(actor, password, fields).await?);
        faults.into_result()?;
        Ok(Some(self.hasher.hash(password).await?))
    }

    /// What is wrong with a password for an account of these fields.
    async fn password_faults(
        &self,
        actor: &Actor,
        password: &Password,
        fields: &UserFields,
    ) -> Result<Faults> {
        let (organisation_id, department_id) = (fields.organisation_id, fields.department_id);
        let mut context = PasswordContext::new().email(&fields.email);
        if let Some(name) = self.directory.organisation_name(actor, organisation_id, department_id).await? {
            context = context.name(&name);
        }
        Ok(self.policy.check(password, &context).err().into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
