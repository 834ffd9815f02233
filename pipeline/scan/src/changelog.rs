//! A package's own changelog: which entry names which vulnerability.
//!
//! In: the text of a `changelog.Debian`. Out: its entries, and for an id the entry that names it. A mention is evidence and no
//! verdict: an entry may say that something is *not* affected, may revert a fix, or may have been merged from Ubuntu. Silence says
//! nothing at all.
//!
//! Which entries an installed version holds is told by their place and not by their versions: a backport `2-1~deb13u1` holds the
//! entry of `2-1`, although that version is greater.

mod between;
mod doubt;
mod reader;

use std::collections::BTreeMap;

use debian::Version;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A changelog: its entries, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<ChangelogEntry>", into = "Vec<ChangelogEntry>")]
pub struct Changelog {
    entries: Vec<ChangelogEntry>,
    /// By id: entry and mention.
    by_id: BTreeMap<String, Vec<(usize, usize)>>,
}

/// What one version changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChangelogEntry {
    /// The version.
    pub version: String,
    /// The suites that it was uploaded to, such as `trixie-security`.
    pub distribution: String,
    /// When; none where the date is none.
    pub date: Option<Timestamp>,
    /// The lines that name vulnerabilities.
    pub mentions: Vec<Mention>,
}

/// A line that names vulnerabilities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mention {
    /// The line, cut where it is long.
    pub line: String,
    /// The ids in it, `CVE-YYYY-NNNN`; `CVE-2026-1000 / -1001` names one.
    pub ids: Vec<String>,
    /// The words around it may say the opposite of a fix.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
}

/// Where a changelog names a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChangelogFix {
    /// The vulnerability.
    pub id: String,
    /// The entry's version.
    pub version: String,
    /// The suites that it was uploaded to.
    pub distribution: String,
    /// When.
    pub date: Option<Timestamp>,
    /// The line that names it.
    pub line: String,
    /// The words around it may say the opposite of a fix.
    pub doubtful: bool,
}

/// Changelogs of installed packages, by source and its version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changelogs(BTreeMap<String, BTreeMap<String, Changelog>>);

impl From<Vec<ChangelogEntry>> for Changelog {
    fn from(entries: Vec<ChangelogEntry>) -> Self {
        let mut by_id: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            for (mention, id) in
                entry.mentions.iter().enumerate().flat_map(|(at, it)| it.ids.iter().map(move |id| (at, id)))
            {
                by_id.entry(id.clone()).or_default().push((at, mention));
            }
        }
        Self { entries, by_id }
    }
}

impl From<Changelog> for Vec<ChangelogEntry> {
    fn from(changelog: Changelog) -> Self {
        changelog.entries
    }
}

impl Changelog {
    /// The entries, the newest first.
    pub fn entries(&self) -> &[ChangelogEntry] {
        &self.entries
    }

    /// The ids that any entry names, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.keys().map(String::as_str)
    }

    /// The oldest entry that `version` holds and that names `id` as something that it fixes. None says nothing.
    pub fn fix(&self, id: &str, version: &str) -> Option<ChangelogFix> {
        let mentions = self.by_id.get(id)?;
        let held = self.held_by(version);
        let found = mentions.iter().rev().find(|(at, mention)| {
            let entry = &self.entries[*at];
            held.holds(*at, entry) && entry.is_debian() && !entry.mentions[*mention].doubtful
        });
        found.map(|place| self.mention(id, *place))
    }

    fn mention(&self, id: &str, (at, mention): (usize, usize)) -> ChangelogFix {
        let (entry, mention) = (&self.entries[at], &self.entries[at].mentions[mention]);
        ChangelogFix {
            id: id.to_owned(),
            version: entry.version.clone(),
            distribution: entry.distribution.clone(),
            date: entry.date,
            line: mention.line.clone(),
            doubtful: mention.doubtful,
        }
    }

    fn position(&self, version: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.version == version)
    }

    fn held_by(&self, version: &str) -> Held {
        self.position(version).map_or_else(|| Held::Below(version.parse().ok()), Held::From)
    }
}

/// Which entries a version holds.
enum Held {
    /// From its own on.
    From(usize),
    /// It has no entry, as a rebuild has none: those whose versions are not greater.
    Below(Option<Version>),
}

impl Held {
    fn holds(&self, at: usize, entry: &ChangelogEntry) -> bool {
        match self {
            Self::From(first) => at >= *first,
            Self::Below(version) => {
                version.as_ref().is_some_and(|it| it.cmp_text(&entry.version).is_ok_and(std::cmp::Ordering::is_ge))
            }
        }
    }
}

impl ChangelogEntry {
    /// Whether it is Debian's own: sid's changelogs carry entries that were merged from Ubuntu.
    pub fn is_debian(&self) -> bool {
        !self.version.contains("ubuntu")
    }
}

impl Changelogs {
    /// Adds the changelog of a source in a version.
    pub fn add(&mut self, source: &str, version: &str, changelog: Changelog) {
        self.0.entry(source.to_owned()).or_default().insert(version.to_owned(), changelog);
    }

    /// The changelog of a source in a version.
    pub fn of(&self, source: &str, version: &str) -> Option<&Changelog> {
        self.0.get(source)?.get(version)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.values().map(BTreeMap::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKPORT: &str = "\
tool (2-1~deb13u1) trixie-security; urgency=high

  * Rebuild for trixie.

 -- A <a@debian.org>  Mon, 02 Nov 2026 10:00:00 +0000

tool (2-1) unstable; urgency=high

  * Fix CVE-2026-1001.
  * Not affected by CVE-2026-1002.

 -- A <a@debian.org>  Sun, 01 Nov 2026 10:00:00 +0000

tool (1-1ubuntu1) noble; urgency=high

  * SECURITY UPDATE: CVE-2026-1003

 -- U <u@ubuntu.com>  Sat, 31 Oct 2026 10:00:00 +0000
";

    #[test]
    fn a_backport_holds_the_entry_whose_version_is_greater() {
        let changelog = Changelog::read(BACKPORT);
        let fix = changelog.fix("CVE-2026-1001", "2-1~deb13u1").unwrap();
        assert_eq!((fix.version.as_str(), fix.line.as_str()), ("2-1", "* Fix CVE-2026-1001."));
        assert!(changelog.fix("CVE-2026-1001", "1-1").is_none());
    }

    #[test]
    fn what_is_not_affected_or_of_ubuntu_is_no_fix() {
        let changelog = Changelog::read(BACKPORT);
        assert_eq!(changelog.ids().count(), 3);
        assert!(changelog.fix("CVE-2026-1002", "2-1~deb13u1").is_none());
        assert!(changelog.fix("CVE-2026-1003", "2-1~deb13u1").is_none());
        assert!(changelog.fix("CVE-2026-9999", "2-1~deb13u1").is_none(), "silence");
    }

    #[test]
    fn a_version_without_an_entry_holds_what_is_not_greater() {
        let changelog = Changelog::read(BACKPORT);
        assert!(changelog.fix("CVE-2026-1001", "2-1+b1").is_some());
        assert!(changelog.fix("CVE-2026-1001", "1-5").is_none());
        assert!(changelog.fix("CVE-2026-1001", "nonsense").is_none());
    }

    #[test]
    fn it_survives_being_stored() {
        let mut all = Changelogs::default();
        all.add("tool", "2-1", Changelog::read(BACKPORT));
        let stored: Changelogs = serde_json::from_str(&serde_json::to_string(&all).unwrap()).unwrap();
        assert_eq!((stored.len(), stored.is_empty()), (1, false));
        assert_eq!(stored, all);
        assert!(stored.of("tool", "2-1").is_some() && stored.of("tool", "2-2").is_none());
    }
}
