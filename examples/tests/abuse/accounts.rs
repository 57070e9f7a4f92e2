//! Log-ins that must fail, and how much they tell.

use serde_json::json;

use super::case::{Case, case};
use super::client::Client;
use super::support::Server;
use super::world::{World, password_of};
use super::{canary, support};

pub(crate) const CASES: &[Case] = &[
    case!(1, "a wrong password", a_wrong_password),
    case!(2, "an account that is not there", an_account_that_is_not_there),
    case!(3, "an account that may not log in", an_account_that_may_not_log_in),
    case!(11, "a password that is nearly right", a_password_that_is_nearly_right),
    case!(14, "a fresh installation's first account", a_fresh_installation),
];

async fn a_wrong_password() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let answer = world.anyone.try_login(&ada.email, &password_of("nobody")).await;
    answer.refused(401, "invalid_credentials");
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    assert_eq!(answer.headers["cache-control"], "no-store");
    world.end().await;
}

async fn an_account_that_is_not_there() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let wrong = world.anyone.try_login(&ada.email, &password_of("nobody")).await;
    for nobody in ["nobody@example.com", "no address", "ada@EXAMPLE.org", "'; drop table users; --", "ada"] {
        let absent = world.anyone.try_login(nobody, &ada.password).await;
        absent.refused(401, "invalid_credentials");
        assert_eq!(absent.without_request_id(), wrong.without_request_id(), "{nobody}");
    }
    world.end().await;
}

async fn an_account_that_may_not_log_in() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let wrong = world.anyone.try_login(&ada.email, &password_of("nobody")).await;
    let mut ids = Vec::new();
    for (name, status) in [("suspended", "suspended"), ("pending", "pending")] {
        let fields = json!({
            "full_name": name, "email": format!("{name}@example.com"), "password": password_of(name),
            "status": status
        });
        ids.push(ada.makes("/user/", fields).await);
    }
    let invited = json!({"full_name": "Invited", "email": "invited@example.com"});
    assert_eq!(ada.client.post("/user/", invited).await.expect(201)["status"], "invited");
    for name in ["suspended", "pending", "invited"] {
        let answer = world.anyone.try_login(&format!("{name}@example.com"), &password_of(name)).await;
        assert_eq!(answer.without_request_id(), wrong.without_request_id(), "{name}");
    }
    // It was the right password: once they may, it opens.
    for id in ids {
        ada.client.patch(&format!("/user/{id}"), json!({"status": "active"})).await.expect(200);
    }
    for name in ["suspended", "pending"] {
        world.anyone.login(&format!("{name}@example.com"), &password_of(name)).await;
    }
    world.end().await;
}

async fn a_password_that_is_nearly_right() {
    let world = World::new().await;
    // The last letter is a ligature, which NFKC takes apart.
    let password = "canary-Ångström-Wp7xQ2vLk9-ﬁ";
    canary::secret(password);
    let fields = json!({"full_name": "Ada", "email": "ada@example.com", "password": password});
    world.anyone.post("/auth/register", fields).await.expect(201);
    let composed = "canary-A\u{30a}ngstro\u{308}m-Wp7xQ2vLk9-ﬁ";
    let near = [
        format!("{password} "),
        format!(" {password}"),
        password.trim_end_matches('ﬁ').to_owned(),
        password.to_uppercase(),
        password.to_lowercase(),
        password.replace('ﬁ', "fi"),
        composed.to_owned(),
        format!("{password}\0"),
    ];
    for (index, wrong) in near.iter().enumerate() {
        assert_ne!(wrong, password);
        // As slowly as whoever minds being slowed down.
        world.advance(24 * 60 * 60 + 1);
        let answer = world.anyone.try_login("ada@example.com", wrong).await;
        assert_eq!(answer.verdict(), (401, "invalid_credentials".to_owned()), "{index}");
    }
    world.advance(24 * 60 * 60 + 1);
    world.anyone.login("ada@example.com", password).await;
    world.end().await;
}

async fn a_fresh_installation() {
    let directory = tempfile::tempdir().unwrap();
    let first = password_of("bootstrap");
    let variables =
        [("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", first.as_str()), ("RUST_LOG", "trace")];
    canary::secret(&first);

    let mut server = Server::start_with(directory.path(), &variables);
    let anyone = Client::new(&server.url);
    for (email, password) in [("admin", "admin"), ("root", "root"), ("", ""), ("root@example.com", "root")] {
        anyone.try_login(email, password).await.refused(401, "invalid_credentials");
    }
    let root = anyone.login("root@example.com", &first).await;
    let second = password_of("changed");
    let change = json!({"current_password": first, "new_password": second});
    anyone.bearing(&root.access).post("/auth/password", change).await.expect(204);
    anyone.try_login("root@example.com", &first).await.refused(401, "invalid_credentials");
    server.terminate();
    assert!(server.wait().success());

    // What made the first administrator makes no second one, and does not bring the first password back.
    let mut server = Server::start_with(directory.path(), &variables);
    let anyone = Client::new(&server.url);
    anyone.try_login("root@example.com", &first).await.refused(401, "invalid_credentials");
    let root = anyone.login("root@example.com", &second).await;
    let users = anyone.bearing(&root.access).get("/user/").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users:#}");
    server.terminate();
    assert!(server.wait().success());
    support::store::verify(directory.path()).await;
    canary::keep(directory);
}
