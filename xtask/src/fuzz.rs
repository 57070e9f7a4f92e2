//! `cargo xtask fuzz`: cargo-fuzz on the targets in `fuzz/`.

use std::fs;
use std::process::Command;

/// Fuzzes the target named first, or each in turn, for the seconds named second, or 60.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (wanted, seconds) = match arguments {
        [] => (None, "60"),
        [target] => (Some(target), "60"),
        [target, seconds] => (Some(target), seconds.as_str()),
        _ => return Err("usage: cargo xtask fuzz [TARGET] [SECONDS]".to_owned()),
    };
    let seconds: u32 = seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?;
    let targets = targets()?;
    if let Some(unknown) = wanted.filter(|wanted| !targets.contains(wanted)) {
        return Err(format!("there is no target `{unknown}`; there are {}", targets.join(", ")));
    }
    for target in targets.iter().filter(|target| wanted.is_none_or(|wanted| wanted == *target)) {
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "run", target, "--", &format!("-max_total_time={seconds}")]);
        crate::run(command)?;
    }
    Ok(())
}

/// The targets, in order: the files of `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, String> {
    let directory = crate::root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut targets: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    targets.sort();
    Ok(targets)
}
