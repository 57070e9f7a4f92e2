//! Text of bounded length, without control characters.

use std::fmt;
use std::str::FromStr;

use super::fold::{fold_name, is_invisible};
use crate::error::Fault;
use crate::model::{InvalidId, InvalidRole, InvalidStatus};

/// Text of 1 to `MAXIMUM` characters: as given, less white space (Unicode's `White_Space`) at both ends.
///
/// Not taken: blank text, invisible characters alone among it; control characters, line ends included; the characters
/// that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069), so that no name reads as another; the
/// separators U+2028 and U+2029; and Unicode's noncharacters, which XML can't hold. A code point that no version of
/// Unicode has assigned yet is taken, so that the answer does not depend on the version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<const MAXIMUM: usize>(String);

/// A person's name: 1 to 200 characters.
pub type FullName = Text<200>;
/// A postal address: 1 to 500 characters.
pub type Address = Text<500>;
/// What something is: 1 to 2,000 characters.
pub type Description = Text<2000>;
/// The key that another system knows a person by: 1 to 200 characters.
pub type ExternalId = Text<200>;

impl<const MAXIMUM: usize> Text<MAXIMUM> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const MAXIMUM: usize> FromStr for Text<MAXIMUM> {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let text = text.trim();
        if text.chars().all(is_invisible) {
            return Err(TextFault::required());
        }
        if text.chars().nth(MAXIMUM).is_some() {
            return Err(TextFault::too_long(MAXIMUM));
        }
        refuse_control(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl<const MAXIMUM: usize> fmt::Display for Text<MAXIMUM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an organisation or department: 1 to 200 characters, and unique without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    text: FullName,
    folded: String,
}

impl Name {
    /// The longest folded form, in bytes: it stands in a key.
    const FOLDED_BYTES: usize = 800;

    /// The name as it was given, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// The name as it was given, trimmed.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text.into_string()
    }

    /// What two names that count as one have in common; at most 800 bytes.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl FromStr for Name {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let text: FullName = text.parse()?;
        let folded = fold_name(text.as_str());
        if folded.len() > Self::FOLDED_BYTES {
            return Err(TextFault::new("too_long", "is too long once normalised; shorten it"));
        }
        Ok(Self { text, folded })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with a text, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TextFault {
    code: &'static str,
    message: String,
}

impl TextFault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn required() -> Self {
        Self::new("required", "must not be blank")
    }

    pub(super) fn too_long(maximum: usize) -> Self {
        Self::new("too_long", format!("must have at most {maximum} characters"))
    }

    /// A stable name for the cause: `required`, `too_long`, `control_character`, `invalid_email`, `invalid_id`,
    /// `invalid_role`, `invalid_status`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong and what is allowed, in words. Never the text itself.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fault as one of this field.
    #[must_use]
    pub fn of(self, field: impl Into<String>) -> Fault {
        Fault::new(field, self.code, self.message)
    }
}

impl From<InvalidRole> for TextFault {
    fn from(fault: InvalidRole) -> Self {
        Self::new("invalid_role", fault.to_string())
    }
}

impl From<InvalidStatus> for TextFault {
    fn from(fault: InvalidStatus) -> Self {
        Self::new("invalid_status", fault.to_string())
    }
}

impl From<InvalidId> for TextFault {
    fn from(_: InvalidId) -> Self {
        Self::new(
            "invalid_id",
            "must be a positive whole number below 10^12, an id that this system gave out",
        )
    }
}

/// Refuses the characters that [`Text`] does not take.
pub(super) fn refuse_control(text: &str) -> Result<(), TextFault> {
    let Some(found) = text.chars().find(|&character| is_refused(character)) else { return Ok(()) };
    let number = u32::from(found);
    Err(TextFault::new(
        "control_character",
        format!("has the control character U+{number:04X}, which is not allowed; remove it"),
    ))
}

fn is_refused(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FDD0}'..='\u{FDEF}')
        || u32::from(character) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Result<String, &'static str> {
        text.parse::<FullName>().map(Text::into_string).map_err(|fault| fault.code())
    }

    #[test]
    fn trims_and_keeps_the_rest() {
        assert_eq!(code(" \u{A0}\u{3000}Ada  Lovelace\t\n"), Ok("Ada  Lovelace".into()));
        assert_eq!(code("=cmd|'/C calc'!A0"), Ok("=cmd|'/C calc'!A0".into()));
        assert_eq!(code("<script>👩‍👩‍👧 नमस्ते עברית"), Ok("<script>👩‍👩‍👧 नमस्ते עברית".into()));
        assert_eq!(code("e\u{301}"), Ok("e\u{301}".into()));
    }

    #[test]
    fn counts_characters_after_trimming() {
        let longest = "😀".repeat(200);
        assert_eq!(code(&format!("  {longest}  ")), Ok(longest.clone()));
        assert_eq!(code(&format!("{longest}x")), Err("too_long"));
        assert_eq!("x".repeat(500).parse::<Address>().map(|_| ()), Ok(()));
        assert!("x".repeat(501).parse::<Address>().is_err());
        assert_eq!("x".repeat(2000).parse::<Description>().map(|_| ()), Ok(()));
        assert!("x".repeat(2001).parse::<Description>().is_err());
    }

    #[test]
    fn refuses_what_can_not_be_seen() {
        for text in ["", "  ", "\u{A0}", "\u{200B}\u{FEFF}", "\u{3164}", "\u{200F}"] {
            assert_eq!(code(text), Err("required"), "{text:?}");
        }
        for character in [
            '\0',
            '\u{7}',
            '\t',
            '\n',
            '\r',
            '\u{1F}',
            '\u{7F}',
            '\u{80}',
            '\u{85}',
            '\u{9F}',
            '\u{2028}',
            '\u{2029}',
            '\u{202A}',
            '\u{202E}',
            '\u{2066}',
            '\u{2069}',
            '\u{FDD0}',
            '\u{FFFE}',
            '\u{FFFF}',
            '\u{10FFFF}',
        ] {
            assert_eq!(code(&format!("a{character}b")), Err("control_character"), "{character:?}");
        }
        let fault = "a\u{202E}b".parse::<FullName>().unwrap_err().of("full_name");
        assert_eq!(fault.field, "full_name");
        assert_eq!(fault.message, "has the control character U+202E, which is not allowed; remove it");
    }

    #[test]
    fn a_name_fits_a_key_once_folded() {
        assert_eq!("x".repeat(200).parse::<Name>().map(|name| name.folded().len()), Ok(200));
        // U+1D160 is one character of 4 bytes as given and of 12 bytes once normalised.
        let fault = "\u{1D160}".repeat(67).parse::<Name>().unwrap_err();
        assert_eq!(fault.code(), "too_long");
        assert!("\u{1D160}".repeat(66).parse::<Name>().is_ok());
    }
}
