//! Accounts that wait for their owners.

use std::io::{Seek, Write};
use std::time::Duration;

use ums_core::import::ImportOptions;
use ums_core::model::{Patch, Role, Status, UserFields, UserPatch};
use ums_core::notify::MessageKind;
use ums_core::{InvitationAcceptance, Password, SingleUseToken};

use super::support::{AnyStore, at_once, code, credentials, faults, person};
use crate::Fixture;
use crate::workbook::users;

const GRACE: &str = "grace@example.com";
const ANOTHER: &str = "AnotherPassword123";

fn acceptance(token: &SingleUseToken, password: &str) -> InvitationAcceptance {
    InvitationAcceptance { token: token.clone(), password: Password::new(password), full_name: None }
}

pub(super) async fn an_invitation_is_accepted_once(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    let fields = UserFields { role: Some(Role::Admin), ..person(GRACE) };
    fixture.ums.system().create_user(&fields).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::Invitation, GRACE).await;
    let anonymous = fixture.ums.anonymous();
    let faulty = InvitationAcceptance { full_name: Some(" ".into()), ..acceptance(&token, "short") };
    let refused = anonymous.accept_invitation(&faulty).await;
    assert_eq!(faults(&refused), [("full_name", "required"), ("password", "too_short")]);

    let ended = at_once(16, |_| {
        let (anonymous, acceptance) = (anonymous.clone(), acceptance(&token, ANOTHER));
        async move { anonymous.accept_invitation(&acceptance).await }
    })
    .await;
    let tokens: Vec<_> = ended.iter().filter_map(|ended| ended.as_ref().ok()).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(ended.iter().filter(|ended| code(ended) == "invalid_token").count(), 15);
    let principal = fixture.principal_of(tokens[0]).await.unwrap();
    let me = fixture.ums.acting_as(&principal).me().await.unwrap().value;
    assert_eq!((me.status, me.role, me.email_verified), (Status::Active, Role::Admin, true));
    anonymous.login(&credentials(GRACE, ANOTHER)).await.unwrap();
    // It counts as an administrator from then on, which `verify` looks at.
    fixture.verify().await;
}

pub(super) async fn an_invitation_can_be_sent_again(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    let admin = fixture.register("admin@example.com").await;
    let system = fixture.ums.system();
    let user = system.create_user(&person(GRACE)).await.unwrap().value;
    let first = fixture.delivered(&notifier, MessageKind::Invitation, GRACE).await;
    system.invite(user.id).await.unwrap();
    let second = fixture.delivered(&notifier, MessageKind::Invitation, GRACE).await;
    let anonymous = fixture.ums.anonymous();
    assert_eq!(code(&anonymous.accept_invitation(&acceptance(&first, ANOTHER)).await), "invalid_token");
    fixture.clock.advance(Duration::from_secs(7 * 24 * 60 * 60));
    assert_eq!(code(&anonymous.accept_invitation(&acceptance(&second, ANOTHER)).await), "invalid_token");

    // To the new address, where it was changed; one by the administrator's password makes it needless.
    system.invite(user.id).await.unwrap();
    let third = fixture.delivered(&notifier, MessageKind::Invitation, GRACE).await;
    let patch = UserPatch { email: Patch::Set("hopper@example.com".into()), ..UserPatch::default() };
    system.change_user(user.id, &patch, None).await.unwrap();
    assert_eq!(code(&anonymous.accept_invitation(&acceptance(&third, ANOTHER)).await), "invalid_token");
    let fourth = fixture.delivered(&notifier, MessageKind::Invitation, "hopper@example.com").await;
    let patch = UserPatch { password: Patch::Set(Password::new(ANOTHER)), ..UserPatch::default() };
    system.change_user(user.id, &patch, None).await.unwrap();
    assert_eq!(code(&anonymous.accept_invitation(&acceptance(&fourth, ANOTHER)).await), "invalid_token");

    assert_eq!(code(&system.invite(user.id).await), "not_invited");
    assert_eq!(code(&system.invite(admin.id).await), "not_invited");
    assert_eq!(code(&system.invite(super::support::absent_user()).await), "not_found");
    fixture.verify().await;
}

pub(super) async fn an_import_invites_where_it_is_told_to(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    let workbook = || {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&users(5).bytes()).unwrap();
        file.rewind().unwrap();
        file
    };
    let system = fixture.ums.system();
    let dry = ImportOptions::new().invite(true).dry_run(true);
    system.import_workbook(workbook(), &dry).await.unwrap();
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    let report = system.import_workbook(workbook(), &ImportOptions::new().invite(true)).await.unwrap();
    let made = usize::try_from(report.users.created).unwrap();
    assert!(made > 0, "{report:?}");
    assert_eq!(fixture.ums.deliver_messages().await.unwrap().sent, made);
    assert!(notifier.take().iter().all(|message| message.kind == MessageKind::Invitation));
    fixture.verify().await;
}

pub(super) async fn an_import_invites_nobody_unless_told_to(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register("admin@example.com").await;
    fixture.ums.deliver_messages().await.unwrap();
    drop(notifier.take());
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&users(5).bytes()).unwrap();
    file.rewind().unwrap();
    let report = fixture.ums.system().import_workbook(file, &ImportOptions::new()).await.unwrap();
    assert!(report.users.created > 0, "{report:?}");
    assert_eq!(fixture.ums.deliver_messages().await.unwrap(), Default::default());
    // Whoever says that the password is forgotten is invited then.
    let ums = &fixture.ums;
    let all = ums.system().users(&Default::default(), &Default::default()).await.unwrap().items;
    let invited = all.into_iter().find(|user| user.status == Status::Invited).unwrap();
    let forgotten = ums_core::ForgottenPassword { email: invited.email.clone() };
    ums.anonymous().forgot_password(&forgotten).await.unwrap();
    let token = fixture.delivered(&notifier, MessageKind::Invitation, &invited.email).await;
    ums.anonymous().accept_invitation(&acceptance(&token, ANOTHER)).await.unwrap();
    fixture.verify().await;
}
