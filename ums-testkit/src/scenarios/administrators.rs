//! There is always somebody who may do everything.

use ums_core::UserFilter;
use ums_core::model::{Patch, Role, Status, User, UserFields, UserPatch};

use super::support::{AnyStore, at_once, code, listed_users, person};
use crate::Fixture;

pub(super) async fn the_last_one_stays(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let admin = fixture.register("admin@example.com").await;
    // Neither of these could do anything for the store.
    let unable = |email: &str, status| UserFields {
        role: Some(Role::Admin),
        status: Some(status),
        ..person(email)
    };
    let system = fixture.ums.system();
    system.create_user(&unable("invited@example.com", Status::Invited)).await.unwrap();
    system.create_user(&unable("suspended@example.com", Status::Suspended)).await.unwrap();

    let acting = fixture.acting("admin@example.com").await;
    let lowered = UserFields { role: Some(Role::OrgAdmin), ..person("admin@example.com") };
    let changes = [to_role(Role::Member), to_status(Status::Suspended), to_status(Status::Pending)];
    for actor in [&acting, &system] {
        for change in &changes {
            assert_eq!(code(&actor.change_user(admin.id, change, None).await), "last_admin");
        }
        assert_eq!(code(&actor.replace_user(admin.id, &lowered, None).await), "last_admin");
        assert_eq!(code(&actor.delete_user(admin.id, None).await), "last_admin");
    }
    assert_eq!(acting.me().await.unwrap().value, admin);
    assert!(fixture.acting("admin@example.com").await.me().await.is_ok());
    fixture.verify().await;
}

pub(super) async fn one_of_two_may_go(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    let first = fixture.register("first@example.com").await;
    let mut last = first;
    for (number, change) in
        [to_role(Role::Member), to_status(Status::Suspended), UserPatch::default()].into_iter().enumerate()
    {
        let next = fixture.account(&format!("next{number}@example.com"), Role::Admin, None).await;
        let acting = fixture.ums.system();
        match number {
            2 => acting.delete_user(last.id, None).await.unwrap(),
            _ => drop(acting.change_user(last.id, &change, None).await.unwrap()),
        }
        assert_eq!(code(&acting.delete_user(next.id, None).await), "last_admin");
        last = next;
    }
    // Raised again they count again.
    let system = fixture.ums.system();
    let mut filter = UserFilter::default();
    filter.role = Some(Role::Member);
    let member = listed_users(&system, &filter, 10).await.pop().unwrap();
    system.change_user(member.id, &to_role(Role::Admin), None).await.unwrap();
    system.delete_user(last.id, None).await.unwrap();
    fixture.verify().await;
}

pub(super) async fn two_who_lower_each_other_leave_one(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("first@example.com").await;
    fixture.account("second@example.com", Role::Admin, None).await;
    for round in 0..8 {
        let admins = admins(&fixture).await;
        assert_eq!(admins.len(), 2);
        let mut actors = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            actors.push((fixture.acting(&admins[own].email).await, admins[other].id));
        }
        let answers = at_once(2, |number| {
            let (acting, other) = actors[number].clone();
            async move {
                let answer = match round % 3 {
                    0 => acting.change_user(other, &to_role(Role::Member), None).await.map(drop),
                    1 => acting.change_user(other, &to_status(Status::Suspended), None).await.map(drop),
                    _ => acting.delete_user(other, None).await,
                };
                code(&answer)
            }
        })
        .await;
        let done = answers.iter().filter(|answer| **answer == "ok").count();
        assert_eq!(done, 1, "{answers:?}");
        // The one who lost was no administrator any more by then, or had no account, or would have left none.
        let lost = answers.iter().find(|answer| **answer != "ok").unwrap();
        assert!(["forbidden", "not_found", "invalid_access_token", "last_admin"].contains(lost), "{lost}");
        assert_eq!(self::admins(&fixture).await.len(), 1);
        fixture.verify().await;
        fixture.account(&format!("round{round}@example.com"), Role::Admin, None).await;
    }
}

pub(super) async fn many_who_lower_one_another_leave_one(store: AnyStore) {
    let fixture = Fixture::on(store).await;
    fixture.register("admin0@example.com").await;
    for number in 1..8 {
        fixture.account(&format!("admin{number}@example.com"), Role::Admin, None).await;
    }
    let all = admins(&fixture).await;
    let answers = at_once(all.len(), |number| {
        let (system, user) = (fixture.ums.system(), all[number].clone());
        async move { code(&system.change_user(user.id, &to_role(Role::Member), None).await) }
    })
    .await;
    assert_eq!(answers.iter().filter(|answer| **answer == "ok").count(), 7, "{answers:?}");
    assert!(answers.contains(&"last_admin"), "{answers:?}");
    assert_eq!(admins(&fixture).await.len(), 1);
    fixture.verify().await;
}

async fn admins(fixture: &Fixture) -> Vec<User> {
    let mut filter = UserFilter::default();
    filter.role = Some(Role::Admin);
    filter.status = Some(Status::Active);
    listed_users(&fixture.ums.system(), &filter, 100).await
}

fn to_role(role: Role) -> UserPatch {
    UserPatch { role: Patch::Set(role), ..UserPatch::default() }
}

fn to_status(status: Status) -> UserPatch {
    UserPatch { status: Patch::Set(status), ..UserPatch::default() }
}
