//! What may stand in one place only.

use crate::rule::{LooksAt, Rule};

#[test]
fn only_keyspace_spells_a_key() {
    Rule {
        because: "keys are spelled in ums-core/src/keyspace alone, so that one page lists them all",
        within: &["ums-core/src/"],
        except: &[
            "ums-core/src/keyspace",
            // `Key` of AWS-LC's hmac.
            "ums-core/src/tokens",
            "ums-core/src/throttle/keys.rs",
            "ums-core/src/tokens/single_use.rs",
        ],
        looks_at: LooksAt::Code,
        // A literal is blank here.
        forbids: &["Key::new(", "Scan::partition( ", "Scan::partition(format!", "Scan::partition(&format!"],
        excused_by: None,
        caught: &[
            ("ums-core/src/directory/users.rs", "let key = Key::new(partition, sort);"),
            ("ums-core/src/page.rs", "store::Scan::partition(\"users/0\")"),
            ("ums-core/src/page.rs", "Scan::partition(format!(\"user/{id}\"))"),
        ],
        passed: &[
            ("ums-core/src/keyspace.rs", "Key::new(partition, sort)"),
            ("ums-core/src/secret.rs", "SecretKey::new(bytes)"),
            ("ums-core/src/sessions/list.rs", "Scan::partition(keyspace::user(user).as_str())"),
            ("ums-store/src/key.rs", "Key::new(a, b)"),
        ],
    }
    .hold();
}

#[test]
fn only_transaction_commits() {
    Rule {
        because: "commits go out through ums-core/src/transaction alone, which retries and settles them",
        within: &["ums-core/src/"],
        except: &["ums-core/src/transaction"],
        looks_at: LooksAt::Code,
        forbids: &["Op::put", "Op::delete", "Op::check", "Commit::new(", "CommitId::from_u128("],
        excused_by: None,
        caught: &[
            ("ums-core/src/sessions.rs", "let op = Op::put(key, value);"),
            ("ums-core/src/auth/login.rs", "store.commit(&Commit::new(id, ops)).await?"),
        ],
        passed: &[("ums-core/src/transaction/commit.rs", "Op::delete(key)")],
    }
    .hold();
}

#[test]
fn only_index_makes_index_entries() {
    Rule {
        because: "what follows from a record is made in ums-core/src/index alone, and written with it by the transaction",
        within: &["ums-core/src/"],
        except: &["ums-core/src/index", "ums-core/src/transaction"],
        looks_at: LooksAt::Code,
        forbids: &["IndexEntry"],
        excused_by: None,
        caught: &[("ums-core/src/directory/users.rs", "let entry = IndexEntry { key, value };")],
        passed: &[
            ("ums-core/src/index.rs", "IndexEntry { key, value }"),
            ("ums-core/src/directory/users.rs", "use crate::index::Indexed;"),
        ],
    }
    .hold();
}

#[test]
fn only_the_clock_reads_time_or_randomness() {
    Rule {
        because: "time and randomness come through `Clock` and `Random`, so that tests state exact results",
        within: &["ums-core/src/", "ums-http/src/", "ums-server/src/"],
        except: &["ums-core/src/clock.rs"],
        looks_at: LooksAt::AllCode,
        forbids: &[
            "SystemTime",
            "std::time::Instant",
            "Zoned::now",
            "jiff::Timestamp::now",
            "getrandom",
            "OsRng",
            "rand",
        ],
        excused_by: None,
        caught: &[
            ("ums-core/src/auth/login.rs", "let now = std::time::SystemTime::now();"),
            ("ums-http/src/lib.rs", "use std::time::Instant;"),
            ("ums-core/src/tokens/mod.rs", "getrandom::fill(&mut bytes)"),
        ],
        passed: &[
            ("ums-core/src/clock.rs", "SystemTime::now()"),
            ("ums-core/src/clock.rs", "getrandom::fill(b)"),
        ],
    }
    .hold();
}

#[test]
fn only_hash_sees_a_passwords_bytes() {
    Rule {
        because: "a password's bytes are seen in ums-core/src/hash alone",
        within: &["ums-core/src/", "ums-http/src/", "ums-server/src/"],
        except: &[
            "ums-core/src/hash",
            "ums-core/src/secret.rs",
            // Keys made from the secret, no passwords.
            "ums-core/src/page.rs",
            "ums-core/src/tokens",
            "ums-core/src/throttle/keys.rs",
        ],
        looks_at: LooksAt::Code,
        forbids: &[".expose("],
        excused_by: None,
        caught: &[("ums-core/src/auth/login.rs", "hash(password.expose())")],
        passed: &[("ums-core/src/hash/policy.rs", "password.expose()")],
    }
    .hold();
}

#[test]
fn only_problem_knows_an_error_status() {
    Rule {
        because: "which error has which status stands in ums-http/src/problem alone",
        within: &["ums-http/src/", "ums-server/src/"],
        except: &["ums-http/src/problem"],
        looks_at: LooksAt::Code,
        forbids: &[
            "StatusCode::BAD_REQUEST",
            "StatusCode::UNAUTHORIZED",
            "StatusCode::FORBIDDEN",
            "StatusCode::NOT_FOUND",
            "StatusCode::METHOD_NOT_ALLOWED",
            "StatusCode::REQUEST_TIMEOUT",
            "StatusCode::CONFLICT",
            "StatusCode::GONE",
            "StatusCode::PRECONDITION_FAILED",
            "StatusCode::PAYLOAD_TOO_LARGE",
            "StatusCode::UNSUPPORTED_MEDIA_TYPE",
            "StatusCode::UNPROCESSABLE_ENTITY",
            "StatusCode::TOO_MANY_REQUESTS",
            "StatusCode::INTERNAL_SERVER_ERROR",
            "StatusCode::SERVICE_UNAVAILABLE",
            "StatusCode::GATEWAY_TIMEOUT",
        ],
        excused_by: None,
        caught: &[("ums-http/src/routes/users.rs", "return StatusCode::NOT_FOUND.into_response();")],
        passed: &[
            ("ums-http/src/routes/users.rs", "(StatusCode::CREATED, Json(user))"),
            ("ums-http/src/problem.rs", "StatusCode::NOT_FOUND"),
        ],
    }
    .hold();
}

#[test]
fn only_the_configuration_reads_the_environment() {
    Rule {
        because: "the environment is read in ums-server/src/config alone",
        within: &["ums-"],
        except: &["ums-server/src/config/"],
        looks_at: LooksAt::Code,
        forbids: &["env::var", "env::var_os", "env::vars", "env::vars_os", "dotenvy", "option_env!"],
        excused_by: None,
        caught: &[
            ("ums-core/src/log/file.rs", "let directory = std::env::var(name)?;"),
            ("ums-server/src/run.rs", "dotenvy::dotenv().ok();"),
        ],
        passed: &[("ums-server/src/config/variables.rs", "std::env::var(name)")],
    }
    .hold();
}

#[test]
fn pure_modules_await_nothing() {
    Rule {
        because: "these modules are pure: no await, no clock, no store, so that they are tested without a runtime",
        within: &[
            "ums-core/src/access",
            "ums-core/src/parse",
            "ums-core/src/index",
            "ums-core/src/keyspace",
            "ums-core/src/record",
            "ums-core/src/throttle/account",
            "ums-core/src/throttle/bucket",
            "ums-core/src/throttle/schedule",
            "ums-core/src/import/columns",
            "ums-core/src/import/headings",
            "ums-core/src/import/rows",
            "ums-core/src/import/plan",
        ],
        except: &[],
        looks_at: LooksAt::Code,
        forbids: &["async", "await", "Clock", "SystemClock", "dyn Store", "dyn Random", "tokio"],
        excused_by: None,
        caught: &[
            ("ums-core/src/access.rs", "pub(crate) async fn may() {}"),
            ("ums-core/src/index/mod.rs", "fn changes(clock: &dyn Clock) {}"),
            ("ums-core/src/import/plan.rs", "fn decide(store: &dyn Store) {}"),
        ],
        passed: &[
            ("ums-core/src/access.rs", "pub(crate) fn may() {}"),
            ("ums-core/src/import/apply.rs", "async fn apply(store: &dyn Store) {}"),
        ],
    }
    .hold();
}

#[test]
fn nothing_panics_on_purpose() {
    Rule {
        because: "outside tests nothing is unwrapped: what can fail says so in its type",
        within: &["ums-"],
        // Made for tests, where a panic is a failure.
        except: &["ums-store/src/conformance", "ums-testkit/"],
        looks_at: LooksAt::Code,
        forbids: &[
            ".unwrap()",
            ".expect(",
            ".unwrap_err()",
            "panic!",
            "todo!",
            "unimplemented!",
            "unreachable!",
            "dbg!",
        ],
        excused_by: Some(("clippy::expect_used", 12)),
        caught: &[
            ("ums-core/src/a.rs", "let b = c.unwrap();"),
            ("ums-core/src/a.rs", "let b = c.expect(\"d\");"),
            ("ums-core/src/a.rs", "todo!()"),
            ("ums-core/src/a.rs", "dbg!(b)"),
        ],
        passed: &[
            ("ums-core/src/a.rs", "// never b.unwrap()\nb.unwrap_or_default()"),
            (
                "ums-core/src/a.rs",
                "#[expect(clippy::expect_used, reason = \"why\")]\nlet b = c.expect(\"d\");",
            ),
            ("ums-core/src/a.rs", "#[cfg(test)]\nmod tests {\n    b.unwrap();\n}"),
        ],
    }
    .hold();
}

#[test]
fn every_test_runs() {
    Rule {
        because: "a test that is left out by default is forgotten",
        within: &[],
        except: &["xtask/tests/tidy/"],
        looks_at: LooksAt::AllCode,
        forbids: &["#[ignore"],
        excused_by: None,
        caught: &[("ums-core/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn b() {}")],
        passed: &[("ums-core/tests/a.rs", "#[test]\nfn b() {}")],
    }
    .hold();
}

#[test]
fn no_test_sleeps() {
    Rule {
        because: "a test that sleeps is slow on a fast machine and wrong on a slow one: wait for what has to happen",
        within: &[],
        except: &["xtask/tests/tidy/"],
        looks_at: LooksAt::Tests,
        forbids: &["sleep(", "thread::sleep", "sleep_until("],
        // On a paused clock sleeping takes no time.
        excused_by: Some(("start_paused = true", usize::MAX)),
        caught: &[
            ("ums-core/tests/a.rs", "tokio::time::sleep(second).await;"),
            ("ums-core/src/a.rs", "#[cfg(test)]\nmod tests {\n    std::thread::sleep(second);\n}"),
        ],
        passed: &[
            ("ums-core/src/a.rs", "tokio::time::sleep(pause).await;"),
            ("ums-core/tests/a.rs", "#[tokio::test(start_paused = true)]\nasync fn b() {\n    sleep(second).await;\n}"),
        ],
    }
    .hold();
}

#[test]
fn nothing_is_left_to_do() {
    Rule {
        because: "what is left to do stands in an issue, not in the source",
        within: &[],
        except: &["xtask/tests/tidy/"],
        looks_at: LooksAt::Everything,
        forbids: &["TODO", "FIXME", "XXX", "HACK"],
        excused_by: None,
        caught: &[("README.md", "TODO: write this"), ("ums-core/src/a.rs", "// FIXME later")],
        passed: &[("ums-core/src/a.rs", "// why it is so")],
    }
    .hold();
}
