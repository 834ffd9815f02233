//! `bedplate publish` to registries that are not ours: open, behind passwords, behind a token server, all but the first over TLS.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::authority::Authority;
use super::reader::{Contents, of_docker_registry, of_layout};
use super::server::{Guard, Kind, Registry};
use super::token_server::TokenServer;
use super::tools::{must, text};
use crate::binary::Place;

/// An image in our own registry, and the client's settings.
struct Publisher {
    place: Place,
    authority: Arc<Authority>,
}

impl Publisher {
    fn new() -> Self {
        let (place, authority) = (Place::of(&["amd64", "arm64"]), Arc::new(Authority::new()));
        authority.users(&[("ann", "secret")]);
        must(place.command("up", &place.state()).args(["--once", "--image", "python"]));
        Self { place, authority }
    }

    /// The command to a registry, with ann's password.
    fn publish(&self, registry: &Registry) -> Command {
        let folder = self.place.folder().join("docker");
        fs::create_dir_all(&folder).unwrap();
        let entry = serde_json::json!({"auths": {registry.address(): {"auth": STANDARD.encode("ann:secret")}}});
        fs::write(folder.join("config.json"), entry.to_string()).unwrap();
        let mut command = self.place.command("publish", &self.place.state());
        command.args(["python", "--to", &registry.name("mirror"), "--docker-config", &text(&folder)]);
        command.arg("--certificate-authority").arg(self.authority.certificate());
        command
    }

    /// Publishes twice: everything is there, and the second time nothing is written.
    fn publishes(&self, kind: Kind, registry: &Registry) {
        must(&mut self.publish(registry));
        let disk = registry.disk(kind, "mirror/python");
        let published = worker::Publications::of_state(&self.place.state()).unwrap().get("python").unwrap();
        let index = published.index.to_string();
        let ours = of_layout(&self.place.state().join("registry/python"), &index);
        for tag in &published.tags {
            assert_eq!(stored(kind, &disk, &index, tag.as_str()), ours, "{tag}");
        }
        let before = files(&registry.disk(kind, ""));
        must(&mut self.publish(registry));
        assert_eq!(files(&registry.disk(kind, "")), before, "the second time writes nothing");
    }
}

/// What the registry's disk holds under a tag.
fn stored(kind: Kind, disk: &Path, index: &str, tag: &str) -> Contents {
    if kind == Kind::DockerRegistry {
        let (digest, contents) = of_docker_registry(disk, tag);
        assert_eq!(digest, index);
        return contents;
    }
    let tags = fs::read_to_string(disk.join("index.json")).unwrap();
    assert!(tags.contains(&format!("\"{tag}\"")), "{tags}");
    of_layout(disk, index)
}

/// Every blob and link, with the time that it was written.
fn files(folder: &Path) -> BTreeMap<String, SystemTime> {
    let listed = must(Command::new("find").arg(folder).args(["-type", "f"]));
    let kept = listed.lines().filter(|path| path.contains("/blobs/") || path.contains("/tags/"));
    kept.map(|path| (path.to_owned(), fs::metadata(path).unwrap().modified().unwrap())).collect()
}

#[test]
#[ignore = "needs docker-registry: .ci/run installs it"]
fn publishes_to_docker_registry() {
    let publisher = Publisher::new();
    let registry = Registry::launch(Kind::DockerRegistry, Guard::Open).expect("docker-registry is not installed");
    publisher.publishes(Kind::DockerRegistry, &registry);
}

#[test]
#[ignore = "needs docker-registry and htpasswd: .ci/run installs them"]
fn publishes_to_docker_registry_behind_passwords_and_tls() {
    let publisher = Publisher::new();
    let guard = Guard::Users { authority: &publisher.authority, more: "" };
    let registry = Registry::launch(Kind::DockerRegistry, guard).expect("docker-registry is not installed");
    publisher.publishes(Kind::DockerRegistry, &registry);
    let other = Registry::launch(Kind::DockerRegistry, Guard::Open).expect("docker-registry is not installed");
    let mut stranger = publisher.publish(&other);
    let output = stranger.args(["--to", &registry.name("mirror")]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && said.contains(registry.address()) && !said.contains("secret"), "{said}");
}

#[test]
#[ignore = "needs docker-registry and openssl: .ci/run installs them"]
fn publishes_to_docker_registry_behind_a_token_server_and_tls() {
    let publisher = Publisher::new();
    let tokens = TokenServer::start(Arc::clone(&publisher.authority));
    let guard = Guard::Tokens { authority: &publisher.authority, realm: tokens.realm() };
    let registry = Registry::launch(Kind::DockerRegistry, guard).expect("docker-registry is not installed");
    publisher.publishes(Kind::DockerRegistry, &registry);
    let scopes = tokens.scopes();
    let small = |scope: &String| {
        ["pull", "push,pull", "pull,push"].iter().any(|it| scope == &format!("repository:mirror/python:{it}"))
    };
    assert!(!scopes.is_empty() && scopes.iter().all(small), "asks for no more than it needs: {scopes:?}");
}

#[test]
#[ignore = "needs the built binary and htpasswd: .ci/run has them"]
fn publishes_to_another_bedplate_behind_passwords_and_tls() {
    let publisher = Publisher::new();
    for challenge in ["bearer", "basic"] {
        let more = format!("    anonymous: false\n    loopback-writes: false\n    challenge: {challenge}\n");
        let guard = Guard::Users { authority: &publisher.authority, more: &more };
        let registry = Registry::launch(Kind::Bedplate, guard).unwrap();
        publisher.publishes(Kind::Bedplate, &registry);
    }
}

#[test]
#[ignore = "needs zot, where it is on this machine"]
fn publishes_to_zot() {
    let Some(registry) = Registry::launch(Kind::Zot, Guard::Open) else {
        eprintln!("not run: there is no `zot` on this machine");
        return;
    };
    Publisher::new().publishes(Kind::Zot, &registry);
}
