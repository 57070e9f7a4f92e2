//! Answers that are lost, and errors.

use std::sync::Arc;

use ums_core::Error;
use ums_core::model::{Patch, UserPatch};
use ums_core::store::{self, Key, Store};
use ums_testkit::Fixture;
use ums_testkit::scenarios::code;
use ums_testkit::stores::Fault;

use crate::dump::{Dump, assert_same};
use crate::operations::{operate, undisturbed};
use crate::scripted::{ScriptedStore, Turn};
use crate::world::Template;

#[tokio::test]
async fn a_lost_answer_is_settled() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((_, after)) = undisturbed(&template, number).await {
        for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
            for nth in 1.. {
                let world = template.world().await;
                world.store.fail_nth_commit(nth, fault);
                let failed = world.store.failed();
                let done = operate(&world, number).await.unwrap();
                assert_eq!(code(&done), "ok", "{number}: {fault:?} at commit {nth}: {done:?}");
                let hit = world.store.failed() > failed;
                world.store.stop();
                assert_same(
                    &Dump::of(&world.store).await,
                    &after,
                    &format!("{number}: {fault:?} at commit {nth}"),
                );
                world.fixture.verify().await;
                if !hit {
                    break;
                }
            }
        }
        number += 1;
    }
    assert_eq!(number, 28);
}

#[tokio::test]
async fn answers_that_are_lost_again_and_again_are_settled_too() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        let world = template.world().await;
        world.store.fail_when(|_, call| call.is_commit(), Fault::UnknownDone);
        let done = operate(&world, number).await.unwrap();
        assert_eq!(code(&done), "ok", "{number}: {done:?}");
        world.store.stop();
        assert_same(&Dump::of(&world.store).await, &after, &format!("{number}"));
        world.fixture.verify().await;

        let world = template.world().await;
        world.store.fail_when(|_, call| call.is_commit(), Fault::UnknownUndone);
        let done = operate(&world, number).await.unwrap();
        assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{number}: {done:?}");
        world.store.stop();
        assert_same(&Dump::of(&world.store).await, &before, &format!("{number}"));
        world.fixture.verify().await;
        number += 1;
    }
}

#[tokio::test]
async fn what_can_not_be_settled_is_said_to_be_unknown() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
            let world = template.world().await;
            // The answer is lost, and so is the way to the store.
            let mut lost = false;
            world.store.fail_when(
                move |_, call| {
                    lost = lost || call.is_commit();
                    lost
                },
                fault,
            );
            let done = operate(&world, number).await.unwrap();
            assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{number}: {done:?}");
            world.store.stop();
            world.fixture.verify().await;
            world.fixture.ums.finish_deletions().await.unwrap();
            let now = Dump::of(&world.store).await;
            assert!(now == before || now == after, "{number}: {fault:?}");
            world.fixture.verify().await;
        }
        number += 1;
    }
}

#[tokio::test]
async fn an_error_changes_nothing() {
    let template = Template::new().await;
    let mut number = 0;
    while let Some((before, after)) = undisturbed(&template, number).await {
        for nth in 1.. {
            let world = template.world().await;
            world.store.fail_nth(nth, Fault::Unavailable);
            let done = operate(&world, number).await.unwrap();
            world.store.stop();
            world.fixture.verify().await;
            let now = Dump::of(&world.store).await;
            if done.is_ok() {
                assert_same(&now, &after, &format!("{number}: call {nth}"));
                break;
            }
            assert_eq!(code(&done), "store_unavailable", "{number}: call {nth}");
            if now != before {
                // A deletion that has begun: it goes on as soon as the store is there again.
                assert!([2, 3, 6, 7, 11].contains(&number), "{number}: call {nth}");
                world.fixture.ums.finish_deletions().await.unwrap();
                assert_same(&Dump::of(&world.store).await, &after, &format!("{number}: call {nth}"));
                world.fixture.verify().await;
            }
        }
        number += 1;
    }
}

/// What a commit would have written has been written over by others, so that nothing tells any more whether it happened:
/// trying again might do it twice.
#[tokio::test]
async fn a_lost_answer_that_others_wrote_over_stays_unknown() {
    let template = Template::new().await;
    for fault in [Fault::UnknownUndone, Fault::UnknownDone] {
        // The others come before it is looked into, or between that and sending the commit again.
        for calls_later in [0, 1] {
            let world = template.world().await;
            let scripted = ScriptedStore::new(Arc::new(world.store.clone()));
            let slow = Fixture::on(Arc::new(scripted.clone())).await;
            let principal = slow.ums.authenticate(&template.tokens.access_token).await.unwrap();
            let (system, id) = (world.system(), template.users[0].id);
            let patch = UserPatch { full_name: Patch::Set("Other".into()), ..UserPatch::default() };
            let (store, mut calls) = (world.store.clone(), None);
            let mut others = Some(Box::pin(async move {
                store.stop();
                system.change_user(id, &patch, None).await.unwrap();
            }));
            scripted.follow(move |call| {
                calls = calls.map(|calls: usize| calls + 1).or(call.is_commit().then_some(0));
                match calls == Some(calls_later) {
                    true => others.take().map_or(Turn::Act, |others| Turn::After(others)),
                    false => Turn::Act,
                }
            });
            world.store.fail_nth_commit(1, fault);
            let done = slow.ums.acting_as(&principal).logout_all().await;
            let settled = fault == Fault::UnknownDone && calls_later == 1;
            match settled {
                // It was seen before the others came.
                true => assert_eq!(code(&done), "ok"),
                false => assert!(matches!(done, Err(Error::Store(store::Error::Unknown { .. }))), "{done:?}"),
            }
            let profile = world.store.get(&[Key::new("user/000000000002", "profile")]).await.unwrap();
            let value = profile[0].as_ref().unwrap().value.clone();
            assert!(value.contains("Other"), "{value}");
            assert_eq!(value.contains("\"session_epoch\":1"), fault == Fault::UnknownDone, "{value}");
            world.fixture.verify().await;
        }
    }
}
