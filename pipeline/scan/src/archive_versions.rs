//! Which versions of which sources the archive has, and since when: where a fix is, and how long it has been there.

use std::collections::BTreeMap;

use debian::Version;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::ArchiveFix;

/// The versions of every source in one release's suites.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveVersions {
    sources: BTreeMap<String, Vec<ArchiveVersion>>,
}

/// One version of a source in one suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ArchiveVersion {
    /// The version.
    pub version: Version,
    /// The suite.
    pub suite: String,
    /// `Date` of the first `InRelease` that had it; none where it was there before anybody watched.
    pub since: Option<Timestamp>,
}

impl ArchiveVersions {
    /// Adds a version.
    pub fn add(&mut self, source: &str, version: ArchiveVersion) {
        self.sources.entry(source.to_owned()).or_default().push(version);
    }

    /// Whether anything is known.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// All versions of a source.
    pub fn of(&self, source: &str) -> &[ArchiveVersion] {
        self.sources.get(source).map_or(&[], Vec::as_slice)
    }

    /// The version at or above `fixed` that came first, the lowest among those that nobody saw come.
    pub fn fix(&self, source: &str, fixed: &Version) -> Option<ArchiveFix> {
        let at_or_above = self.of(source).iter().filter(|it| it.version >= *fixed);
        let first = at_or_above.min_by(|one, other| (one.since, &one.version).cmp(&(other.since, &other.version)))?;
        Some(ArchiveFix { version: first.version.to_string(), suite: first.suite.clone(), since: first.since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_there_since_the_first_version_that_has_it() {
        let mut archive = ArchiveVersions::default();
        let day = |day: i8| Some(format!("2026-11-{day:02}T00:00:00Z").parse().unwrap());
        for (version, suite, since) in
            [("1.0-1", "trixie", None), ("1.0-2", "trixie-security", day(3)), ("1.0-3", "trixie-security", day(9))]
        {
            let version = version.parse().unwrap();
            archive.add("a", ArchiveVersion { version, suite: suite.into(), since });
        }
        let fix = archive.fix("a", &"1.0-1+deb13u1".parse().unwrap()).unwrap();
        assert_eq!((fix.version.as_str(), fix.since), ("1.0-2", day(3)));
        assert!(archive.fix("a", &"1.1".parse().unwrap()).is_none());
        assert_eq!(archive.fix("a", &"0".parse().unwrap()).unwrap().since, None);
    }
}
