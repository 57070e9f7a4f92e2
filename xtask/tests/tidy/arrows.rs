//! Which part may use which: down only.

use std::collections::{BTreeMap, BTreeSet};

use crate::rule::{describe, refuse};
use crate::source::{Source, load};

/// A crate, and those of ours that it may depend on.
const CRATES: [(&str, &[&str]); 11] = [
    ("ums-store", &[]),
    ("ums-store-memory", &["ums-store"]),
    ("ums-store-redb", &["ums-store"]),
    ("ums-core", &["ums-store"]),
    ("ums-http", &["ums-core"]),
    ("ums-smtp", &["ums-core"]),
    ("ums-server", &["ums-http", "ums-core", "ums-smtp", "ums-store-memory", "ums-store-redb"]),
    ("ums-testkit", &["ums-core", "ums-store"]),
    ("xtask", &[]),
    // Put together from the rest; nothing depends on them.
    ("examples", &["ums-server", "ums-http", "ums-core", "ums-store", "ums-store-memory", "ums-store-redb"]),
    ("benches", &["ums-http", "ums-core", "ums-store", "ums-store-memory", "ums-store-redb", "ums-testkit"]),
];

/// The modules of `ums-core`, from the top. A module uses those of its own row and of the rows below.
const ROWS: [&[&str]; 12] = [
    &["user_management"],
    &["import", "export", "auth"],
    &["directory", "verify"],
    &["sessions", "throttle", "outbox"],
    &["tokens", "access"],
    &["log", "notify", "page"],
    &["transaction"],
    &["index"],
    &["record", "keyspace"],
    &["model", "parse"],
    &["hash"],
    &["error", "clock", "secret", "origin"],
];

#[test]
fn crates_depend_downwards() {
    let because = "a crate depends only on those below it (see CRATES in this test)";
    let bad = Source::new("ums-store/Cargo.toml", "[dependencies]\nums-core.workspace = true\n");
    assert_eq!(forbidden_dependencies(&[bad]).len(), 1);
    let bad = Source::new("ums-http/Cargo.toml", "[dependencies]\nums-store-redb = { workspace = true }\n");
    assert_eq!(forbidden_dependencies(&[bad]).len(), 1);
    let unknown = Source::new("ums-new/Cargo.toml", "[dependencies]\n");
    assert_eq!(forbidden_dependencies(&[unknown]).len(), 1);
    let good = "[package]\nname = \"ums-core\"\n[dependencies]\nums-store.workspace = true\n\n\
                [dev-dependencies]\nums-testkit.workspace = true\n";
    assert_eq!(forbidden_dependencies(&[Source::new("ums-core/Cargo.toml", good)]).len(), 0);
    refuse(because, &forbidden_dependencies(load()));
}

#[test]
fn modules_of_the_core_use_downwards() {
    let because = "a module of ums-core uses only those of its own row and below (see ROWS in this test)";
    for (path, text) in [
        ("ums-core/src/model/user.rs", "use crate::directory::Users;"),
        ("ums-core/src/sessions.rs", "use crate::{error::Error, auth::Login};"),
        ("ums-core/src/index/mod.rs", "let a = super::transaction::Transaction::new();"),
        ("ums-core/src/import/rows/cells.rs", "use super::super::super::user_management::UserManagement;"),
        ("ums-core/src/novelty.rs", "use crate::error::Error;"),
    ] {
        assert_eq!(upward_uses(&[Source::new(path, text)]).len(), 1, "{path}: {text}");
    }
    let root = Source::new("ums-core/src/lib.rs", "pub use page::Page;\npub use auth::{Principal, Login};");
    let user =
        Source::new("ums-core/src/model/user.rs", "use crate::{Page, Error};\nuse super::super::Principal;");
    assert_eq!(upward_uses(&[root, user]).len(), 2);
    for (path, text) in [
        ("ums-core/src/directory/users.rs", "use crate::transaction::Transaction;\nuse super::sweep;"),
        ("ums-core/src/import/rows.rs", "use crate::{\n    auth::register,\n    Error, Result,\n};"),
        ("ums-core/src/model/user.rs", "#[cfg(test)]\nmod tests {\n    use crate::directory::Users;\n}"),
        ("ums-core/src/lib.rs", "mod novelty;\npub use crate::user_management::UserManagement;"),
        ("ums-http/src/lib.rs", "use crate::novelty;"),
    ] {
        assert_eq!(upward_uses(&[Source::new(path, text)]), Vec::<String>::new(), "{path}: {text}");
    }
    refuse(because, &upward_uses(load()));
}

fn forbidden_dependencies(sources: &[Source]) -> Vec<String> {
    let mut offenders = Vec::new();
    for source in sources {
        let Some(name) = source.path.strip_suffix("/Cargo.toml").filter(|name| *name != "fuzz") else {
            continue;
        };
        let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
            offenders.push(format!("{}: not in CRATES", source.path));
            continue;
        };
        let mut section = "";
        for (index, line) in source.text.lines().enumerate() {
            if line.starts_with('[') {
                section = line;
            }
            let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let is_forbidden = dependency.starts_with("ums-") && !allowed.contains(&dependency);
            if section == "[dependencies]" && is_forbidden {
                offenders.push(describe(&source.path, index + 1, line));
            }
        }
    }
    offenders
}

fn upward_uses(sources: &[Source]) -> Vec<String> {
    let exported = exported(sources);
    let mut offenders = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let Some(place) = source.below("ums-core/src").filter(|place| *place != "lib.rs") else { continue };
        let module: Vec<&str> = place.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect();
        let Some(row) = row_of(module[0]) else {
            offenders.push(format!("{}: the module `{}` is not in ROWS", source.path, module[0]));
            continue;
        };
        for name in used_names(&code(source), module.len()) {
            let used = exported.get(&name).unwrap_or(&name);
            if row_of(used).is_some_and(|other| other < row) {
                offenders.push(format!("{}: uses {name} of {used}", source.path));
            }
        }
    }
    offenders
}

/// What the crate's root exports, and from which module.
fn exported(sources: &[Source]) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    let Some(root) = sources.iter().find(|source| source.path == "ums-core/src/lib.rs") else {
        return exported;
    };
    let root = code(root);
    for (at, start) in root.match_indices("pub use ") {
        let Some((module, names)) = root[at + start.len()..].split_once("::") else { continue };
        exported.extend(first_names(names).into_iter().map(|name| (name, module.to_owned())));
    }
    exported
}

fn code(source: &Source) -> String {
    source.lines().map(|line| if line.is_test { "\n" } else { line.code }.to_owned() + "\n").collect()
}

fn row_of(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

/// The first names after `crate::`, and after as many `super::` as lead to the crate's root.
fn used_names(code: &str, depth: usize) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            let is_path_start = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if is_path_start {
                used.extend(first_names(&code[at + root.len()..]));
            }
        }
    }
    used
}

/// `a` of `a::b`, `a` and `c` of `{a::b, c::{d, e}}`.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
            }
            '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}
