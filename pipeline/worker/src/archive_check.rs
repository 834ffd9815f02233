//! Whether Debian itself vouches for what an image was made of: from the provenance down to the archive's own keys.
//!
//! In: a provenance that was verified, and kept files of the archive. Out: a [`Finding`] in words: each `InRelease` file has the digest that the
//! provenance names and a good signature, it names each package index, and each package is in one of these with the same digest, version and path.
//! How old the files are is not judged.

use std::collections::{BTreeMap, BTreeSet};

use assemble::{ImageLock, IndexSnapshot, LockedPackage, SuiteSnapshot};
use debian::{PackageIndex, Release};
use signing::{Finding, Outcome, Provenance};

use crate::archive_evidence::{ArchiveEvidence, SignedRelease, index_file};
use crate::observe::is_of_suite;
use crate::provenance::{dependencies, snapshot};

/// More than these are not named one by one.
const MOST_NAMED: usize = 20;

/// Packages that no index has vouched for yet, by suite.
type Wanted<'l> = BTreeMap<&'l str, Vec<&'l LockedPackage>>;

/// Checks a provenance against what was kept of the archive.
pub fn check_archive(provenance: &Provenance, archive: &ArchiveEvidence) -> Finding {
    let lock = match lock(provenance) {
        Ok(lock) => lock,
        Err(reason) => {
            return bad("archive-provenance", format!("archive: the provenance cannot be followed: {reason}"));
        }
    };
    let mut wanted = Wanted::new();
    for package in lock.packages() {
        wanted.entry(package.suite.as_str()).or_default().push(package);
    }
    let count = lock.packages().map(|package| &package.sha256).collect::<BTreeSet<_>>().len();
    let mut findings: Vec<Finding> =
        lock.snapshot.iter().map(|suite| check_suite(suite, archive, &mut wanted)).collect();
    findings.push(packages(count, &wanted));
    if findings.iter().any(Finding::is_bad) {
        return bad("archive-refused", "archive: not everything in the image is vouched for by Debian".into())
            .because(findings);
    }
    let text = format!("archive: Debian's signed indexes vouch for all {count} packages");
    good("archive", text).because(findings)
}

fn good(code: &'static str, text: String) -> Finding {
    Finding::new(Outcome::Good, code, text)
}

fn bad(code: &'static str, text: String) -> Finding {
    Finding::new(Outcome::Bad, code, text)
}

/// The lock, if the rest of the statement names the same files.
fn lock(provenance: &Provenance) -> Result<ImageLock, String> {
    let parts = &provenance.build_definition;
    let text = parts.internal_parameters.lock.held().and_then(|bytes| String::from_utf8(bytes).ok());
    let lock = ImageLock::parse(&text.ok_or("it does not hold its lock whole")?).map_err(|error| error.to_string())?;
    let suites: Vec<_> = lock.snapshot.iter().map(snapshot).collect();
    if parts.internal_parameters.snapshots != suites || parts.resolved_dependencies != dependencies(&lock) {
        return Err("it names other files than its lock".to_owned());
    }
    Ok(lock)
}

fn check_suite(suite: &SuiteSnapshot, archive: &ArchiveEvidence, wanted: &mut Wanted<'_>) -> Finding {
    let name = &suite.suite;
    let signed = match archive.in_release(name, &suite.in_release, suite.date) {
        Ok(signed) => signed,
        Err(error) => {
            let text = format!("suite `{name}`: its `InRelease` {} is no proof: {error}", suite.in_release.short());
            return bad("archive-suite", text);
        }
    };
    if let Some(reason) = contradiction(suite, &signed) {
        return bad("archive-suite", format!("suite `{name}`: {reason}"));
    }
    let keys: Vec<String> = signed.signed.signers.iter().map(ToString::to_string).collect();
    let text = format!("suite `{name}`: its `InRelease` of {} is signed by {}", suite.date, keys.join(", "));
    let mut for_suite = wanted.remove(name.as_str()).unwrap_or_default();
    let indexes = suite.indexes.iter().map(|index| check_index(index, &signed.release, archive, &mut for_suite));
    let finding = good("archive-suite", text).because(indexes.collect::<Vec<_>>());
    if !for_suite.is_empty() {
        wanted.insert(suite_name(&for_suite), for_suite);
    }
    finding
}

fn suite_name<'l>(packages: &[&'l LockedPackage]) -> &'l str {
    packages.first().map_or("", |package| package.suite.as_str())
}

/// What the file says otherwise than the provenance.
fn contradiction(suite: &SuiteSnapshot, found: &SignedRelease) -> Option<String> {
    if !is_of_suite(&suite.suite, &found.release) {
        return Some(format!("the file is the `InRelease` of `{}`", found.release.name()));
    }
    if found.release.date != suite.date {
        return Some(format!("its `InRelease` is of {}, and the provenance says {}", found.release.date, suite.date));
    }
    let missing = suite.signers.iter().find(|key| !found.signed.signers.contains(key));
    missing.map(|key| format!("the provenance says that {key} signed it, whose signature does not hold"))
}

fn check_index(
    index: &IndexSnapshot,
    release: &Release,
    archive: &ArchiveEvidence,
    wanted: &mut Vec<&LockedPackage>,
) -> Finding {
    let refused = |reason: String| bad("archive-index", format!("index `{}`: {reason}", index.path));
    let file = match index_file(release, &index.path) {
        Ok(Some(file)) if file.digest == index.sha256 && file.size == index.size => file,
        Ok(Some(file)) => return refused(format!("the `InRelease` names {}, the provenance another", file.digest)),
        Ok(None) => return refused("the `InRelease` does not name it".to_owned()),
        Err(error) => return refused(error.to_string()),
    };
    match archive.index(&file) {
        Ok(read) => {
            let before = wanted.len();
            wanted.retain(|package| !vouches(&read, package));
            let found = before - wanted.len();
            good("archive-index", format!("index `{}` has {found} of the image's packages", index.path))
        }
        Err(error) => refused(format!("it is no proof: {error}")),
    }
}

fn vouches(index: &PackageIndex, package: &LockedPackage) -> bool {
    index.find(&package.name).any(|listed| {
        listed.sha256() == package.sha256.hex()
            && listed.version_text() == package.version.to_string()
            && listed.filename() == package.path
            && listed.size() == package.size
            && listed.architecture() == package.architecture
    })
}

fn packages(count: usize, missing: &Wanted<'_>) -> Finding {
    let missing: BTreeSet<String> = missing
        .values()
        .flatten()
        .map(|package| format!("{} {} ({})", package.name, package.version, package.sha256.short()))
        .collect();
    if missing.is_empty() {
        return good("archive-packages", format!("{count} packages have the digest, version and path of the indexes"));
    }
    let text = format!("{} of {count} packages are in no index that the provenance names", missing.len());
    let named = missing.iter().take(MOST_NAMED).map(|package| bad("archive-package", package.clone()));
    bad("archive-packages", text).because(named.collect::<Vec<_>>())
}
