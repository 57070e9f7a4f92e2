//! Fields and parameters that ask for too much.

use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Case, case};
use super::client::Client;
use super::world::World;

pub(crate) const CASES: &[Case] = &[
    case!(32, "fields that nobody sets for themselves", fields_that_nobody_sets),
    case!(37, "lists sorted and filtered by what is no filter", unknown_filters),
    case!(40, "every string field at and past its bounds", string_fields),
    case!(42, "lists of no, negative and endless length", lengths_of_lists),
    case!(44, "formulas, line breaks and markup in names", formulas_and_markup),
];

async fn fields_that_nobody_sets() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let organisation = ada.makes("/organisation/", json!({"name": "Acme"})).await;
    let member = ada.makes_user(&world, "member", json!({"organisation_id": organisation})).await;
    let before = member.client.get("/auth/me").await.without_request_id();
    for (field, value) in [
        ("role", json!("admin")),
        ("organisation_id", json!(organisation)),
        ("department_id", json!(1)),
        ("email", json!("other@example.com")),
        ("email_verified", json!(true)),
        ("password_hash", json!("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")),
        ("password", json!("a password that is new")),
        ("status", json!("active")),
        ("id", json!(1)),
        ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ("session_epoch", json!(7)),
        ("__proto__", json!({"role": "admin"})),
    ] {
        let answer = member.client.patch("/auth/me", json!({"full_name": "Changed", field: value})).await;
        answer.fault(field, "unknown_field");
        // By the other door, for which a member has no key.
        let own = format!("/user/{}", member.id);
        let answer = member.client.patch(&own, json!({field: value})).await;
        assert!(matches!(answer.status, 403 | 422), "{field}: {}", answer.text());
    }
    assert_eq!(member.client.get("/auth/me").await.without_request_id(), before);
    world.end().await;
}

async fn unknown_filters() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (list, parameters) in [
        (
            "/user/",
            &["sort=password_hash", "password_hash=x", "password=x", "order=email", "role=god", "q[]=a"][..],
        ),
        ("/organisation/", &["sort=name", "secret=1"]),
        ("/department/", &["sort=name", "organisation_id=x"]),
        ("/auth/sessions", &["sort=ip", "user_id=1"]),
        ("/import/", &["sort=status"]),
        ("/logs/", &["sort=level", "level=loud", "fields.password=x"]),
    ] {
        ada.client.get(list).await.expect(200);
        for parameter in parameters {
            let answer = ada.client.get(&format!("{list}?{parameter}")).await;
            assert_eq!(answer.verdict(), (422, "invalid".to_owned()), "{list}?{parameter}");
            let field = parameter.split_once('=').unwrap().0;
            assert_eq!(answer.expect(422)["errors"][0]["field"], field, "{list}?{parameter}");
        }
    }
    world.end().await;
}

/// A string field of a resource, and the most characters it takes.
struct TextField {
    path: &'static str,
    field: &'static str,
    longest: usize,
    required: bool,
}

async fn string_fields() {
    const FIELDS: [TextField; 7] = [
        TextField { path: "/organisation/", field: "name", longest: 200, required: true },
        TextField { path: "/organisation/", field: "address", longest: 500, required: false },
        TextField { path: "/organisation/", field: "description", longest: 2000, required: false },
        TextField { path: "/department/", field: "name", longest: 200, required: true },
        TextField { path: "/user/", field: "full_name", longest: 200, required: true },
        TextField { path: "/user/", field: "external_id", longest: 200, required: false },
        TextField { path: "/user/", field: "email", longest: 254, required: true },
    ];
    let world = World::new().await;
    let ada = world.person("ada").await;
    let organisation = ada.makes("/organisation/", json!({"name": "Acme"})).await;
    let mut made = 0;
    for TextField { path, field, longest, required } in FIELDS {
        let fit = |length: usize| if field == "email" { address(length) } else { "x".repeat(length) };
        for (value, expected) in [
            (String::new(), if required { Some(422) } else { None }),
            (fit(longest), Some(201)),
            (fit(longest + 1), Some(422)),
            ("nul\0byte".to_owned(), Some(422)),
            ("line\r\nbreak".to_owned(), Some(422)),
            ("turned\u{202e}round".to_owned(), None),
            ("🦀".repeat(40), None),
            ("\u{feff}mark".to_owned(), None),
        ] {
            made += 1;
            let mut body = whole(path, organisation, made);
            body[field] = value.as_str().into();
            let answer = ada.client.post(path, body).await;
            let what = format!("{path} {field} {:.20?} {}", value, value.len());
            assert!(expected.is_none_or(|status| answer.status == status), "{what}: {}", answer.text());
            if answer.status == 201 {
                let made = answer.expect(201);
                let stored = ada.client.get(&format!("{path}{}", made["id"])).await.expect(200);
                let kept = if value.is_empty() { Value::Null } else { value.trim().into() };
                assert!(stored[field] == kept || stored[field] == value.as_str(), "{what}: {stored:#}");
            } else {
                assert_eq!(answer.expect(422)["errors"][0]["field"], field, "{what}");
            }
        }
        let lone = whole(path, organisation, 0).to_string().replacen(
            '{',
            &format!("{{\"{field}\": \"\\ud800\","),
            1,
        );
        refuses_lone_surrogate(&ada.client, path, lone).await;
    }
    world.end().await;
}

/// The JSON is malformed (RFC 8259, section 8.2, leaves open what it means): it is refused and nothing is made of it.
async fn refuses_lone_surrogate(client: &Client, path: &str, body: String) {
    let headers = [("content-type", "application/json")];
    let answer = client.raw(Method::POST, path, &headers, Some(body.into_bytes())).await;
    assert!(matches!(answer.status, 400 | 422), "{path}: {}", answer.text());
}

fn whole(path: &str, organisation: u64, number: u32) -> Value {
    match path {
        "/organisation/" => json!({"name": format!("Organisation {number}")}),
        "/department/" => json!({"name": format!("Department {number}"), "organisation_id": organisation}),
        _ => json!({"full_name": "User", "email": format!("user{number}@example.com")}),
    }
}

/// An address of this many characters, within the bounds of its parts (RFC 5321, section 4.5.3.1).
fn address(length: usize) -> String {
    let local = "x".repeat(64);
    let labels = length - local.len() - 1;
    let domain: String = (0..labels).map(|index| if index % 50 == 49 { '.' } else { 'y' }).collect();
    format!(
        "{local}@{}",
        domain.trim_end_matches('.').to_owned() + if domain.ends_with('.') { "z" } else { "" }
    )
}

async fn lengths_of_lists() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for list in ["/user/", "/organisation/", "/department/", "/auth/sessions", "/import/", "/logs/"] {
        for limit in
            ["0", "-1", "201", "18446744073709551616", "1e3", "", "NaN", "1.0", "%31%30x", " 1", "0x10"]
        {
            let answer = ada.client.get(&format!("{list}?limit={limit}")).await;
            assert_eq!(answer.verdict(), (422, "invalid".to_owned()), "{list} {limit:?}");
            assert_eq!(answer.expect(422)["errors"][0]["field"], "limit", "{list} {limit:?}");
        }
        for limit in ["1", "200"] {
            ada.client.get(&format!("{list}?limit={limit}")).await.expect(200);
        }
    }
    world.end().await;
}

async fn formulas_and_markup() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for (index, name) in [
        "=cmd|'/C calc'!A0",
        "+1+1",
        "@SUM(A1:A2)",
        "-2+3",
        "<script>alert(1)</script>",
        "'); drop table users; --",
        "${jndi:ldap://x}",
    ]
    .into_iter()
    .enumerate()
    {
        let fields = json!({"full_name": name, "email": format!("user{index}@example.com")});
        let id = ada.makes("/user/", fields).await;
        let answer = ada.client.get(&format!("/user/{id}")).await;
        assert_eq!(answer.expect(200)["full_name"], name);
        // No browser takes it for a page.
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    for name in ["a\r\nb", "a\nSet-Cookie: b", "a\u{1b}[2Jb"] {
        let fields = json!({"full_name": name, "email": "broken@example.com"});
        ada.client.post("/user/", fields).await.fault("full_name", "control_character");
    }
    world.end().await;
}
