//! The list of common passwords that `ums-core` refuses, made from a public one.

use std::collections::BTreeSet;
use std::fs;

/// Where the list stands.
const LIST: &str = "ums-core/src/hash/common/passwords.txt";
/// Shorter ones fall to any length that can be set.
const SHORTEST: usize = 8;
/// From this length on, the default of the policy, every password of the public list is taken.
const LONG: usize = 15;
/// How many of the most used ones are taken from, whatever their length.
const MOST_USED: usize = 100_000;

/// Makes the list from a file that has a password a line, the most used first.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let [path] = arguments else {
        return Err("name the file: a password a line, the most used first".to_owned());
    };
    let read = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    let list = listed(&String::from_utf8_lossy(&read));
    let text: String = list.iter().map(|password| format!("{password}\n")).collect();
    let target = crate::root().join(LIST);
    fs::write(&target, &text).map_err(|error| format!("{}: {error}", target.display()))?;
    println!("{}: {} passwords, {} bytes", target.display(), list.len(), text.len());
    Ok(())
}

/// In lower case, sorted by their bytes, each once.
fn listed(text: &str) -> BTreeSet<String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.contains('\u{FFFD}'));
    let wanted = lines.filter(|(rank, line)| {
        let length = line.chars().count();
        length >= LONG || (length >= SHORTEST && *rank < MOST_USED)
    });
    wanted.map(|(_, line)| line.chars().flat_map(char::to_lowercase).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_long_ones_and_the_most_used_in_lower_case_and_order() {
        let rare = "\n".repeat(MOST_USED);
        let text = format!(
            "short\nPassword\npassword\nZebra123\n{rare}unwanted\nPasswordPassword\nbroken\u{FFFD}broken1"
        );
        let list: Vec<_> = listed(&text).into_iter().collect();
        assert_eq!(list, ["password", "passwordpassword", "zebra123"]);
    }
}
