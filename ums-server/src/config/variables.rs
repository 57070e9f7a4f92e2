//! Variables by name, with the faults found while reading them.

use std::collections::BTreeMap;

use super::{ConfigError, ConfigFault, Found};

/// The variables that this server knows.
const NAMES: &[&str] = &[
    "DATABASE_URL",
    "SECRET_KEY",
    "ALGORITHM",
    "SIGNING_KEY_FILE",
    "PREVIOUS_SECRET_KEY",
    "PREVIOUS_SIGNING_KEY_FILE",
    "PREVIOUS_KEY_UNTIL",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "REFRESH_TOKEN_EXPIRE_DAYS",
    "SESSION_MAX_DAYS",
    "SESSION_CACHE_SECONDS",
    "HOST",
    "PORT",
    "METRICS_ADDRESS",
    "LOG_DIR",
    "LOG_RETENTION_DAYS",
    "PASSWORD_MIN_LENGTH",
    "PASSWORD_HASH_MEMORY_KIB",
    "PASSWORD_HASH_ITERATIONS",
    "PASSWORD_HASH_CONCURRENCY",
    "PASSWORD_HASH_QUEUE",
    "REGISTRATION",
    "RUST_LOG",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
    "TRUSTED_PROXIES",
    "CORS_ORIGINS",
    "MAX_BODY_BYTES",
    "MAX_UPLOAD_BYTES",
    "NOTIFIER",
    "MESSAGE_DIR",
    "SMTP_URL",
    "SMTP_CA_FILE",
    "MAIL_FROM",
    "PUBLIC_URL",
    "RESET_PASSWORD_PATH",
    "VERIFY_EMAIL_PATH",
    "ACCEPT_INVITATION_PATH",
    "SERVICE_NAME",
];

/// How many characters of a refused value are shown.
const SHOWN: usize = 100;

#[derive(Default)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
    faults: Vec<ConfigFault>,
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self { values: variables.into_iter().collect(), faults: Vec::new() }
    }
}

impl Variables {
    pub(super) fn from_environment() -> Self {
        let mut variables = Self::default();
        variables.add_file(".env");
        variables.add_environment();
        variables
    }

    fn add_file(&mut self, path: &str) {
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(error) if error.not_found() => return,
            Err(error) => return self.add_fault(path, Found::Unreadable, describe(&error)),
        };
        let mut place = "before the first variable".to_owned();
        for line in lines {
            match line {
                Ok((name, value)) => {
                    place = format!("after {name}");
                    self.values.insert(name, value);
                }
                Err(error) => {
                    self.add_fault(path, Found::Unreadable, format!("{} ({place})", describe(&error)))
                }
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    fn add_environment(&mut self) {
        for &name in NAMES {
            match std::env::var(name) {
                Ok(value) => drop(self.values.insert(name.to_owned(), value)),
                Err(std::env::VarError::NotPresent) => {}
                Err(std::env::VarError::NotUnicode(_)) => {
                    self.values.remove(name);
                    self.add_fault(name, Found::Unreadable, "its value is not UTF-8".to_owned());
                }
            }
        }
    }

    pub(super) fn is_set(&self, name: &'static str) -> bool {
        self.values.contains_key(name)
    }

    /// A number from `least` to `most`; the default where the variable is unset or refused.
    pub(super) fn number(&mut self, name: &'static str, default: u16, least: u16, most: u16) -> u16 {
        let number = self.read(name, |value| match value.parse::<u16>() {
            Ok(number) if least <= number && number <= most => Ok(number),
            _ => Err(format!("a whole number from {least} to {most}")),
        });
        number.unwrap_or(default)
    }

    /// A number of bytes from 1 KiB to `most`; the default where the variable is unset or refused.
    pub(super) fn bytes(&mut self, name: &'static str, default: u64, most: u64) -> usize {
        let number = self.read(name, |value| match value.parse::<u64>() {
            Ok(number) if (1024..=most).contains(&number) => Ok(number),
            _ => Err(format!("a whole number of bytes from 1024 to {most}")),
        });
        usize::try_from(number.unwrap_or(default)).unwrap_or(usize::MAX)
    }

    /// What `read` makes of a value that may be shown; `Err` says what is allowed.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(name)?;
        read(&value).map_err(|allowed| self.refuse(name, Some(value), allowed)).ok()
    }

    /// What `read` makes of a value that is never shown; `Err` says what is allowed.
    pub(super) fn read_secret<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(String) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(name)?;
        read(value).map_err(|allowed| self.refuse(name, None, allowed)).ok()
    }

    /// Notes a value that is not allowed; `None` for one that is not shown.
    pub(super) fn refuse(&mut self, name: &'static str, value: Option<String>, allowed: String) {
        let found = value.map_or(Found::Secret, |value| Found::Value(without_credentials(&value)));
        self.add_fault(name, found, allowed);
    }

    /// Notes a variable that is needed and not there.
    pub(super) fn refuse_unset(&mut self, name: &'static str, needed: &str) {
        self.add_fault(name, Found::Unset, needed.to_owned());
    }

    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.faults.is_empty() { Ok(()) } else { Err(ConfigError::new(self.faults)) }
    }

    fn value(&mut self, name: &'static str) -> Option<String> {
        debug_assert!(NAMES.contains(&name), "{name} is not read from the environment");
        let value = self.values.remove(name)?;
        if value.is_empty() {
            self.add_fault(name, Found::Empty, String::new());
            return None;
        }
        Some(value)
    }

    fn add_fault(&mut self, variable: &str, found: Found, allowed: String) {
        self.faults.push(ConfigFault { variable: variable.to_owned(), found, allowed });
    }
}

/// The beginning of a value; of a URL, without the user and password that it may hold.
fn without_credentials(value: &str) -> String {
    let shown = match (value.split_once("://"), value.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => value.to_owned(),
    };
    shown.chars().take(SHOWN).collect()
}

/// What is wrong with the file, without what stands in it: it may hold secrets.
fn describe(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(..) => {
            "a line is not NAME=value, with single quotes around a value that holds spaces or `$`".to_owned()
        }
        dotenvy::Error::Io(error) => error.to_string(),
        _ => "it is not a file of lines NAME=value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_told_without_its_value() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        std::fs::write(&path, "PORT=81\nSECRET_KEY=hush hush\nLOG_DIR=there\n").unwrap();
        let mut variables = Variables::default();
        variables.add_file(path.to_str().unwrap());
        assert_eq!(variables.value("LOG_DIR").unwrap(), "there");
        let error = variables.finish().unwrap_err().to_string();
        assert!(error.contains("(after PORT)"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn no_file_is_no_fault() {
        let mut variables = Variables::default();
        variables.add_file("/nowhere/at/all/.env");
        assert_eq!(variables.finish(), Ok(()));
    }
}
