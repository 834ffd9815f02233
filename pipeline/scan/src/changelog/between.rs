//! What a newer version brought: the vulnerabilities that its changelog names above the older version.

use std::collections::BTreeMap;

use debian::Version;

use super::{Changelog, ChangelogFix};

impl Changelog {
    /// The ids that entries name from `newer` down to `older`, that not included; each once, with the oldest entry that names it
    /// without doubt, or else with the oldest. Sorted by id.
    ///
    /// Where `older` has no entry of its own (it was fixed on a branch: `1-1+deb13u1` beside `1-2`), the first entry that is not
    /// greater ends it, and for a backport `2-1~deb13u1` the entry of `2-1`. Entries of Ubuntu are passed over.
    pub fn ids_between(&self, older: &str, newer: &str) -> Vec<ChangelogFix> {
        let mut found: BTreeMap<&str, ChangelogFix> = BTreeMap::new();
        for at in self.range(older, newer).rev().filter(|at| self.entries[*at].is_debian()) {
            for (mention, it) in self.entries[at].mentions.iter().enumerate() {
                for id in &it.ids {
                    let better = found.get(id.as_str()).is_none_or(|known| known.doubtful && !it.doubtful);
                    if better {
                        found.insert(id, self.mention(id, (at, mention)));
                    }
                }
            }
        }
        found.into_values().collect()
    }

    fn range(&self, older: &str, newer: &str) -> std::ops::Range<usize> {
        let top = self.position(newer).or_else(|| self.first_not_above(newer)).unwrap_or(self.entries.len());
        let base = base(older);
        let end = self.position(older).or_else(|| base.and_then(|base| self.position(base)));
        let end = end.or_else(|| self.first_not_above(base.unwrap_or(older))).unwrap_or(self.entries.len());
        top..end.max(top)
    }

    fn first_not_above(&self, version: &str) -> Option<usize> {
        let version: Version = version.parse().ok()?;
        self.entries.iter().position(|entry| version.cmp_text(&entry.version).is_ok_and(std::cmp::Ordering::is_ge))
    }
}

/// `2-1~deb13u1` → `2-1`.
fn base(version: &str) -> Option<&str> {
    let at = version.rfind("~deb").or_else(|| version.rfind("~bpo"))?;
    Some(&version[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changelog(entries: &[(&str, &str)]) -> Changelog {
        let entry = |(version, line): &(&str, &str)| {
            format!(
                "a ({version}) sid; urgency=low\n\n  * {line}\n\n -- A <a@debian.org>  Mon, 02 Nov 2026 10:00:00 +0000\n\n"
            )
        };
        Changelog::read(&entries.iter().map(entry).collect::<String>())
    }

    fn between(changelog: &Changelog, older: &str, newer: &str) -> Vec<String> {
        changelog.ids_between(older, newer).iter().map(|it| format!("{} {}", it.id, it.version)).collect()
    }

    #[test]
    fn names_what_came_after_the_older_version() {
        let changelog = changelog(&[
            ("1-3", "CVE-2026-1001 again, CVE-2026-1003"),
            ("1-2ubuntu1", "CVE-2026-1004"),
            ("1-2", "CVE-2026-1001, CVE-2026-1002"),
            ("1-1", "CVE-2026-1000"),
        ]);
        assert_eq!(between(&changelog, "1-1", "1-3"), ["CVE-2026-1001 1-2", "CVE-2026-1002 1-2", "CVE-2026-1003 1-3"]);
        assert_eq!(between(&changelog, "1-2", "1-3"), ["CVE-2026-1001 1-3", "CVE-2026-1003 1-3"]);
        assert_eq!(between(&changelog, "1-3", "1-1"), Vec::<String>::new());
        assert_eq!(between(&changelog, "0", "1-1"), ["CVE-2026-1000 1-1"]);
    }

    #[test]
    fn branches_and_backports_end_where_their_base_is() {
        let sid = changelog(&[("2-2", "CVE-2026-1002"), ("2-1", "CVE-2026-1001"), ("1-1", "CVE-2026-1000")]);
        assert_eq!(between(&sid, "2-1~deb13u1", "2-2"), ["CVE-2026-1002 2-2"]);
        assert_eq!(between(&sid, "1-1+deb13u1", "2-2"), ["CVE-2026-1001 2-1", "CVE-2026-1002 2-2"]);
        let backport = changelog(&[("2-1~deb13u1", "Rebuild"), ("2-1", "CVE-2026-1001"), ("1-1", "x")]);
        assert_eq!(between(&backport, "1-1", "2-1~deb13u1"), ["CVE-2026-1001 2-1"]);
        assert_eq!(between(&backport, "1-1", "2-1~deb13u1+b1"), ["CVE-2026-1001 2-1"]);
    }

    #[test]
    fn a_mention_without_doubt_is_preferred() {
        let changelog = changelog(&[("3", "Fix CVE-2026-1001"), ("2", "not affected by CVE-2026-1001"), ("1", "x")]);
        assert_eq!(between(&changelog, "1", "3"), ["CVE-2026-1001 3"]);
        assert!(changelog.ids_between("1", "2")[0].doubtful);
    }
}
