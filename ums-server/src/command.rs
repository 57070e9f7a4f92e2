//! What an operator can ask the program to do.

use std::fmt;

/// What the program is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Serves until it is told to stop.
    Serve,
    /// Looks whether it could serve: the configuration is understood, the store answers, the log can be written. Makes the
    /// files of these where there are none, and changes nothing in the store.
    Check,
    /// Looks through the store for broken invariants.
    Verify,
    /// Says what it can do.
    Help,
    /// Says which version it is.
    Version,
}

/// Arguments that say nothing the program can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}\n\n{}", Command::USAGE)]
pub struct UsageError {
    problem: String,
}

impl Command {
    /// How to call the program.
    pub const USAGE: &'static str = "\
Usage: ums-server COMMAND

  serve      serve until SIGTERM or SIGINT
  check      look whether it could: the configuration, the store, the log
  verify     list every broken invariant of the store, which no server may have open;
             the exit code is 1 if there are any
  help       this text
  version    the program's version

The configuration comes from the environment and from a file .env:
DATABASE_URL, SECRET_KEY, ALGORITHM, SIGNING_KEY_FILE, PREVIOUS_SECRET_KEY, PREVIOUS_SIGNING_KEY_FILE,
PREVIOUS_KEY_UNTIL, ACCESS_TOKEN_EXPIRE_MINUTES, REFRESH_TOKEN_EXPIRE_DAYS, SESSION_MAX_DAYS,
SESSION_CACHE_SECONDS, HOST, PORT, METRICS_ADDRESS, IMPORT_DIR, LOG_DIR, LOG_RETENTION_DAYS, PASSWORD_MIN_LENGTH,
PASSWORD_HASH_MEMORY_KIB, PASSWORD_HASH_ITERATIONS, PASSWORD_HASH_CONCURRENCY, PASSWORD_HASH_QUEUE, REGISTRATION,
ADMIN_EMAIL, ADMIN_PASSWORD, TRUSTED_PROXIES, CORS_ORIGINS, MAX_BODY_BYTES, MAX_UPLOAD_BYTES, RUST_LOG, NOTIFIER,
MESSAGE_DIR, SMTP_URL, SMTP_CA_FILE, MAIL_FROM, PUBLIC_URL, RESET_PASSWORD_PATH, VERIFY_EMAIL_PATH,
ACCEPT_INVITATION_PATH, SERVICE_NAME.
With none of them set it serves on http://127.0.0.1:8000 and keeps its data in ./data, its log in ./logs; messages are
files in ./data/messages.";

    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    ///
    /// [`UsageError`] for none, for an unknown one and for more than one.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let arguments: Vec<String> = arguments.into_iter().collect();
        let refuse = |problem: String| Err(UsageError { problem });
        match arguments.as_slice() {
            [] => refuse("which command?".to_owned()),
            [command] => match command.as_str() {
                "serve" => Ok(Self::Serve),
                "check" => Ok(Self::Check),
                "verify" => Ok(Self::Verify),
                "help" | "--help" | "-h" => Ok(Self::Help),
                "version" | "--version" | "-V" => Ok(Self::Version),
                unknown => refuse(format!("there is no command {unknown:?}")),
            },
            [_, extra, ..] => refuse(format!("one command is enough: what is {extra:?}?")),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Serve => "serve",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Help => "help",
            Self::Version => "version",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Command, UsageError> {
        Command::read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn reads_what_it_writes() {
        for command in [Command::Serve, Command::Check, Command::Verify, Command::Help, Command::Version] {
            assert_eq!(read(&[&command.to_string()]), Ok(command));
            assert!(Command::USAGE.contains(&format!("\n  {command} ")), "{command}");
        }
    }

    #[test]
    fn refuses_the_rest_with_the_usage() {
        for arguments in [&[][..], &["start"], &["serve", "now"], &["--serve"], &[""]] {
            let error = read(arguments).unwrap_err().to_string();
            assert!(error.contains(Command::USAGE), "{error}");
        }
    }
}
