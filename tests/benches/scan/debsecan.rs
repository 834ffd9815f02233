//! debsecan, Debian's own scanner, on the same packages: its feed is made of the same rows and read from a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use scan::{Advisories, AdvisoryRow, FindingStatus, Inventory, Knowledge, Report, RowStatus};

use super::{installed, least, matching, row};

/// Its time beside ours, from stored data to findings, each in one run.
pub(crate) fn measure(inventory: &Inventory, report: &Report, knowledge: &Knowledge) {
    let folder = tempfile::tempdir().unwrap();
    let (release, stored) = (inventory.distribution.release().unwrap(), knowledge.advisories.to_index());
    let text = installed::status(inventory);
    let ours = least(7, || {
        let inventory = Inventory::from_status(&[("status".into(), text.clone())], Some("ID=debian\nVERSION_ID=13\n"));
        let advisories = Advisories::from_index(stored.clone()).unwrap();
        let knowledge = Knowledge { advisories, ..Knowledge::default() };
        let again = matching::with(&knowledge, |context| scan::scan(&inventory, report.subject.clone(), None, context));
        assert_eq!(again.findings, report.findings);
    });
    row("stored index and dpkg's records to findings", ours, None);
    std::fs::write(folder.path().join("status"), text).unwrap();
    std::fs::write(folder.path().join(release), feed(&knowledge.advisories, release)).unwrap();
    let begun = Instant::now();
    let Some(said) = run(folder.path(), release) else {
        return println!("debsecan: not run: it is not there, or does not start");
    };
    let took = begun.elapsed();
    let found = said.lines().count();
    row(
        &format!("debsecan, feed and dpkg's records to {found} findings"),
        took,
        Some(took.as_secs_f64() / ours.as_secs_f64()),
    );
    // It knows no row that says `0`; everything else that we have is vulnerable to it.
    assert_eq!(found, report.findings.iter().filter(|it| it.status != FindingStatus::NotAffected).count());
}

fn program() -> PathBuf {
    std::env::var_os("BEDPLATE_DEBSECAN").map_or_else(|| PathBuf::from("/usr/bin/debsecan"), PathBuf::from)
}

fn run(folder: &Path, release: &str) -> Option<String> {
    let source = format!("file://{}/", folder.display());
    let mut command = Command::new("/usr/bin/python3");
    command.arg(program()).args(["--suite", release, "--source", &source, "--format", "simple", "--status"]);
    let output = command.arg(folder.join("status")).output().ok().filter(|it| it.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Its format, first version: names, then rows (source, name, flags, fixed version, others), then binary packages, each list ended by an
/// empty line.
fn feed(advisories: &Advisories, release: &str) -> Vec<u8> {
    let rows: Vec<AdvisoryRow<'_>> = advisories.all().filter(|row| row.release == release).collect();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let next = numbers.len();
        numbers.entry(row.id).or_insert(next);
    }
    let mut names: Vec<&str> = numbers.keys().copied().collect();
    names.sort_by_key(|name| numbers[name]);
    let mut text = String::from("VERSION 1\n");
    for name in names {
        writeln!(text, "{name},,description").unwrap();
    }
    text.push('\n');
    for row in rows.iter().filter(|row| row.fixed_version != Some("0")) {
        let fixed = row.fixed_version.filter(|_| row.status == RowStatus::Resolved).unwrap_or_default();
        let flag = if fixed.is_empty() { ' ' } else { 'F' };
        writeln!(text, "{},{},S ?{flag},{fixed},", row.source, numbers[row.id]).unwrap();
    }
    text.push_str("\n\n");
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}
