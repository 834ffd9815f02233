//! CPython on the same inventories: the matching of `tests/peers/findings.py`, with APT's comparison of versions where it can be had.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use scan::Inventory;

use super::row;

const PROGRAM: &str = r#"
import json, sys, time
sys.path.insert(0, sys.argv[1])
import findings
how = "its own comparison of versions"
try:
    import apt_pkg
    apt_pkg.init()
    findings.compare, how = apt_pkg.version_compare, "APT's comparison of versions"
except ImportError:
    pass
begun = time.perf_counter()
tracker = json.load(open(sys.argv[2], encoding="utf-8"))
load = time.perf_counter() - begun
inventories = json.load(open(sys.argv[3], encoding="utf-8"))
def match(inventory):
    found = []
    for release, source, version in inventory:
        for name, issue in tracker.get(source, {}).items():
            row = issue["releases"].get(release)
            verdict = row and findings.status(row, version)
            if verdict:
                found.append((source, version, name, verdict))
    return found
def timed(some):
    begun = time.perf_counter()
    found = sum(len(match(it)) for it in some)
    return time.perf_counter() - begun, found
one = min(timed(inventories[:1])[0] for _ in range(20))
all, found = timed(inventories)
print(load, one, all, found, how, sep="\t")
"#;

/// Times of it beside ours: one inventory, and all.
pub(crate) fn measure(bytes: &[u8], inventories: &[Inventory], ours: (Duration, Duration), found: usize) {
    let folder = tempfile::tempdir().unwrap();
    let [tracker, installed] = ["tracker.json", "installed.json"].map(|name| folder.path().join(name));
    std::fs::write(&tracker, bytes).unwrap();
    std::fs::write(&installed, serde_json::to_vec(&triples(inventories)).unwrap()).unwrap();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    // Debian's own has APT's module.
    let said = ["/usr/bin/python3", "python3"].into_iter().find_map(|python| {
        let mut command = Command::new(python);
        command.args(["-B", "-c", PROGRAM]).arg(&scripts).args([&tracker, &installed]);
        let output = command.output().ok().filter(|it| it.status.success())?;
        String::from_utf8(output.stdout).ok()
    });
    let Some(said) = said else { return println!("CPython: not run: there is no python3") };
    let words: Vec<&str> = said.trim().split('\t').collect();
    assert_eq!(words[3], found.to_string(), "CPython found another number");
    let time = |at: usize| Duration::from_secs_f64(words[at].parse().unwrap());
    let ratio = |took: Duration, ours: Duration| Some(took.as_secs_f64() / ours.as_secs_f64());
    row("CPython loads the tracker's JSON", time(0), None);
    row(&format!("CPython matches one inventory, {}", words[4]), time(1), ratio(time(1), ours.0));
    row("CPython matches all of them", time(2), ratio(time(2), ours.1));
}

/// (release, source, version) of each.
fn triples(inventories: &[Inventory]) -> Vec<BTreeSet<(&str, &str, &str)>> {
    inventories.iter().map(triples_of).collect()
}

fn triples_of(inventory: &Inventory) -> BTreeSet<(&str, &str, &str)> {
    let release = inventory.distribution.release().unwrap();
    inventory.packages.iter().map(|it| (release, it.source.as_str(), it.source_version.as_str())).collect()
}
