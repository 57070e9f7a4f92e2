//! Lists and their parameters.

use http::StatusCode;
use serde_json::json;
use ums_core::model::Role;

use crate::support::{Server, assert_faults};

#[tokio::test]
async fn pages_lead_through_the_whole_list_once() {
    let (server, token) = Server::with_admin().await;
    for number in 1..=7 {
        server.organisation(&token, &format!("Organisation {number}")).await;
    }
    let (mut names, mut path) = (Vec::new(), "/organisation/?limit=3".to_owned());
    let mut sizes = Vec::new();
    loop {
        let page = server.get(&path).token(&token).send().await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        assert_eq!(page.as_object().unwrap().len(), 2);
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/organisation/?limit=3&cursor={cursor}");
    }
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(names, (1..=7).map(|number| format!("Organisation {number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn limits_are_1_to_200() {
    let (server, token) = Server::with_admin().await;
    let lists = ["/organisation/", "/department/", "/user/", "/import/", "/logs/", "/auth/sessions"];
    for path in lists {
        for wrong in ["0", "-1", "201", "18446744073709551616", "1e3", "", "1.5", "abc"] {
            let answer = server.get(&format!("{path}?limit={wrong}")).token(&token).send().await;
            assert_faults(&answer, &[("limit", "invalid_value")]);
        }
        server.get(&format!("{path}?limit=200")).token(&token).send().await.expect(StatusCode::OK);
        let unknown = server
            .get(&format!("{path}?sort=password_hash&limit=0&page=2&limit=1"))
            .token(&token)
            .send()
            .await;
        assert_faults(
            &unknown,
            &[
                ("sort", "unknown_parameter"),
                ("page", "unknown_parameter"),
                ("limit", "invalid_value"),
                ("limit", "duplicate"),
            ],
        );
        for cursor in ["x", "", "AAAA", "..", "%00"] {
            let answer = server.get(&format!("{path}?cursor={cursor}")).token(&token).send().await;
            answer.problem(400, "invalid_cursor");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let (server, token) = Server::with_admin().await;
    for name in ["One", "Two"] {
        server.organisation(&token, name).await;
    }
    let page = server.get("/organisation/?limit=1").token(&token).send().await.expect(StatusCode::OK);
    let cursor = page["next_cursor"].as_str().unwrap();
    for path in ["/user/", "/department/", "/organisation/1/users", "/import/", "/logs/"] {
        let answer = server.get(&format!("{path}?cursor={cursor}")).token(&token).send().await;
        answer.problem(400, "invalid_cursor");
    }
}

#[tokio::test]
async fn users_are_narrowed_by_every_filter() {
    let (server, token) = Server::with_admin().await;
    let tech = server.fixture.organisation("Tech Corp").await;
    server.fixture.account("grace@example.com", Role::OrgAdmin, Some(&tech)).await;
    server.fixture.account("alan@example.com", Role::Member, Some(&tech)).await;
    let department = server.department(&token, tech.id.as_u64(), "Research").await;
    let patch = server
        .patch("/user/3")
        .token(&token)
        .json(&json!({ "department_id": department, "status": "suspended" }));
    patch.send().await.expect(StatusCode::OK);
    for (query, expected) in [
        ("", &["ada@example.com", "alan@example.com", "grace@example.com"][..]),
        ("organisation_id=1", &["alan@example.com", "grace@example.com"]),
        ("department_id=1", &["alan@example.com"]),
        ("role=org_admin", &["grace@example.com"]),
        ("status=suspended", &["alan@example.com"]),
        ("q=GRA", &["grace@example.com"]),
        ("organisation_id=1&role=member&status=active", &[]),
    ] {
        let page = server.get(&format!("/user/?{query}")).token(&token).send().await.expect(StatusCode::OK);
        let items = page["items"].as_array().unwrap();
        let mut emails: Vec<&str> = items.iter().map(|user| user["email"].as_str().unwrap()).collect();
        emails.sort_unstable();
        assert_eq!(emails, expected, "{query}");
        assert!(items.iter().all(|user| user.get("password").is_none()));
    }
    for (path, count) in
        [("/organisation/1/users", 2), ("/department/1/users", 1), ("/organisation/1/departments", 1)]
    {
        let page = server.get(path).token(&token).send().await.expect(StatusCode::OK);
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{path}");
    }
    let page = server.get("/department/?organisation_id=1").token(&token).send().await.expect(StatusCode::OK);
    assert_eq!(page["items"][0]["name"], "Research");
    let wrong =
        server.get("/user/?organisation_id=0&role=king&status=&department_id=1e3").token(&token).send().await;
    let wrong_values =
        ["organisation_id", "role", "status", "department_id"].map(|field| (field, "invalid_value"));
    assert_faults(&wrong, &wrong_values);
    server.fixture.verify().await;
}
