//! Where a call comes from: for the log, the list of sessions, and how often somebody may try; never for what they may do.

use std::net::IpAddr;

/// The longest name of a client that is kept, in characters.
const USER_AGENT: usize = 256;

/// Where a call comes from, as far as the transport knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The id of the request, so that log, trace and answer can be brought together.
    pub request_id: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// From nowhere in particular.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of this request.
    #[must_use]
    pub fn request_id(self, request_id: impl Into<String>) -> Self {
        Self { request_id: Some(request_id.into()), ..self }
    }

    /// From this address.
    #[must_use]
    pub fn ip(self, ip: IpAddr) -> Self {
        Self { ip: Some(ip), ..self }
    }

    /// From a client that calls itself this; control characters are left out, and all past 256 characters.
    #[must_use]
    pub fn user_agent(self, user_agent: &str) -> Self {
        let kept = user_agent.chars().filter(|character| !character.is_control()).take(USER_AGENT);
        Self { user_agent: Some(kept.collect()), ..self }
    }
}
