//! Clients that log in: our registry over TLS, with users, told to ask by token or by password; nobody else reads or writes.
//!
//! The certificate is of an authority that Go's programs are told to trust by `SSL_CERT_FILE`; nothing is left unchecked.

use std::fs;
use std::process::Command;

use super::authority::Authority;
use super::reader::of_layout;
use super::sample::Sample;
use super::server::{Guard, Kind, Registry};
use super::tools::{Tool, must};
use crate::docker::Docker;

/// What the settings say beside TLS and the file of users; `HOW` is how clients are told to ask.
const RULES: &str = "    anonymous: false\n    loopback-writes: false\n    challenge: HOW\n    rules:\n\
    \x20     - {repository: team/**, users: [ann], actions: [pull, push, delete]}\n\
    \x20     - {repository: team/**, users: [bob], actions: [pull]}\n";

/// A client: its program, and what it is told to log in, to push and to pull. `@` is the registry, `LAYOUT` the image, `INDEX` its digest.
struct Client {
    program: &'static str,
    login: &'static str,
    push: &'static str,
    pull: &'static str,
}

const CRANE: Client = Client {
    program: "forky/usr/bin/crane",
    login: "auth login @ -u USER -p secret",
    push: "push LAYOUT @/team/it:1",
    pull: "pull --format oci @/team/it:1 back",
};
const ORAS: Client = Client {
    program: "forky/usr/bin/oras",
    login: "login @ -u USER -p secret",
    push: "cp --from-oci-layout LAYOUT@INDEX @/team/it:1",
    pull: "cp @/team/it:1 --to-oci-layout back:1",
};
const REGCTL: Client = Client {
    program: "bin/regctl",
    login: "registry login @ -u USER -p secret",
    push: "image copy ocidir://LAYOUT@INDEX @/team/it:1",
    pull: "image copy @/team/it:1 ocidir://back:1",
};
const SKOPEO: Client = Client {
    program: "skopeo",
    login: "login @ -u USER -p secret",
    push: "copy --all oci:LAYOUT:latest docker://@/team/it:1",
    pull: "copy --all docker://@/team/it:1 oci:back:1",
};

/// A registry for ann, who may do everything, and bob, who may pull.
struct Bench {
    authority: Authority,
    registry: Registry,
    sample: Sample,
}

impl Bench {
    fn new(challenge: &str) -> Self {
        let authority = Authority::new();
        authority.users(&[("ann", "secret"), ("bob", "secret")]);
        let more = RULES.replace("HOW", challenge);
        let guard = Guard::Users { authority: &authority, more: &more };
        let registry = Registry::launch(Kind::Bedplate, guard).unwrap();
        Self { authority, registry, sample: Sample::build() }
    }

    /// A command with its credentials in the tool's home.
    fn command(&self, tool: &Tool, line: &str, user: &str) -> Command {
        let line = line.replace("LAYOUT@", &format!("{}%", self.sample.path()));
        let line = line.replace('@', self.registry.address()).replace('%', "@").replace("LAYOUT", &self.sample.path());
        let line = line.replace("INDEX", self.sample.index()).replace("USER", user);
        if !tool.home().join("auth.json").exists() {
            fs::write(tool.home().join("auth.json"), "{}").unwrap();
        }
        let mut command = tool.command(&line.split(' ').collect::<Vec<_>>());
        command.env("SSL_CERT_FILE", self.authority.certificate()).env("REGISTRY_AUTH_FILE", tool.path("auth.json"));
        command
    }

    fn refused(&self, tool: &Tool, line: &str, user: &str) {
        let output = self.command(tool, line, user).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success(), "`{line}` should have been refused");
        let words = ["unauthorized", "denied", "401", "403", "authentication required", "credential not found"];
        assert!(words.iter().any(|word| said.contains(word)), "`{line}`: {said}");
    }

    fn holds_the_image(&self) {
        let disk = self.registry.disk(Kind::Bedplate, "team/it");
        assert_eq!(of_layout(&disk, self.sample.index()), self.sample.contents());
    }
}

/// A stranger is refused, ann pushes and pulls, a wrong password is refused, bob pulls and may not push.
fn judge(client: &Client) {
    for challenge in ["bearer", "basic"] {
        let (bench, is_stable) = (Bench::new(challenge), !client.program.contains('/'));
        let tool = || if is_stable { Some(Tool::stable(client.program)) } else { Tool::newer(client.program) };
        let (Some(stranger), Some(ann), Some(bob)) = (tool(), tool(), tool()) else { return };
        for line in [client.push, client.pull] {
            bench.refused(&stranger, line, "");
        }
        // Some clients keep a password without trying it.
        let _ = bench.command(&stranger, &client.login.replace("secret", "wrong"), "ann").output().unwrap();
        bench.refused(&stranger, client.pull, "ann");
        for line in [client.login, client.push, client.pull] {
            must(&mut bench.command(&ann, line, "ann"));
        }
        bench.holds_the_image();
        assert_eq!(of_layout(&ann.home().join("back"), bench.sample.index()), bench.sample.contents());
        for line in [client.login, client.pull] {
            must(&mut bench.command(&bob, line, "bob"));
        }
        bench.refused(&bob, &client.push.replace(":1", ":2"), "bob");
    }
}

#[test]
#[ignore = "needs crane: tests/tools.sh brings it"]
fn crane_logs_in() {
    judge(&CRANE);
}

#[test]
#[ignore = "needs oras: tests/tools.sh brings it"]
fn oras_logs_in() {
    judge(&ORAS);
}

#[test]
#[ignore = "needs regctl: tests/tools.sh brings it"]
fn regctl_logs_in() {
    judge(&REGCTL);
}

#[test]
#[ignore = "needs skopeo: .ci/run installs it"]
fn skopeo_logs_in() {
    judge(&SKOPEO);
}

#[test]
#[ignore = "needs podman: .ci/run installs it"]
fn podman_logs_in() {
    for challenge in ["bearer", "basic"] {
        let (bench, podman) = (Bench::new(challenge), Tool::stable("podman"));
        let storage = format!("--root {} --runroot {} --storage-driver vfs", podman.path("root"), podman.path("run"));
        let run = |line: &str| must(&mut bench.command(&podman, &format!("{storage} {line}"), "ann"));
        let open = Registry::start();
        bench.sample.push(&open, "python", "3");
        let image = run(&format!("pull --tls-verify=false {}", open.name("python:3"))).trim().to_owned();
        bench.refused(&podman, &format!("{storage} push {image} docker://@/team/it:1"), "");
        run("login @ -u USER -p secret");
        run(&format!("push {image} docker://@/team/it:1"));
        run("rmi --all --force");
        assert_eq!(run("pull @/team/it:1").trim(), image);
    }
}

#[test]
#[ignore = "needs dockerd: .ci/run installs it"]
fn docker_logs_in() {
    let docker = Docker::start();
    for challenge in ["bearer", "basic"] {
        let (bench, crane) = (Bench::new(challenge), Tool::newer(CRANE.program));
        let Some(crane) = crane else { return };
        for line in [CRANE.login, CRANE.push] {
            must(&mut bench.command(&crane, line, "ann"));
        }
        let (address, name) = (bench.registry.address(), bench.registry.name("team/it:1"));
        let output = docker.command(&["pull", &name]).output().unwrap();
        assert!(!output.status.success(), "a stranger pulls");
        docker.must(&["login", "--username", "ann", "--password", "secret", address]);
        docker.pull(&name);
        docker.must(&["tag", &name, &bench.registry.name("team/docker:1")]);
        docker.must(&["push", "--quiet", &bench.registry.name("team/docker:1")]);
        docker.must(&["tag", &name, &bench.registry.name("other/docker:1")]);
        let output = docker.command(&["push", "--quiet", &bench.registry.name("other/docker:1")]).output().unwrap();
        assert!(!output.status.success(), "ann pushes where she may not");
        docker.must(&["logout", address]);
    }
}

#[test]
#[ignore = "needs helm and cosign: tests/tools.sh brings them"]
fn helm_and_cosign_log_in() {
    let (Some(helm), Some(cosign)) = (Tool::newer("bin/helm"), Tool::newer("forky/usr/bin/cosign")) else { return };
    let Some(crane) = Tool::newer(CRANE.program) else { return };
    let bench = Bench::new("bearer");
    super::helm::chart(&helm);
    for line in [
        "registry login @ -u USER -p secret",
        "push thing-1.2.3+b.tgz oci://@/team/charts",
        "show chart oci://@/team/charts/thing",
    ] {
        must(&mut bench.command(&helm, line, "ann"));
    }
    for line in [CRANE.login, CRANE.push] {
        must(&mut bench.command(&crane, line, "ann"));
    }
    let signing = "sign --key cosign.key --tlog-upload=false --use-signing-config=false";
    for line in [
        "login @ -u USER -p secret".to_owned(),
        "generate-key-pair".to_owned(),
        format!("{signing} @/team/it%INDEX"),
        "verify --key cosign.pub --insecure-ignore-tlog @/team/it%INDEX".to_owned(),
    ] {
        must(bench.command(&cosign, &line, "ann").env("COSIGN_PASSWORD", "x").env("COSIGN_YES", "true"));
    }
    let blobs = bench.registry.disk(Kind::Bedplate, "team/it").join("blobs/sha256");
    assert!(fs::read_dir(blobs).unwrap().count() > bench.sample.contents().len() + 2);
}
