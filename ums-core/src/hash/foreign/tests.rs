//! What other systems' hashes verify, and how far their parameters are obeyed.

use proptest::prelude::*;

use crate::hash::password::Password;
use crate::hash::scheme::Scheme;
use crate::hash::stored::UnusableHash;

/// The password behind [`HASHES`].
const PASSWORD: &str = "Grüße aus Köln 42";

/// Made once in Python: by the packages bcrypt 4.0.1, passlib 1.7.4, Django 5.2.19 and argon2-cffi 25.1.0, and the PHC
/// strings from what `hashlib` computed.
const HASHES: [&str; 19] = [
    "$2a$04$GDK.ikKYfWEHZrJt1nGr1OScxg/32lp3xcnugRv7zDBfO.FKnRW5O",
    "$2b$04$XzAaDh7dt6hHA0QXqpaV7O4wsJE8iwkzyHfLYQhqIo5JEQZHZZjyq",
    "$2y$04$EzSBWIoycKbv0y7tmhYYhuaAJ2tZMHxEFz9saxAzkB2rt9kBVNvCy",
    "$pbkdf2$100$B2BMaW1tzRlDqNUagzAmhA$zqnx8aXF6ehdd9rMXy0B4Zg92Do",
    "$pbkdf2-sha256$100$yzmH8F5LyRnjvJfyPsdYKw$K98AnNIeymD38Agli7ijBc0DJ5rLWXgRZOCqTB2iz8E",
    "$pbkdf2-sha512$100$Usr5X.t97937H2NMaS0lJA$0aIROcBiqKH1EoLeTtIcVvQIJt3JKmPIPWGdzMhngPNFy7d0wVUxndOUwTIDac7IiX6xGII7AfL92WWX0RKjCA",
    "$scrypt$ln=4,r=8,p=2$Vurdey/FmJNS6r1XKoUQ4g$fhSbdKrUHzJXU+lQhEQzUNB+aNyvyJTAvg0HLX6IaKo",
    "pbkdf2_sha1$100$Wd0Rx5S2QlU7dI5B4enZW3$0QGf5ZtduRKl3x7kDgYuCK6iN54=",
    "pbkdf2_sha256$100$bP3DTa8A3zcvzVnDfhkMMC$za8/HlWSXWQ4V22hGte1sfu3KWDJoRnf9i1SKEm1WOU=",
    "bcrypt$$2b$04$SkLj5MhqgkRF8HKYE6.zQ.QX.045W46rb5.QPBGgFWgptp3nC5FtG",
    "bcrypt_sha256$$2b$04$6NLNcXpyFq0H4KhYV/7D/O4XvCwKOnFwLcQnwVGpiinA1jNS2GEGS",
    "argon2$argon2id$v=19$m=256,t=2,p=2$Rk02eDRJNzlWaWdpdnNOWlhpRWt4Rw$ttqZHf4IhyC2CZOXvukBaKjWsB7h4KxLPlza0A+9vJQ",
    "scrypt$16$jGnkYE6cujenAOxC3kZadY$8$5$hV/+Vy/YXEe6uw0Dsbw9zzfVfTPNdoX91d4D3u88bYXAaV13aJ7sxrcVBF8EqxTqE4xCiXfjcriiYfzybaPuXQ==",
    "$pbkdf2-sha256$i=100,l=32$AAECAwQFBgcICQoLDA0ODw$0xyCPKrWmq2boukLHI6rXFYv+zeINNDElWOLHd2dnjc",
    "$pbkdf2-sha256$i=100,l=64$AAECAwQFBgcICQoLDA0ODw$0xyCPKrWmq2boukLHI6rXFYv+zeINNDElWOLHd2dnjcNhzhFpAS/d1m87PbIu3M0+rkN8guN2juLa+acVwj5bw",
    "$pbkdf2-sha512$i=100$AAECAwQFBgcICQoLDA0ODw$qU8ZrKyjatDRZmZn509lTV+rjlAFBXaWytkMiZHs8cs34K1ToEy0T1kL/2t8+rfLa1egNk+sdbb8PN03LOC8Bw",
    "$pbkdf2-sha1$i=100$AAECAwQFBgcICQoLDA0ODw$cr3m5TrwRxB3RnDvv23/tURNyco",
    "$scrypt$ln=5,r=4,p=3$AAECAwQFBgcICQoLDA0ODw$1fgWI32flMTOrGi8kfJA2Iv/sFpekd3fkU4gHf/lPJBF1gLR1rBpREsiNgoscSDjiwNcIS4debb4dTNxEwXCuw",
    "$argon2d$v=19$m=64,t=1,p=1$OMUFynFGkAigbh49Pne/xA$UhgbgfvNa6IBWW4S+bsREwLLOtqY+ZVPo0F4KHij1Mw",
];

/// bcrypt 4.0.1's hashes of 71, 72, 73 and 80 times `x`.
const LONG: [(usize, &str); 4] = [
    (71, "$2b$04$VUbos4dPMVu.7qi6ryAX5.iH83nvpgis6DPmIRfPU.9yTQgmHlpjK"),
    (72, "$2b$04$IFMx7JlpQFf41z799WSUa..X6ACj0i/RLJ8RH.eaSAcVxzAlaAggi"),
    (73, "$2b$04$Odz/MzPy5R2DszfiB3zuHuH2GfmPBkeq1iU4TH.w6UPIrauMAf/Bi"),
    (80, "$2b$04$4NmfaLWULsbHRVzu5dfm5eW2W83ExxnX6ctOZz4OcOoMoHLL4WRHK"),
];

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn matches(text: &str, password: &str) -> bool {
    let mut memory = vec![argon2::Block::new(); 16_384];
    scheme(text).matches(&Password::new(password), &mut memory).unwrap()
}

fn refusal(text: &str) -> Option<UnusableHash> {
    Scheme::parse(text).err()
}

#[test]
fn verifies_what_other_systems_made_and_nothing_near_it() {
    for hash in HASHES {
        assert!(matches(hash, PASSWORD), "{hash}");
        for near in [
            "",
            "Grüße aus Köln 4",
            "Grüße aus Köln 42 ",
            "GRÜSSE AUS KÖLN 42",
            "Gru\u{308}ße aus Ko\u{308}ln 42",
            "Grüße aus Köln 42\0",
            "Grüße aus Köln 42\0more",
        ] {
            assert!(!matches(hash, near), "{hash} {near:?}");
        }
    }
}

#[test]
fn a_changed_output_matches_nothing() {
    for hash in HASHES {
        let at = hash.trim_end_matches('=').len() - 4;
        let other = if &hash[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &hash[..at], &hash[at + 1..]);
        assert!(!matches(&changed, PASSWORD), "{changed}");
    }
}

#[test]
fn bcrypt_matches_only_a_password_that_its_hash_stands_for_wholly() {
    for (length, hash) in LONG {
        for typed in 70..=81 {
            let expected = typed == length.min(72);
            assert_eq!(matches(hash, &"x".repeat(typed)), expected, "{length} {typed}");
        }
    }
}

#[test]
fn parameters_are_bounded_before_they_are_obeyed() {
    const OUT: Option<UnusableHash> = Some(UnusableHash::OutOfBounds);
    const MALFORMED: Option<UnusableHash> = Some(UnusableHash::Malformed);
    let (salt, output) = ("AAECAwQFBgcICQoLDA0ODw", "0xyCPKrWmq2boukLHI6rXFYv+zeINNDElWOLHd2dnjc");
    for (cost, expected) in [
        ("ln=17,r=8,p=1", None),
        ("ln=17,r=8,p=4", None),
        ("ln=17,r=16,p=2", None),
        ("p=1,r=8,ln=1", None),
        ("ln=18,r=8,p=1", OUT),
        ("ln=0,r=8,p=1", OUT),
        ("ln=273,r=8,p=1", OUT),
        ("ln=4294967295,r=8,p=1", OUT),
        ("ln=17,r=8,p=5", OUT),
        ("ln=17,r=17,p=1", OUT),
        ("ln=4,r=33,p=1", OUT),
        ("ln=4,r=0,p=1", OUT),
        ("ln=4,r=8,p=17", OUT),
        ("ln=4,r=8,p=0", OUT),
        ("ln=4,r=4294967296,p=1", OUT),
        ("ln=4,r=8", MALFORMED),
        ("ln=4,r=8,p=1,p=1", MALFORMED),
        ("ln=4,r=8,p=1,x=1", MALFORMED),
        ("ln=+4,r=8,p=1", MALFORMED),
        ("ln=,r=8,p=1", MALFORMED),
    ] {
        assert_eq!(refusal(&format!("$scrypt${cost}${salt}${output}")), expected, "{cost}");
    }
    for (cost, expected) in [
        ("131072$seasalt-seasalt$8$1", None),
        ("262144$seasalt-seasalt$8$1", OUT),
        ("4294967296$seasalt-seasalt$8$1", OUT),
        ("0$seasalt-seasalt$8$1", OUT),
        ("1$seasalt-seasalt$8$1", OUT),
        ("24$seasalt-seasalt$8$1", OUT),
        ("16$seasalt$8$1", OUT),
        ("16$seasalt-seasalt$8", MALFORMED),
        ("16$seasalt-seasalt$8$1$1", MALFORMED),
        ("16$seasalt-seasalt$8$x", MALFORMED),
    ] {
        assert_eq!(refusal(&format!("scrypt${cost}${output}")), expected, "{cost}");
    }
    for (cost, expected) in [
        ("i=10000000", None),
        ("i=10000000,l=32", None),
        ("10000000", None),
        ("i=10000001", OUT),
        ("10000001", OUT),
        ("i=0", OUT),
        ("0", OUT),
        ("99999999999999999999", OUT),
        ("i=1,l=31", MALFORMED),
        ("l=32", MALFORMED),
        ("", MALFORMED),
        ("-1", MALFORMED),
    ] {
        assert_eq!(refusal(&format!("$pbkdf2-sha256${cost}${salt}${output}")), expected, "{cost}");
    }
    // Two blocks of SHA-1 cost twice.
    assert_eq!(refusal(&format!("$pbkdf2$5000000${salt}${output}")), None);
    assert_eq!(refusal(&format!("$pbkdf2$5000001${salt}${output}")), OUT);
    assert_eq!(refusal(&format!("pbkdf2_sha256$10000001$seasalt-seasalt${output}")), OUT);
    let rest = "XzAaDh7dt6hHA0QXqpaV7O4wsJE8iwkzyHfLYQhqIo5JEQZHZZjyq";
    for (cost, expected) in [
        ("2b$04", None),
        ("2y$15", None),
        ("2b$03", OUT),
        ("2b$16", OUT),
        ("2b$31", OUT),
        ("2b$4", MALFORMED),
        ("2b$+4", MALFORMED),
        ("2x$04", Some(UnusableHash::UnknownScheme)),
        ("2$04", Some(UnusableHash::UnknownScheme)),
    ] {
        assert_eq!(refusal(&format!("${cost}${rest}")), expected, "{cost}");
        assert_eq!(refusal(&format!("bcrypt_sha256$${cost}${rest}")), expected, "{cost}");
    }
}

#[test]
fn salts_and_outputs_have_a_least_and_a_most() {
    let pbkdf2 = |salt: usize, output: usize| {
        // Each is written with as many bytes of zeros.
        let text = |bytes: usize| "A".repeat((bytes * 8).div_ceil(6));
        refusal(&format!("$pbkdf2-sha256$1${}${}", text(salt), text(output)))
    };
    for (salt, output, fits) in [
        (8, 16, true),
        (128, 64, true),
        (7, 16, false),
        (8, 15, false),
        (129, 16, false),
        (8, 65, false),
        (0, 16, false),
    ] {
        assert_eq!(pbkdf2(salt, output), (!fits).then_some(UnusableHash::OutOfBounds), "{salt} {output}");
    }
}

#[test]
fn every_one_is_outdated() {
    let nothing = crate::hash::argon2::Cost { memory: 8, iterations: 1, parallelism: 1 };
    for hash in HASHES.into_iter().filter(|hash| !hash.contains("argon2id")) {
        assert!(scheme(hash).falls_short_of(nothing), "{hash}");
    }
}

fn is_within_bounds(scheme: &Scheme) -> bool {
    match scheme {
        Scheme::Argon2(hash) => {
            let cost = hash.cost();
            (8..=1 << 20).contains(&cost.memory) && (1..=10).contains(&cost.iterations)
        }
        Scheme::Bcrypt(hash) => (4..=15).contains(&hash.cost()),
        Scheme::Scrypt(hash) => {
            let (log_n, r, p) = hash.cost();
            log_n <= 17 && hash.memory() <= 1 << 18 && (u64::from(r * p) << log_n) <= 1 << 22
        }
        Scheme::Pbkdf2(hash) => (1..=10_000_000).contains(&hash.work()),
    }
}

proptest! {
    #[test]
    fn whatever_is_taken_is_within_bounds(
        text in r"\$scrypt\$ln=[0-9]{1,2},r=[0-9]{1,2},p=[0-9]{1,2}\$[A-P]{0,30}\$[A-P]{20,90}|scrypt\$(2|16|1024|131072|262144|[0-9]{1,10})\$[a-z]{0,30}\$[0-9]{1,2}\$[0-9]{1,2}\$[A-P]{20,90}|\$pbkdf2(-sha1|-sha256|-sha512)?\$(i=)?[0-9]{1,9}\$[A-P]{0,30}\$[A-P]{20,90}|(\$|bcrypt_sha256\$\$|bcrypt\$\$)2[abxy]\$[0-3][0-9]\$[A-Za-z0-9./]{53}",
    ) {
        if let Ok(scheme) = Scheme::parse(&text) {
            prop_assert!(is_within_bounds(&scheme), "{}", text);
        }
    }

    #[test]
    fn hostile_text_is_taken_or_refused_and_never_a_panic(
        hash in 0..HASHES.len(),
        at in any::<prop::sample::Index>(),
        removed in 0..4_usize,
        put in r"[$=,.0-9A-Za-z+/]{0,4}|\PC{0,4}",
        any_text in any::<String>(),
    ) {
        let mut characters: Vec<char> = HASHES[hash].chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..(at + removed).min(characters.len()), put.chars());
        for text in [characters.into_iter().collect(), any_text] {
            if let Ok(scheme) = Scheme::parse(&text) {
                prop_assert!(is_within_bounds(&scheme), "{}", text);
            }
        }
    }
}
