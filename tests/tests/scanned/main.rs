//! `bedplate scan` and `bedplate explain` as people call them: what they print, and their exit codes.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tests::binary;

/// Rows that cover what Debian can say, in the shape of the tracker's own `data/json`.
const TRACKER: &str = r#"{
 "openssl": {
  "CVE-2026-1000": {"description": "An overflow in a parser", "releases": {"trixie": {"status": "resolved", "fixed_version": "3.5.7-1~deb13u3",
    "repositories": {"trixie": "3.5.7-1~deb13u2", "trixie-security": "3.5.7-1~deb13u3"}, "urgency": "high"}}},
  "CVE-2026-1001": {"releases": {"trixie": {"status": "open", "repositories": {"trixie": "3.5.7-1~deb13u2"}, "urgency": "not yet assigned",
    "nodsa": "Minor issue", "nodsa_reason": ""}}},
  "CVE-2026-1002": {"releases": {"trixie": {"status": "resolved", "fixed_version": "0", "repositories": {"trixie": "3.5.7-1~deb13u2"},
    "urgency": "unimportant"}}}},
 "zlib": {
  "CVE-2026-2000": {"releases": {"trixie": {"status": "open", "repositories": {"trixie": "1:1.3.1-1"}, "urgency": "unimportant"}}},
  "CVE-2026-2001": {"releases": {"trixie": {"status": "resolved", "fixed_version": "1:1.3-1", "repositories": {"trixie": "1:1.3.1-1"},
    "urgency": "medium"}}}}
}"#;

const STATUS: &str = "Package: libssl3t64\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.5.7-1~deb13u2\n\n\
                      Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nSource: zlib (1:1.3.1-1)\nVersion: 1:1.3.1-1+b1\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n";

const SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [
 {"SPDXID": "SPDXRef-1", "name": "libssl3t64", "versionInfo": "3.5.7-1~deb13u2", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER",
  "referenceType": "purl", "referenceLocator": "pkg:deb/debian/libssl3t64@3.5.7-1~deb13u2?arch=amd64&distro=debian-13&upstream=openssl"}]}]}"#;

const VEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://images.example/vex/1", "author": "Ann", "version": 1,
 "timestamp": "2026-11-20T00:00:00Z", "statements": [{"vulnerability": {"name": "CVE-2026-1000"}, "status": "not_affected",
 "justification": "vulnerable_code_not_in_execute_path", "products": [{"@id": "pkg:deb/debian/libssl3t64"}]}]}"#;

/// A folder with a root file system, data, and an empty state folder.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("tracker.json", TRACKER);
        place.write("root/var/lib/dpkg/status", STATUS);
        place.write("root/etc/os-release", "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n");
        place.write("x.spdx.json", SPDX);
        place.write("x.vex.json", VEX);
        place
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, text).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).args(["--progress", "none"]).current_dir(self.0.path());
        command
    }

    /// Exit code, standard output, standard error.
    fn call(&self, arguments: &[&str]) -> (i32, String, String) {
        said(&self.command(arguments).output().unwrap())
    }

    /// The same with the data of the folder.
    fn scan(&self, arguments: &[&str]) -> (i32, String, String) {
        self.call(&[&["scan", "--tracker", "tracker.json"], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.scan(&[&["--format", "json"], arguments].concat()).1).unwrap()
    }
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// `id status` of every finding.
fn findings(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|it| format!("{} {}", it["id"].as_str().unwrap(), it["status"].as_str().unwrap())).collect()
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn a_table_says_what_to_do_first_and_what_debian_says() {
    let (code, table, _) = Place::new().scan(&["root"]);
    assert_eq!(code, 0);
    for expected in [
        "root\nDebian 13 (trixie), 2 packages\n1 fixable; ",
        "\nopenssl 3.5.7-1~deb13u2 (libssl3t64)\n  CVE-2026-1000  fixable ",
        "fixed in 3.5.7-1~deb13u3 (trixie-security)",
        "no advisory planned: Minor issue",
        "\nzlib 1:1.3.1-1 (zlib1g)\n  CVE-2026-2000  unimportant",
        "1 not affected, with evidence",
    ] {
        assert!(table.contains(expected), "{expected}\n\n{table}");
    }
    assert!(!table.contains("CVE-2026-2001") && !table.contains("gone"), "{table}");
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn every_form_is_what_it_is_called() {
    let place = Place::new();
    let one = place.json(&["root"]);
    let expected =
        ["CVE-2026-1000 fixable", "CVE-2026-1001 no-dsa", "CVE-2026-1002 not-affected", "CVE-2026-2000 negligible"];
    assert_eq!((findings(&one), one["packages"].as_u64()), (expected.map(str::to_owned).to_vec(), Some(2)));
    assert_eq!(place.json(&["root", "x.spdx.json"]).as_array().unwrap().len(), 2, "several are a list");
    let form = |name: &str, targets: &[&str]| place.scan(&[&["--format", name], targets].concat());
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(value(&form("sarif", &["root", "x.spdx.json"]).1)["runs"].as_array().unwrap().len(), 2);
    assert_eq!(value(&form("cyclonedx", &["root"]).1)["bomFormat"], "CycloneDX");
    assert!(form("md", &["root"]).1.contains("| "), "a table in Markdown");
    assert_eq!(form("cyclonedx", &["root", "x.spdx.json"]).0, 2);
    place.scan(&["--format", "json", "--output", "out.json", "root"]);
    assert_eq!(value(&fs::read_to_string(place.0.path().join("out.json")).unwrap()), one);
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn standard_input_is_a_target_and_statements_of_others_count() {
    let place = Place::new();
    let from_stdin = |text: &str, arguments: &[&str]| {
        let mut command =
            place.command(&[&["scan", "--tracker", "tracker.json", "--format", "json"], arguments].concat());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        findings(&serde_json::from_slice(&output.stdout).unwrap())
    };
    assert_eq!(from_stdin(SPDX, &["-"])[0], "CVE-2026-1000 fixable");
    assert_eq!(from_stdin(STATUS, &["-", "--release", "trixie"]).len(), 4);
    assert_eq!(
        from_stdin(STATUS, &["-", "--release", "trixie", "--vex", "x.vex.json"])[0],
        "CVE-2026-1000 not-affected"
    );
    assert_eq!(from_stdin(STATUS, &["-", "--release", "trixie", "--fixable-only"]), ["CVE-2026-1000 fixable"]);
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn exit_codes_tell_an_answer_from_a_failure() {
    let place = Place::new();
    let code = |arguments: &[&str]| place.scan(arguments).0;
    assert_eq!(code(&["root", "--fail-on", "fixable"]), 1);
    assert_eq!(code(&["root", "--fail-on", "kev,critical"]), 0);
    assert_eq!(code(&["root", "--fail-on", "high"]), 1);
    assert_eq!(code(&["root", "--fail-on", "fixable", "--vex", "x.vex.json"]), 0);
    assert_eq!(code(&["root", "--fail-on", "unknown"]), 0);
    let (_, _, error) = place.scan(&["root", "--fail-on", "fixable"]);
    assert!(error.contains("root: 1 fixed in the archive (CVE-2026-1000 in openssl)"), "{error}");
    for nonsense in [
        &["gone.json", "--type", "spdx"][..],
        &["tracker.json"],
        &["root", "--vex", "tracker.json"],
        &["root", "--format", "xml"],
    ] {
        assert_eq!(code(nonsense), 2, "{nonsense:?}");
    }
    assert_eq!(place.call(&["scan", "root", "--tracker", "x.spdx.json"]).0, 2);
    assert_eq!(place.call(&["verify", "--format", "sarif", "x"]).0, 2, "of `scan` only");
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn without_data_nothing_is_called_clean() {
    let place = Place::new();
    let (code, table, _) = place.call(&["scan", "--offline", "root"]);
    assert_eq!(code, 0);
    assert!(table.contains("\nunknown: there are no vulnerability data\n"), "{table}");
    let (code, _, error) = place.call(&["scan", "--offline", "root", "--fail-on", "unknown"]);
    assert!(code == 1 && error.contains("not known, because there are no vulnerability data"), "{error}");
    place.write("loose", STATUS);
    for (arguments, expected) in [
        (&["loose"][..], "nothing says which release of Debian it is"),
        (&["loose", "--release", "buster"], "the data know nothing of the release `buster`"),
    ] {
        let (code, table, error) = place.scan(&[&["--fail-on", "unknown"], arguments].concat());
        assert!(code == 1 && error.contains(expected) && table.contains("\nunknown: "), "{table}{error}");
    }
}

#[test]
#[ignore = "needs the built binary: .ci/run builds it"]
fn one_vulnerability_is_explained_with_and_without_a_target() {
    let place = Place::new();
    let explain = |arguments: &[&str]| place.call(&[&["explain", "--tracker", "tracker.json"], arguments].concat());
    let (code, text, _) = explain(&["CVE-2026-1000", "root"]);
    assert!(code == 0 && text.contains("CVE-2026-1000") && text.contains("3.5.7-1~deb13u3"), "{text}");
    assert_eq!(explain(&["CVE-2026-1001"]).0, 0);
    let (code, text, _) = explain(&["CVE-1999-1"]);
    assert!(code == 1 && text.contains("CVE-1999-1") && text.contains("tracker"), "{text}");
    let (_, json, _) = explain(&["CVE-2026-1000", "--format", "json"]);
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
}
