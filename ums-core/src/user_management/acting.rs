//! Somebody who acts.

use super::{Parts, UserManagement};
use crate::access::Actor;
use crate::auth::Principal;
use crate::{Error, Origin, Result};

/// User management on behalf of somebody. Every method asks first whether they may.
///
/// Made by [`UserManagement::acting_as`], [`UserManagement::anonymous`] and [`UserManagement::system`].
#[derive(Clone, Debug)]
pub struct Acting {
    pub(super) ums: UserManagement,
    pub(super) actor: Actor,
    principal: Option<Principal>,
    pub(super) origin: Origin,
}

impl Acting {
    pub(super) fn new(ums: UserManagement, actor: Actor, principal: Option<Principal>) -> Self {
        Self { ums, actor, principal, origin: Origin::default() }
    }

    /// The same, called from here: the log and the list of sessions say so.
    #[must_use]
    pub fn with(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// The account that acts; those who are none have no account of their own to see or change.
    pub(super) fn principal(&self) -> Result<&Principal> {
        self.principal.as_ref().ok_or(Error::InvalidAccessToken)
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.ums.0
    }
}
