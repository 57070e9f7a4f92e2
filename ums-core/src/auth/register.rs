//! Accounts that people make for themselves, and a store's first administrator.

use super::{Auth, Registration};
use crate::access::Actor;
use crate::directory::Versioned;
use crate::model::{Status, User, UserFields};
use crate::parse::{Checker, Email, FullName};
use crate::record::Admins;
use crate::{Error, Password, Result, keyspace};

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
    pub(crate) async fn register(&self, registration: &Registration) -> Result<Versioned<User>> {
        let status = match self.registration {
            RegistrationMode::Open => Status::Active,
            RegistrationMode::Approval => Status::Pending,
            RegistrationMode::Closed => return Err(Error::Forbidden),
        };
        let email = self.check(registration)?;
        let fields = UserFields {
            full_name: registration.full_name.clone(),
            email: registration.email.clone(),
            department_id: registration.department_id,
            ..UserFields::default()
        };
        // Looked at before the costly hash; the commit looks again.
        self.directory.expect_free_address(&email).await?;
        self.directory.expect_place(&Actor::Anonymous, None, registration.department_id).await?;
        let credential = Some(self.hasher.hash(&registration.password).await?);
        self.directory.register_user(&fields, &credential, status, self.first_account).await
    }

    /// Makes an administrator where the store has never had an account; `None` where it has.
    pub(crate) async fn ensure_admin(&self, email: &str, password: &Password) -> Result<Option<User>> {
        if self.database.read::<Admins>(&keyspace::admins()).await?.is_some() {
            return Ok(None);
        }
        let registration = Registration {
            full_name: "Administrator".to_owned(),
            email: email.to_owned(),
            password: password.clone(),
            department_id: None,
        };
        self.check(&registration)?;
        let fields = UserFields {
            full_name: registration.full_name,
            email: registration.email,
            ..UserFields::default()
        };
        let credential = Some(self.hasher.hash(password).await?);
        let made = self.directory.create_first_admin(&fields, &credential).await?;
        Ok(made.map(|made| made.value))
    }

    /// Every fault of the fields at once.
    fn check(&self, registration: &Registration) -> Result<Email> {
        let mut checker = Checker::default();
        checker.required::<FullName>("full_name", &registration.full_name);
        let email = checker.required::<Email>("email", &registration.email);
        let mut faults = checker.into_faults();
        if let Err(more) = self.check_password(&registration.password, &registration.email) {
            faults.append(more);
        }
        faults.into_result()?;
        email.ok_or_else(|| Error::internal("an e-mail address without a fault was not read"))
    }
}
