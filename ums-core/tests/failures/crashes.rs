//! A process that dies in the middle of a deletion.

use std::sync::Arc;

use ums_core::model::UserFields;
use ums_core::store::{Commit, CommitId, Key, Op, Store};
use ums_core::{Password, Registration};
use ums_store_memory::MemoryStore;
use ums_testkit::scenarios::code;
use ums_testkit::stores::{FailingStore, Fault};
use ums_testkit::{Fixture, PASSWORD};

use crate::scripted::{ScriptedStore, Turn, scans};
use crate::world::{Template, World, organisation, person};

/// From its nth commit on the process is as good as dead: that commit ends like this, and nothing gets through after.
fn crash_at_commit(store: &FailingStore<MemoryStore>, nth: u64, fault: Fault) {
    let mut commits = 0;
    store.fail_when(
        move |_, call| {
            commits += u64::from(call.is_commit());
            commits >= nth
        },
        fault,
    );
}

/// A store whose process dies with the commit of this number, done or not.
fn dies_at(world: &World<'_>, nth: u64, last_is_done: bool) {
    if last_is_done {
        // Done, and dead before the answer: dead with the next call of any kind.
        let mut commits = 0;
        let mut dead = false;
        world.store.fail_when(
            move |_, call| {
                let was_dead = dead;
                commits += u64::from(call.is_commit());
                dead = dead || commits >= nth;
                was_dead
            },
            Fault::Unavailable,
        );
    } else {
        crash_at_commit(&world.store, nth, Fault::Unavailable);
    }
}

#[tokio::test]
async fn a_cascade_that_a_crash_cut_short_is_finished_by_the_next_start() {
    let template = Template::new().await;
    for last_is_done in [false, true] {
        let mut commits = 0;
        loop {
            commits += 1;
            let world = template.world().await;
            dies_at(&world, commits, last_is_done);
            let deleted =
                world.system().delete_organisation(world.template.organisations[0].id, None, true).await;
            let begun = commits > 1 || last_is_done;
            let after = world.reopened().await;
            let system = after.ums.system();
            for department in &world.template.departments {
                let found = system.department(department.id).await;
                assert_eq!(code(&found), if begun { "not_found" } else { "ok" }, "{commits}");
            }
            for user in &world.template.users {
                assert_eq!(
                    code(&system.user(user.id).await),
                    if begun { "not_found" } else { "ok" },
                    "{commits}"
                );
            }
            let found = system.organisation(world.template.organisations[0].id).await;
            assert_eq!(code(&found), if begun { "not_found" } else { "ok" }, "{commits}");
            assert!(system.organisation(world.template.organisations[1].id).await.is_ok());
            if deleted.is_ok() {
                break;
            }
            assert_eq!(code(&deleted), "store_unavailable");
        }
        assert!(commits > 10, "it took {commits} commits, too few to have been cut short in every place");
    }
}

/// A process that has been running all the time, and meets what another one left.
#[tokio::test]
async fn whoever_meets_a_deletion_that_was_cut_short_finishes_it() {
    let template = Template::new().await;
    for commits in 2..30 {
        let world = template.world().await;
        let other = Fixture::on(Arc::new(world.store.clone())).await;
        dies_at(&world, commits, false);
        let deleted =
            world.system().delete_organisation(world.template.organisations[0].id, None, true).await;
        world.store.stop();
        if deleted.is_ok() {
            assert!(commits > 10);
            return;
        }
        // By its name, by an address in it, by an external id, by a department.
        match commits % 3 {
            0 => drop(other.ums.system().create_organisation(&organisation("ONE")).await.unwrap()),
            1 => {
                let registration = Registration {
                    full_name: "Another".into(),
                    email: "USER7@example.com".into(),
                    password: Password::new(PASSWORD),
                    department_id: None,
                };
                // Its account may be whole yet, if the crash came early; then the organisation is met first.
                let registered = other.ums.anonymous().register(&registration).await;
                if code(&registered) == "email_taken" {
                    drop(other.ums.system().create_organisation(&organisation("One")).await.unwrap());
                } else {
                    registered.unwrap();
                }
            }
            _ => {
                let below = UserFields {
                    department_id: Some(world.template.departments[0].id),
                    ..person("new@example.com")
                };
                let made = other.ums.system().create_user(&below).await;
                assert_eq!(ums_testkit::scenarios::faults(&made), [("department_id", "not_found")]);
            }
        }
        other.verify().await;
        other.ums.finish_deletions().await.unwrap();
        assert_eq!(
            code(&other.ums.system().organisation(world.template.organisations[0].id).await),
            "not_found"
        );
        other.verify().await;
    }
    panic!("the deletion never got through");
}

#[tokio::test]
async fn a_deletion_without_cascade_that_was_cut_short_is_finished_or_taken_back() {
    let template = Template::new().await;
    // Somebody came in between the look ahead and the mark, or nobody did.
    for somebody in [false, true] {
        for last_is_done in [false, true] {
            let mut commits = 0;
            loop {
                commits += 1;
                let world = template.world().await;
                let empty = world.template.departments[2].id;
                let scripted = ScriptedStore::new(Arc::new(world.store.clone()));
                let slow = Fixture::on(Arc::new(scripted.clone())).await;
                let (system, store) = (world.system(), world.store.clone());
                let fields = UserFields { department_id: Some(empty), ..person("late@example.com") };
                let work = Box::pin(async move {
                    if somebody {
                        system.create_user(&fields).await.unwrap();
                    }
                    let mut seen = 0;
                    let mut dead = false;
                    store.fail_when(
                        move |_, call| {
                            seen += u64::from(call.is_commit());
                            let was_dead = dead;
                            dead = dead || seen >= commits;
                            if last_is_done { was_dead } else { dead }
                        },
                        Fault::Unavailable,
                    );
                });
                let mut work = Some(work);
                scripted.follow(move |call| match scans(call, "department/000000000003", "user/") {
                    true => work.take().map_or(Turn::Act, |work| Turn::After(work)),
                    false => Turn::Act,
                });
                let deleted = slow.ums.system().delete_department(empty, None, false).await;
                let after = world.reopened().await;
                let gone = !somebody && (commits > 1 || last_is_done);
                let found = after.ums.system().department(empty).await;
                assert_eq!(code(&found), if gone { "not_found" } else { "ok" }, "{somebody} {commits}");
                // It is as open as ever.
                let fields = UserFields { department_id: Some(empty), ..person("later@example.com") };
                let made = after.ums.system().create_user(&fields).await;
                assert_eq!(code(&made), if gone { "invalid" } else { "ok" });
                after.verify().await;
                if code(&deleted) != "store_unavailable" {
                    assert_eq!(code(&deleted), if somebody { "not_empty" } else { "ok" });
                    break;
                }
            }
            assert!(commits >= 2);
        }
    }
}

/// One that can't be finished, because what it is of is broken, keeps nobody from opening the store and using the rest.
#[tokio::test]
async fn a_deletion_that_can_not_be_finished_stops_nothing_else() {
    let template = Template::new().await;
    let world = template.world().await;
    // The first organisation's deletion was cut short, and an entry in it leads to nobody.
    dies_at(&world, 3, false);
    let deleted = world.system().delete_organisation(template.organisations[0].id, None, true).await;
    assert_eq!(code(&deleted), "store_unavailable");
    world.store.stop();
    let stray = Op::put(Key::new("organisation/000000000001", "user/stray@example.com"), "20");
    world.store.commit(&Commit::new(CommitId::from_u128(1), [stray])).await.unwrap();
    // So was the second's, which is sound.
    dies_at(&world, 2, false);
    let deleted = world.system().delete_organisation(template.organisations[1].id, None, false).await;
    assert_eq!(code(&deleted), "store_unavailable");
    world.store.stop();

    let after = Fixture::on(Arc::new(world.store.clone())).await;
    let system = after.ums.system();
    assert_eq!(code(&system.organisation(template.organisations[1].id).await), "not_found");
    assert_eq!(code(&after.ums.finish_deletions().await), "internal");
    system.create_user(&person("new@example.com")).await.unwrap();
    let findings = after.ums.verify().await.unwrap();
    let codes: Vec<_> = findings.iter().map(|finding| (finding.sort.as_str(), finding.code)).collect();
    assert_eq!(codes, [("user/stray@example.com", "dangling")]);

    // Mended, it goes on.
    let mended = Op::delete(Key::new("organisation/000000000001", "user/stray@example.com"));
    world.store.commit(&Commit::new(CommitId::from_u128(2), [mended])).await.unwrap();
    after.ums.finish_deletions().await.unwrap();
    assert_eq!(code(&system.organisation(template.organisations[0].id).await), "not_found");
    after.verify().await;
}
