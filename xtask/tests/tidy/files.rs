//! What every file and every crate has.

use crate::rule::{describe, refuse};
use crate::source::{Source, load};

/// The most lines of a file. There are no exceptions: what is longer has two subjects.
const LONGEST: usize = 400;

#[test]
fn no_file_is_too_long() {
    let because = "a file has at most 400 lines; split it by subject";
    let bad = Source::new("ums-core/src/a.rs", &"line\n".repeat(LONGEST + 1));
    assert_eq!(too_long(&[bad]).len(), 1);
    assert_eq!(too_long(&[Source::new("ums-core/src/a.rs", &"line\n".repeat(LONGEST))]).len(), 0);
    refuse(because, &too_long(load()));
}

#[test]
fn every_file_says_what_it_is() {
    let because = "a file begins with `//!` and what it is";
    assert_eq!(undescribed(&[Source::new("a/src/b.rs", "use c;\n//! late\n")]).len(), 1);
    assert_eq!(undescribed(&[Source::new("a/src/b.rs", "//!\n\nuse c;\n")]).len(), 1);
    assert_eq!(undescribed(&[Source::new("a/src/b.rs", "//! It.\n")]).len(), 0);
    refuse(because, &undescribed(load()));
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    let because = "a crate's manifest says `[lints] workspace = true`";
    assert_eq!(unlinted(&[Source::new("a/Cargo.toml", "[package]\nname = \"a\"\n")]).len(), 1);
    assert_eq!(unlinted(&[Source::new("a/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n")]).len(), 0);
    let sources = load();
    assert!(sources.iter().filter(|source| is_member(source)).count() >= 10, "the manifests are not found");
    refuse(because, &unlinted(sources));
}

fn too_long(sources: &[Source]) -> Vec<String> {
    let rust = sources.iter().filter(|source| source.is_rust());
    let counted = rust.map(|source| (source, source.text.lines().count()));
    counted
        .filter(|(_, count)| *count > LONGEST)
        .map(|(source, count)| format!("{}: {count} lines", source.path))
        .collect()
}

fn undescribed(sources: &[Source]) -> Vec<String> {
    let says = |source: &Source| source.text.strip_prefix("//! ").is_some_and(|rest| !rest.trim().is_empty());
    let rust = sources.iter().filter(|source| source.is_rust());
    rust.filter(|source| !says(source))
        .map(|source| describe(&source.path, 1, source.text.lines().next().unwrap_or_default()))
        .collect()
}

fn unlinted(sources: &[Source]) -> Vec<String> {
    let manifests = sources.iter().filter(|source| is_member(source));
    manifests
        .filter(|source| !source.text.contains("[lints]\nworkspace = true"))
        .map(|source| source.path.clone())
        .collect()
}

/// Whether it is the manifest of a crate of the workspace; `fuzz` is one of its own.
fn is_member(source: &Source) -> bool {
    source.path.ends_with("/Cargo.toml") && source.below("fuzz").is_none()
}
