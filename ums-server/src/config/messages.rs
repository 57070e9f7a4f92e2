//! How messages go out.

use std::net::SocketAddr;
use std::path::PathBuf;

use ums_core::notify::{LinkTemplate, MessageOptions};

use super::{DatabaseUrl, Variables};

/// How messages go out, and what they say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Messages {
    /// Who brings them (`NOTIFIER`).
    pub notifier: NotifierChoice,
    /// Where their links lead (`PUBLIC_URL` and the paths), what the deployment calls itself (`SERVICE_NAME`).
    pub options: MessageOptions,
}

/// Who brings messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotifierChoice {
    /// Files in a directory (`MESSAGE_DIR`).
    Directory(PathBuf),
    /// The program's own output, tokens included: for development.
    Log,
}

impl Messages {
    pub(super) fn read(variables: &mut Variables, database_url: &DatabaseUrl, address: SocketAddr) -> Self {
        let directory = variables.read("MESSAGE_DIR", |value| Ok(PathBuf::from(value)));
        let beside = database_url.directory().map_or_else(|| PathBuf::from("./data"), ToOwned::to_owned);
        let directory = directory.unwrap_or_else(|| beside.join("messages"));
        let notifier = variables.read("NOTIFIER", |value| match value {
            "directory" => Ok(NotifierChoice::Directory(directory.clone())),
            "log" => Ok(NotifierChoice::Log),
            _ => Err("directory (files in MESSAGE_DIR) or log (the program's own output, for development)"
                .to_owned()),
        });
        let notifier = notifier.unwrap_or(NotifierChoice::Directory(directory));
        Self { notifier, options: read_options(variables, address) }
    }
}

fn read_options(variables: &mut Variables, address: SocketAddr) -> MessageOptions {
    let given = variables.read("PUBLIC_URL", |value| match MessageOptions::new(value) {
        Ok(options) => Ok((value.to_owned(), options)),
        Err(_) => {
            Err("an http:// or https:// URL without query, such as https://users.example.com".to_owned())
        }
    });
    let (base, mut options) =
        given.unwrap_or_else(|| (format!("http://{address}"), MessageOptions::at(address)));
    let mut link = |name| variables.read(name, |path| read_link(&base, path));
    let (reset, verification, invitation) =
        (link("RESET_PASSWORD_PATH"), link("VERIFY_EMAIL_PATH"), link("ACCEPT_INVITATION_PATH"));
    if let Some(link) = reset {
        options = options.reset_link(link);
    }
    if let Some(link) = verification {
        options = options.verification_link(link);
    }
    if let Some(link) = invitation {
        options = options.invitation_link(link);
    }
    match variables.read("SERVICE_NAME", read_name) {
        Some(name) => options.service(&name),
        None => options,
    }
}

fn read_link(base: &str, path: &str) -> Result<LinkTemplate, String> {
    const ALLOWED: &str =
        "a path such as /reset-password or /#/reset?code={token}; without {token} the token goes to the end";
    if !path.starts_with('/') {
        return Err(ALLOWED.to_owned());
    }
    format!("{}{path}", base.trim_end_matches('/')).parse().map_err(|_| ALLOWED.to_owned())
}

fn read_name(name: &str) -> Result<String, String> {
    if name.trim() == name && name.chars().count() <= 100 && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err("at most 100 characters, no control characters, no white space around".to_owned())
    }
}
