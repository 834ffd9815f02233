//! Looks at the way to the Debian archive: addresses, keys, and whether what comes from there can be believed now.
//!
//! In: the settings, the catalogue's releases. Out: [`Finding`]s. One `InRelease` a suite is read; nothing is kept.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use assemble::{Catalogue, SuiteSource};
use debian::{Release, check_freshness, verify_in_release};
use jiff::Timestamp;
use worker::{Archive, ArchivePart, ArchiveSettings, Client, Failure, RetryPolicy, Whose, silent};

use crate::finding::Finding;
use crate::status_parts::distance;

/// Debian's are about 150 KB.
const LARGEST_IN_RELEASE: u64 = 4 << 20;
/// A doctor does not wait long.
const PATIENCE: RetryPolicy = RetryPolicy {
    attempts: 2,
    first_delay: Duration::from_millis(500),
    longest_delay: Duration::from_secs(1),
    longest_asked: Duration::from_secs(2),
};

/// Everything about the archive.
pub(crate) async fn look(settings: &ArchiveSettings, catalogue: &Catalogue, root: &Path) -> Vec<Finding> {
    let archive = match Archive::find(settings, root) {
        Ok(archive) => archive,
        Err(error) => {
            let help = "write `archive.main`, `archive.security` and `archive.keyrings` into the settings file";
            let what = Failure::new(Whose::Policy, error).chain();
            return vec![Finding::bad("archive", what, help), Finding::unknown("keys", "no archive was found")];
        }
    };
    let suites = suites(catalogue);
    let mut findings = places(&archive, &suites);
    findings.push(keys(&archive, catalogue));
    let client = match Client::new(PATIENCE, silent()) {
        Ok(client) => client,
        Err(error) => {
            let help = "check the proxy variables and the system's certificates";
            findings.push(Finding::bad("HTTP client", Failure::new(Whose::Policy, error).chain(), help));
            return findings;
        }
    };
    for suite in suites {
        findings.push(read(&client, archive.part_of(&suite.name), suite, Timestamp::now()).await);
    }
    findings
}

/// The suites of the releases that images are made of.
fn suites(catalogue: &Catalogue) -> Vec<&SuiteSource> {
    let used: BTreeSet<&String> = catalogue.definitions.values().map(|definition| &definition.release).collect();
    used.into_iter().filter_map(|name| catalogue.releases.get(name)).flat_map(|release| &release.suites).collect()
}

fn places(archive: &Archive, suites: &[&SuiteSource]) -> Vec<Finding> {
    let mut parts: Vec<&ArchivePart> = Vec::new();
    for part in suites.iter().map(|suite| archive.part_of(&suite.name)) {
        if !parts.iter().any(|known| known.base == part.base) {
            parts.push(part);
        }
    }
    let place = |part: &&ArchivePart| {
        let keys = part.keyring.fingerprints().len();
        Finding::good("archive", format!("{} (from {}, {keys} keys)", shown_address(part), part.origin))
    };
    parts.iter().map(place).collect()
}

/// An address may hold a password.
fn shown_address(part: &ArchivePart) -> String {
    let mut address = part.base.clone();
    let _ = address.set_username("");
    let _ = address.set_password(None);
    address.to_string()
}

/// One good signature of one known key is enough for a suite.
fn keys(archive: &Archive, catalogue: &Catalogue) -> Finding {
    let known = |suite: &SuiteSource| {
        let keyring = archive.part_of(&suite.name).keyring.fingerprints();
        suite.keys.iter().filter(|key| keyring.contains(key)).count()
    };
    let suites = suites(catalogue);
    let without: Vec<String> =
        suites.iter().filter(|suite| known(suite) == 0).map(|suite| suite.name.to_string()).collect();
    if without.is_empty() {
        let counts = suites.iter().map(|suite| format!("{} {} of {}", suite.name, known(suite), suite.keys.len()));
        return Finding::good("keys", format!("at hand: {}", counts.collect::<Vec<_>>().join(", ")));
    }
    Finding::bad(
        "keys",
        format!("the keyring has no key that may sign {}", without.join(", ")),
        "install or update the package debian-archive-keyring, or name a keyring as `archive.keyrings` in the settings file",
    )
}

/// Reads and verifies one `InRelease`; its date tells whether our clock can be right.
async fn read(client: &Client, part: &ArchivePart, suite: &SuiteSource, now: Timestamp) -> Finding {
    let mut url = part.base.clone();
    let path = ["dists", suite.name.as_str(), "InRelease"];
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    let bytes = match client.read(&url, LARGEST_IN_RELEASE).await {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = "check the address and the network; a proxy is taken from HTTP_PROXY and HTTPS_PROXY";
            return Finding::bad("reachable", Failure::new(error.whose(), error).chain(), help);
        }
    };
    match verify(&bytes, part, suite, now) {
        Ok(detail) => Finding::good("reachable", detail),
        Err(problem) => Finding::bad("reachable", format!("{}: {problem}", suite.name), help(&problem)),
    }
}

fn verify(bytes: &[u8], part: &ArchivePart, suite: &SuiteSource, now: Timestamp) -> Result<String, String> {
    let signed = verify_in_release(bytes, &part.keyring, Some(&suite.keys), now).map_err(|error| error.to_string())?;
    let release = Release::parse(&signed.text).map_err(|error| error.to_string())?;
    check_freshness(&release, None, now).map_err(|error| error.to_string())?;
    let signers: Vec<String> = signed.signers.iter().map(|signer| short(&signer.to_string())).collect();
    let made = distance(release.date, now);
    Ok(format!("{} made {made}, signed by {}", suite.name, signers.join(", ")))
}

/// The last sixteen digits name a key well enough.
fn short(fingerprint: &str) -> String {
    fingerprint.chars().skip(fingerprint.len().saturating_sub(16)).collect()
}

fn help(problem: &str) -> &'static str {
    if problem.contains("future") {
        "set this machine's clock: it is behind the archive's"
    } else {
        "wait for the mirror or use another; if this goes on, compare `keys` in releases.yaml with the archive's keys"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Health;
    use crate::status_fixtures::catalogue;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        crate::context::runtime().unwrap().block_on(future)
    }

    #[test]
    fn says_what_to_write_where_the_machine_knows_no_archive() {
        let root = tempfile::tempdir().unwrap();
        let found = block_on(look(&ArchiveSettings::default(), &catalogue(), root.path()));
        assert_eq!((found[0].what, found[0].health), ("archive", Health::Bad));
        assert!(found[0].help.as_ref().unwrap().contains("archive.main"), "{found:?}");
    }

    #[test]
    fn names_a_missing_key_and_an_archive_that_cannot_be_reached() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/apt/trusted.gpg.d");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.gpg"), b"").unwrap();
        let text = "main: 'http://user:secret@127.0.0.1:1/debian'\nsecurity: 'http://127.0.0.1:1/security'\n";
        let settings: ArchiveSettings = assemble::read_yaml("x", text).unwrap();
        let found = block_on(look(&settings, &catalogue(), root.path()));
        let all = format!("{found:?}");
        assert!(!all.contains("secret"), "{all}");
        assert!(found.iter().all(|finding| finding.health != Health::Good || finding.what == "archive"), "{all}");
    }
}
