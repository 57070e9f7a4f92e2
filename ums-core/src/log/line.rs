//! JSON that stays one harmless line, whatever it contains.

use std::io;

use serde_json::ser::Formatter;

/// Compact JSON in which what could fool a terminal or a tool that works by lines is escaped, too: control characters
/// (C0, DEL, C1), the line and paragraph separators, and the marks that turn the direction of writing.
pub(super) struct OneLine;

impl Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // What JSON itself escapes is no part of a fragment: of ASCII, that leaves DEL.
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|&(_, character)| is_harmful(character)) {
            let (plain, tail) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = tail.get(character.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// All of these are in the basic plane, so that four digits spell them.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn line(text: &str) -> String {
        let mut bytes = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, OneLine)).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn escapes_what_fools_terminals_and_line_tools() {
        assert_eq!(line("a\nb\r\t\u{1b}[2J\0"), r#""a\nb\r\t\u001b[2J\u0000""#);
        assert_eq!(line("\u{7f}\u{85}\u{9b}\u{2028}\u{2029}"), r#""\u007f\u0085\u009b\u2028\u2029""#);
        assert_eq!(line("\u{202e}x\u{2066}\u{feff}"), r#""\u202ex\u2066\ufeff""#);
        assert_eq!(
            line(r#"quote " and \ stay readable: é 漢 😀"#),
            r#""quote \" and \\ stay readable: é 漢 😀""#
        );
    }

    #[test]
    fn every_character_comes_back() {
        let all: String =
            (0..=0x1_0ff).chain(0x2000..0x2100).chain([0xfeff, 0x1f600]).filter_map(char::from_u32).collect();
        assert_eq!(serde_json::from_str::<String>(&line(&all)).unwrap(), all);
        assert!(line(&all).lines().count() == 1);
    }
}
