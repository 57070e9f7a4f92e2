//! Cases, run one after the other.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Instant;

use super::canary;

/// One thing that is tried, and what has to come of it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) number: u8,
    pub(crate) says: &'static str,
    pub(crate) run: fn() -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// A case of an async function.
macro_rules! case {
    ($number:literal, $says:literal, $run:path) => {
        $crate::case::Case { number: $number, says: $says, run: || Box::pin($run()) }
    };
}
pub(crate) use case;

/// Runs those that the arguments name, all where they name none; then looks whether a secret of any got out.
pub(crate) fn run(cases: &[Case]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |case: &&Case| {
        let named = |word: &&&String| ***word == case.number.to_string() || case.says.contains(word.as_str());
        wanted.is_empty() || wanted.iter().any(|word| named(&word))
    };
    let chosen: Vec<&Case> = cases.iter().filter(chosen).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        chosen.iter().for_each(|case| println!("{}: test", case.says));
        return ExitCode::SUCCESS;
    }
    println!("\nwhat an attacker tries, against the running server on redb: {} cases", chosen.len());
    canary::listen();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut failed = 0;
    for case in &chosen {
        let passed = passes(&runtime, (case.run)(), &format!("{:>3}  {}", case.number, case.says));
        failed += usize::from(!passed);
    }
    if !chosen.is_empty() {
        let all = "     no password, token or key of these is in a log at TRACE, a store's file or the body of an error";
        failed += usize::from(!passes(&runtime, async { canary::search() }, all));
    }
    println!("\n{} passed, {failed} failed", chosen.len() + usize::from(!chosen.is_empty()) - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a case takes is told to who runs it; nothing rests on it"
)]
fn passes(
    runtime: &tokio::runtime::Runtime,
    work: impl Future<Output = ()> + Send + 'static,
    says: &str,
) -> bool {
    let began = Instant::now();
    let passed = runtime.block_on(runtime.spawn(work)).is_ok();
    let verdict = if passed { "ok" } else { "FAILED" };
    println!("{says} ... {verdict} ({:.1} s)", began.elapsed().as_secs_f64());
    passed
}
