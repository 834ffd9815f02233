//! Who the client says it is, and how little it asks for.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use registry::{BlobSource, ClientSettings, Named, Pushed};

use crate::fixture::{Registry, answer, blob, name, put_image, quiet, settings, settings_with, tag};
use crate::guard::Guard;

/// A registry behind a token server of its own.
async fn guarded(password: Option<(&'static str, &'static str)>) -> (Registry, Arc<Guard>) {
    let guard = Arc::new(Guard::new(password));
    let gate = Arc::clone(&guard);
    let registry = Registry::before(move |seen| gate.check(seen)).await;
    *guard.realm.lock().unwrap() = format!("http://{}/token", registry.host);
    put_image(&registry.store, &name("team/app"), "layer");
    (registry, guard)
}

fn login(registry: &Registry, user: &str, password: &str) -> ClientSettings {
    let auth = STANDARD.encode(format!("{user}:{password}"));
    settings_with(registry.folder.path(), &format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host))
}

#[tokio::test]
async fn reading_asks_for_one_token_that_can_only_read() {
    let (registry, guard) = guarded(None).await;
    let remote = registry.remote("team/app");
    assert!(remote.manifest(&Named::Tag(tag("none"))).await.unwrap().is_none());
    remote.tags().await.unwrap();
    assert_eq!(guard.scopes(), ["repository:team/app:pull"]);
    assert_eq!(guard.asked()[0].authorization, None, "nobody said who we are");
}

#[tokio::test]
async fn writing_mounting_and_removing_ask_for_what_they_need() {
    let (registry, guard) = guarded(None).await;
    let (layer, bytes) = blob(10);
    registry.store.put_bytes(&name("team/base"), &bytes).unwrap();
    let remote = registry.remote("team/app");
    let source = BlobSource::Bytes(bytes.into());
    let pushed = remote.push_blob(&layer, &source, &[name("team/base")], &quiet).await.unwrap();
    assert_eq!(pushed, Pushed::Mounted);
    remote.delete(&Named::Tag(tag("none"))).await.unwrap();
    let mount = "repository:team/app:pull,push repository:team/base:pull";
    assert_eq!(guard.scopes(), ["repository:team/app:pull,push", mount, "repository:team/app:delete,pull"]);
}

#[tokio::test]
async fn many_requests_at_once_ask_for_one_token() {
    let (registry, guard) = guarded(None).await;
    let remote = registry.remote("team/app");
    let ask = || remote.tags();
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    assert!([one, two, three, four].iter().all(Result::is_ok));
    assert_eq!(guard.scopes().len(), 1);
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires_and_when_it_is_refused() {
    let (registry, guard) = guarded(None).await;
    let remote = registry.remote("team/app");
    guard.life.store(0, Ordering::SeqCst);
    remote.tags().await.unwrap();
    guard.life.store(300, Ordering::SeqCst);
    remote.tags().await.unwrap();
    assert_eq!(guard.scopes().len(), 2, "the first token had expired when it came");
    guard.revoke();
    remote.tags().await.unwrap();
    assert_eq!(guard.scopes().len(), 3);
}

#[tokio::test]
async fn the_password_goes_to_the_token_server_and_only_the_token_to_the_registry() {
    let (registry, guard) = guarded(Some(("user", "secret"))).await;
    let remote = registry.remote_with(login(&registry, "user", "secret"), "team/app");
    remote.tags().await.unwrap();
    let expected = format!("Basic {}", STANDARD.encode("user:secret"));
    assert_eq!(guard.asked()[0].authorization.as_deref(), Some(expected.as_str()));
    let seen = registry.seen();
    let token = seen.iter().find(|seen| seen.path == "/token").unwrap();
    assert!(token.query.contains("account=user&service=guard&scope=repository"), "{}", token.query);
    assert!(seen.iter().filter(|seen| seen.path != "/token").all(|seen| {
        seen.header("authorization").is_none_or(|authorization| authorization.starts_with("Bearer token-"))
    }));
}

#[tokio::test]
async fn wrong_credentials_and_none_are_told_apart_and_the_place_is_named() {
    let (registry, _guard) = guarded(Some(("user", "secret"))).await;
    let wrong = registry.remote_with(login(&registry, "user", "hunter2"), "team/app");
    let error = wrong.tags().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot list the tags of `127.0.0.1:"), "{error}");
    assert!(error.contains("401 Unauthorized, incorrect username or password; the credentials for"), "{error}");
    assert!(error.contains("config.json` do not allow it: log in again"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let nobody = registry.remote("team/app").tags().await.unwrap_err().to_string();
    assert!(nobody.contains("there are no credentials for") && nobody.contains("run `docker login"), "{nobody}");
}

#[tokio::test]
async fn a_registry_that_wants_more_than_we_thought_gets_a_token_for_it() {
    let guard = Arc::new(Guard::new(None));
    let gate = Arc::clone(&guard);
    let registry = Registry::before(move |seen| {
        let mut named_otherwise = seen.clone();
        named_otherwise.path = seen.path.replace("/v2/team/", "/v2/virtual/team/");
        gate.check(&named_otherwise)
    })
    .await;
    *guard.realm.lock().unwrap() = format!("http://{}/token", registry.host);
    let remote = registry.remote("team/app");
    remote.tags().await.unwrap();
    remote.tags().await.unwrap();
    let both = "repository:team/app:pull repository:virtual/team/app:pull";
    assert_eq!(guard.scopes(), ["repository:team/app:pull", both], "and the wider one is kept");
}

#[tokio::test]
async fn basic_is_shown_when_asked_for_and_from_then_on() {
    let expected = format!("Basic {}", STANDARD.encode("user:secret"));
    let registry = Registry::before(move |seen| {
        let good = seen.header("authorization") == Some(&expected);
        (!good).then(|| answer(401, &[("www-authenticate", "Basic realm=\"x\"")], ""))
    })
    .await;
    let remote = registry.remote_with(login(&registry, "user", "secret"), "team/app");
    remote.tags().await.unwrap();
    remote.tags().await.unwrap();
    let shown: Vec<bool> = registry.seen().iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(shown, [false, true, true]);
    let error = registry.remote_with(login(&registry, "user", "old"), "team/app").tags().await.unwrap_err();
    assert!(error.to_string().contains("do not allow it: log in again"), "{error}");
    let error = registry.remote("team/app").tags().await.unwrap_err();
    assert!(error.to_string().contains("there are no credentials"), "{error}");
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post_and_shown_to_nobody_else() {
    let registry = Registry::before(|seen| match seen.path.as_str() {
        "/token" if seen.method == "POST" => Some(answer(200, &[], r#"{"access_token":"given","expires_in":60}"#)),
        "/token" => Some(answer(405, &[], "")),
        _ if seen.header("authorization") == Some("Bearer given") => None,
        _ => {
            let host = seen.header("host").unwrap();
            let challenge = format!(r#"Bearer realm="http://{host}/token",service="s",scope="x""#);
            Some(answer(401, &[("www-authenticate", &challenge)], ""))
        }
    })
    .await;
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"id-secret"}}}}}}"#, registry.host);
    let remote = registry.remote_with(settings_with(registry.folder.path(), &config), "team/app");
    remote.tags().await.unwrap();
    let seen = registry.seen();
    let post = seen.iter().find(|seen| seen.method == "POST").unwrap();
    assert_eq!(post.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert!(
        seen.iter()
            .all(|seen| !seen.query.contains("id-secret") && !format!("{:?}", seen.headers).contains("id-secret"))
    );
}

#[tokio::test]
async fn a_token_server_that_repeats_the_secret_is_not_repeated() {
    let registry = Registry::before(|seen| {
        if seen.path == "/token" {
            let body = r#"{"error":"invalid_grant","error_description":"bad token: id-secret-9"}"#;
            return Some(answer(400, &[], body));
        }
        let challenge = format!(r#"Bearer realm="http://{}/token""#, seen.header("host").unwrap());
        Some(answer(401, &[("www-authenticate", &challenge)], ""))
    })
    .await;
    let config = format!(r#"{{"auths":{{"{}":{{"identitytoken":"id-secret-9"}}}}}}"#, registry.host);
    let settings = settings_with(registry.folder.path(), &config);
    let error = registry.remote_with(settings, "team/app").tags().await.unwrap_err().to_string();
    assert!(error.contains("/token` was answered by 400") && !error.contains("id-secret"), "{error}");
}

#[tokio::test]
async fn a_configuration_that_is_nonsense_is_named_when_it_is_needed() {
    let (registry, _guard) = guarded(None).await;
    let nonsense = settings_with(registry.folder.path(), r#"{"auths": {"hunter2": "#);
    let error = registry.remote_with(nonsense, "team/app").tags().await.unwrap_err().to_string();
    assert!(error.contains("config.json` cannot be read: no JSON at line 1"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    let open = Registry::start().await;
    open.remote_with(settings_with(open.folder.path(), "nonsense"), "a").tags().await.unwrap();
}

/// Puts helpers into a folder: one that knows, one that hangs, one that fails.
fn put_helpers(folder: &std::path::Path) {
    let knows = r#"read host; echo "$host" >> "$0.asked"; echo '{"Username":"user","Secret":"secret"}'"#;
    for (name, script) in
        [("knows", knows), ("hangs", "exec sleep 60"), ("fails", "echo hunter2; echo the vault is locked >&2; exit 3")]
    {
        let path = folder.join(format!("docker-credential-{name}"));
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Helpers are found by `PATH`, which only a process of its own can have otherwise: the test starts itself in one.
#[test]
fn helpers_are_asked_once_and_neither_hang_nor_fail_in_silence() {
    const INSIDE: &str = "BEDPLATE_TEST_WITH_HELPERS";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::var_os(INSIDE).is_some() {
        return runtime.block_on(with_helpers_on_the_path());
    }
    let folder = tempfile::tempdir().unwrap();
    put_helpers(folder.path());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut inner = std::process::Command::new(std::env::current_exe().unwrap());
    let test = "credentials::helpers_are_asked_once_and_neither_hang_nor_fail_in_silence";
    let output = inner.args(["--exact", test]).env("PATH", path).env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let asked = std::fs::read_to_string(folder.path().join("docker-credential-knows.asked")).unwrap();
    assert_eq!(asked.lines().count(), 1, "{asked}");
}

async fn with_helpers_on_the_path() {
    let (registry, _guard) = guarded(Some(("user", "secret"))).await;
    let with = |config: &str| settings_with(registry.folder.path(), &config.replace("HOST", &registry.host));
    let remote = registry.remote_with(with(r#"{"credHelpers":{"HOST":"knows"},"credsStore":"hangs"}"#), "team/app");
    remote.tags().await.unwrap();
    remote.head(&Named::Tag(tag("none"))).await.unwrap();
    remote.delete(&Named::Tag(tag("none"))).await.unwrap();
    for (config, text) in [
        (r#"{"credsStore":"hangs"}"#, "`docker-credential-hangs` gives no credentials for `127.0.0.1:"),
        (r#"{"credsStore":"hangs"}"#, "it did not answer within 0.3 seconds and was ended"),
        (r#"{"credsStore":"fails"}"#, "it failed (exit status: 3) and said `the vault is locked`"),
        (r#"{"credsStore":"absent"}"#, "it is not installed: expected it in a folder of `PATH`"),
        (r#"{"credsStore":"../x"}"#, "its name is none"),
    ] {
        let error = registry.remote_with(with(config), "team/app").tags().await.unwrap_err().to_string();
        assert!(error.contains(text) && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_realm_without_tls_is_no_place_for_a_password() {
    let registry = Registry::before(|_| {
        Some(answer(401, &[("www-authenticate", r#"Bearer realm="http://auth.example/token""#)], ""))
    })
    .await;
    let error = registry.remote_with(login(&registry, "user", "secret"), "a").tags().await.unwrap_err().to_string();
    assert!(error.contains("`http://auth.example/token?…` is plain HTTP, which is refused"), "{error}");
    let settings = settings(registry.folder.path());
    let error = registry.remote_with(settings, "a").tags().await.unwrap_err().to_string();
    assert!(error.contains("list the host under `plain_http`"), "{error}");
}
