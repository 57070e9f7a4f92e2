//! Bodies that are no JSON, or more of it than anybody needs.

use reqwest::Method;
use serde_json::Value;

use super::case::{Case, case};
use super::client::Client;
use super::world::World;

pub(crate) const CASES: &[Case] = &[
    case!(41, "bodies with keys twice, nested deep, cut off, not JSON", malformed_bodies),
    case!(43, "bodies of the wrong media type", wrong_media_types),
];

/// Every route that takes JSON, with a method.
async fn routes_with_bodies(client: &Client) -> Vec<(Method, String, String)> {
    let document = client.get("/openapi.json").await.expect(200);
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            let media = content.keys().next().unwrap().clone();
            let id = if path.starts_with("/auth/") { "0".repeat(32) } else { "1".to_owned() };
            routes.push((method.to_uppercase().parse().unwrap(), path.replace("{id}", &id), media));
        }
    }
    assert!(routes.len() > 10, "{routes:?}");
    routes
}

async fn malformed_bodies() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", b"".to_vec()),
        ("a key twice", br#"{"full_name": "A", "full_name": "B"}"#.to_vec()),
        ("a key twice, one escaped", br#"{"full_name": "A", "full\u005fname": "B"}"#.to_vec()),
        ("200 deep", [b"{\"full_name\":".as_slice(), &b"[".repeat(200), &b"]".repeat(200), b"}"].concat()),
        ("100,000 deep", b"[".repeat(100_000)),
        ("trailing bytes", br#"{"full_name": "A"} x"#.to_vec()),
        ("two documents", br#"{"full_name": "A"}{"full_name": "B"}"#.to_vec()),
        ("cut off", br#"{"full_name": "A"#.to_vec()),
        ("NaN", br#"{"full_name": NaN}"#.to_vec()),
        ("1e400", br#"{"full_name": 1e400}"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"full_name\": \"A\"}".to_vec()),
        ("not UTF-8", b"{\"full_name\": \"\xff\xfe\"}".to_vec()),
        ("overlong UTF-8", b"{\"full_name\": \"\xc0\xaf\"}".to_vec()),
        ("UTF-16", "{\"full_name\": \"A\"}".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("a comment", br#"{"full_name": "A" /* b */}"#.to_vec()),
        ("single quotes", b"{'full_name': 'A'}".to_vec()),
        ("an array", b"[1]".to_vec()),
        ("a text", b"\"full_name\"".to_vec()),
    ];
    for (method, path, media) in routes_with_bodies(&world.anyone).await {
        if media == "multipart/form-data" {
            continue;
        }
        for (what, body) in &bodies {
            let headers = [("content-type", media.as_str())];
            let answer = ada.client.raw(method.clone(), &path, &headers, Some(body.clone())).await;
            assert_eq!(answer.verdict(), (400, "malformed_body".to_owned()), "{method} {path}: {what}");
        }
        let many = format!("{{\"full_name\": [{}1]}}", "1,".repeat(400_000));
        let headers = [("content-type", media.as_str())];
        let answer = ada.client.raw(method.clone(), &path, &headers, Some(many.into_bytes())).await;
        assert!(matches!(answer.status, 400 | 422), "{method} {path}: 400,000 elements: {}", answer.text());
        let more = format!("{{\"full_name\": [{}1]}}", "1,".repeat(1_000_000));
        let answer = ada.client.raw(method.clone(), &path, &headers, Some(more.into_bytes())).await;
        assert!(matches!(answer.status, 400 | 413), "{method} {path}: a million elements: {}", answer.text());
    }
    assert_eq!(ada.client.get("/auth/me").await.expect(200)["full_name"], "ada of the tests");
    world.end().await;
}

async fn wrong_media_types() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let types: [&[(&str, &str)]; 7] = [
        &[],
        &[("content-type", "")],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/jsonp")],
        &[("content-type", "text/json")],
        &[("content-type", "application/json"), ("content-encoding", "gzip")],
    ];
    for (method, path, media) in routes_with_bodies(&world.anyone).await {
        for headers in types {
            let answer = ada.client.raw(method.clone(), &path, headers, Some(b"{}".to_vec())).await;
            let expected = (415, "unsupported_media_type".to_owned());
            assert_eq!(answer.verdict(), expected, "{method} {path} ({media}): {headers:?}");
        }
    }
    let users: Value = ada.client.get("/user/").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    world.end().await;
}
