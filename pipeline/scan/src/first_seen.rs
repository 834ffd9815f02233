//! Since when a fix is known to be there: its date in the archive, or else when somebody first saw it missing.
//!
//! In: a finding, and what was first seen when. Out: an instant, or none: then it is not known, and nobody guesses.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::finding::Finding;

/// When a fixable finding was first seen, by (source, id).
pub type FirstSeen = BTreeMap<(String, String), Timestamp>;

/// Since when the finding's fix is known to be in the archive.
pub(crate) fn known_since(finding: &Finding, first_seen: &FirstSeen) -> Option<Timestamp> {
    let archive = finding.fix.as_ref().and_then(|fix| fix.since);
    archive.or_else(|| first_seen.get(&(finding.source.clone(), finding.id.clone())).copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixable;

    #[test]
    fn the_archive_knows_better_than_we() {
        let archive = "2026-11-20T00:00:00Z";
        let mut finding = fixable("CVE-2026-2", "openssl", archive);
        let seen: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let first_seen = FirstSeen::from([(("openssl".to_owned(), "CVE-2026-2".to_owned()), seen)]);
        assert_eq!(known_since(&finding, &first_seen), Some(archive.parse().unwrap()));
        finding.fix.as_mut().unwrap().since = None;
        assert_eq!(known_since(&finding, &first_seen), Some(seen));
        assert_eq!(known_since(&finding, &FirstSeen::new()), None);
    }
}
