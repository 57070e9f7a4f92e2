//! What the log is told of messages, and of what is done by them.

use std::sync::Arc;

use async_trait::async_trait;
use ums_core::log::{LogEvent, Outcome};
use ums_core::model::UserFields;
use ums_core::notify::{MemoryNotifier, Message, MessageKind, Notifier, NotifyError};
use ums_core::{
    EmailChange, ForgottenPassword, InvitationAcceptance, Origin, Password, PasswordReset, SingleUseToken,
};

use super::support::{AnyStore, person};
use crate::{Fixture, PASSWORD};

const ADA: &str = "ada@example.com";
const ANOTHER: &str = "AnotherPassword123";

async fn events(fixture: &Fixture) -> Vec<LogEvent> {
    fixture.ums.log().flush().await.unwrap();
    fixture.log.events()
}

/// Action, target, how it ended, and the code of what refused it, of the events past these.
async fn told_after(fixture: &Fixture, seen: usize) -> Vec<(String, String, Outcome, String)> {
    let new = events(fixture).await.split_off(seen);
    let told = new.iter().map(|event| {
        let detail = event.fields().get("code").or_else(|| event.fields().get("kind"));
        (
            event.action().to_owned(),
            event.target().unwrap_or_default().to_owned(),
            event.outcome().unwrap(),
            detail.and_then(|value| value.as_str()).unwrap_or_default().to_owned(),
        )
    });
    told.collect()
}

fn done(action: &str, target: &str, detail: &str) -> (String, String, Outcome, String) {
    (action.to_owned(), target.to_owned(), Outcome::Success, detail.to_owned())
}

fn refused(action: &str, target: &str, code: &str) -> (String, String, Outcome, String) {
    (action.to_owned(), target.to_owned(), Outcome::Refused, code.to_owned())
}

pub(super) async fn what_is_sent_and_done_by_it_leaves_one_each(store: AnyStore) {
    let (fixture, notifier) = Fixture::with_messages(store).await;
    fixture.register(ADA).await;
    let organisation = fixture.organisation("One").await;
    let fields = UserFields { organisation_id: Some(organisation.id), ..person("grace@example.com") };
    let system = fixture.ums.system();
    let grace = system.create_user(&fields).await.unwrap().value;
    let invited = format!("user/{}", grace.id);
    let verification = fixture.delivered(&notifier, MessageKind::EmailVerification, ADA).await;
    let own = fixture.acting(ADA).await;
    let seen = events(&fixture).await.len();

    let anonymous = fixture.ums.anonymous().with(Origin::new().request_id("r-1"));
    for email in [ADA, "nobody@example.com"] {
        anonymous.forgot_password(&ForgottenPassword { email: email.to_owned() }).await.unwrap();
    }
    let token = fixture.delivered(&notifier, MessageKind::PasswordReset, ADA).await;
    let reset = PasswordReset { token, new_password: Password::new("short") };
    anonymous.reset_password(&reset).await.unwrap_err();
    anonymous.verify_email(&verification).await.unwrap();
    anonymous.verify_email(&verification).await.unwrap_err();
    anonymous.verify_email(&SingleUseToken::new("nonsense")).await.unwrap_err();
    let change = EmailChange { email: "new@example.com".into(), current_password: Password::new(PASSWORD) };
    own.change_email(&change).await.unwrap();
    own.send_verification().await.unwrap_err();
    system.invite(grace.id).await.unwrap();
    let told = told_after(&fixture, seen).await;
    let expected = [
        // Who has the address is told once the message is sent, under the same request.
        done("auth.forgot", "", ""),
        done("auth.forgot", "", ""),
        done("message.sent", "user/1", "password_reset"),
        refused("auth.reset", "user/1", "invalid"),
        done("auth.verify_email", "user/1", ""),
        refused("auth.verify_email", "user/1", "invalid_token"),
        refused("auth.verify_email", "", "invalid_token"),
        done("auth.email_change", "user/1", ""),
        refused("auth.verify_email_send", "user/1", "already_verified"),
        done("user.invite", &invited, ""),
    ];
    assert_eq!(told, expected);
    let all = events(&fixture).await;
    let sent = all.iter().find(|event| event.fields().get("kind").is_some_and(|kind| kind == "password_reset"));
    assert_eq!(sent.unwrap().request_id(), Some("r-1"));

    let seen = all.len();
    fixture.ums.deliver_messages().await.unwrap();
    let messages = notifier.take();
    let invitation = messages.iter().find(|message| message.kind == MessageKind::Invitation).unwrap();
    let acceptance = InvitationAcceptance {
        token: SingleUseToken::new(invitation.token.as_ref().unwrap().reveal()),
        password: Password::new(ANOTHER),
        full_name: None,
    };
    anonymous.accept_invitation(&acceptance).await.unwrap();
    let told = told_after(&fixture, seen).await;
    assert!(told.contains(&done("message.sent", &invited, "invitation")), "{told:?}");
    assert_eq!(told.last(), Some(&done("auth.invitation_accept", &invited, "")));
    let all = events(&fixture).await;
    let accepted = all.last().unwrap();
    assert_eq!((accepted.actor_id(), accepted.organisation_id()), (Some(grace.id), Some(organisation.id)));
    let of_one = all.iter().filter(|event| event.target() == Some(&invited));
    assert!(of_one.clone().count() > 3 && of_one.clone().all(|event| event.organisation_id() == Some(organisation.id)));
    fixture.verify().await;
}

/// Tells in its errors what it should not.
#[derive(Debug)]
struct Talkative(MemoryNotifier);

#[async_trait]
impl Notifier for Talkative {
    async fn send(&self, message: &Message) -> Result<(), NotifyError> {
        self.0.send(message).await?;
        let token = message.token.as_ref().map(|token| token.reveal().to_owned()).unwrap_or_default();
        Err(NotifyError::permanent("the server refuses").caused_by(token))
    }
}

pub(super) async fn no_token_is_told(store: AnyStore) {
    let notifier = MemoryNotifier::new();
    let fixture = Fixture::with_notifier(store, Arc::new(Talkative(notifier.clone()))).await;
    fixture.register(ADA).await;
    fixture.ums.deliver_messages().await.unwrap();
    let token = notifier.take()[0].token.clone().unwrap();
    let shown = format!("{:?}", events(&fixture).await);
    assert!(shown.contains("message.failed") && shown.contains("the server refuses"), "{shown}");
    assert!(!shown.contains(token.reveal()) && !shown.contains(token.reveal_link()), "{shown}");
    // What the log keeps of a token that is shown is whose it is said to be.
    let shown_token = SingleUseToken::new(token.reveal());
    fixture.ums.anonymous().verify_email(&shown_token).await.unwrap();
    fixture.ums.anonymous().verify_email(&shown_token).await.unwrap_err();
    assert!(!format!("{:?} {shown_token:?}", events(&fixture).await).contains(token.reveal()));
    fixture.verify().await;
}
