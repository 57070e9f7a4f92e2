//! Accounts that come with another system's password hashes: they log in, and are argon2id's from then on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Arc;

use ums_core::import::{ImportOptions, ImportReport};
use ums_core::model::{Patch, Status, UserPatch};
use ums_core::store::{Scan, Store};
use ums_core::{Credentials, Error, HashOptions, Password, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, PASSWORD};

/// Hashes of [`PASSWORD`], each cheap in its way: made once by passlib 1.7.4 and Django 5.2.19.
const HASHES: [(&str, &str); 7] = [
    ("bcrypt@example.com", "$2b$04$Bd9z6mtcgzPAoZOU5wz.WeoAYzXGv1eojLukNWyYtFYl/w/7FneU2"),
    (
        "scrypt@example.com",
        "$scrypt$ln=4,r=8,p=1$RiglRChFqNUaozQmxLi31g$w/JtIPifcB9bueTdhQ+l5xFgk6neNXNGD6oVRGkhlrQ",
    ),
    (
        "pbkdf2@example.com",
        "$pbkdf2-sha256$100$tfYeg9Dau9fau5dSqpVSag$AwpS0hzVk7XpnJE.hQNnEbZJe5bkv.n0XEfM2qSsYrk",
    ),
    (
        "django_pbkdf2@example.com",
        "pbkdf2_sha256$100$pHksJzsAQAMVghCTC2361f$4DeH4Z/y1FQHW8D/JWMB80LgJB/NPJ76cUYZpQojIzc=",
    ),
    (
        "django_scrypt@example.com",
        "scrypt$16$NBC2ycucf0P5BgwwRNF06u$8$5$wxgzTtinuO9fSeZjAWEHIQ0l2ZUVietqIl7U+/mFHdXQ3W4qwZJ7BigjtJhiPOCwkuh4cfOaC2bUwT40FZg6tw==",
    ),
    (
        "django_bcrypt@example.com",
        "bcrypt_sha256$$2b$04$tGuFBKf4NIuvLNYBs3HngO.BZZpRyG0yHRGiR5nz4PWThYBSy1ggu",
    ),
    (
        "django_argon2@example.com",
        "argon2$argon2id$v=19$m=256,t=2,p=2$eW9lWms3WUdndkRHcEYzRFRTZTQzQQ$fZrXKAtsrE4dRbXYH0ja8jWOKWl/ykMqIxPJYQX0rEQ",
    ),
];

async fn fixture() -> Fixture {
    let hashing = HashOptions::new().memory_kibibytes(512).iterations(1).queue(100_000);
    Fixture::with(Arc::new(MemoryStore::new()), |builder| builder.hashing(hashing)).await
}

async fn import<'a>(fixture: &Fixture, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> ImportReport {
    let heading = ["email", "full_name", "password_hash"];
    let rows = rows.into_iter().map(|(email, hash)| [email, "Somebody", hash]);
    let maker = WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows));
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&maker.bytes()).unwrap();
    file.rewind().unwrap();
    fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap()
}

async fn login(fixture: &Fixture, email: &str, password: &str) -> Result<(), Error> {
    let credentials = Credentials { email: email.to_owned(), password: Password::new(password) };
    fixture.ums.anonymous().login(&credentials).await.map(drop)
}

/// The hash that stands in the store for the account that has this address.
async fn stored_hash(fixture: &Fixture, email: &str) -> String {
    let mut filter = UserFilter::default();
    filter.q = Some(email.to_owned());
    let users = fixture.ums.system().users(&filter, &Default::default()).await.unwrap();
    let id: u64 = users.items[0].id.into();
    let partition = format!("user/{id:012}");
    let page = fixture.store.scan(&Scan::partition(&partition).prefix("credential")).await.unwrap();
    let value: serde_json::Value = serde_json::from_str(&page.items[0].entry.value).unwrap();
    value.pointer("/data/password_hash").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_foreign_hash_is_replaced_at_the_first_login_and_no_sooner() {
    let fixture = fixture().await;
    let report = import(&fixture, HASHES).await;
    assert_eq!((report.users.created, report.users.failed), (HASHES.len() as u64, 0), "{:?}", report.errors);
    for (email, hash) in HASHES {
        assert_eq!(stored_hash(&fixture, email).await, hash);
        for wrong in
            ["", "StrongPassword12", "StrongPassword123 ", "strongpassword123", "StrongPassword123\0"]
        {
            let refused = login(&fixture, email, wrong).await;
            assert!(matches!(refused, Err(Error::InvalidCredentials)), "{email} {wrong:?}");
        }
        assert_eq!(stored_hash(&fixture, email).await, hash, "{email}");

        login(&fixture, email, PASSWORD).await.unwrap_or_else(|error| panic!("{email}: {error}"));
        let renewed = stored_hash(&fixture, email).await;
        assert!(renewed.starts_with("$argon2id$v=19$m=512,t=1,p=1$"), "{email}: {renewed}");
        login(&fixture, email, PASSWORD).await.unwrap_or_else(|error| panic!("{email}: {error}"));
        assert_eq!(stored_hash(&fixture, email).await, renewed, "{email}");
        assert!(login(&fixture, email, "StrongPassword12").await.is_err());
    }
    fixture.verify().await;
}

#[tokio::test]
async fn who_may_not_log_in_keeps_their_hash() {
    let fixture = fixture().await;
    import(&fixture, HASHES).await;
    let (email, hash) = HASHES[0];
    let mut filter = UserFilter::default();
    filter.q = Some(email.to_owned());
    let system = fixture.ums.system();
    let user = system.users(&filter, &Default::default()).await.unwrap().items.remove(0);
    let status = |status| {
        let (system, id) = (system.clone(), user.id);
        let patch = UserPatch { status: Patch::Set(status), ..UserPatch::default() };
        async move { system.change_user(id, &patch, None).await.unwrap() }
    };
    status(Status::Suspended).await;
    assert!(matches!(login(&fixture, email, PASSWORD).await, Err(Error::InvalidCredentials)));
    assert_eq!(stored_hash(&fixture, email).await, hash);
    status(Status::Active).await;
    login(&fixture, email, PASSWORD).await.unwrap();
    assert_ne!(stored_hash(&fixture, email).await, hash);
    fixture.verify().await;
}

#[tokio::test]
async fn a_hash_that_cannot_be_verified_fails_its_row_and_names_the_reason_alone() {
    let fixture = fixture().await;
    let hashes = [
        ("cost", "$2b$16$Bd9z6mtcgzPAoZOU5wz.WeoAYzXGv1eojLukNWyYtFYl/w/7FneU2", "a cost of 4 to 15"),
        ("version", "$2x$04$Bd9z6mtcgzPAoZOU5wz.WeoAYzXGv1eojLukNWyYtFYl/w/7FneU2", "not supported"),
        ("crypt", "$6$saltsalt$Bd9z6mtcgzPAoZOU5wzWeoAYzXGv1eojLukNWyYtFYl", "not supported"),
        ("part", "$2b$04$Bd9z6mtcgzPAoZOU5wz.WeoAYzXGv1eojLukNWyYtFYl", "not a complete hash"),
    ];
    let rows = hashes.map(|(name, hash, _)| (format!("{name}@example.com"), hash));
    let report = import(&fixture, rows.iter().map(|(email, hash)| (email.as_str(), *hash))).await;
    assert_eq!((report.users.created, report.users.failed), (0, 4));
    for (fault, (_, hash, reason)) in report.errors.iter().zip(hashes) {
        assert_eq!((fault.code.as_str(), &fault.value), ("invalid_password_hash", &None), "{hash}");
        assert!(fault.message.contains(reason) && !fault.message.contains(hash), "{}", fault.message);
    }
    fixture.verify().await;
}
