//! The page on the data model says what the code does: every key that is written has a row, every row is written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::collections::BTreeSet;
use std::io::{Seek, Write as _};
use std::sync::Arc;

use ums_core::ForgottenPassword;
use ums_core::import::ImportOptions;
use ums_core::model::{DepartmentFields, Patch, UserFields, UserPatch};
use ums_core::notify::MessageKind;
use ums_core::store::{Commit, Key, Write};
use ums_core::{Credentials, Origin, Password, Registration};
use ums_store_memory::MemoryStore;
use ums_testkit::stores::RecordingStore;
use ums_testkit::workbook::users;
use ums_testkit::{Fixture, PASSWORD};

/// A row of the page's table of keys.
#[derive(Debug)]
struct Pattern {
    partition: String,
    sort: String,
}

impl Pattern {
    fn rows() -> Vec<Self> {
        let page = include_str!("../../docs/data-model.md");
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        rows.map(|line| {
            let mut cells = line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).skip(1);
            Self { partition: cells.next().unwrap(), sort: cells.next().unwrap() }
        })
        .collect()
    }

    fn fits(&self, key: &Key) -> bool {
        fits(&self.partition, key.partition()) && fits(&self.sort, key.sort())
    }
}

/// Whether a text is of a pattern's form, part by part.
fn fits(pattern: &str, text: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), text.split('/').collect());
    patterns.len() == parts.len()
        && patterns.iter().zip(parts).all(|(pattern, part)| match *pattern {
            "<id>" | "<user id>" => part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()),
            "<session id>" | "<hash>" => part.len() == 32,
            "<e-mail>" => part.contains('@'),
            "<purpose>" => PURPOSES.contains(&part),
            "<message>" => PURPOSES.contains(&part),
            "<notice>" => {
                !PURPOSES.contains(&part) && MessageKind::ALL.iter().any(|kind| kind.as_str() == part)
            }
            "<kind>" => ["organisation", "department", "user", "import"].contains(&part),
            pattern if pattern.starts_with('<') => !part.is_empty(),
            pattern => pattern == part,
        })
}

const PURPOSES: [&str; 4] = ["password_reset", "email_verification", "email_change", "invitation"];

#[tokio::test]
async fn the_page_lists_every_key() {
    let store = RecordingStore::new(MemoryStore::new());
    let (fixture, _) = Fixture::with_messages(Arc::new(store.clone())).await;
    let system = fixture.ums.system();
    let anonymous = fixture.ums.anonymous().with(Origin::new().ip([192, 0, 2, 1].into()));
    let (email, password) = ("ada@example.com".to_owned(), Password::new(PASSWORD));
    let ada = Registration {
        full_name: "Ada Lovelace".into(),
        email: email.clone(),
        password: password.clone(),
        department_id: None,
    };
    anonymous.register(&ada).await.unwrap();
    anonymous.login(&Credentials { email: email.clone(), password: Password::new("") }).await.unwrap_err();
    anonymous.login(&Credentials { email: email.clone(), password }).await.unwrap();
    anonymous.forgot_password(&ForgottenPassword { email }).await.unwrap();
    fixture.ums.deliver_messages().await.unwrap();
    let organisation = fixture.organisation("Tech Corp").await;
    let fields = DepartmentFields {
        name: "Human Resources".into(),
        organisation_id: Some(organisation.id),
        parent_id: None,
    };
    let parent = system.create_department(&fields).await.unwrap().value;
    let fields = DepartmentFields { name: "Payroll".into(), parent_id: Some(parent.id), ..fields };
    let department = system.create_department(&fields).await.unwrap().value;
    let fields = UserFields {
        full_name: "Grace Hopper".into(),
        email: "grace@example.com".into(),
        external_id: Some("0042".into()),
        department_id: Some(department.id),
        password: Some(Password::new(PASSWORD)),
        ..UserFields::default()
    };
    let grace = system.create_user(&fields).await.unwrap().value;
    let moved = UserPatch { email: Patch::Set("hopper@example.com".into()), ..UserPatch::default() };
    system.change_user(grace.id, &moved, None).await.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&users(3).bytes()).unwrap();
    file.rewind().unwrap();
    system.import_once(file.try_clone().unwrap(), &ImportOptions::new(), Some("once")).await.unwrap();
    let dry_run = ImportOptions::new().dry_run(true);
    system.import_workbook(file.try_clone().unwrap(), &dry_run).await.unwrap();
    file.set_len(0).unwrap();
    let started = system.start_import(file, &ImportOptions::new(), None).await.unwrap();
    let mut events = system.follow_import(started.id).await.unwrap();
    while events.next().await.unwrap().is_some() {}
    system.delete_organisation(organisation.id, None, true).await.unwrap();
    fixture.verify().await;

    let rows = Pattern::rows();
    let commits = store.commits();
    let put = commits.iter().flat_map(Commit::ops).filter(|op| matches!(op.write, Write::Put { .. }));
    let keys: BTreeSet<&Key> = put.map(|op| &op.key).collect();
    let unlisted: Vec<_> = keys.iter().filter(|key| !rows.iter().any(|row| row.fits(key))).collect();
    assert!(unlisted.is_empty(), "keys without a row: {unlisted:?}");
    let unwritten: Vec<_> = rows.iter().filter(|row| !keys.iter().any(|key| row.fits(key))).collect();
    assert!(unwritten.is_empty(), "rows without a key: {unwritten:?}");
    assert!(rows.len() >= 22, "the table was not read");
}
