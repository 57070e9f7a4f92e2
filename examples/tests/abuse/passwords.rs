//! Changing a password.

use serde_json::json;

use super::case::{Case, case};
use super::world::{World, password_of};

pub(crate) const CASES: &[Case] = &[
    case!(9, "a change of password without the current one", without_the_current_one),
    case!(10, "a change of password ends the other sessions", the_other_sessions_end),
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
    world.anyone.login(&ada.email, &password_of("new")).await;
    world.end().await;
}
