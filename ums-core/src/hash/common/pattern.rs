//! What no list can hold: a piece repeated to any length, and runs in a row.

/// The longest piece whose repetition is refused, in characters: three of it make 15.
const LONGEST_PIECE: usize = 5;
/// The shortest run.
const SHORTEST_RUN: usize = 3;

/// Characters that follow one another, read in either direction: alphabet and digits, the rows of English, German and
/// French keyboards, and the slanting columns of the first.
const ROWS: [&str; 22] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "!@#$%^&*()",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü+",
    "asdfghjklöä",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn,;:!",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
];

/// Whether a text is one piece of up to five characters, again and again; the last may be cut off.
pub(super) fn repeats(text: &str) -> bool {
    (1..=LONGEST_PIECE).any(|piece| {
        let mut later = text.chars().skip(piece).peekable();
        later.peek().is_some() && later.zip(text.chars()).all(|(later, earlier)| later == earlier)
    })
}

/// Whether a text consists of runs of at least three characters, and of nothing else.
pub(super) fn runs(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let length = longest_run(rest);
        if length < SHORTEST_RUN {
            return false;
        }
        rest = rest.char_indices().nth(length).and_then(|(at, _)| rest.get(at..)).unwrap_or_default();
    }
    !text.is_empty()
}

/// How many characters there are of the longest run that a text begins with.
fn longest_run(text: &str) -> usize {
    let mut characters = text.chars();
    let first = characters.next();
    let same = 1 + characters.take_while(|next| Some(*next) == first).count();
    let along = ROWS.iter().map(|row| along(text, row.chars()).max(along(text, row.chars().rev())));
    along.fold(same, usize::max)
}

/// How many characters at the beginning of a text stand in a row one after the other.
fn along(text: &str, row: impl Iterator<Item = char>) -> usize {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return 0 };
    let mut row = row.skip_while(|character| *character != first);
    if row.next().is_none() {
        return 0;
    }
    1 + characters.zip(row).take_while(|(character, next)| character == next).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_up_to_five_repeats() {
        for text in [
            "aa",
            "aaaaaaaaaaaaaaa",
            "abababababababa",
            "abcabcab",
            "abcdabcdabcdabcd",
            "ab cdab cdab cdab",
            "🔑🔑🔑",
        ] {
            assert!(repeats(text), "{text}");
        }
        for text in ["", "a", "abcdefabcdef", "aaaaaaaaaaaaaaab", "baaaaaaaaaaaaaaa", "abcabcabd"] {
            assert!(!repeats(text), "{text}");
        }
    }

    #[test]
    fn runs_go_either_way_along_alphabet_digits_and_keyboards() {
        for text in [
            "abcdefghijklmnop",
            "zyxwvutsrqponmlk",
            "123456789012345",
            "1234567890",
            "0987654321",
            "1234567887654321",
            "qwertyuiopasdfghjkl",
            "azertyuiopqsdfghjklm",
            "qwertzuiopyxcvbnm",
            "poiuytrewqlkjhgfdsa",
            "1qaz2wsx3edc4rfv",
            "qazwsxedcrfvtgb",
            "qwerty123456789",
            "abc123xyz789",
            "aaabbbcccdddeee",
            "!@#$%^&*()!@#",
        ] {
            assert!(runs(text), "{text}");
        }
    }

    #[test]
    fn what_holds_anything_else_is_not_made_of_runs() {
        for text in [
            "",
            "ab",
            "abcdefghijklmn op",
            "123456789012345x",
            "xx123456789012345",
            "qwertyuiop-asdfghjkl",
            "strongpassword123",
            "2024-02-29 abcdef",
            "135791357913579",
        ] {
            assert!(!runs(text), "{text}");
        }
    }
}
