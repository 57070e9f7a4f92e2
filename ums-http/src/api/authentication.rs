//! Registering, logging in and out.

use serde::Deserialize;
use ums_core::access::Action;
use ums_core::model::User;
use ums_core::{Credentials, Registration, TokenPair};
use utoipa::ToSchema;

use crate::answer::{Answer, Created, Done};
use crate::body::Body;
use crate::caller::{Caller, Visitor};
use crate::problem::{Cause, Problem};
use crate::routes::{Route, Routes};

pub(crate) fn add_to(routes: &mut Routes<'_>) {
    routes
        .section("Authentication", "Registering, logging in and out, and tokens.")
        .open(
            Route::post("/auth/register", "register", "Register an account")
                .details("The first account of an empty store becomes `admin` where the deployment allows that. `403` where \
                     registration is closed.")
                .problems(&[Cause::Forbidden, Cause::TooMany])
                .conflicts(&["`email_taken` where an account with this address exists"]),
            register,
        )
        .open(
            Route::post("/auth/login", "login", "Log in")
                .details(
                    "Wrong credentials are answered with the same words, and in the same time, whether the account \
                     exists or not. After a few failures further attempts are delayed: `429` until then, also for the \
                     right password.",
                )
                .problems(&[Cause::Unauthenticated, Cause::TooMany]),
            login,
        )
        .open(
            Route::post("/auth/refresh", "refresh", "Renew the tokens")
                .details(
                    "The refresh token shown is spent. Shown again within 10 s, the one just spent gets the same \
                     answer: a reply may have been lost. Later, or an older one, it ends the whole session: \
                     `refresh_token_reused`.",
                )
                .problems(&[Cause::Unauthenticated]),
            refresh,
        )
        .requires(
            Action::OwnAccount,
            Route::post("/auth/logout", "logout", "End this session")
                .details("Its tokens are refused from then on."),
            logout,
        )
        .requires(
            Action::OwnAccount,
            Route::post("/auth/logout-all", "logout_all", "End every session of the caller"),
            logout_all,
        );
}

/// A refresh token, as a log-in or the last renewal answered it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// The refresh token.
    #[schema(format = Password)]
    refresh_token: String,
}

async fn register(
    visitor: Visitor,
    Body(registration): Body<Registration>,
) -> Result<Created<User>, Problem> {
    Ok(Created(visitor.register(&registration).await?))
}

async fn login(visitor: Visitor, Body(credentials): Body<Credentials>) -> Result<Answer<TokenPair>, Problem> {
    Ok(Answer(visitor.login(&credentials).await?))
}

async fn refresh(visitor: Visitor, Body(refresh): Body<Refresh>) -> Result<Answer<TokenPair>, Problem> {
    Ok(Answer(visitor.refresh(&refresh.refresh_token).await?))
}

async fn logout(caller: Caller) -> Result<Done, Problem> {
    caller.logout().await?;
    Ok(Done)
}

async fn logout_all(caller: Caller) -> Result<Done, Problem> {
    caller.logout_all().await?;
    Ok(Done)
}
