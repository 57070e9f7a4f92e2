//! Imports beside each other, and beside whatever else changes the store meanwhile.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Seek, Write};

use ums_core::UserFilter;
use ums_core::import::{ImportCounts, ImportOptions, ImportReport};
use ums_core::model::Organisation;

use super::support::{AnyStore, at_once, code, listed_users, registration};
use crate::Fixture;
use crate::workbook::WorkbookMaker;

/// So many people of so many departments, each row's e-mail address once.
fn workbook(numbers: impl IntoIterator<Item = u32>, departments: u32) -> File {
    let heading = ["email", "external_id", "full_name", "department"].map(str::to_owned);
    let rows = numbers.into_iter().map(|number| {
        let department = format!("Department {}", number % departments);
        [address(number), format!("{number:05}"), format!("Person {number}"), department]
    });
    let mut file = tempfile::tempfile().expect("a file");
    let bytes = WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows)).bytes();
    file.write_all(&bytes).and_then(|()| file.rewind()).expect("written");
    file
}

fn address(number: u32) -> String {
    format!("p{number}@example.com")
}

/// Looks that every row of a sheet came to exactly one thing.
fn adds_up(counts: &ImportCounts) {
    let ImportCounts { read, created, updated, unchanged, skipped, failed } = *counts;
    assert_eq!(read, created + updated + unchanged + skipped + failed, "{counts:?}");
}

async fn imported(fixture: &Fixture, organisation: &Organisation, file: File) -> ImportReport {
    let options = ImportOptions::new().organisation_id(organisation.id);
    fixture.ums.system().import_workbook(file, &options).await.expect("imported")
}

/// Looks that the addresses of the store are those, each once.
async fn holds(fixture: &Fixture, numbers: impl IntoIterator<Item = u32>, others: &[&str]) {
    let users = listed_users(&fixture.ums.system(), &UserFilter::default(), 200).await;
    let found: BTreeSet<String> = users.iter().map(|user| user.email.to_string()).collect();
    assert_eq!(found.len(), users.len(), "an address is there twice");
    let others = others.iter().copied().map(str::to_owned);
    assert_eq!(found, numbers.into_iter().map(address).chain(others).collect());
}

pub(super) async fn two_that_overlap_make_everybody_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let reports = at_once(2, |number| {
        let (fixture, organisation) = (fixture.clone(), organisation.clone());
        async move {
            let file = if number == 0 { workbook(0..120, 5) } else { workbook((60..180).rev(), 5) };
            imported(&fixture, &organisation, file).await
        }
    })
    .await;
    reports.iter().for_each(|report| adds_up(&report.users));
    let sum = |count: fn(&ImportCounts) -> u64| reports.iter().map(|report| count(&report.users)).sum::<u64>();
    assert_eq!((sum(|counts| counts.created), sum(|counts| counts.skipped)), (180, 60));
    assert_eq!(reports.iter().map(|report| report.departments.created).sum::<u64>(), 5);
    holds(&fixture, 0..180, &[]).await;
    fixture.verify().await;
}

pub(super) async fn who_registers_meanwhile_is_there_once(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin@example.com").await;
    let organisation = fixture.organisation("Tech Corp").await;
    // The first imports, the others register people whom the file names, from both of its ends.
    let made = at_once(9, |number| {
        let (fixture, organisation) = (fixture.clone(), organisation.clone());
        async move {
            let Some(nth) = number.checked_sub(1) else {
                let report = imported(&fixture, &organisation, workbook(0..80, 3)).await;
                adds_up(&report.users);
                assert_eq!(report.users.read, 80);
                return report.users.created;
            };
            let mut taken = 0;
            for step in 0..2 {
                let nth = u32::try_from(2 * nth + step).expect("few");
                let person = if nth.is_multiple_of(2) { nth } else { 79 - nth };
                let answer = fixture.ums.anonymous().register(&registration(&address(person))).await;
                assert!(matches!(code(&answer), "ok" | "email_taken"), "{answer:?}");
                taken += u64::from(answer.is_ok());
            }
            taken
        }
    })
    .await;
    assert_eq!(made.iter().sum::<u64>(), 80, "everybody was made by one of them: {made:?}");
    holds(&fixture, 0..80, &["admin@example.com"]).await;
    fixture.verify().await;
}

pub(super) async fn a_department_that_goes_meanwhile_leaves_nobody_in_it(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let organisation = fixture.organisation("Tech Corp").await;
    let doomed = fixture.department("Department 0", &organisation, None).await;
    let created = at_once(2, |number| {
        let (fixture, organisation, doomed) = (fixture.clone(), organisation.clone(), doomed.clone());
        async move {
            if number == 0 {
                let report = imported(&fixture, &organisation, workbook(0..90, 3)).await;
                adds_up(&report.users);
                assert_eq!((report.users.read, report.users.failed), (90, 0), "{report:?}");
                return report.users.created;
            }
            let deleted = fixture.ums.system().delete_department(doomed.id, None, true).await;
            assert_eq!(code(&deleted), "ok");
            0
        }
    })
    .await;
    assert_eq!(created[0], 90);
    // Those who came in before went with it; those after it are in a new one of its name.
    let users = listed_users(&fixture.ums.system(), &UserFilter::default(), 200).await;
    assert!(users.iter().all(|user| user.department_id.is_some_and(|id| id != doomed.id)), "{users:?}");
    assert!((60..=90).contains(&users.len()), "{}", users.len());
    fixture.verify().await;
}
