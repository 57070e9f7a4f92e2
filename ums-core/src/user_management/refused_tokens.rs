//! Access tokens that are refused: the log is told, and nobody can fill it with them.

use super::UserManagement;
use crate::log::{Level, Outcome};
use crate::tokens::Refusal;
use crate::{Error, Origin};

impl UserManagement {
    /// Tells the log of a token that was refused, unless it has merely expired.
    pub(super) fn tell_refused_token(&self, token: &str, origin: &Origin) {
        let now = self.0.database.now();
        let (level, reason, user) = match self.0.auth.tokens.inspect_access(token, now) {
            Err(Refusal::Expired) => return,
            Err(refusal) => (level(refusal), refusal.as_str(), None),
            // It is one of ours, and its session has ended or its account may not log in any more.
            Ok(claims) => (Level::Info, "session_ended", Some(claims.grant.user)),
        };
        let Some(passed_over) = self.0.refused_tokens.count(origin.ip, now) else { return };
        let message = format!("an access token was refused: {}", reason.replace('_', " "));
        let mut event = self
            .0
            .log
            .event(level, "auth.authenticate", message)
            .with_outcome(Outcome::Refused)
            .with_ip(origin.ip)
            .with_field("code", Error::InvalidAccessToken.code())
            .with_field("reason", reason);
        if let Some(user) = user {
            event = event.with_target(format!("user/{user}"));
        }
        if passed_over > 0 {
            event = event.with_field("passed_over", passed_over);
        }
        if let Some(request_id) = &origin.request_id {
            event = event.with_request_id(request_id);
        }
        self.0.log.record(event);
    }
}

/// What nobody sends who has a token of ours is worth a warning.
fn level(refusal: Refusal) -> Level {
    match refusal {
        Refusal::TooLong | Refusal::Malformed => Level::Info,
        _ => Level::Warn,
    }
}
