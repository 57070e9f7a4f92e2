//! When two texts count as one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What two names that count as one have in common: without regard to case, to how accents are encoded (NFC), to
/// runs of white space, and to characters that nobody sees (Unicode's `Default_Ignorable_Code_Point`).
///
/// Not folded are characters that only look alike (NFKC): `①` and `1` are two names. The same for every input of the
/// same form: folding twice changes nothing.
pub(crate) fn fold_name(name: &str) -> String {
    let visible = lower(name, |&character| !is_invisible(character));
    let mut folded = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}

/// What two spellings of one e-mail address have in common: without regard to case, and to how accents are encoded.
///
/// Case is lowered and never raised, for raising makes `ı` into `I`: `mıke@x` and `mike@x` stay two people's.
pub(crate) fn fold_email(address: &str) -> String {
    lower(address.trim(), |_| true)
}

/// The words of a name that it is found by: folded, without repetition, at most 8, each at most 32 characters long.
///
/// Letters, digits and marks make words; all else parts them.
pub(crate) fn words(name: &str) -> Vec<String> {
    let folded = fold_name(name);
    let mut words: Vec<String> = Vec::new();
    for word in folded.split(|character: char| !character.is_alphanumeric() && !is_combining_mark(character))
    {
        let word: String = word.chars().take(WORD_CHARACTERS).collect();
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
        if words.len() == WORDS {
            break;
        }
    }
    words
}

const WORDS: usize = 8;
const WORD_CHARACTERS: usize = 32;

/// Lower case, composed. Of the final sigma, `ς`, the ordinary one is made, whose upper case is the same.
fn lower(text: &str, kept: impl Fn(&char) -> bool) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let characters = text.chars().filter(kept);
    let lowered = characters.nfc().flat_map(char::to_lowercase);
    lowered.map(|character| if character == 'ς' { 'σ' } else { character }).nfc().collect()
}

/// Whether a character shows nothing: Unicode's `Default_Ignorable_Code_Point`, which is kept stable.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_count_as_one() {
        for (one, other) in [
            ("Tech Corp", "  TECH \u{A0} corp "),
            ("Café", "CAFE\u{301}"),
            ("Tech Corp", "Tech\u{200B} Co\u{AD}rp"),
            ("ΟΔΟΣ", "οδος"),
            ("Straße", "STRAẞE"),
            ("ǅep", "ǆep"),
        ] {
            assert_eq!(fold_name(one), fold_name(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_do_not() {
        for (one, other) in
            [("Tech Corp", "TechCorp"), ("①", "1"), ("Işık", "Isik"), ("ıks", "iks"), ("a.b", "ab")]
        {
            assert_ne!(fold_name(one), fold_name(other), "{one} {other}");
        }
    }

    #[test]
    fn words_are_folded_bounded_and_not_repeated() {
        assert_eq!(words("Ada  Lovelace-King, O'Brien ADA"), ["ada", "lovelace", "king", "o", "brien"]);
        assert_eq!(words("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
        assert_eq!(words("a b c d e f g h i j").len(), 8);
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(32)]);
        assert!(words(" -- ").is_empty());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let name = fold_name(&text);
            prop_assert_eq!(fold_name(&name), name);
            let email = fold_email(&text);
            prop_assert_eq!(fold_email(&email), email);
        }

        #[test]
        fn encoding_of_accents_and_case_do_not_count(text in "[ -~À-ɏΆ-ώА-я]{0,40}") {
            prop_assert_eq!(fold_name(&text), fold_name(&text.nfd().collect::<String>()));
            prop_assert_eq!(fold_name(&text), fold_name(&text.nfc().flat_map(char::to_lowercase).collect::<String>()));
        }
    }
}
