//! What the log is told.

use std::future::Future;

use super::Acting;
use crate::access::Actor;
use crate::directory::Versioned;
use crate::log::{Level, Outcome};
use crate::model::{Department, Organisation, OrganisationId, User};
use crate::{Error, Result};

/// What something was done to.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    target: Option<String>,
    organisation_id: Option<OrganisationId>,
}

impl Subject {
    pub(super) fn new(target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), organisation_id: None }
    }

    pub(super) fn of_organisation(self, organisation_id: Option<OrganisationId>) -> Self {
        Self { organisation_id, ..self }
    }
}

/// A result that says what was done to what.
pub(super) trait Audited {
    fn subject(&self) -> Subject;
}

impl Audited for () {
    fn subject(&self) -> Subject {
        Subject::default()
    }
}

impl Audited for Versioned<Organisation> {
    fn subject(&self) -> Subject {
        Subject::new(format!("organisation/{}", self.value.id)).of_organisation(Some(self.value.id))
    }
}

impl Audited for Versioned<Department> {
    fn subject(&self) -> Subject {
        Subject::new(format!("department/{}", self.value.id))
            .of_organisation(Some(self.value.organisation_id))
    }
}

impl Audited for Versioned<User> {
    fn subject(&self) -> Subject {
        Subject::new(format!("user/{}", self.value.id)).of_organisation(self.value.organisation_id)
    }
}

impl Acting {
    /// Does something that an auditor would ask about, and tells the log how it ended. `subject` is what it is done to,
    /// as far as that is known before.
    pub(super) async fn audited<T: Audited>(
        &self,
        action: &'static str,
        subject: Subject,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let result = work.await;
        let done = result.as_ref().map(Audited::subject).unwrap_or_default();
        let subject = Subject {
            target: done.target.or(subject.target),
            organisation_id: done.organisation_id.or(subject.organisation_id),
        };
        self.tell(action, subject, result.as_ref().err());
        result
    }

    /// Reads something; the log is told only where that was refused.
    pub(super) async fn guarded<T>(
        &self,
        action: &'static str,
        subject: Subject,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let result = work.await;
        if let Err(error @ Error::Forbidden) = &result {
            self.tell(action, subject, Some(error));
        }
        result
    }

    pub(super) fn tell(&self, action: &'static str, subject: Subject, error: Option<&Error>) {
        let log = self.ums.log();
        let (level, outcome, message) = match error {
            None => (Level::Info, Outcome::Success, "done".to_owned()),
            Some(error) => (severity(error), outcome(error), error.to_string()),
        };
        let own = if let Actor::User { organisation_id, .. } = &self.actor { *organisation_id } else { None };
        let mut event = log
            .event(level, action, message)
            .with_outcome(outcome)
            .with_actor(self.actor.user_id())
            .with_ip(self.origin.ip)
            .with_organisation(subject.organisation_id.or(own));
        if let Some(error) = error {
            event = event.with_field("code", error.code());
        }
        if let Some(target) = subject.target {
            event = event.with_target(target);
        }
        if let Some(request_id) = &self.origin.request_id {
            event = event.with_request_id(request_id);
        }
        log.record(event);
    }
}

fn severity(error: &Error) -> Level {
    match error {
        Error::Store(_) | Error::Internal(_) => Level::Error,
        Error::Forbidden
        | Error::InvalidCredentials
        | Error::RefreshTokenReused
        | Error::WrongPassword
        | Error::TooManyRequests { .. }
        | Error::Overloaded { .. } => Level::Warn,
        _ => Level::Info,
    }
}

fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Store(_) | Error::Internal(_) | Error::Overloaded { .. } => Outcome::Failed,
        _ => Outcome::Refused,
    }
}
