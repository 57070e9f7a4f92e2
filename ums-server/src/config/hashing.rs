//! What hashing a password costs, and how much of it happens at once.

use ums_core::HashOptions;

use super::variables::Variables;

/// The memory in KiB and the iterations that OWASP's Password Storage Cheat Sheet gives for argon2id, each as good as the
/// others.
const OWASP: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];
const MEMORY: &str = "PASSWORD_HASH_MEMORY_KIB";
const ITERATIONS: &str = "PASSWORD_HASH_ITERATIONS";
const CONCURRENCY: &str = "PASSWORD_HASH_CONCURRENCY";
const QUEUE: &str = "PASSWORD_HASH_QUEUE";

/// The options that the variables give; the core's defaults where they are unset.
pub(super) fn read(variables: &mut Variables) -> HashOptions {
    let mut options = HashOptions::new();
    let memory = variables.read(MEMORY, whole(7_168, 1 << 20));
    let iterations = variables.read(ITERATIONS, whole(1, 10));
    let (memory, iterations) = (memory.unwrap_or(19_456), iterations.unwrap_or(2));
    let least = OWASP.iter().find(|(enough, _)| *enough <= memory).map_or(5, |(_, least)| *least);
    if iterations < least {
        let allowed = format!("at least {least} with {memory} KiB of memory ({MEMORY}), as OWASP recommends");
        variables.refuse(ITERATIONS, Some(iterations.to_string()), allowed);
    }
    options = options.memory_kibibytes(memory).iterations(iterations);
    if let Some(concurrency) = variables.read(CONCURRENCY, whole(1, 1024)) {
        options = options.concurrency(concurrency as usize);
    }
    if let Some(queue) = variables.read(QUEUE, whole(0, 1_000_000)) {
        options = options.queue(queue as usize);
    }
    options
}

fn whole(least: u32, most: u32) -> impl FnOnce(&str) -> Result<u32, String> {
    move |value| match value.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("a whole number from {least} to {most}")),
    }
}
