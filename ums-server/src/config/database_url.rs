//! Where the data is, as text.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which store, and where its data is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// `memory:`: gone when the process ends.
    Memory,
    /// `redb://PATH`: one file. Two slashes and a relative path, or three and an absolute one.
    Redb(PathBuf),
}

impl DatabaseUrl {
    /// The directory that holds the data, where there is one.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::Redb(path) => path
                .parent()
                .map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }),
        }
    }
}

impl FromStr for DatabaseUrl {
    /// What is allowed, in words.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ALLOWED: &str =
            "memory: or redb://PATH, such as redb://./data/ums.redb or redb:///var/lib/ums/ums.redb";
        if text == "memory:" {
            return Ok(Self::Memory);
        }
        match text.split_once("://") {
            Some(("redb", path)) if !path.is_empty() && !path.ends_with('/') => Ok(Self::Redb(path.into())),
            Some((scheme @ ("dynamodb" | "postgres" | "postgresql"), _)) => {
                Err(format!("{ALLOWED}; {scheme}:// is not built in"))
            }
            _ => Err(ALLOWED.to_owned()),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Redb(path) => write!(f, "redb://{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["memory:", "redb://./data/ums.redb", "redb:///var/lib/ums.redb", "redb://ums.redb"] {
            assert_eq!(text.parse::<DatabaseUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn knows_the_directory_of_its_data() {
        let directory = |text: &str| text.parse::<DatabaseUrl>().unwrap().directory().map(Path::to_owned);
        assert_eq!(directory("memory:"), None);
        assert_eq!(directory("redb://./data/ums.redb"), Some("./data".into()));
        assert_eq!(directory("redb:///var/ums.redb"), Some("/var".into()));
        assert_eq!(directory("redb://ums.redb"), Some(".".into()));
    }

    #[test]
    fn says_what_is_not_built_in() {
        for text in ["dynamodb://users?region=eu-west-1", "postgres://ada:hush@db/ums", "postgresql://db/ums"]
        {
            let allowed = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(allowed.contains("is not built in") && allowed.contains("redb://PATH"), "{allowed}");
            assert!(!allowed.contains("hush"), "{allowed}");
        }
        for text in
            ["", "memory", "memory://", "redb:", "redb://", "redb://data/", "sqlite://ums.db", "ums.redb"]
        {
            let allowed = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(!allowed.contains("not built in"), "{text}: {allowed}");
        }
    }
}
