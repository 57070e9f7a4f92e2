//! What owners are told of their accounts: whoever takes one over can neither suppress nor redirect it.

use ums_core::model::{Patch, Status, UserId, UserPatch};
use ums_core::notify::{MemoryNotifier, MessageKind};
use ums_core::{EmailChange, Password, PasswordChange};

use super::support::AnyStore;
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const EVE: &str = "eve@example.com";
const MALLORY: &str = "mallory@example.com";
const ANOTHER: &str = "AnotherPassword123";

fn address(email: &str) -> UserPatch {
    UserPatch { email: Patch::Set(email.to_owned()), ..UserPatch::default() }
}

fn password() -> UserPatch {
    UserPatch { password: Patch::Set(Password::new(ANOTHER)), ..UserPatch::default() }
}

fn status(status: Status) -> UserPatch {
    UserPatch { status: Patch::Set(status), ..UserPatch::default() }
}

async fn change(fixture: &Fixture, id: UserId, patches: &[UserPatch]) {
    for patch in patches {
        fixture.ums.system().change_user(id, patch, None).await.unwrap();
    }
}

/// A fixture with Ada's account, all of whose messages so far are out.
async fn with_ada(store: AnyStore) -> (Fixture, MemoryNotifier, UserId) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let id = fixture.register(ADA).await.id;
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    (fixture, notifier, id)
}

/// Sends what waits, and says who is told of what, sorted.
async fn told(fixture: &Fixture, notifier: &MemoryNotifier) -> Vec<(MessageKind, String)> {
    fixture.ums.deliver_messages().await.unwrap();
    let messages = notifier.take().into_iter().filter(|message| message.token.is_none());
    let mut told: Vec<_> = messages.map(|message| (message.kind, message.recipient.email)).collect();
    told.sort();
    told
}

pub(super) async fn every_address_that_is_left_is_told(store: AnyStore) {
    let (fixture, notifier, id) = with_ada(store).await;
    change(&fixture, id, &[address(EVE), address(MALLORY)]).await;
    let expected = [(MessageKind::EmailChanged, ADA.to_owned()), (MessageKind::EmailChanged, EVE.to_owned())];
    assert_eq!(told(&fixture, &notifier).await, expected);
    fixture.verify().await;
}

pub(super) async fn a_notice_goes_to_whom_it_was_meant_for(store: AnyStore) {
    let (fixture, notifier, id) = with_ada(store).await;
    let own = fixture.acting(ADA).await;
    let asked = EmailChange { email: EVE.to_owned(), current_password: Password::new(PASSWORD) };
    own.change_email(&asked).await.unwrap();
    let new = PasswordChange { current_password: Password::new(PASSWORD), new_password: Password::new(ANOTHER) };
    own.change_password(&new).await.unwrap();
    change(&fixture, id, &[address(EVE)]).await;
    let expected =
        [MessageKind::PasswordChanged, MessageKind::EmailChangeRequested, MessageKind::EmailChanged];
    assert_eq!(told(&fixture, &notifier).await, expected.map(|kind| (kind, ADA.to_owned())));

    // Both at once: who had the account is told of both.
    let both = UserPatch { email: Patch::Set(MALLORY.to_owned()), ..password() };
    change(&fixture, id, &[both]).await;
    let expected = [MessageKind::PasswordChanged, MessageKind::EmailChanged];
    assert_eq!(told(&fixture, &notifier).await, expected.map(|kind| (kind, EVE.to_owned())));
    fixture.verify().await;
}

pub(super) async fn a_suspended_account_tells_its_owner(store: AnyStore) {
    let (fixture, notifier, id) = with_ada(store).await;
    let changes = [status(Status::Suspended), address(EVE), password()];
    change(&fixture, id, &changes).await;
    let expected =
        [(MessageKind::PasswordChanged, EVE.to_owned()), (MessageKind::EmailChanged, ADA.to_owned())];
    assert_eq!(told(&fixture, &notifier).await, expected);
    change(&fixture, id, &[password(), address(MALLORY), status(Status::Active)]).await;
    let expected = [MessageKind::PasswordChanged, MessageKind::EmailChanged];
    assert_eq!(told(&fixture, &notifier).await, expected.map(|kind| (kind, EVE.to_owned())));
    fixture.verify().await;
}

pub(super) async fn they_go_with_the_account(store: AnyStore) {
    let (fixture, notifier, id) = with_ada(store).await;
    change(&fixture, id, &[address(EVE), password(), address(MALLORY)]).await;
    fixture.ums.system().delete_user(id, None).await.unwrap();
    // Nothing is left to be dropped.
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    assert!(notifier.take().is_empty());
    fixture.verify().await;
}
