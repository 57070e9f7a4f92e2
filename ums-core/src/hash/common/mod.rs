//! Passwords that are in common use, or that anybody might come upon: whole passwords, never parts of them.

mod pattern;

use std::cmp::Ordering;

use zeroize::Zeroizing;

use super::context::is_commonplace;

/// In lower case, sorted by their bytes, a line each; `ORIGIN.md` says where it comes from.
const LIST: &str = include_str!("passwords.txt");

/// Why a password is held to be common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Common {
    /// It is on the list, in some case of its letters.
    Listed,
    /// It is made of words such as "password", with digits at most.
    Commonplace,
    /// It is one short piece, again and again.
    Repeated,
    /// It is made of runs: the same character, or neighbours in the alphabet, among the digits, on a keyboard.
    Runs,
}

impl Common {
    /// Why this password is; `None` where nothing is known against it.
    pub(super) fn of(password: &str) -> Option<Self> {
        let folded = Zeroizing::new(fold(password));
        if is_listed(&folded) {
            Some(Self::Listed)
        } else if is_commonplace(password) {
            Some(Self::Commonplace)
        } else if pattern::repeats(&folded) {
            Some(Self::Repeated)
        } else if pattern::runs(&folded) {
            Some(Self::Runs)
        } else {
            None
        }
    }

    /// What is told to who chose it.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Listed => "must not be one of the most used passwords, in capitals or small letters",
            Self::Commonplace => "must not be made of nothing but words such as password and a few digits",
            Self::Repeated => "must not be one short piece again and again",
            Self::Runs => {
                "must not be made of nothing but runs such as 1234, aaaa or qwerty, which are tried early"
            }
        }
    }
}

/// Lower case, and nothing else: what differs otherwise is another password.
fn fold(text: &str) -> String {
    // Room for what grows by its lower case, so that no copy is left behind by growing.
    let mut folded = String::with_capacity(text.len() * 2);
    folded.extend(text.chars().flat_map(char::to_lowercase));
    folded
}

/// Looks for a line by halves; both ends stand at the beginning of a line.
fn is_listed(folded: &str) -> bool {
    let list = LIST.as_bytes();
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (Some(before), Some(after)) = (list.get(low..middle), list.get(middle..high)) else {
            return false;
        };
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = after.iter().position(|byte| *byte == b'\n').map_or(high, |at| middle + at);
        match list.get(start..end).unwrap_or_default().cmp(folded.as_bytes()) {
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
            Ordering::Equal => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static LISTED: LazyLock<BTreeSet<&str>> = LazyLock::new(|| LIST.lines().collect());

    #[test]
    fn the_list_is_as_the_look_up_needs_it() {
        let lines: Vec<_> = LIST.lines().collect();
        assert!(LIST.ends_with('\n') && !LIST.contains('\r'));
        assert!(lines.is_sorted_by(|one, next| one < next), "sorted by bytes, each once");
        for line in &lines {
            assert!(line.chars().count() >= 8, "{line}");
            assert_eq!(fold(line), **line);
        }
        let long = lines.iter().filter(|line| line.chars().count() >= 15).count();
        assert_eq!((lines.len(), long), (48_110, 9_728));
    }

    #[test]
    fn every_listed_one_is_found_and_nothing_between() {
        for line in LIST.lines() {
            assert!(is_listed(line), "{line}");
            for near in [format!("{line}\0"), format!("{line}\n"), line[..line.len() - 1].to_owned()] {
                assert_eq!(is_listed(&near), LISTED.contains(near.as_str()), "{near:?}");
            }
        }
        for absent in ["", "\n", "!", "~~~~~~~~~~~~~~~~~~~~", "StrongPassword123", "strongpassword123"] {
            assert!(!is_listed(absent), "{absent:?}");
        }
    }

    #[test]
    fn says_why() {
        for (password, expected) in [
            ("passwordpassword", Some(Common::Listed)),
            ("PasswordPassword", Some(Common::Listed)),
            ("1QAZ2wsx3edc4RFV", Some(Common::Listed)),
            ("Password-Password-2026", Some(Common::Commonplace)),
            ("admin welcome 99", Some(Common::Commonplace)),
            ("password 9340275816", None),
            ("horsehorsehorse", Some(Common::Repeated)),
            ("lkjhgfdsa 987654321", None),
            ("lkjhgfdsa987654321", Some(Common::Runs)),
            ("passwordpassword ", Some(Common::Commonplace)),
            ("StrongPassword123", None),
            ("correct horse battery staple", None),
        ] {
            assert_eq!(Common::of(password), expected, "{password}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_up(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert_eq!(is_listed(&folded), LISTED.contains(folded.as_str()));
            Common::of(&text);
        }
    }
}
