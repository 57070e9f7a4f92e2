//! What a hasher takes for the password, and what that costs.

use super::*;
use crate::{Error, SystemRandom};

const PASSWORD: &str = "StrongPassword123";

fn options() -> HashOptions {
    HashOptions::new().memory_kibibytes(16).iterations(1).concurrency(2)
}

fn hasher(options: &HashOptions) -> Hasher {
    Hasher::new(options, Arc::new(SystemRandom)).unwrap()
}

fn stored(text: &str) -> StoredHash {
    StoredHash::parse(text).unwrap()
}

#[tokio::test]
async fn verifies_what_it_hashed_and_nothing_near_it() {
    let hasher = hasher(&options());
    let text = "Stro\u{308}ngﬁ Password";
    let hash = hasher.hash(&Password::new(text)).await.unwrap();
    let verdict = hasher.verify(&Password::new(text), Some(&hash), &AtomicBool::default()).await.unwrap();
    assert_eq!(verdict, Verdict { matches: true, outdated: false });
    for near in [
        "",
        "Stro\u{308}ngﬁ Passwor",
        "Stro\u{308}ngﬁ Password ",
        " Stro\u{308}ngﬁ Password",
        "STRO\u{308}NGﬁ PASSWORD",
        "Str\u{f6}ngﬁ Password",
        "Stro\u{308}ngfi Password",
        "Stro\u{308}ngﬁ Password\0",
    ] {
        let verdict = hasher.verify(&Password::new(near), Some(&hash), &AtomicBool::default()).await.unwrap();
        assert_eq!(verdict, Verdict { matches: false, outdated: false }, "{near:?}");
    }
}

#[tokio::test]
async fn writes_phc_strings_with_a_salt_each() {
    let hasher = hasher(&HashOptions::new().memory_kibibytes(64).iterations(3).parallelism(2));
    let password = Password::new(PASSWORD);
    let hashes = [hasher.hash(&password).await.unwrap(), hasher.hash(&password).await.unwrap()];
    let texts = hashes.map(|hash| serde_json::to_value(hash).unwrap().as_str().unwrap().to_owned());
    let parts = texts.map(|text| text.split('$').map(str::to_owned).collect::<Vec<_>>());
    for part in &parts {
        assert_eq!(part[..4], ["", "argon2id", "v=19", "m=64,t=3,p=2"]);
        assert_eq!((part[4].len(), part[5].len()), (22, 43));
    }
    assert_ne!(parts[0][4], parts[1][4]);
    assert_ne!(parts[0][5], parts[1][5]);
}

/// From the test suite of argon2's reference implementation (`src/test.c`).
#[tokio::test]
async fn verifies_the_reference_implementations_hashes() {
    let hasher = hasher(&options());
    let vectors = [
        ("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8", true),
        ("$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY", true),
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", true),
        ("$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", true),
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/8", false),
        ("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", false),
    ];
    for (text, matches) in vectors {
        let verdict = hasher
            .verify(&Password::new("password"), Some(&stored(text)), &AtomicBool::default())
            .await
            .unwrap();
        assert_eq!(verdict, Verdict { matches, outdated: matches }, "{text}");
    }
}

#[tokio::test]
async fn a_hash_is_outdated_where_it_falls_short_of_the_options() {
    let password = Password::new(PASSWORD);
    let cost = |memory, iterations, parallelism| {
        HashOptions::new().memory_kibibytes(memory).iterations(iterations).parallelism(parallelism)
    };
    let hash = hasher(&cost(64, 2, 2)).hash(&password).await.unwrap();
    for (today, outdated) in [
        (cost(64, 2, 2), false),
        (cost(32, 1, 1), false),
        (cost(64, 2, 4), false),
        (cost(65, 2, 2), true),
        (cost(64, 3, 2), true),
        (cost(32, 3, 2), true),
    ] {
        let verdict = hasher(&today).verify(&password, Some(&hash), &AtomicBool::default()).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, outdated }, "{today:?}");
    }
}

#[tokio::test]
async fn unknown_accounts_and_unusable_hashes_cost_the_same_one_verification() {
    let hasher = hasher(&options());
    let password = Password::new(PASSWORD);
    let hash = hasher.hash(&password).await.unwrap();
    let unusable: StoredHash =
        serde_json::from_str(r#""$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAA""#).unwrap();
    for (account, matches) in [(Some(&hash), true), (None, false), (Some(&unusable), false)] {
        let before = hasher.gate.probe.begun().len();
        let verdict = hasher.verify(&password, account, &AtomicBool::default()).await.unwrap();
        assert_eq!(verdict, Verdict { matches, outdated: false });
        assert_eq!(hasher.gate.probe.begun()[before..], [16]);
    }
    let (Ok(Scheme::Argon2(decoy)), Ok(Scheme::Argon2(real))) = (hasher.decoy.scheme(), hash.scheme()) else {
        panic!("another scheme");
    };
    assert_eq!(decoy.cost(), real.cost());
}

/// Of `password`, made by Python's `hashlib.scrypt` and the package bcrypt 4.0.1.
#[tokio::test]
async fn other_systems_hashes_pass_the_gate_with_the_memory_that_they_take() {
    let hasher = hasher(&options());
    for (hash, memory) in [
        ("$scrypt$ln=6,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$qd8Y6bz38z+3hrSMNZVKDMMTGH0/cvtIDZNy/ydvVMo", 64),
        ("$2b$04$c2SYMt3Zpl4EDAVsAv.cWe8dg2HC7t.W0uscUpDnE2Eya6eJU.Z7C", 0),
    ] {
        for (password, matches) in [("password", true), ("passwort", false)] {
            let before = hasher.gate.probe.begun().len();
            let verdict = hasher
                .verify(&Password::new(password), Some(&stored(hash)), &AtomicBool::default())
                .await
                .unwrap();
            assert_eq!(verdict, Verdict { matches, outdated: matches }, "{hash}");
            assert_eq!(hasher.gate.probe.begun()[before..], [memory], "{hash}");
        }
    }
}

#[tokio::test]
async fn nobody_matches_without_an_account_not_even_with_the_decoys_password() {
    let mut hasher = hasher(&options());
    let password = Password::new(PASSWORD);
    hasher.decoy = hasher.hash(&password).await.unwrap();
    let verdict = hasher.verify(&password, None, &AtomicBool::default()).await.unwrap();
    assert_eq!(verdict, Verdict { matches: false, outdated: false });
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_never_run_more_than_the_permits() {
    let hasher = Arc::new(hasher(&options().memory_kibibytes(1024)));
    let hash = Arc::new(hasher.hash(&Password::new(PASSWORD)).await.unwrap());
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let (hasher, hash) = (Arc::clone(&hasher), Arc::clone(&hash));
            let right = number % 2 == 0;
            let password = Password::new(if right { PASSWORD } else { "another password" });
            tokio::spawn(async move {
                (right, hasher.verify(&password, Some(&hash), &AtomicBool::default()).await.unwrap().matches)
            })
        })
        .collect();
    for task in tasks {
        let (right, matches) = task.await.unwrap();
        assert_eq!(right, matches);
    }
    assert!(hasher.gate.probe.peak() <= 2, "{}", hasher.gate.probe.peak());
    assert_eq!(hasher.gate.probe.begun().len(), 65);
}

#[tokio::test]
async fn options_out_of_bounds_make_no_hasher() {
    let refused = Hasher::new(&options().iterations(11), Arc::new(SystemRandom));
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn shows_neither_hash_nor_decoy() {
    let hasher = hasher(&options());
    let shown = format!("{hasher:?} {hasher:#?}");
    assert!(!shown.contains("argon2id") && shown.contains("StoredHash(…)"), "{shown}");
}
