//! What the access log says, and what it never says.

use std::path::{Path, PathBuf};

use registry::{AccessSettings, ListenSettings};
use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::fixture::{Edge, From, LARGE, PASSWORD, basic, folder, text, until, uploads, with_users};
use crate::raw::Raw;

async fn edge() -> (Edge, PathBuf) {
    let folder = folder();
    let path = folder.path().join("access.log");
    let settings = ListenSettings { access_log: Some(path.clone()), ..ListenSettings::default() };
    let access: AccessSettings = with_users(&folder, &["ann"]);
    (Edge::start_with(folder, &access, &settings, From::Here).await, path)
}

/// All lines, once there are so many.
async fn lines(path: &Path, count: usize) -> Vec<Value> {
    let read = || std::fs::read_to_string(path).unwrap_or_default();
    until("the lines are there", async || read().lines().count() >= count).await;
    let lines: Vec<Value> = read().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

#[tokio::test]
async fn a_line_tells_who_asked_for_what_and_got_what() {
    let (edge, path) = edge().await;
    let begun = jiff::Timestamp::now();
    let agent = ("user-agent", "docker/1 \"quoted\"\\");
    edge.ask("GET", &text("app"), &[agent, ("x-forwarded-for", "192.0.2.7")]).await.bytes().await.unwrap();
    let line = &lines(&path, 1).await[0];
    let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    assert!(line["time"].as_str().unwrap().ends_with('Z') && time.duration_since(begun).as_secs().abs() < 5, "{line}");
    let seconds = line["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 5.0, "{line}");
    for (name, expected) in [
        ("client", Value::from("127.0.0.1")),
        ("forwarded_for", "192.0.2.7".into()),
        ("user", Value::Null),
        ("method", "GET".into()),
        ("path", text("app").into()),
        ("status", 200.into()),
        ("bytes_sent", 4.into()),
        ("bytes_received", 0.into()),
        ("user_agent", agent.1.into()),
        ("complete", true.into()),
    ] {
        assert_eq!(line[name], expected, "{name} of {line}");
    }
}

#[tokio::test]
async fn a_user_is_named_when_the_password_or_token_was_right_and_only_then() {
    let (edge, path) = edge().await;
    edge.ask_as("ann", "GET", "/v2/").await;
    let token = edge.token(Some("ann"), &["repository:app:pull"]).await;
    edge.ask_by(&token, "GET", &text("app")).await;
    edge.ask("GET", "/v2/", &[("authorization", &basic("ann", "wrong"))]).await;
    edge.ask("GET", "/v2/", &[("authorization", &basic("typed-password", "x"))]).await;
    edge.ask_by("forged.token.text", "GET", "/v2/").await;
    let lines = lines(&path, 6).await;
    let users: Vec<_> = lines.iter().map(|line| (line["user"].as_str(), line["status"].as_u64().unwrap())).collect();
    let ann = Some("ann");
    assert_eq!(users, [(ann, 200), (ann, 200), (ann, 200), (None, 401), (None, 401), (None, 401)]);
}

#[tokio::test]
async fn nothing_secret_is_written() {
    let (edge, path) = edge().await;
    let token = edge.token(Some("ann"), &["repository:app:pull"]).await;
    edge.ask_by(&token, "GET", &text("app")).await;
    edge.ask("GET", "/token?password=hunter2&scope=x", &[("authorization", &basic("ann", "hunter3"))]).await;
    let form = format!("grant_type=password&username=ann&password={}", PASSWORD.replace(' ', "+"));
    edge.client.post(format!("http://{}/token", edge.address)).body(form).send().await.unwrap();
    assert_eq!(lines(&path, 4).await[3]["status"], 200);
    let text = std::fs::read_to_string(&path).unwrap();
    let login = basic("ann", PASSWORD);
    for secret in [PASSWORD, "correct", "hunter", &token, login.trim_start_matches("Basic ")] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn counts_what_was_sent_and_says_whether_that_was_all() {
    let (edge, path) = edge().await;
    let large = edge.put_large();
    assert_eq!(edge.ask("HEAD", &large, &[]).await.status(), 200);
    edge.ask("GET", &large, &[]).await.bytes().await.unwrap();
    let mut gone = Raw::connect(edge.address).await;
    gone.send(&format!("GET {large} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    gone.0.read_u8().await.unwrap();
    drop(gone);
    let lines = lines(&path, 3).await;
    let told = |line: &Value| (line["bytes_sent"].as_u64().unwrap(), line["complete"].as_bool().unwrap());
    assert_eq!((told(&lines[0]), told(&lines[1])), ((0, true), (LARGE as u64, true)));
    assert!(lines[2]["status"] == 200 && told(&lines[2]).0 < LARGE as u64 && !told(&lines[2]).1, "{}", lines[2]);
}

#[tokio::test]
async fn counts_what_came_also_of_a_client_that_went_away() {
    let (edge, path) = edge().await;
    let url = format!("http://{}{}?digest={}", edge.address, uploads("app"), blob::Digest::of("hello"));
    assert_eq!(edge.client.post(&url).body("hello").send().await.unwrap().status(), 201);
    let mut gone = Raw::connect(edge.address).await;
    gone.send(&format!("POST {url} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhal")).await;
    until("it was read", async || path.exists()).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    drop(gone);
    let lines = lines(&path, 2).await;
    assert_eq!((&lines[0]["bytes_received"], &lines[0]["complete"]), (&5.into(), &true.into()));
    assert_eq!((&lines[1]["bytes_received"], &lines[1]["complete"]), (&3.into(), &false.into()), "{}", lines[1]);
}

#[tokio::test]
async fn a_renamed_file_is_made_anew() {
    let (edge, path) = edge().await;
    edge.ask("GET", "/v2/", &[]).await;
    lines(&path, 1).await;
    let old = path.with_extension("1");
    std::fs::rename(&path, &old).unwrap();
    until("the file is there again", async || {
        edge.ask("GET", "/v2/", &[]).await;
        path.exists()
    })
    .await;
    edge.ask("GET", "/v2/last", &[]).await;
    until("the last line is there", async || std::fs::read_to_string(&path).unwrap().contains("/v2/last")).await;
    for path in [old, path] {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with('\n') && text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    }
}

#[test]
fn a_log_that_cannot_be_opened_is_refused_at_the_start() {
    let settings = ListenSettings { access_log: Some("none/access.log".into()), ..ListenSettings::default() };
    let error = registry::Listen::new(&settings).unwrap_err().to_string();
    assert!(error.starts_with("the access log `none/access.log` cannot be opened"), "{error}");
}
