//! Where a fixed version is: in the archive as we saw it, or else as the tracker saw it.

use std::cmp::Ordering;

use debian::Version;

use crate::archive_versions::ArchiveVersions;
use crate::finding::ArchiveFix;

/// Whether a version is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It, or a greater one.
    Has(ArchiveFix),
    /// Neither.
    Lacking,
    /// Nobody said what the archive has.
    Unknown,
}

/// What we saw of the archive goes before what the tracker saw: a rebuild takes packages from there. Where the archive was not looked
/// at, or has no such source, the tracker's `repositories` count.
pub(crate) fn place(source: &str, fixed: &str, repositories: &[(&str, &str)], archive: &ArchiveVersions) -> Place {
    let Ok(version) = fixed.parse::<Version>() else { return Place::Unknown };
    if !archive.of(source).is_empty() {
        return archive.fix(source, &version).map_or(Place::Lacking, Place::Has);
    }
    if repositories.is_empty() {
        return Place::Unknown;
    }
    let enough = repositories.iter().filter(|(_, it)| version.cmp_text(it).is_ok_and(Ordering::is_le));
    let lowest = enough.min_by(|one, other| order(one.1, other.1).then_with(|| one.0.cmp(other.0)));
    lowest.map_or(Place::Lacking, |(suite, version)| {
        Place::Has(ArchiveFix { version: (*version).to_owned(), suite: (*suite).to_owned(), since: None })
    })
}

fn order(one: &str, other: &str) -> Ordering {
    one.parse::<Version>().ok().and_then(|one| one.cmp_text(other).ok()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive_versions::ArchiveVersion;

    #[test]
    fn our_own_view_of_the_archive_goes_before_the_trackers() {
        let mut archive = ArchiveVersions::default();
        let suites = [("trixie", "1-1"), ("trixie-security", "1-1+deb13u1")];
        let Place::Has(fix) = place("a", "1-1+deb13u1", &suites, &archive) else { panic!("the tracker saw it") };
        assert_eq!((fix.suite.as_str(), fix.since), ("trixie-security", None));
        assert_eq!(place("a", "1-2", &suites, &archive), Place::Lacking);
        assert_eq!(place("a", "1-2", &[], &archive), Place::Unknown);
        assert_eq!(place("a", "1_2", &suites, &archive), Place::Unknown);
        archive.add("a", ArchiveVersion { version: "1-1".parse().unwrap(), suite: "trixie".into(), since: None });
        assert_eq!(place("a", "1-1+deb13u1", &suites, &archive), Place::Lacking, "our mirror is behind");
    }
}
