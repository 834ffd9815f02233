//! A second way to the same findings: a program in Python, written after the tracker's own words, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use scan::{
    Advisories, ArchiveVersions, Changelogs, Context, Distribution, EvidenceRules, InstalledPackage, Inventory,
    Knowledge, ReportSubject, Standing, scan,
};
use serde_json::{Map, Value, json};

const TRACKER: &[u8] = include_bytes!("../../data/findings/tracker-2026-11-21.json.zst");
const SAMPLE: &str = include_str!("../../../pipeline/scan/tests/tracker-sample/expected.json");
const SOURCES: &str = include_str!("../../data/findings/sources-2026-11-21.json");
/// Composed ids a source: every state that a row can have comes often.
const COMPOSED: usize = 12;
/// What is appended to real versions: an older one, a rebuild, an update, and neither.
const SUFFIXES: [&str; 5] = ["", "~", "~deb12u1", "+b1", "+deb13u9"];

#[test]
#[ignore = "needs python3: .ci/run has it"]
fn another_program_finds_the_same_row_by_row() {
    let (tracker, sources) = (tracker(), sources());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tracker.json");
    std::fs::write(&file, &tracker).unwrap();
    let (ours, theirs) = (ours(&tracker, &sources), theirs(&file, &sources));
    let differing: Vec<String> = ours.symmetric_difference(&theirs).take(20).map(|row| side(row, &ours)).collect();
    assert!(differing.is_empty(), "{} rows of ours, {} of theirs:\n{}", ours.len(), theirs.len(), differing.join("\n"));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &ours {
        *counts.entry(row.split(' ').nth(4).unwrap()).or_default() += 1;
    }
    eprintln!("findings {} rows are the same: {counts:?}", ours.len());
    assert_eq!(counts.len(), 12, "every status is there: {counts:?}");
    assert!(ours.len() > 5_000 && counts.values().all(|count| *count > 50), "{counts:?}");
}

fn side(row: &str, ours: &BTreeSet<String>) -> String {
    format!("only {}: {row}", if ours.contains(row) { "ours" } else { "theirs" })
}

/// (release, source, version): what is installed, several versions of each.
fn sources() -> BTreeSet<(String, String, String)> {
    let all: BTreeMap<String, BTreeMap<String, Vec<String>>> = serde_json::from_str(SOURCES).unwrap();
    let mut random = fastrand::Rng::with_seed(6);
    let mut installed = BTreeSet::new();
    for (release, sources) in &all {
        for (source, versions) in sources {
            for version in versions {
                for suffix in ["", SUFFIXES[random.usize(1..SUFFIXES.len())]] {
                    installed.insert((release.clone(), source.clone(), format!("{version}{suffix}")));
                }
            }
        }
    }
    installed
}

/// The real rows of these sources, and composed ones. `BEDPLATE_TRACKER` names a file whose rows are taken instead of the real ones that are here.
fn tracker() -> Vec<u8> {
    let given = std::env::var_os("BEDPLATE_TRACKER").map(|path| std::fs::read(path).unwrap());
    let bytes = given.unwrap_or_else(|| zstd::decode_all(TRACKER).unwrap());
    let mut tracker: Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
    let sample: Map<String, Value> = serde_json::from_str(SAMPLE).unwrap();
    for (source, issues) in sample {
        let Value::Object(issues) = issues else { panic!("{source}: ids are expected") };
        let held = tracker.entry(source).or_insert_with(|| json!({}));
        held.as_object_mut().unwrap().extend(issues);
    }
    compose(&mut tracker);
    serde_json::to_vec(&tracker).unwrap()
}

fn compose(tracker: &mut Map<String, Value>) {
    let all: BTreeMap<String, BTreeMap<String, Vec<String>>> = serde_json::from_str(SOURCES).unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    for (release, sources) in &all {
        for (source, versions) in sources {
            let issues = tracker.entry(source.clone()).or_insert_with(|| json!({})).as_object_mut().unwrap();
            for at in 0..COMPOSED {
                let issue = issues.entry(format!("CVE-2099-{at:04}")).or_insert_with(|| json!({ "releases": {} }));
                issue["releases"][release] = row(versions, &mut random);
            }
        }
    }
}

/// A row of any state.
fn row(versions: &[String], random: &mut fastrand::Rng) -> Value {
    let one_of = |random: &mut fastrand::Rng, words: &[&str]| words[random.usize(..words.len())].to_owned();
    let mut row = Map::new();
    let status = one_of(random, &["open", "open", "resolved", "resolved", "undetermined", "unheard-of"]);
    let urgencies = ["not yet assigned", "not yet assigned", "low**", "high", "unimportant", "end-of-life"];
    row.insert("urgency".into(), one_of(random, &urgencies).into());
    let version = |random: &mut fastrand::Rng| {
        let version = &versions[random.usize(..versions.len())];
        let suffix = one_of(random, &["", "~", "~deb12u1", "+b1", "+deb13u1", ".1", "-99"]);
        format!("{version}{suffix}")
    };
    if status == "resolved" && random.u8(..8) > 0 {
        let fixed = if random.u8(..6) == 0 { "0".to_owned() } else { version(random) };
        row.insert("fixed_version".into(), fixed.into());
    }
    if random.u8(..4) > 0 {
        row.insert("repositories".into(), json!({ "one": version(random), "one-security": version(random) }));
    }
    if random.bool() {
        row.insert("nodsa".into(), "Minor issue".into());
        row.insert("nodsa_reason".into(), one_of(random, &["", "postponed", "ignored", "unheard-of"]).into());
    }
    if random.u8(..6) == 0 {
        row.insert("next_point_update".into(), true.into());
    }
    row.insert("status".into(), status.into());
    Value::Object(row)
}

/// What the library finds, as lines.
fn ours(tracker: &[u8], sources: &BTreeSet<(String, String, String)>) -> BTreeSet<String> {
    let knowledge = Knowledge { advisories: Advisories::read_tracker(tracker).unwrap(), ..Knowledge::default() };
    let context = Context {
        knowledge: &knowledge,
        archive: &ArchiveVersions::default(),
        changelogs: &Changelogs::default(),
        rules: &EvidenceRules::default(),
        standing: Standing::Absent,
        today: "2026-11-23".parse().unwrap(),
    };
    let mut lines = BTreeSet::new();
    for release in ["bookworm", "trixie"] {
        let packages = sources.iter().filter(|it| it.0 == release).map(|(_, source, version)| InstalledPackage {
            name: format!("lib{source}"),
            version: version.clone(),
            architecture: "amd64".into(),
            source: source.clone(),
            source_version: version.clone(),
        });
        let distribution = Distribution::from_distro(release);
        let inventory = Inventory { distribution, packages: packages.collect(), remarks: Vec::new() };
        for it in scan(&inventory, ReportSubject::default(), None, &context).findings {
            let status = serde_json::to_value(it.status).unwrap();
            let (status, fixed) = (status.as_str().unwrap(), it.fixed_version.as_deref().unwrap_or("-"));
            lines.insert(format!("{release} {} {} {} {status} {fixed}", it.source, it.source_version, it.id));
        }
    }
    lines
}

/// What the other program finds.
fn theirs(tracker: &Path, sources: &BTreeSet<(String, String, String)>) -> BTreeSet<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/findings.py");
    let mut command = Command::new("python3");
    let mut child = command.arg(script).arg(tracker).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    for (release, source, version) in sources {
        writeln!(text, "{release} {source} {version}").unwrap();
    }
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}: {}", command.get_program().display(), output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
