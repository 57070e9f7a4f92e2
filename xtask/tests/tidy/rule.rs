//! A rule: where it holds, what it forbids, and snippets that show that it can fail.

use crate::source::{self, Line, Source};

/// Words that may not stand in some places.
pub(crate) struct Rule {
    /// Why, as the failure says it.
    pub(crate) because: &'static str,
    /// Beginnings of the paths where it holds.
    pub(crate) within: &'static [&'static str],
    /// Beginnings of the paths where it does not.
    pub(crate) except: &'static [&'static str],
    /// Which lines it looks at.
    pub(crate) looks_at: LooksAt,
    /// What may not stand there, as whole words.
    pub(crate) forbids: &'static [&'static str],
    /// What excuses such a line, and how many lines above it that may stand.
    pub(crate) excused_by: Option<(&'static str, usize)>,
    /// A path and a text that break it, once for each way to break it.
    pub(crate) caught: &'static [(&'static str, &'static str)],
    /// A path and a text that do not.
    pub(crate) passed: &'static [(&'static str, &'static str)],
}

/// Which lines a rule looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LooksAt {
    /// Code outside tests.
    Code,
    /// Code of tests.
    Tests,
    /// Both.
    AllCode,
    /// Comments and literals as well, in every kind of file.
    Everything,
}

impl Rule {
    /// Looks whether the project keeps the rule, and whether the rule would notice if it did not.
    #[track_caller]
    pub(crate) fn hold(&self) {
        assert!(!self.caught.is_empty(), "a rule that nothing breaks is none: {}", self.because);
        for (path, text) in self.caught {
            assert!(!self.offenders(&[Source::new(path, text)]).is_empty(), "not caught in {path}: {text}");
        }
        for (path, text) in self.passed {
            let offenders = self.offenders(&[Source::new(path, text)]);
            assert!(offenders.is_empty(), "caught in {path}: {text}: {offenders:?}");
        }
        refuse(self.because, &self.offenders(source::load()));
    }

    fn offenders(&self, sources: &[Source]) -> Vec<String> {
        let mut offenders = Vec::new();
        for source in sources {
            if !self.holds_in(&source.path) {
                continue;
            }
            let lines: Vec<_> = self.lines(source);
            for (index, (number, text)) in lines.iter().enumerate() {
                let is_offender = self.forbids.iter().any(|word| has_word(text, word));
                let is_excused = self.excused_by.is_some_and(|(excuse, above)| {
                    lines[index.saturating_sub(above)..index].iter().any(|(_, text)| text.contains(excuse))
                });
                if is_offender && !is_excused {
                    offenders.push(describe(&source.path, *number, text));
                }
            }
        }
        offenders
    }

    fn holds_in(&self, path: &str) -> bool {
        let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
        (self.within.is_empty() || begins(self.within)) && !begins(self.except)
    }

    fn lines<'a>(&self, source: &'a Source) -> Vec<(usize, &'a str)> {
        if self.looks_at == LooksAt::Everything {
            return source.text.lines().enumerate().map(|(index, text)| (index + 1, text)).collect();
        }
        let code = source.lines().filter(|line| source.is_rust() && self.looks_at_line(*line));
        code.map(|line| (line.number, line.code)).collect()
    }

    fn looks_at_line(&self, line: Line<'_>) -> bool {
        match self.looks_at {
            LooksAt::Code => !line.is_test,
            LooksAt::Tests => line.is_test,
            LooksAt::AllCode | LooksAt::Everything => true,
        }
    }
}

/// Fails with the reason and every offender, if there are any.
#[track_caller]
pub(crate) fn refuse(because: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{because}\n  {}\n", offenders.join("\n  "));
}

pub(crate) fn describe(path: &str, line: usize, text: &str) -> String {
    format!("{path}:{line}: {}", text.trim())
}

/// Whether a word stands in the text on its own: `Key::new` is no part of `SecretKey::new`.
fn has_word(text: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let is_joined_before = word.starts_with(is_inside) && before.is_some_and(is_inside);
        let is_joined_after = word.ends_with(is_inside) && after.is_some_and(is_inside);
        !is_joined_before && !is_joined_after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole() {
        assert!(has_word("store::Key::new(a)", "Key::new("));
        assert!(!has_word("SecretKey::new(a)", "Key::new("));
        assert!(has_word("a.await?", "await"));
        assert!(!has_word("awaited", "await"));
        assert!(has_word("x.unwrap()", ".unwrap()"));
    }
}
