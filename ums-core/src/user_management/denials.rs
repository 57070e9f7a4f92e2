//! What the log is told of rights: where they changed, and where somebody reached beyond theirs.

use serde_json::json;

use super::Acting;
use super::audit::Subject;
use crate::access::Actor;
use crate::directory::{Rights, RightsChange, UserChange, Versioned};
use crate::log::{Level, Outcome};
use crate::model::{DepartmentId, ImportId, Organisation, OrganisationId, User, UserId};
use crate::record::{ImportListing, UserRecord};
use crate::{Error, Kind, Result, keyspace};

impl Acting {
    /// Where something is out of the caller's sight, they are told that it is not there, and so is the log that their own
    /// administrators see: or else these would learn what is another organisation's. Those whose it is are told who
    /// reached for it.
    pub(super) async fn tell_if_hidden(
        &self,
        action: &'static str,
        target: Option<&str>,
        error: Option<&Error>,
    ) {
        let (Some(Error::NotFound(_)), Some(target), Actor::User { .. }) = (error, target, &self.actor)
        else {
            return;
        };
        // Whoever asks for what is not there waits as long as whoever asks for what is hidden.
        if let Ok(Some(organisation_id)) = self.owner(target).await {
            let subject = Subject::new(target).apart_for(organisation_id).field("action", action);
            let message = format!("{target} is out of the caller's sight, who was told that it is not there");
            self.record("access.denied", subject, Level::Warn, Outcome::Refused, message);
        }
    }

    /// Whose a thing is that is there: an organisation's, or nobody's in particular.
    async fn owner(&self, target: &str) -> Result<Option<Option<OrganisationId>>> {
        let Some((kind, id)) = target.split_once('/') else { return Ok(None) };
        let database = &self.parts().database;
        if kind == Kind::Organisation.as_str()
            && let Ok(id) = id.parse::<OrganisationId>()
        {
            let found = database.read::<Organisation>(&keyspace::organisation_profile(id)).await?;
            return Ok(found.map(|found| Some(found.data.id)));
        }
        if kind == Kind::Department.as_str()
            && let Ok(id) = id.parse::<DepartmentId>()
        {
            let found = self.parts().directory.department_owner(id).await?;
            return Ok(found.map(Some));
        }
        if kind == Kind::User.as_str()
            && let Ok(id) = id.parse::<UserId>()
        {
            let found = database.read::<UserRecord>(&keyspace::user_profile(id)).await?;
            return Ok(found.map(|found| found.data.user.organisation_id));
        }
        if kind == Kind::Import.as_str()
            && let Ok(id) = id.parse::<ImportId>()
        {
            let found = database.read::<ImportListing>(&keyspace::import_listed(id)).await?;
            return Ok(found.map(|found| found.data.organisation_id));
        }
        Ok(None)
    }

    /// The user as it is after a change, once the log has been told where that was one of rights.
    pub(super) fn told_of_rights(&self, change: UserChange) -> Versioned<User> {
        if let Some(rights) = change.of_rights() {
            self.tell_rights(&rights);
        }
        change.after
    }

    /// Tells the log of a change of rights: for the organisation that the account is in, and for the one that it was in.
    pub(super) fn tell_rights(&self, change: &RightsChange) {
        let RightsChange { user, before, after } = change;
        let before_in = before.and_then(|before| before.organisation_id);
        let mut concerned = vec![after.organisation_id];
        if before_in.is_some() && before_in != after.organisation_id {
            concerned.push(before_in);
        }
        for organisation_id in concerned {
            // Where else the account is or was is not theirs to know.
            let seen = |rights: &Rights| rights.seen_from(organisation_id);
            let subject = Subject::new(format!("user/{user}"))
                .apart_for(organisation_id)
                .field("before", json!(before.as_ref().map(seen)))
                .field("after", json!(seen(after)));
            self.tell("user.rights", subject, None);
        }
    }
}
