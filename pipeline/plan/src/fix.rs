//! Which findings a new lock brings the fix of: the reason that people look for first.
//!
//! In: what is published, what is wanted, and what was found in what is published. Out: one [`SourceFix`] a source, with every id that it
//! ends. A version is a fix by Debian's row alone: what an archive only seems to fix is no reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use assemble::ImageLock;
use debian::Version;
use scan::Finding;
use serde::{Deserialize, Serialize};

/// How many ids a line names before it counts the rest.
const NAMED: usize = 4;

/// A new version of a source that ends findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SourceFix {
    /// Source package.
    pub source: String,
    /// The version that is wanted now.
    pub version: String,
    /// Suite that it comes from.
    pub suite: String,
    /// The vulnerabilities that it ends, sorted.
    pub ids: Vec<String>,
    /// Debian's advisories about them, sorted.
    pub notices: Vec<String>,
}

impl fmt::Display for SourceFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self.ids.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" ");
        write!(f, "{} {} fixes {named}", self.source, self.version)?;
        if self.ids.len() > NAMED {
            write!(f, " and {} more", self.ids.len() - NAMED)?;
        }
        let origin = self.notices.iter().map(String::as_str).chain([self.suite.as_str()]);
        write!(f, " ({})", origin.collect::<Vec<_>>().join(" "))
    }
}

/// The fixes that `wanted` brings for findings in `published`, by source.
pub(crate) fn fixes(published: &ImageLock, wanted: &ImageLock, findings: &[Finding]) -> Vec<SourceFix> {
    let (before, after) = (lowest(published), lowest(wanted));
    let mut found: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for finding in findings.iter().filter(|it| it.status.is_vulnerable()) {
        let fixed = finding.fixed_version.as_deref().and_then(|version| version.parse::<Version>().ok());
        let source = finding.source.as_str();
        let (Some(fixed), Some(old), Some(new)) = (fixed, before.get(source), after.get(source)) else { continue };
        if old.version < &fixed && new.version >= &fixed {
            let (ids, notices) = found.entry(source).or_default();
            ids.insert(&finding.id);
            notices.extend(finding.notices.iter().map(|notice| notice.id.as_str()));
        }
    }
    let all = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
    let fix = |(source, (ids, notices)): (&str, (BTreeSet<&str>, BTreeSet<&str>))| {
        let new = after.get(source)?;
        let (version, suite) = (new.version.to_string(), new.suite.clone());
        Some(SourceFix { source: source.to_owned(), version, suite, ids: all(ids), notices: all(notices) })
    };
    found.into_iter().filter_map(fix).collect()
}

/// A source as a lock has it.
struct Held<'l> {
    version: &'l Version,
    suite: String,
}

/// Each source with its lowest version among the platforms: a fix counts when all have it.
fn lowest(lock: &ImageLock) -> BTreeMap<&str, Held<'_>> {
    let mut held: BTreeMap<&str, Held<'_>> = BTreeMap::new();
    for package in lock.packages() {
        let candidate = || Held { version: &package.source_version, suite: package.suite.to_string() };
        let known = held.entry(&package.source).or_insert_with(candidate);
        if package.source_version < *known.version {
            *known = candidate();
        }
    }
    held
}

#[cfg(test)]
pub(crate) mod tests {
    use scan::{DebianWords, FindingStatus, Notice, Severities};

    use super::*;
    use crate::difference::tests::lock;

    pub(crate) fn finding(source: &str, id: &str, fixed: Option<&str>) -> Finding {
        Finding {
            id: id.into(),
            source: source.into(),
            source_version: "1".into(),
            packages: Vec::new(),
            status: FindingStatus::Affected,
            fixed_version: fixed.map(str::to_owned),
            fix: None,
            notices: vec![Notice { id: "DSA-1-1".into(), date: "2026-11-20".parse().unwrap() }],
            debian: DebianWords::default(),
            severity: Severities::default(),
            description: None,
            evidence: Vec::new(),
        }
    }

    #[test]
    fn a_new_version_is_a_fix_of_what_debian_says_that_it_ends() {
        let (old, new) = (lock(&["a=1", "b=1", "c=1"]), lock(&["a=3", "b=2", "c=1"]));
        let findings = [
            finding("a", "CVE-2026-3", Some("2")),
            finding("a", "CVE-2026-1", Some("3")),
            finding("a", "CVE-2026-9", Some("4")),
            finding("b", "CVE-2026-2", None),
            finding("b", "CVE-2026-4", Some("1")),
            finding("c", "CVE-2026-5", Some("2")),
            finding("d", "CVE-2026-6", Some("2")),
            finding("b", "CVE-2026-7", Some("no version")),
        ];
        let lines: Vec<String> = fixes(&old, &new, &findings).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["a 3 fixes CVE-2026-1 CVE-2026-3 (DSA-1-1 trixie)"]);
    }

    #[test]
    fn many_ids_are_counted() {
        let findings: Vec<Finding> = (1..=6).map(|id| finding("a", &format!("CVE-2026-{id}"), Some("2"))).collect();
        let fixes = fixes(&lock(&["a=1"]), &lock(&["a=2"]), &findings);
        let expected = "a 2 fixes CVE-2026-1 CVE-2026-2 CVE-2026-3 CVE-2026-4 and 2 more (DSA-1-1 trixie)";
        assert_eq!(fixes[0].to_string(), expected);
        assert_eq!(fixes[0].ids.len(), 6);
    }
}
