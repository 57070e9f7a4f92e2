//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::fold::{fold_email, is_invisible};
use super::text::{Text, TextFault, refuse_control};

/// An e-mail address, as it was given and as it is compared.
///
/// Two addresses are one account's where their canonical forms are equal: without regard to case, to surrounding white
/// space, and to how accents are encoded. Nothing is done to what only looks alike: `mike@x`, `mıke@x` (dotless i) are
/// two; and a character that compatibility would turn into an ASCII one (`ｍike@x` in full width, `mi\u{212A}e@x` with
/// the Kelvin sign) is refused, so that no program along the way makes one of two.
///
/// Taken are a dot-atom, `@` and a domain name (RFC 5321 with the UTF-8 of RFC 6531): no quoted local parts, no
/// address literals. A domain of one label (`root@localhost`) is taken. At most 254 characters; the local part at most
/// 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    as_given: String,
    canonical: String,
}

impl Email {
    /// The longest address, in characters.
    pub const MAXIMUM: usize = 254;
    /// The longest canonical form, in bytes: it stands in a key.
    pub(crate) const CANONICAL_BYTES: usize = 700;

    /// Reads an address; the same as [`str::parse`].
    ///
    /// # Errors
    ///
    /// `required`, `too_long`, `control_character` or `invalid_email`.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        text.parse()
    }

    /// The address as it was given, trimmed.
    #[must_use]
    pub fn as_given(&self) -> &str {
        &self.as_given
    }

    /// What tells accounts apart; at most 700 bytes.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The address as it was given, trimmed.
    #[must_use]
    pub fn into_string(self) -> String {
        self.as_given
    }
}

impl FromStr for Email {
    type Err = TextFault;

    fn from_str(text: &str) -> Result<Self, TextFault> {
        let as_given = text.parse::<Text<{ Self::MAXIMUM }>>()?.into_string();
        if let Some(found) =
            as_given.chars().find(|&character| is_invisible(character) || looks_ascii(character))
        {
            let number = u32::from(found);
            return Err(invalid(format!(
                "has U+{number:04X}, which can't be told from a plain character or from nothing; type it anew"
            )));
        }
        let canonical = fold_email(&as_given);
        refuse_control(&canonical)?;
        if canonical.chars().nth(Self::MAXIMUM).is_some() || canonical.len() > Self::CANONICAL_BYTES {
            return Err(TextFault::too_long(Self::MAXIMUM));
        }
        check_syntax(&canonical)?;
        Ok(Self { as_given, canonical })
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_given)
    }
}

/// Whether normalisation by compatibility would make ASCII of a character that is not.
fn looks_ascii(character: char) -> bool {
    if character.is_ascii() {
        return false;
    }
    let canonical = || std::iter::once(character).nfd();
    let compatible = std::iter::once(character).nfkd();
    canonical().all(|part| part.is_ascii())
        || (compatible.clone().any(|part| part.is_ascii()) && compatible.ne(canonical()))
}

fn check_syntax(address: &str) -> Result<(), TextFault> {
    let Some((local, domain)) = address.split_once('@') else {
        return Err(invalid("has no @; an e-mail address is like name@example.com"));
    };
    if domain.contains('@') {
        return Err(invalid("has more than one @; give one address alone"));
    }
    if local.is_empty() || local.len() > 64 {
        return Err(invalid("must have 1 to 64 bytes before the @"));
    }
    if local.split('.').any(|atom| atom.is_empty() || !atom.chars().all(is_atom)) {
        return Err(invalid(
            "may have before the @ letters, digits, !#$%&'*+-/=?^_`{|}~, and single dots between them",
        ));
    }
    if !is_domain(domain) {
        return Err(invalid("must have after the @ a domain name such as example.com"));
    }
    Ok(())
}

/// `atext` of RFC 5322 with the non-ASCII characters of RFC 6531; white space is never an atom's.
fn is_atom(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(character)
        || (!character.is_ascii() && !character.is_whitespace())
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().count() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|character| character == '-' || character.is_alphanumeric() || is_mark(character))
    };
    let number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    domain.split('.').all(label) && !domain.rsplit('.').next().is_some_and(number)
}

fn is_mark(character: char) -> bool {
    !character.is_ascii() && is_combining_mark(character)
}

fn invalid(message: impl Into<String>) -> TextFault {
    TextFault::new("invalid_email", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Result<String, &'static str> {
        Email::parse(text).map(|email| email.canonical).map_err(|fault| fault.code())
    }

    #[test]
    fn spellings_of_one_account() {
        for (one, other) in [
            ("A@X", " a@x "),
            ("Ada@Example.COM", "ada@example.com"),
            ("José@example.com", "jose\u{301}@EXAMPLE.com"),
            ("ΝΙΚΟΣ@example.com", "νικος@example.com"),
            ("a@BÜCHER.example", "a@bu\u{308}cher.example"),
        ] {
            assert_eq!(canonical(one).unwrap(), canonical(other).unwrap(), "{one} {other}");
        }
        assert_eq!(Email::parse(" Ada@Example.COM\n").unwrap().as_given(), "Ada@Example.COM");
    }

    #[test]
    fn spellings_of_two_accounts() {
        let mike = canonical("mike@x.org").unwrap();
        for other in
            ["mıke@x.org", "MİKE@x.org", "mіke@x.org", "mi.ke@x.org", "mike+1@x.org", "mike@x.org.uk"]
        {
            assert_ne!(canonical(other).unwrap(), mike, "{other}");
        }
    }

    #[test]
    fn refuses_what_would_be_taken_for_another() {
        for text in [
            "ｍｉｋｅ@x.org",
            "mike＠x.org",
            "mi\u{212A}e@x.org",
            "ﬁona@x.org",
            "jeſſe@x.org",
            "mike@ⓧ.org",
            "mike@x。org",
            "mi\u{200B}ke@x.org",
            "mi\u{AD}ke@x.org",
            "mike@x.o\u{200D}rg",
            "\u{FEFF}mike@x.org",
            "a\u{1FEF}b@x.org",
            "mike@x\u{2024}org",
        ] {
            assert_eq!(canonical(text), Err("invalid_email"), "{text}");
        }
        assert_eq!(canonical("mi\u{202E}ke@x.org"), Err("control_character"));
    }

    #[test]
    fn syntax() {
        for text in [
            "a@x",
            "root@localhost",
            "o'brien+tag@mail.example.co.uk",
            "first.last@example.com",
            "!#$%&*/=?^_`{|}~-@x.y",
            "用户@例子.公司",
            "สำนัก@example.com",
            "a@1.example",
            "a@xn--bcher-kva.example",
            "उदाहरण@उदाहरण.भारत",
        ] {
            assert!(canonical(text).is_ok(), "{text}: {:?}", Email::parse(text));
        }
        for text in [
            "ada",
            "@",
            "@x",
            "a@",
            "a@@x",
            "a@b@c",
            ".a@x",
            "a.@x",
            "a..b@x",
            "a b@x",
            "a\u{3000}b@x",
            "\"a b\"@x",
            "a@x y",
            "a@-x",
            "a@x-",
            "a@x..y",
            "a@.x",
            "a@x.",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a,b@x",
            "a@x,y",
            "<a@x>",
            "a;b@x",
            "a:b@x",
            "a(b)@x",
            "a\\b@x",
            "a@x_y",
            "a@x/y",
            "mailto:a@x",
        ] {
            assert_eq!(canonical(text), Err("invalid_email"), "{text}");
        }
        assert_eq!(canonical("  "), Err("required"));
        assert_eq!(canonical("a\0@x"), Err("control_character"));
    }

    #[test]
    fn lengths() {
        let local = "a".repeat(64);
        let domain = format!("{}.{}.{}", "d".repeat(63), "e".repeat(63), "f".repeat(61));
        let longest = format!("{local}@{domain}");
        assert_eq!(longest.len(), 254);
        assert_eq!(canonical(&longest), Ok(longest.clone()));
        assert_eq!(canonical(&format!("{longest}f")), Err("too_long"));
        assert_eq!(canonical(&format!("a{local}@x")), Err("invalid_email"));
        assert_eq!(canonical(&format!("a@{}", "d".repeat(64))), Err("invalid_email"));
        let wide = ["𠀀"; 3].map(|character| character.repeat(60)).join(".");
        assert_eq!(canonical(&format!("{local}@{wide}")), Err("too_long"), "more than 700 bytes");
    }

    proptest! {
        #[test]
        fn canonical_forms_are_canonical(text in "[a-zA-Zéıſıßςẞ.+ -]{1,12}@[a-zA-Zéß.-]{1,12}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.canonical()).unwrap();
                prop_assert_eq!(again.canonical(), email.canonical());
                prop_assert_eq!(fold_email(email.as_given()), email.canonical());
                prop_assert!(email.canonical().len() <= 700);
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Email::parse(&text);
        }
    }
}
