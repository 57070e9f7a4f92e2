//! What an attacker does to accounts, tokens, rights and input, done to the running server on redb: one case for each
//! thing tried, by number. It prints the list. `cargo test --package ums-examples --test abuse -- 19 20` runs two of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod accounts;
mod bodies;
mod canary;
mod case;
mod client;
mod fields;
mod forged;
mod passwords;
mod refreshing;
mod registration;
mod rights;
mod roles;
#[path = "../support/mod.rs"]
mod support;
mod throttling;
mod tokens;
mod world;

use std::process::ExitCode;

use case::Case;

fn main() -> ExitCode {
    let mut cases: Vec<Case> = [
        accounts::CASES,
        throttling::CASES,
        registration::CASES,
        passwords::CASES,
        tokens::CASES,
        forged::CASES,
        refreshing::CASES,
        roles::CASES,
        rights::CASES,
        fields::CASES,
        bodies::CASES,
    ]
    .concat();
    cases.sort_by_key(|case| case.number);
    let numbers: Vec<u8> = cases.iter().map(|case| case.number).collect();
    assert_eq!(numbers, (1..=44).collect::<Vec<u8>>(), "each thing has one case");
    case::run(&cases)
}
