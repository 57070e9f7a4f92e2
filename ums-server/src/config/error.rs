//! What is wrong with the environment.

use std::fmt;

/// Everything wrong with the environment, in the order found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    faults: Vec<ConfigFault>,
}

impl ConfigError {
    pub(super) fn new(faults: Vec<ConfigFault>) -> Self {
        Self { faults }
    }

    /// All of them; at least one.
    #[must_use]
    pub fn faults(&self) -> &[ConfigFault] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment can't be understood")?;
        for fault in &self.faults {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// One variable that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigFault {
    /// The variable's name, or the name of the file that can't be read.
    pub variable: String,
    /// What was found instead of an allowed value.
    pub found: Found,
    /// What is allowed, in words.
    pub allowed: String,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, found, allowed } = self;
        match found {
            Found::Value(value) => write!(f, "{variable} is {value:?}; allowed: {allowed}"),
            Found::Secret => write!(f, "{variable} (a secret, not shown) is refused; allowed: {allowed}"),
            Found::Empty => {
                write!(f, "{variable} is set to nothing; unset it for the default, or give a value")
            }
            Found::Unset => write!(f, "{variable} is not set; needed: {allowed}"),
            Found::Unreadable => write!(f, "{variable} can't be read: {allowed}"),
        }
    }
}

/// What was found where an allowed value should be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Another value, cut to its first 100 characters.
    Value(String),
    /// Another value, which is not to be shown.
    Secret,
    /// A variable that is set to nothing.
    Empty,
    /// Nothing, where something is needed.
    Unset,
    /// Something that is no text.
    Unreadable,
}
