//! Text that a spreadsheet might take for a formula.
//!
//! A workbook holds such text as text, which no spreadsheet computes. Saved from there as CSV and opened again it would be
//! a formula, so what goes out has an apostrophe before it (OWASP, *CSV Injection*), and that apostrophe is taken off
//! where the text comes in again. A text that has one already gets another, so that what comes in is what went out.

use std::borrow::Cow;

/// What makes a formula of a text that begins with it; the wide forms do in Japanese and Chinese spreadsheets.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

const GUARD: char = '\'';

/// A text as it goes out.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if begins_formula(text.trim_start_matches(GUARD)) {
        Cow::Owned(format!("{GUARD}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text as it comes in: less one apostrophe, where one was put before it.
pub(super) fn unguarded(text: &str) -> &str {
    match text.strip_prefix(GUARD) {
        Some(rest) if begins_formula(rest.trim_start_matches(GUARD)) => rest,
        _ => text,
    }
}

fn begins_formula(text: &str) -> bool {
    text.starts_with(BEGINNINGS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_begins_like_a_formula_is_changed() {
        for (text, out) in [
            ("=cmd|'/C calc'!A0", "'=cmd|'/C calc'!A0"),
            ("+49 30 1234", "'+49 30 1234"),
            ("-7", "'-7"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("a=1", "a=1"),
            ("", ""),
            ("'", "'"),
        ] {
            assert_eq!(guarded(text), out);
            assert_eq!(unguarded(out), text);
        }
        assert_eq!(unguarded("=1"), "=1");
    }

    proptest! {
        #[test]
        fn what_comes_in_is_what_went_out(text in "['=+a@\t-]{0,6}\\PC{0,4}") {
            let out = guarded(&text);
            prop_assert!(!begins_formula(&out));
            prop_assert_eq!(unguarded(&out), text.as_str());
        }
    }
}
