//! Proxies of the environment: used for other machines, and not for this one.

use std::process::Command;

use registry::{Client, ClientSettings};

use crate::fixture::{Registry, answer, name, settings, tag};

/// Set in the process that has a proxy in its environment.
const INSIDE: &str = "BEDPLATE_TEST_WITH_PROXY";

/// A process's environment cannot be changed safely while it runs: the test starts itself with another one.
#[test]
fn the_environments_proxy_is_asked_for_other_machines_only() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if std::env::var_os(INSIDE).is_some() {
        return runtime.block_on(with_a_proxy());
    }
    let proxy = runtime.block_on(Registry::before(|_| Some(answer(200, &[], r#"{"tags":["by-proxy"]}"#))));
    let mut inner = Command::new(std::env::current_exe().unwrap());
    inner.args(["--exact", "proxy::the_environments_proxy_is_asked_for_other_machines_only"]);
    for variable in ["NO_PROXY", "no_proxy", "http_proxy", "all_proxy", "ALL_PROXY"] {
        inner.env_remove(variable);
    }
    let output = inner.env("HTTP_PROXY", format!("http://{}", proxy.host)).env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let seen = proxy.seen();
    assert_eq!(seen.iter().map(|seen| seen.header("host")).collect::<Vec<_>>(), [Some("registry.example")]);
}

async fn with_a_proxy() {
    let here = Registry::start().await;
    assert_eq!(here.remote("a").tags().await.unwrap(), []);
    assert_eq!(here.seen().len(), 1);
    let plain_http = vec!["registry.example".to_owned()];
    let client = Client::new(ClientSettings { plain_http, ..settings(here.folder.path()) }).unwrap();
    let tags = client.repository("registry.example", name("a")).tags().await.unwrap();
    assert_eq!(tags, [tag("by-proxy")]);
}
