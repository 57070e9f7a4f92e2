//! What people do by tokens that are sent to them: new passwords, confirmed addresses, invitations.

use serde::Deserialize;
use ums_core::access::Action;
use ums_core::{
    EmailChange, ForgottenPassword, InvitationAcceptance, PasswordReset, SingleUseToken, TokenPair,
};
use utoipa::ToSchema;

use crate::answer::{Accepted, Answer, Done};
use crate::body::Body;
use crate::caller::{Caller, Visitor};
use crate::problem::{Cause, Problem};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section(
            "Recovery",
            "New passwords, confirmed e-mail addresses and invitations, by tokens that are sent and are good once. A token \
             that is unknown, used or expired, or was made for an address that the account no longer has, is \
             `422 invalid_token` on the field `token`, all alike.",
        )
        .open(
            Route::post("/auth/password/forgot", "forgot_password", "Ask for a new password")
                .details(
                    "A token goes to the address where an account has it; an invited account gets its invitation once \
                     more. The answer is the same, after the same time, whether there is an account or not.",
                )
                .problems(&[Cause::TooMany]),
            forgot,
        )
        .open(
            Route::post("/auth/password/reset", "reset_password", "Set a new password by a token")
                .details(
                    "Every session of the account ends, and its address counts as verified. A password that is refused, \
                     on the field `new_password`, does not use the token up. `422 invalid_token`.",
                ),
            reset,
        )
        .open(
            Route::post("/auth/verify-email", "verify_email", "Confirm an e-mail address by a token")
                .details(
                    "The account's own address, or one that it asked for: then the address changes now. Sessions stay. \
                     `422 invalid_token`.",
                )
                .conflicts(&["`email_taken` where another account has the new address by now"]),
            verify_email,
        )
        .open(
            Route::post("/auth/invitation/accept", "accept_invitation", "Accept an invitation by a token")
                .details(
                    "The account becomes `active`, its address counts as verified, and a session begins. A field that is \
                     refused does not use the token up. `422 invalid_token`.",
                ),
            accept_invitation,
        )
        .requires(
            Action::OwnAccount,
            Route::post("/auth/verify-email/send", "send_verification", "Ask for a token that confirms one's address")
                .conflicts(&["`already_verified` where there is nothing to confirm", NO_NOTIFIER]),
            send_verification,
        )
        .requires(
            Action::OwnAccount,
            Route::post("/auth/email", "change_email", "Ask for another e-mail address")
                .details(
                    "A token goes to the new address, a notice to the old one. Nothing changes before \
                     `POST /auth/verify-email` confirms the new address. `403 wrong_password` where the current password \
                     is wrong.",
                )
                .problems(&[Cause::TooMany])
                .conflicts(&[NO_NOTIFIER]),
            change_email,
        );
}

pub(super) const NO_NOTIFIER: &str = "`no_notifier` where the deployment sends no messages";

/// A token that confirms an address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    /// The token from the message.
    #[schema(value_type = String, format = Password)]
    token: SingleUseToken,
}

async fn forgot(visitor: Visitor, Body(forgotten): Body<ForgottenPassword>) -> Result<Accepted, Problem> {
    visitor.forgot_password(&forgotten).await?;
    Ok(Accepted)
}

async fn reset(visitor: Visitor, Body(reset): Body<PasswordReset>) -> Result<Done, Problem> {
    visitor.reset_password(&reset).await?;
    Ok(Done)
}

async fn verify_email(visitor: Visitor, Body(verification): Body<Verification>) -> Result<Done, Problem> {
    visitor.verify_email(&verification.token).await?;
    Ok(Done)
}

async fn accept_invitation(
    visitor: Visitor,
    Body(acceptance): Body<InvitationAcceptance>,
) -> Result<Answer<TokenPair>, Problem> {
    Ok(Answer(visitor.accept_invitation(&acceptance).await?))
}

async fn send_verification(caller: Caller) -> Result<Accepted, Problem> {
    caller.send_verification().await?;
    Ok(Accepted)
}

async fn change_email(caller: Caller, Body(change): Body<EmailChange>) -> Result<Accepted, Problem> {
    caller.change_email(&change).await?;
    Ok(Accepted)
}
