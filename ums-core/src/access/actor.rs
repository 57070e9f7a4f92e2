//! Who acts, and what on; and the decision whether they may.

use super::{Action, Field, Rule, Scope};
use crate::model::{DepartmentId, OrganisationId, Role, UserId};
use crate::{Error, Result};

/// Who acts, as far as permission asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// The embedding program itself: may do everything.
    System,
    /// Nobody known: may register, log in and refresh.
    Anonymous,
    /// An account.
    User {
        /// Which.
        id: UserId,
        /// Its role.
        role: Role,
        /// Its organisation.
        organisation_id: Option<OrganisationId>,
        /// Its department.
        department_id: Option<DepartmentId>,
    },
}

/// What is acted on, as far as permission asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// The user that it is.
    pub user_id: Option<UserId>,
    /// The role of the user that it is, before the change and after it, whichever is higher.
    pub role: Option<Role>,
    /// The organisation that it is or belongs to.
    pub organisation_id: Option<OrganisationId>,
    /// The department that it belongs to, and every one above that.
    pub departments: Vec<DepartmentId>,
}

impl Actor {
    /// How far this actor's permission for an action reaches.
    #[must_use]
    pub fn scope(&self, action: Action) -> Scope {
        match self {
            Self::System => Scope::Everything,
            Self::Anonymous => Scope::Nothing,
            Self::User { role, .. } => action.scope(*role),
        }
    }

    /// The actor's role; `None` for one that is no account.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        if let Self::User { role, .. } = self { Some(*role) } else { None }
    }

    /// The actor's own user id.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        if let Self::User { id, .. } = self { Some(*id) } else { None }
    }

    /// The organisation that the actor's permission for something ends at; `None` where it does not end.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for somebody unknown; [`Error::Forbidden`] for an account that may not at all, or
    /// only within an organisation while it belongs to none.
    pub fn confined_to(&self, action: Action) -> Result<Option<OrganisationId>> {
        match (self.scope(action), self) {
            (_, Self::Anonymous) => Err(Error::InvalidAccessToken),
            (Scope::Everything, _) => Ok(None),
            (Scope::Nothing, _) => Err(Error::Forbidden),
            (_, Self::User { organisation_id: Some(id), .. }) => Ok(Some(*id)),
            _ => Err(Error::Forbidden),
        }
    }

    /// Whether there is anything that the actor may do this to: asked before fields are looked at, and before what costs
    /// more.
    ///
    /// # Errors
    ///
    /// As for [`may`](Self::may).
    pub fn may_at_all(&self, action: Action) -> Result<()> {
        match self.scope(action) {
            Scope::Nothing => self.may(action, &Target::default()),
            _ => Ok(()),
        }
    }

    /// Decides whether the actor may do this to that.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for somebody unknown; [`Error::NotFound`] where the target is outside the
    /// actor's sight, as if it were not there; [`Error::Forbidden`] where it is in sight.
    pub fn may(&self, action: Action, target: &Target) -> Result<()> {
        let Self::User { role, .. } = self else {
            return if *self == Self::System { Ok(()) } else { Err(Error::InvalidAccessToken) };
        };
        let (sight, kind) = action.sight();
        if self.reaches(action.scope(*role), target) {
            // Nobody makes, raises or touches an account above their own.
            let above = action.is_bound_by_role() && target.role.is_some_and(|other| other > *role);
            return if above { Err(Error::Forbidden) } else { Ok(()) };
        }
        let seen = self.reaches(sight.scope(*role), target);
        let visible = seen || action.is_without_target();
        Err(if visible { Error::Forbidden } else { Error::NotFound(kind) })
    }

    /// Decides whether the actor, who may do this, may set these fields with it. `after` is what it then is done to: the
    /// role that an account is given, the place that something is put into.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidAccessToken`] for somebody unknown; [`Error::Forbidden`].
    pub fn may_set(
        &self,
        action: Action,
        fields: impl IntoIterator<Item = Field>,
        after: &Target,
    ) -> Result<()> {
        let Self::User { role, .. } = self else { return self.may(action, after) };
        let Some(resource) = action.sets() else { return Err(Error::Forbidden) };
        let allowed = |field: Field| match resource.rule(field, *role) {
            Rule::Never => false,
            Rule::Any => true,
            Rule::UpToOwn => after.role.is_none_or(|given| given <= *role),
            Rule::Reached => self.reaches(action.scope(*role), after),
            Rule::ReachedOnce => action.is_without_target() && self.reaches(action.scope(*role), after),
        };
        if fields.into_iter().all(allowed) { Ok(()) } else { Err(Error::Forbidden) }
    }

    fn reaches(&self, scope: Scope, target: &Target) -> bool {
        let Self::User { id, organisation_id, department_id, .. } = self else { return false };
        let oneself = target.user_id == Some(*id);
        match scope {
            Scope::Nothing => false,
            Scope::Oneself => oneself,
            Scope::Department => {
                oneself || department_id.is_some_and(|own| target.departments.contains(&own))
            }
            Scope::Organisation => {
                oneself || organisation_id.is_some() && target.organisation_id == *organisation_id
            }
            Scope::Everything => true,
        }
    }
}
