//! Nothing in the tree names the host of a package registry, or a path that exists on one machine only.
//!
//! The hosts are read from this machine's own settings (APT sources, npm, Go) and never spelt. Where a machine has none of
//! these, the shape of an address still tells: its first label, unless it lies in a reserved domain.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::house::House;

/// What people and machines read; not `Cargo.lock`, which Cargo writes.
const TEXTS: [&str; 14] = [
    ".rs", ".toml", ".yaml", ".yml", ".md", ".html", ".sh", ".ci/run", ".py", ".mjs", ".java", ".css", ".json",
    ".service",
];

/// First labels by which registries and mirrors are known.
const LABELS: [&str; 17] = [
    "archive", "crates", "deb", "files", "ftp", "index", "mirror", "mirrors", "npm", "proxy", "pypi", "registry",
    "repo", "repo1", "rubygems", "snapshot", "static",
];

/// Domains that belong to nobody (RFC 2606 and 6761).
const RESERVED: [&str; 5] = ["example", "test", "invalid", "localhost", "internal"];

/// Where the folders of one machine begin.
const MACHINE: [&str; 3] = ["work", "farm", "Users"];

/// The package registries that this machine uses.
pub(crate) fn registry_hosts() -> BTreeSet<String> {
    let mut texts = Vec::new();
    let folder = Path::new("/etc/apt/sources.list.d");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in files.chain([folder.with_extension("")]) {
        texts.extend(std::fs::read_to_string(path));
    }
    for (program, arguments) in [("npm", ["config", "get", "registry"]), ("go", ["env", "GOPROXY", "GOFLAGS"])] {
        let output = Command::new(program).args(arguments).output();
        texts.extend(output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    texts.iter().flat_map(|text| hosts(text)).filter(|host| is_public(host)).map(str::to_owned).collect()
}

/// Lines that name one of these hosts, an address of that kind, or a path of one machine.
pub(crate) fn complaints(house: &House, registries: &BTreeSet<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in house.files(&TEXTS) {
        for (line, number) in text.lines().zip(1..) {
            if registries.iter().any(|host| line.contains(host.as_str())) || hosts(line).any(is_registry) {
                complaints.push(format!("`{path}:{number}` names a package registry: the address comes from settings"));
            }
            if MACHINE.iter().any(|folder| has_path(line, folder)) {
                complaints.push(format!("`{path}:{number}` names a path of one machine"));
            }
        }
    }
    complaints
}

/// The hosts of all addresses in a text.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    let end = |character: char| !(character.is_ascii_alphanumeric() || "-.".contains(character));
    text.split("://").skip(1).filter_map(move |rest| rest.split(end).next())
}

/// Whether a host is a name that somebody could own: not an address of numbers, not a reserved or a local name.
fn is_public(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.') && !RESERVED.contains(&last) && last.chars().any(|letter| letter.is_ascii_alphabetic())
}

fn is_registry(host: &str) -> bool {
    is_public(host) && host.split('.').next().is_some_and(|label| LABELS.contains(&label))
}

/// Whether a path that begins with this folder stands in the line, and not only a longer path that holds its name.
fn has_path(line: &str, folder: &str) -> bool {
    let start = format!("/{folder}/");
    let is_longer = |before: char| before.is_ascii_alphanumeric() || "_.".contains(before);
    line.match_indices(&start).any(|(at, _)| !line[..at].chars().last().is_some_and(is_longer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        let registries = BTreeSet::from(["packages.vendor.org".to_owned()]);
        complaints(&House::of(&[("a.rs", line)]), &registries)
    }

    #[test]
    fn hosts_of_settings_are_found_wherever_they_stand() {
        let complaint = ["`a.rs:1` names a package registry: the address comes from settings"];
        assert_eq!(found("ask packages.vendor.org for it"), complaint);
        assert_eq!(found("ask www.vendor.org for it"), [""; 0]);
    }

    #[test]
    fn addresses_of_that_kind_are_found_on_any_machine() {
        for label in LABELS {
            let address = format!("x https:{}{label}.vendor.org/y", "//");
            assert_eq!(found(&address).len(), 1, "{address}");
            let reserved = format!("https:{}{label}.example/y", "//");
            assert_eq!(found(&reserved), [""; 0]);
        }
        assert_eq!(found("https://www.vendor.org/deb http://127.0.0.1:5000/v2/ registry.workspace = true"), [""; 0]);
    }

    #[test]
    fn settings_give_their_hosts() {
        let text = "URIs: http://www.vendor-1.org:80/debian\nSigned-By: x\ndeb [a] https://other.org/y z\n";
        assert_eq!(hosts(text).collect::<Vec<_>>(), ["www.vendor-1.org", "other.org"]);
        assert!(!is_public("127.0.0.1") && !is_public("localhost") && !is_public("mirror.example"));
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in MACHINE {
            assert_eq!(found(&format!("read \"/{folder}/x\"")), ["`a.rs:1` names a path of one machine"]);
            assert_eq!(found(&format!("read \"frame/{folder}/x\" and \"../{folder}/x\"")), [""; 0]);
        }
    }
}
