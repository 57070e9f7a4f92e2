//! `cargo xtask malformed`: every malformed workbook, and many that are changed by chance, each read by a process of its own.

use std::process::Command;

/// Reads the corpus, the heavy ones among it, and then as many changed ones as are named first, or 20,000, that follow from the
/// seed named second, or 1.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let (count, seed) = match arguments {
        [] => ("20000", "1"),
        [count] => (count.as_str(), "1"),
        [count, seed] => (count.as_str(), seed.as_str()),
        _ => return Err("usage: cargo xtask malformed [COUNT] [SEED]".to_owned()),
    };
    for number in [count, seed] {
        number.parse::<u64>().map_err(|_| format!("`{number}` is no number"))?;
    }
    for chosen in [&[][..], &["--mutations", count, "--seed", seed]] {
        let mut command = Command::new("cargo");
        command
            .args(["test", "--release", "--package", "ums-testkit", "--test", "malformed", "--"])
            .args(chosen);
        crate::run(command)?;
    }
    Ok(())
}
