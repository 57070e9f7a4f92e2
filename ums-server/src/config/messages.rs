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
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NotifierChoice {
    /// Files in a directory (`MESSAGE_DIR`).
    Directory(PathBuf),
    /// The program's own output, tokens included: for development.
    Log,
    /// A mail server.
    #[cfg(feature = "smtp")]
    Smtp(Box<Smtp>),
}

/// A mail server to send by.
#[cfg(feature = "smtp")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Smtp {
    /// Which server, how and as whom (`SMTP_URL`).
    pub url: ums_smtp::SmtpUrl,
    /// Whom messages come from (`MAIL_FROM`).
    pub sender: ums_smtp::Sender,
    /// A certificate that is trusted besides those of the machine (`SMTP_CA_FILE`).
    pub certificate_file: Option<PathBuf>,
}

impl Messages {
    pub(super) fn read(variables: &mut Variables, database_url: &DatabaseUrl, address: SocketAddr) -> Self {
        let directory = variables.read("MESSAGE_DIR", |value| Ok(PathBuf::from(value)));
        let beside = database_url.directory().map_or_else(|| PathBuf::from("./data"), ToOwned::to_owned);
        let directory = directory.unwrap_or_else(|| beside.join("messages"));
        let smtp = read_smtp(variables);
        let choice = variables.read("NOTIFIER", |value| match value {
            "directory" | "log" => Ok(value.to_owned()),
            "smtp" if cfg!(feature = "smtp") => Ok(value.to_owned()),
            _ => Err(ALLOWED.to_owned()),
        });
        let notifier = match choice.as_deref() {
            Some("smtp") => smtp.needed(variables).unwrap_or(NotifierChoice::Directory(directory)),
            Some("log") => NotifierChoice::Log,
            _ => NotifierChoice::Directory(directory),
        };
        Self { notifier, options: read_options(variables, address) }
    }
}

const ALLOWED: &str = "directory (files in MESSAGE_DIR), smtp (SMTP_URL, MAIL_FROM) or log (the program's own output, for \
                       development)";

/// What the environment says of a mail server, whether or not it is to be used.
struct SmtpVariables {
    #[cfg(feature = "smtp")]
    url: Option<ums_smtp::SmtpUrl>,
    #[cfg(feature = "smtp")]
    sender: Option<ums_smtp::Sender>,
    #[cfg(feature = "smtp")]
    certificate_file: Option<PathBuf>,
    has_url: bool,
    has_sender: bool,
}

fn read_smtp(variables: &mut Variables) -> SmtpVariables {
    SmtpVariables {
        has_url: variables.is_set("SMTP_URL"),
        has_sender: variables.is_set("MAIL_FROM"),
        #[cfg(feature = "smtp")]
        url: variables.read_secret("SMTP_URL", |value| {
            value.parse().map_err(|error: ums_smtp::InvalidSmtpUrl| error.to_string())
        }),
        #[cfg(feature = "smtp")]
        sender: variables.read("MAIL_FROM", |value| {
            value.parse().map_err(|error: ums_smtp::InvalidSender| error.to_string())
        }),
        #[cfg(feature = "smtp")]
        certificate_file: variables.read("SMTP_CA_FILE", |value| Ok(PathBuf::from(value))),
    }
}

impl SmtpVariables {
    /// The mail server, since it is to be used; what is missing is noted.
    fn needed(self, variables: &mut Variables) -> Option<NotifierChoice> {
        if !self.has_url {
            variables.refuse_unset("SMTP_URL", "smtp://USER:PASSWORD@HOST:PORT, since NOTIFIER is smtp");
        }
        if !self.has_sender {
            variables
                .refuse_unset("MAIL_FROM", "an address such as noreply@example.com, since NOTIFIER is smtp");
        }
        #[cfg(feature = "smtp")]
        {
            let (url, sender) = (self.url?, self.sender?);
            let smtp = Smtp { url, sender, certificate_file: self.certificate_file };
            Some(NotifierChoice::Smtp(Box::new(smtp)))
        }
        #[cfg(not(feature = "smtp"))]
        None
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
