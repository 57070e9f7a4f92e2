//! What the log is told.

use std::future::Future;

use serde_json::Value;

use super::Acting;
use crate::access::Actor;
use crate::directory::{UserChange, Versioned};
use crate::log::{Level, Outcome};
use crate::model::{Department, Organisation, OrganisationId, User, UserId};
use crate::throttle::Tally;
use crate::{Error, Result};

/// What something was done to, and what else an auditor would ask of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    target: Option<String>,
    organisation_id: Option<OrganisationId>,
    /// Who did it, where that comes out only in doing it: who logs in, registers, refreshes.
    actor_id: Option<UserId>,
    fields: Vec<(&'static str, Value)>,
    /// Whether it concerns that organisation alone, not the one of who acts where there is none.
    apart: bool,
}

impl Subject {
    pub(super) fn new(target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..Self::default() }
    }

    pub(super) fn user(user: &User) -> Self {
        Self::new(format!("user/{}", user.id)).of_organisation(user.organisation_id)
    }

    /// An account that did something to itself.
    pub(super) fn oneself(user: &User) -> Self {
        Self { actor_id: Some(user.id), ..Self::user(user) }
    }

    pub(super) fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    pub(super) fn of_organisation(self, organisation_id: Option<OrganisationId>) -> Self {
        Self { organisation_id, ..self }
    }

    /// For this organisation's administrators to see and no other's; for the system's alone where it is none.
    pub(super) fn apart_for(self, organisation_id: Option<OrganisationId>) -> Self {
        Self { organisation_id, apart: true, ..self }
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

/// Something that is gone, and the organisation that it belonged to.
pub(super) struct Deleted(pub(super) Option<OrganisationId>);

impl Audited for Deleted {
    fn subject(&self) -> Subject {
        Subject::default().of_organisation(self.0)
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

impl Audited for User {
    fn subject(&self) -> Subject {
        Subject::user(self)
    }
}

impl Audited for UserChange {
    fn subject(&self) -> Subject {
        self.after.subject().field("changed", self.fields())
    }
}

impl Audited for Versioned<User> {
    fn subject(&self) -> Subject {
        Subject::user(&self.value)
            .field("role", self.value.role.as_str())
            .field("status", self.value.status.as_str())
    }
}

impl Acting {
    /// Does something that an auditor would ask about, and tells the log how it ended. `subject` is what it is done to,
    /// as far as that is known before.
    pub(super) fn audited<T: Audited>(
        &self,
        action: &'static str,
        subject: Subject,
        work: impl Future<Output = Result<T>> + Send,
    ) -> impl Future<Output = Result<T>> {
        self.audited_attempt(action, subject, None, work)
    }

    /// The same for an attempt at an account's password: where it was in vain, the log is also told how many were so far,
    /// and whether it was the last that is verified.
    pub(super) async fn audited_attempt<T: Audited>(
        &self,
        action: &'static str,
        subject: Subject,
        tally: Option<&Tally>,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let result = work.await;
        let done = result.as_ref().map(Audited::subject).unwrap_or_default();
        let mut subject = Subject {
            target: done.target.or(subject.target),
            organisation_id: done.organisation_id.or(subject.organisation_id),
            actor_id: done.actor_id.or(subject.actor_id),
            fields: done.fields,
            apart: false,
        };
        let error = result.as_ref().err();
        let attempts = tally.map_or(0, Tally::attempts);
        if error.is_some() && attempts > 0 {
            subject = subject.field("failures", attempts);
        }
        let exhausted = tally.is_some_and(Tally::is_exhausted)
            && matches!(error, Some(Error::InvalidCredentials | Error::WrongPassword));
        let last = exhausted.then(|| subject.clone());
        let target = subject.target.clone();
        self.tell(action, subject, error);
        self.tell_if_hidden(action, target.as_deref(), error).await;
        if let Some(subject) = last {
            self.tell_exhausted(subject);
        }
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
        let error = result.as_ref().err();
        let target = subject.target.clone();
        if matches!(error, Some(Error::Forbidden)) {
            self.tell(action, subject, error);
        }
        self.tell_if_hidden(action, target.as_deref(), error).await;
        result
    }

    pub(super) fn tell(&self, action: &'static str, subject: Subject, error: Option<&Error>) {
        self.parts().counters.count(action, error);
        let (level, outcome, message) = match error {
            None => (Level::Info, Outcome::Success, sentence(action, &subject)),
            Some(error) => (severity(error), outcome(error), error.to_string()),
        };
        let subject = match error {
            Some(error) => {
                let Some(passed_over) = self.passed_over(error) else { return };
                let subject = subject.field("code", error.code());
                if passed_over > 0 { subject.field("passed_over", passed_over) } else { subject }
            }
            None => subject,
        };
        self.record(action, subject, level, outcome, message);
    }

    fn tell_exhausted(&self, subject: Subject) {
        let message = "no more attempts at the account's password are verified from such addresses for now";
        self.record("auth.throttle", subject, Level::Warn, Outcome::Refused, message.to_owned());
    }

    pub(super) fn record(
        &self,
        action: &'static str,
        subject: Subject,
        level: Level,
        outcome: Outcome,
        message: String,
    ) {
        let log = self.ums.log();
        let own = if let Actor::User { organisation_id, .. } = &self.actor { *organisation_id } else { None };
        let mut event = log
            .event(level, action, message)
            .with_outcome(outcome)
            .with_actor(self.actor.user_id().or(subject.actor_id))
            .with_ip(self.origin.ip)
            .with_organisation(subject.organisation_id.or(own.filter(|_| !subject.apart)));
        for (name, value) in subject.fields {
            event = event.with_field(name, value);
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

/// What was done, for a person who reads the log.
fn sentence(action: &str, subject: &Subject) -> String {
    let done = match action {
        "auth.register" => "registered",
        "auth.login" => "logged in",
        "auth.refresh" => "renewed its tokens",
        "auth.logout" => "logged out",
        "auth.logout_all" => "logged out everywhere",
        "auth.password" => "changed its password",
        "auth.forgot" => "a new password was asked for",
        "auth.reset" => "set a new password",
        "auth.verify_email" => "confirmed an e-mail address",
        "auth.verify_email_send" => "asked for what confirms its e-mail address",
        "auth.email_change" => "asked for another e-mail address",
        "auth.invitation_accept" => "accepted its invitation",
        "user.invite" => "was invited again",
        "auth.session_end" => "was ended",
        "user.sessions_end" => "had every session ended",
        "user.rights" => "was given other rights",
        "import.start" => "began",
        "log.export" => "the log was exported",
        "import.run" => "was imported",
        "export.run" => "was made",
        action => match action.rsplit_once('.') {
            Some((_, "create")) => "was created",
            Some((_, "update")) => "was changed",
            Some((_, "delete")) => "was deleted",
            _ => "was done",
        },
    };
    format!("{} {done}", subject.target.as_deref().unwrap_or(action))
}

fn severity(error: &Error) -> Level {
    match error {
        Error::Store(_) | Error::Internal(_) => Level::Error,
        Error::Forbidden
        | Error::InvalidCredentials
        | Error::RefreshTokenReused
        | Error::WrongPassword
        | Error::InvalidToken
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
