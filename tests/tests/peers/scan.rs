//! Findings counted twice: by `bedplate scan`, and by a few lines of Python over the same rows with dpkg's own order of versions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::binary;

use crate::registry::tools::text;
use crate::run;

/// Rows of Debian's tracker: see the README beside it.
const ROWS: &str = "data/scan/tracker-2026-11-21.json.zst";
/// Made-up lists of packages a release.
const ROUNDS: usize = 6;

/// A finding: source, version, id, status.
type Row = [String; 4];

/// The rows as plain JSON in a folder.
fn tracker(folder: &Path) -> (String, Value) {
    let packed = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(ROWS)).unwrap();
    let plain = zstd::decode_all(packed.as_slice()).unwrap();
    let path = folder.join("tracker.json");
    fs::write(&path, &plain).unwrap();
    (text(&path), serde_json::from_slice(&plain).unwrap())
}

fn by_python(arguments: &[&str]) -> BTreeSet<Row> {
    let script = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/scan.py"));
    serde_json::from_str(&run("python3", &[&[script.as_str()], arguments].concat())).unwrap()
}

/// What the binary finds in one target. Its catalogue has no rules about parts: the second count knows none.
fn by_us(folder: &Path, arguments: &[&str]) -> BTreeSet<Row> {
    let settings = folder.join("settings.yaml");
    let catalogue = folder.join("catalog");
    for (path, text) in catalog::files().into_iter().filter(|(path, _)| *path != "components.yaml") {
        let target = catalogue.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, text).unwrap();
    }
    fs::write(&settings, format!("catalog: {}\n{}", catalogue.display(), tests::NO_FEEDS)).unwrap();
    let mut command = Command::new(binary());
    command.args(["scan", "--format", "json", "--progress", "none", "--config"]).arg(settings);
    command.arg("--state").arg(folder.join("state"));
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let row = |finding: &Value| ["source", "source-version", "id", "status"].map(|key| word(finding, key));
    report["findings"].as_array().unwrap().iter().map(row).collect()
}

fn equal(name: &str, ours: &BTreeSet<Row>, theirs: &BTreeSet<Row>) {
    let only_ours: Vec<&Row> = ours.difference(theirs).collect();
    let only_theirs: Vec<&Row> = theirs.difference(ours).collect();
    assert!(only_ours.is_empty() && only_theirs.is_empty(), "{name}: ours {only_ours:?}, theirs {only_theirs:?}");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in ours {
        *counts.entry(&row[3]).or_default() += 1;
    }
    eprintln!("scan     {name}: {} findings, the same twice: {counts:?}", ours.len());
}

/// One package a source, with a version at, below or a rebuild above one that the rows name.
fn made_up(rows: &Value, release: &str, round: usize) -> String {
    let mut text = String::new();
    for (source, ids) in rows.as_object().unwrap() {
        let mut versions = BTreeSet::new();
        for row in ids.as_object().unwrap().values().map(|it| &it["releases"][release]) {
            versions.extend(row["fixed_version"].as_str().filter(|version| *version != "0"));
            versions.extend(row["repositories"].as_object().into_iter().flatten().filter_map(|(_, it)| it.as_str()));
        }
        let versions: Vec<&str> = versions.into_iter().collect();
        let Some(version) = versions.get(round * versions.len() / ROUNDS) else { continue };
        let fields = match round % 3 {
            0 => format!("Version: {version}\n"),
            1 => format!("Version: {version}~\n"),
            _ => format!("Source: {source} ({version})\nVersion: 9:{version}+b1\n"),
        };
        let package = if round % 3 == 2 { format!("lib{source}") } else { source.clone() };
        let record = format!("Package: {package}\nStatus: install ok installed\nArchitecture: amd64\n{fields}\n");
        text.push_str(&record);
    }
    text
}

#[test]
#[ignore = "needs the built binary, python3 and dpkg: .ci/run has them"]
fn findings_are_those_of_a_second_independent_count() {
    let folder = tempfile::tempdir().unwrap();
    let (tracker, rows) = tracker(folder.path());
    let list = text(&folder.path().join("list"));
    let mut all = 0;
    for release in ["bookworm", "trixie"] {
        for round in 0..ROUNDS {
            fs::write(&list, made_up(&rows, release, round)).unwrap();
            let ours = by_us(folder.path(), &["--tracker", &tracker, "--release", release, &list]);
            equal(&format!("{release} {round}"), &ours, &by_python(&[&tracker, release, "status", &list]));
            all += ours.len();
        }
    }
    assert!(all > 1000, "{all} findings are too few to tell anything");
    let (status, system) = ("/var/lib/dpkg/status", fs::read_to_string("/etc/os-release").unwrap_or_default());
    let codename = system.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    if let Some(release) = codename.filter(|_| Path::new(status).exists()) {
        let ours = by_us(folder.path(), &["--tracker", &tracker, "/"]);
        equal("this machine", &ours, &by_python(&[&tracker, release, "status", status]));
    }
}

#[test]
#[ignore = "needs the Debian archive, the built binary and python3: .ci/run has them"]
fn findings_of_an_image_are_those_of_a_second_independent_count() {
    let folder = tempfile::tempdir().unwrap();
    let (tracker, _) = tracker(folder.path());
    let layout = text(&folder.path().join("layout"));
    let state = text(&folder.path().join("state"));
    let program = text(&binary());
    run(&program, &["build", "python", "--output", &layout, "--progress", "none", "--state", &state]);
    for architecture in ["amd64", "arm64"] {
        let platform = format!("linux/{architecture}");
        let tagged = format!("oci:{layout}:python");
        let ours = by_us(folder.path(), &["--tracker", &tracker, "--platform", &platform, &tagged]);
        let theirs = by_python(&[&tracker, "trixie", "layout", &layout, "python", architecture]);
        equal(&format!("python {platform}"), &ours, &theirs);
    }
}
