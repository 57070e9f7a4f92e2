//! The race of refreshes for longer than CI has time.

use std::process::Command;

/// As many as the promise names.
const ROUNDS: u64 = 10_000;

pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (mut rounds, mut seed) = (ROUNDS, 1);
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next().and_then(|text| text.parse::<u64>().ok());
        match (name.as_str(), value) {
            ("--rounds", Some(number)) => rounds = number,
            ("--seed", Some(number)) => seed = number,
            _ => return Err("`refresh-race` takes --rounds N and --seed S, both whole numbers".to_owned()),
        }
    }
    let mut command = Command::new("cargo");
    command.args(["run", "--release", "--package", "ums-testkit", "--example", "refresh_race", "--"]);
    command.args([rounds.to_string(), seed.to_string()]);
    crate::run(command)
}
