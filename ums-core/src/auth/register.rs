//! Accounts that people make for themselves, and a store's first administrator.

use super::{Auth, Registration};
use crate::access::Actor;
use crate::directory::{UserDraft, Versioned};
use crate::model::{Status, User, UserFields};
use crate::parse::{Checker, Email};
use crate::record::Admins;
use crate::throttle::AddressLimit;
use crate::{Error, Origin, Password, Result, keyspace};

/// Who may make an account for themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationMode {
    /// Anyone, into a department that they name.
    Open,
    /// Anyone; the account is `pending` until an administrator makes it `active`.
    #[default]
    Approval,
    /// Nobody: accounts come by invitation and import.
    Closed,
}

impl Auth {
    /// Makes an account for somebody who registers.
    pub(crate) async fn register(
        &self,
        registration: &Registration,
        origin: &Origin,
    ) -> Result<Versioned<User>> {
        let status = match self.registration {
            RegistrationMode::Open => Status::Active,
            RegistrationMode::Approval => Status::Pending,
            RegistrationMode::Closed => return Err(Error::Forbidden),
        };
        let fields = UserFields {
            full_name: registration.full_name.clone(),
            email: registration.email.clone(),
            department_id: registration.department_id,
            ..UserFields::default()
        };
        // Before anything is tested: what is wrong with a password may tell the organisation's name.
        self.throttle.admit_address(AddressLimit::Registrations, origin.ip).await?;
        let email = self.check(&fields, &registration.password).await?;
        // Looked at before the costly hash; the commit looks again.
        self.directory.expect_free_address(&email).await?;
        self.directory.expect_place(&Actor::Anonymous, None, registration.department_id).await?;
        let credential = Some(self.hasher.hash(&registration.password).await?);
        self.directory.register_user(&fields, &credential, status, self.first_account, origin.ip).await
    }

    /// Makes an administrator where the store has none; `None` where it has one.
    pub(crate) async fn ensure_admin(&self, email: &str, password: &Password) -> Result<Option<User>> {
        let admins = self.database.read::<Admins>(&keyspace::admins()).await?;
        if admins.is_some_and(|admins| admins.data.active > 0) {
            return Ok(None);
        }
        let fields = UserFields {
            full_name: "Administrator".to_owned(),
            email: email.to_owned(),
            ..UserFields::default()
        };
        self.check(&fields, password).await?;
        let credential = Some(self.hasher.hash(password).await?);
        let made = self.directory.create_first_admin(&fields, &credential).await?;
        Ok(made.map(|made| made.value))
    }

    /// Every fault of the fields at once.
    async fn check(&self, fields: &UserFields, password: &Password) -> Result<Email> {
        let mut checker = Checker::default();
        let draft = UserDraft::read(fields, &mut checker);
        let mut faults = checker.into_faults();
        faults.append(self.password_faults(&Actor::Anonymous, password, fields).await?);
        faults.into_result()?;
        let draft = draft.ok_or_else(|| Error::internal("an account without a fault was not read"))?;
        Ok(draft.email)
    }
}
