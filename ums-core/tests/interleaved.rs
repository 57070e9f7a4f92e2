//! Two who act at once, each order of their steps chosen: what one does between two steps of the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod scripted;

use std::io::{Seek, Write};
use std::sync::Arc;

use scripted::{ScriptedStore, Turn, Work, gets, marks, scans, writes};
use ums_core::import::{ImportOptions, ImportStatus};
use ums_core::model::{
    Department, DepartmentFields, DepartmentPatch, Organisation, Patch, Role, User, UserFields, UserPatch,
};
use ums_core::{Acting, PageRequest, Password, UserFilter};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios::code;
use ums_testkit::workbook::WorkbookMaker;
use ums_testkit::{Fixture, PASSWORD};

const ONE: &str = "organisation/000000000001";
const FIRST_DEPARTMENT: &str = "department/000000000001";

/// Two organisations, with a department each; the first has two users in it.
struct World {
    /// Acts on the store that follows a script.
    slow: Fixture,
    /// Acts on the same data at once.
    quick: Fixture,
    store: ScriptedStore,
    organisations: [Organisation; 2],
    departments: [Department; 2],
    users: [User; 2],
}

impl World {
    async fn new() -> Self {
        let store = ScriptedStore::new(Arc::new(MemoryStore::new()));
        let slow = Fixture::on(Arc::new(store.clone())).await;
        let quick = Fixture::on(Arc::new(store.clone())).await;
        quick.register("admin@example.com").await;
        let organisations = [quick.organisation("One").await, quick.organisation("Two").await];
        let departments = [
            department(&quick, "First", &organisations[0]).await,
            department(&quick, "Second", &organisations[1]).await,
        ];
        let users = [
            user(&quick, "ada@example.com", &departments[0]).await,
            user(&quick, "grace@example.com", &departments[0]).await,
        ];
        Self { slow, quick, store, organisations, departments, users }
    }

    fn slow(&self) -> Acting {
        self.slow.ums.system()
    }

    fn quick(&self) -> Acting {
        self.quick.ums.system()
    }

    /// Moves the first user to the second organisation.
    fn move_away(&self) -> Work {
        let (quick, user) = (self.quick(), self.users[0].id);
        let patch = UserPatch {
            organisation_id: Patch::Set(self.organisations[1].id),
            department_id: Patch::Set(self.departments[1].id),
            ..UserPatch::default()
        };
        Box::pin(async move { drop(quick.change_user(user, &patch, None).await.unwrap()) })
    }

    async fn verify(&self) {
        self.store.behave();
        self.quick.verify().await;
    }
}

async fn department(fixture: &Fixture, name: &str, organisation: &Organisation) -> Department {
    let fields = DepartmentFields {
        name: name.into(),
        organisation_id: Some(organisation.id),
        ..DepartmentFields::default()
    };
    fixture.ums.system().create_department(&fields).await.unwrap().value
}

fn person(email: &str, department: &Department) -> UserFields {
    UserFields {
        full_name: format!("Owner of {email}"),
        email: email.into(),
        department_id: Some(department.id),
        password: Some(Password::new(PASSWORD)),
        ..UserFields::default()
    }
}

async fn user(fixture: &Fixture, email: &str, department: &Department) -> User {
    fixture.ums.system().create_user(&person(email, department)).await.unwrap().value
}

#[tokio::test]
async fn whoever_moved_out_of_what_is_being_deleted_stays() {
    for partition in [ONE, FIRST_DEPARTMENT] {
        let world = World::new().await;
        let tokens = world.quick.login("ada@example.com").await;
        // The third look at its users is that of the sweep, after the mark and the look ahead.
        let (store, away) = (world.store.clone(), world.move_away());
        let mut away = Some(away);
        let mut closing = false;
        store.follow(move |call| {
            closing = closing || marks(call);
            match scans(call, partition, "user/") && closing {
                true => away.take().map_or(Turn::Act, Turn::After),
                false => Turn::Act,
            }
        });
        let deleted = match partition {
            ONE => world.slow().delete_organisation(world.organisations[0].id, None, true).await,
            _ => world.slow().delete_department(world.departments[0].id, None, true).await,
        };
        deleted.unwrap();
        let ada = world.quick().user(world.users[0].id).await.unwrap().value;
        assert_eq!(ada.organisation_id, Some(world.organisations[1].id));
        assert!(world.quick.ums.authenticate(&tokens.access_token).await.is_ok(), "its sessions go on");
        assert_eq!(code(&world.quick().user(world.users[1].id).await), "not_found");
        world.verify().await;
    }
}

#[tokio::test]
async fn a_department_moved_away_from_what_is_being_deleted_stays() {
    let world = World::new().await;
    let below = DepartmentFields {
        parent_id: Some(world.departments[0].id),
        name: "Below".into(),
        organisation_id: Some(world.organisations[0].id),
    };
    let below = world.quick().create_department(&below).await.unwrap().value;
    let patch = DepartmentPatch { parent_id: Patch::Clear, ..DepartmentPatch::default() };
    let (quick, id) = (world.quick(), below.id);
    let away: Work = Box::pin(async move { drop(quick.change_department(id, &patch, None).await.unwrap()) });
    let (mut away, mut closing) = (Some(away), false);
    world.store.follow(move |call| {
        closing = closing || marks(call);
        match scans(call, FIRST_DEPARTMENT, "department/") && closing {
            true => away.take().map_or(Turn::Act, Turn::After),
            false => Turn::Act,
        }
    });
    world.slow().delete_department(world.departments[0].id, None, true).await.unwrap();
    assert_eq!(world.quick().department(below.id).await.unwrap().value.parent_id, None);
    assert_eq!(code(&world.quick().department(world.departments[0].id).await), "not_found");
    world.verify().await;
}

/// Without cascade, begun while a cascade is at work, it must neither stop that one half way nor undo it.
#[tokio::test]
async fn a_deletion_without_cascade_does_not_stop_one_with() {
    for target in [ONE, FIRST_DEPARTMENT] {
        for look in 0..6 {
            let world = World::new().await;
            let (quick, organisation, department) =
                (world.quick(), world.organisations[0].id, world.departments[0].id);
            let other: Work = Box::pin(async move {
                let ended = match target {
                    ONE => quick.delete_organisation(organisation, None, false).await,
                    _ => quick.delete_department(department, None, false).await,
                };
                assert!(["ok", "not_empty", "not_found"].contains(&code(&ended)), "{ended:?}");
            });
            let (mut other, mut closing, mut calls) = (Some(other), false, 0);
            world.store.follow(move |call| {
                closing = closing || marks(call);
                calls += usize::from(closing);
                match calls == 1 + look {
                    true => other.take().map_or(Turn::Act, Turn::After),
                    false => Turn::Act,
                }
            });
            let deleted = world.slow().delete_organisation(organisation, None, true).await;
            assert_eq!(code(&deleted), "ok", "{target} {look}");
            assert_eq!(code(&world.quick().organisation(organisation).await), "not_found");
            for user in &world.users {
                assert_eq!(code(&world.quick().user(user.id).await), "not_found");
            }
            world.verify().await;
        }
    }
}

/// The other way round: the cascade comes while the one without is between its look and its opening again.
#[tokio::test]
async fn a_deletion_with_cascade_is_not_undone_by_one_without() {
    for look in 0..6 {
        let world = World::new().await;
        let (quick, organisation, department) =
            (world.quick(), world.organisations[0].id, world.departments[0].id);
        let cascade: Work = Box::pin(async move {
            let ended = quick.delete_organisation(organisation, None, true).await;
            assert_eq!(code(&ended), "ok");
        });
        // Somebody came in between the look ahead and the mark, so that it has to open again.
        let (quick, filled) = (world.quick(), person("late@example.com", &world.departments[0]));
        for user in &world.users {
            quick.delete_user(user.id, None).await.unwrap();
        }
        let late: Work = Box::pin(async move { drop(quick.create_user(&filled).await.unwrap()) });
        let (mut late, mut cascade, mut closing, mut calls) = (Some(late), Some(cascade), false, 0);
        world.store.follow(move |call| {
            if !closing && scans(call, FIRST_DEPARTMENT, "user/") {
                return late.take().map_or(Turn::Act, Turn::After);
            }
            closing = closing || marks(call);
            calls += usize::from(closing);
            match calls == 1 + look {
                true => cascade.take().map_or(Turn::Act, Turn::After),
                false => Turn::Act,
            }
        });
        let deleted = world.slow().delete_department(department, None, false).await;
        assert!(["ok", "not_empty"].contains(&code(&deleted)), "{deleted:?} {look}");
        world.verify().await;
    }
}

/// Reads in a transaction are no snapshot. What they seem to say when taken together must not be answered.
#[tokio::test]
async fn no_error_rests_on_reads_that_never_held_together() {
    // The first start finds no account; before it looks for the address, another start has made the administrator.
    let store = ScriptedStore::new(Arc::new(MemoryStore::new()));
    let slow = Fixture::on(Arc::new(store.clone())).await;
    let quick = Fixture::on(Arc::new(store.clone())).await;
    let other = quick.ums.clone();
    let work: Work = Box::pin(async move {
        other.ensure_admin("admin@example.com", &Password::new(PASSWORD)).await.unwrap().expect("made");
    });
    store.once_before(|call| gets(call, "users/0", "admin@example.com"), work);
    let made = slow.ums.ensure_admin("admin@example.com", &Password::new(PASSWORD)).await;
    assert!(matches!(made, Ok(None)), "{made:?}");
    store.behave();
    slow.verify().await;
}

#[tokio::test]
async fn rights_that_lapse_before_the_commit_lapse_for_it() {
    let world = World::new().await;
    world.quick.account("org@example.com", Role::OrgAdmin, Some(&world.organisations[0])).await;
    let changes = [
        UserPatch { role: Patch::Set(Role::Member), ..UserPatch::default() },
        UserPatch { organisation_id: Patch::Set(world.organisations[1].id), ..UserPatch::default() },
        UserPatch { status: Patch::Set(ums_core::model::Status::Suspended), ..UserPatch::default() },
    ];
    for (change, expected) in changes.into_iter().zip(["not_found", "not_found", "invalid_access_token"]) {
        let principal = world.slow.principal("org@example.com").await;
        let acting = world.slow.ums.acting_as(&principal);
        let (quick, id) = (world.quick(), principal.user_id());
        let back = UserPatch {
            role: Patch::Set(Role::OrgAdmin),
            organisation_id: Patch::Set(world.organisations[0].id),
            status: Patch::Set(ums_core::model::Status::Active),
            ..UserPatch::default()
        };
        let lapse: Work = Box::pin(async move { drop(quick.change_user(id, &change, None).await.unwrap()) });
        world.store.once_before(|call| writes(call, "user/000000000002", "profile"), lapse);
        let patch = UserPatch { full_name: Patch::Set("Renamed".into()), ..UserPatch::default() };
        let renamed = acting.change_user(world.users[0].id, &patch, None).await;
        assert_eq!(code(&renamed), expected);
        world.store.behave();
        assert_eq!(world.quick().user(world.users[0].id).await.unwrap().value, world.users[0]);
        world.quick().change_user(id, &back, None).await.unwrap();
    }
    world.verify().await;
}

#[tokio::test]
async fn nobody_is_made_in_what_is_being_deleted() {
    for partition in [ONE, FIRST_DEPARTMENT] {
        let world = World::new().await;
        for user in &world.users {
            world.quick().delete_user(user.id, None).await.unwrap();
        }
        // All is read and about to be committed when the place goes away.
        let (quick, organisation, department) =
            (world.quick(), world.organisations[0].id, world.departments[0].id);
        let gone: Work = Box::pin(async move {
            match partition {
                ONE => quick.delete_organisation(organisation, None, true).await.unwrap(),
                _ => quick.delete_department(department, None, false).await.unwrap(),
            }
        });
        world.store.once_before(|call| writes(call, "users/0", "late@example.com"), gone);
        let made = world.slow().create_user(&person("late@example.com", &world.departments[0])).await;
        assert_eq!(ums_testkit::scenarios::faults(&made), [("department_id", "not_found")]);
        world.verify().await;
    }
}

/// An import takes its time. Whose rights lapse while it runs imports nothing more.
#[tokio::test]
async fn rights_that_lapse_during_an_import_lapse_for_it() {
    let suspended =
        UserPatch { status: Patch::Set(ums_core::model::Status::Suspended), ..UserPatch::default() };
    let lowered = UserPatch { role: Patch::Set(Role::Member), ..UserPatch::default() };
    for change in [lowered, suspended] {
        let world = World::new().await;
        world.quick.account("org@example.com", Role::OrgAdmin, Some(&world.organisations[0])).await;
        let principal = world.slow.principal("org@example.com").await;
        let acting = world.slow.ums.acting_as(&principal);
        let rows = (0..20).map(|number| [format!("new{number}@example.com"), "New".to_owned()]);
        let heading = ["email", "full_name"].map(str::to_owned);
        let workbook = WorkbookMaker::new().sheet("users", std::iter::once(heading).chain(rows)).bytes();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&workbook).unwrap();
        file.rewind().unwrap();

        let (quick, id) = (world.quick(), principal.user_id());
        let lapse: Work = Box::pin(async move { drop(quick.change_user(id, &change, None).await.unwrap()) });
        world.store.once_before(|call| writes(call, "users/0", "new8@example.com"), lapse);
        let report = acting.import_workbook(file, &ImportOptions::new()).await.unwrap();
        assert_eq!(report.status, ImportStatus::Failed, "{report:?}");
        let codes: Vec<_> = report.errors.iter().map(|fault| fault.code.as_str()).collect();
        assert!(matches!(codes[..], ["forbidden" | "invalid_access_token"]), "{report:?}");
        let mut filter = UserFilter::default();
        filter.q = Some("new".into());
        let made = world.quick().users(&filter, &PageRequest::default()).await.unwrap().items;
        assert!((1..=8).contains(&made.len()), "{} were made", made.len());
        world.verify().await;
    }
}
