//! The project's files as text, with what is code in them and what is a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A file: its path from the project's root, its text, and what is code in it.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and the contents of literals blanked; the same lines, the same columns.
    code: String,
    /// For each line, whether it belongs to a test.
    is_test: Vec<bool>,
}

/// A line of code.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) code: &'a str,
    pub(crate) is_test: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { blank(text) } else { text.to_owned() };
        let is_test = mark_tests(path, &code);
        Self { path: path.to_owned(), text: text.to_owned(), code, is_test }
    }

    /// The code, line by line. Of a file that is no Rust, all of it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let lines = self.code.lines().zip(&self.is_test).enumerate();
        lines.map(|(index, (code, is_test))| Line { number: index + 1, code, is_test: *is_test })
    }

    /// The path's part below this directory, if it is there.
    pub(crate) fn below(&self, directory: &str) -> Option<&str> {
        self.path.strip_prefix(directory)?.strip_prefix('/')
    }

    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Every text file of the project, in the order of their paths.
pub(crate) fn load() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask stands in the workspace");
        let mut paths = Vec::new();
        collect(root, &mut paths);
        paths.sort();
        let load = |path: PathBuf| {
            let name = path.strip_prefix(root).expect("found below the root").to_str()?.replace('\\', "/");
            Some(Source::new(&name, &fs::read_to_string(&path).ok()?))
        };
        let mut sources: Vec<_> = paths.into_iter().filter_map(load).collect();
        assert!(
            sources.iter().any(|source| source.path == "ums-store/src/lib.rs"),
            "the sources are not where they were"
        );
        mark_test_modules(&mut sources);
        sources
    })
}

/// Marks the files of modules that are declared below `#[cfg(test)]`.
fn mark_test_modules(sources: &mut [Source]) {
    let mut modules = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let directory = source.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
        for line in source.lines().filter(|line| line.is_test) {
            let name = line.code.trim().strip_suffix(';').and_then(|code| code.rsplit_once("mod "));
            if let Some((_, name)) = name {
                modules.insert(format!("{directory}/{name}.rs"));
                modules.insert(format!("{directory}/{name}/mod.rs"));
            }
        }
    }
    for source in sources.iter_mut().filter(|source| modules.contains(&source.path)) {
        source.is_test.fill(true);
    }
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    const KEPT: [&str; 4] = ["rs", "toml", "md", "sh"];
    const SKIPPED: [&str; 6] = ["target", "data", "logs", "corpus", "artifacts", "coverage"];
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            let is_ours = !SKIPPED.contains(&name.as_str()) && (name == ".ci" || !name.starts_with('.'));
            if is_ours {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|kind| KEPT.iter().any(|kept| kind == *kept)) {
            paths.push(path);
        }
    }
}

/// The text with comments and the contents of literals made spaces.
fn blank(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let (kept, length) = literal_or_comment(rest, at.checked_sub(1).map(|before| characters[before]));
        for &character in &rest[..length] {
            code.push(if kept || character == '\n' { character } else { ' ' });
        }
        at += length;
    }
    code
}

/// Whether what begins here is code, and how long it is.
fn literal_or_comment(rest: &[char], before: Option<char>) -> (bool, usize) {
    let starts = |pattern: &str| pattern.chars().enumerate().all(|(index, c)| rest.get(index) == Some(&c));
    let until = |end: &dyn Fn(usize) -> bool, from: usize| (from..rest.len()).find(|&index| end(index));
    if starts("//") {
        return (false, until(&|index| rest[index] == '\n', 2).unwrap_or(rest.len()));
    }
    if starts("/*") {
        let closes = |index: usize| rest[index] == '*' && rest.get(index + 1) == Some(&'/');
        return (false, until(&closes, 2).map_or(rest.len(), |index| index + 2));
    }
    let is_new_word = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest[0] == 'r' && (is_new_word || before == Some('b')) {
        let hashes = rest[1..].iter().take_while(|&&c| c == '#').count();
        if rest.get(1 + hashes) == Some(&'"') {
            let closes = |index: usize| {
                rest[index] == '"' && (1..=hashes).all(|offset| rest.get(index + offset) == Some(&'#'))
            };
            return (false, until(&closes, 2 + hashes).map_or(rest.len(), |index| index + 1 + hashes));
        }
    }
    if rest[0] == '"' {
        let mut is_escaped = false;
        for (index, &character) in rest.iter().enumerate().skip(1) {
            match character {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => return (false, index + 1),
                _ => {}
            }
        }
        return (false, rest.len());
    }
    if rest[0] == '\'' {
        if rest.get(1) == Some(&'\\') {
            return (false, until(&|index| rest[index] == '\'', 3).map_or(rest.len(), |index| index + 1));
        }
        if rest.get(2) == Some(&'\'') {
            return (false, 3);
        }
    }
    (true, 1)
}

/// For each line, whether it belongs to a test: a file of tests or benches, or what follows `#[cfg(test)]`.
fn mark_tests(path: &str, code: &str) -> Vec<bool> {
    let is_test_file = path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("benches/");
    let mut marks = Vec::new();
    let (mut is_pending, mut depth) = (false, 0_usize);
    for line in code.lines() {
        is_pending |= line.trim_start().starts_with("#[cfg(test)]");
        let was_inside = is_pending || depth > 0;
        if was_inside {
            let opened = line.matches('{').count();
            depth = (depth + opened).saturating_sub(line.matches('}').count());
            if opened > 0 || line.trim_end().ends_with(';') {
                is_pending = false;
            }
        }
        marks.push(is_test_file || was_inside);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = r###"let a = "x.unwrap()"; // y.unwrap()
/* z.unwrap() */ let b = r#"q".unwrap()"#; let c = '"'; let d: &'static str = "\"e";
f.unwrap(); let g = b'\''; h.unwrap()"###;
        let source = Source::new("a/src/b.rs", text);
        let found: Vec<_> = source.lines().map(|line| line.code.matches("unwrap").count()).collect();
        assert_eq!(found, [0, 0, 2]);
        assert!(source.code.contains("&'static str"), "{}", source.code);
        assert_eq!(source.code.chars().count(), text.chars().count());
    }

    #[test]
    fn tests_are_told_from_the_rest() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nc\n#[cfg(test)]\nuse d;\ne\n";
        let marks: Vec<_> = Source::new("a/src/b.rs", text).lines().map(|line| line.is_test).collect();
        assert_eq!(marks, [false, true, true, true, true, false, true, true, false]);
        assert!(Source::new("a/tests/b.rs", "c\n").lines().all(|line| line.is_test));

        let mut sources = [
            Source::new("a/src/gate.rs", "mod key;\n#[cfg(test)]\npub(super) mod probe;\n"),
            Source::new("a/src/gate/key.rs", "c\n"),
            Source::new("a/src/gate/probe.rs", "c\n"),
        ];
        mark_test_modules(&mut sources);
        assert_eq!(sources.map(|source| source.lines().all(|line| line.is_test)), [false, false, true]);
    }
}
