//! Changing a password.

use serde_json::json;
use ums_core::notify::MessageKind;

use super::case::{Case, case};
use super::world::{World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(9, "a change of password without the current one", without_the_current_one),
    case!(10, "a change or reset of the password ends the other sessions", the_other_sessions_end),
];

async fn without_the_current_one() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let new = password_of("new");
    let wrong = json!({"current_password": password_of("wrong"), "new_password": new});
    ada.client.post("/auth/password", wrong).await.refused(403, "wrong_password");
    let empty = json!({"current_password": "", "new_password": new});
    ada.client.post("/auth/password", empty).await.refused(403, "wrong_password");
    let missing = ada.client.post("/auth/password", json!({"new_password": new})).await;
    assert!(matches!(missing.status, 403 | 422), "{}", missing.text());
    // An administrator's rights over users are no way around it.
    let own = format!("/user/{}", ada.id);
    ada.client.patch(&own, json!({"password": new})).await.fault("password", "own_account");
    ada.client.patch(&own, json!({"email": "thief@example.com"})).await.fault("email", "own_account");
    let change = json!({"email": "thief@example.com", "current_password": password_of("wrong")});
    ada.client.post("/auth/email", change).await.refused(403, "wrong_password");
    world.anyone.try_login(&ada.email, &new).await.refused(401, "invalid_credentials");
    ada.again(&world).await;
    world.end().await;
}

async fn the_other_sessions_end() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let others = [ada.again(&world).await, ada.again(&world).await];
    let change = json!({"current_password": ada.password, "new_password": password_of("new")});
    ada.client.post("/auth/password", change).await.expect(204);
    for other in &others {
        other.client.get("/auth/me").await.refused(401, "invalid_access_token");
        world.anyone.refresh(&other.tokens.refresh).await.refused(401, "invalid_refresh_token");
    }
    ada.client.get("/auth/me").await.expect(200);
    world.anyone.refresh(&ada.tokens.refresh).await.expect(200);
    world.anyone.try_login(&ada.email, &ada.password).await.refused(401, "invalid_credentials");
    let third = world.enter(ada.id, &ada.email, &password_of("new")).await;

    // So does a reset, by a token that is good once and stands nowhere else.
    world.anyone.post("/auth/password/forgot", json!({"email": ada.email})).await.expect(202);
    let token = world.token(MessageKind::PasswordReset, &ada.email).await;
    let reset = json!({"token": token, "new_password": password_of("reset")});
    world.anyone.post("/auth/password/reset", reset.clone()).await.expect(204);
    third.client.get("/auth/me").await.refused(401, "invalid_access_token");
    world.anyone.post("/auth/password/reset", reset).await.refused(422, "invalid_token");
    let ada = world.enter(ada.id, &ada.email, &password_of("reset")).await;

    let invited = json!({"full_name": "Invited", "email": "invited@example.com"});
    ada.client.post("/user/", invited).await.expect(201);
    let token = world.token(MessageKind::Invitation, "invited@example.com").await;
    let acceptance = json!({"token": token, "password": password_of("guest")});
    world.anyone.post("/auth/invitation/accept", acceptance.clone()).await.tokens();
    world.anyone.post("/auth/invitation/accept", acceptance).await.refused(422, "invalid_token");
    world.end().await;
}
