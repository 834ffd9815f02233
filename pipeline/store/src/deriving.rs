//! The ledger's rows out of everything else that is remembered, and of what is known to fix what.
//!
//! In: what fixes each vulnerability of an image's sources. Out: rows, written where they differ. Asking about everything that any row of the
//! tracker says of these sources is cheap: what the tags never held an affected version of makes no row.

use std::collections::{BTreeMap, BTreeSet};

use debian::Version;
use scan::{ArchiveHistory, FixEvidence, FixRecord, KnownFix, Notice, SourceHistory, fix_records};

use crate::value::of_json;
use crate::{Ledger, StoreError};

const DERIVE: &str = "derive fixes";

/// What fixes one vulnerability of one source in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFix {
    /// Source package.
    pub source: String,
    /// `CVE-…`, `TEMP-…`, `DSA-…`.
    pub id: String,
    /// First version without it, and who says so. Version `0` says that the release never had it.
    pub fixed: Option<(Version, FixEvidence)>,
    /// First version without it in sid.
    pub sid_fixed: Option<Version>,
    /// Debian's oldest advisory about it.
    pub notice: Option<Notice>,
}

/// The suites that fixes are looked for in.
#[derive(Debug, Clone, Copy)]
pub struct FixSuites<'s> {
    /// Those of the image's release.
    pub release: &'s [&'s str],
    /// Those of Debian's unstable, as context.
    pub sid: &'s [&'s str],
}

type Key = (String, String, u32);

impl Ledger {
    /// Works out the rows of one image's platform for these vulnerabilities, and writes those that differ. Rows of vulnerabilities that are not
    /// among them stay. Returns what there is now about those that are.
    pub async fn derive_fixes(
        &self,
        image: &str,
        platform: &str,
        suites: FixSuites<'_>,
        fixes: &[SourceFix],
    ) -> Result<Vec<FixRecord>, StoreError> {
        let histories = self.source_histories(image, platform, None).await?;
        let hindrances = self.hindrances().await?;
        let hindrance = hindrances.get(image).map(|it| &it.turn);
        let mut by_source: BTreeMap<&str, Vec<&SourceFix>> = BTreeMap::new();
        for fix in fixes {
            by_source.entry(&fix.source).or_default().push(fix);
        }
        let mut records = Vec::new();
        for (source, fixes) in by_source {
            let Some(publications) = histories.get(source) else { continue };
            let history = SourceHistory { image, platform, source, publications, hindrance };
            let none = ArchiveHistory { release: &[], sid: &[] };
            let is_row = |fix: &&&SourceFix| !fix_records(&history, &known(fix), &none).is_empty();
            let fixes: Vec<&&SourceFix> = fixes.iter().filter(is_row).collect();
            if fixes.is_empty() {
                continue;
            }
            let release = self.archive_moments(suites.release, source).await?;
            let sid = self.archive_moments(suites.sid, source).await?;
            let archive = ArchiveHistory { release: &release, sid: &sid };
            records.extend(fixes.into_iter().flat_map(|fix| fix_records(&history, &known(fix), &archive)));
        }
        self.renew(image, platform, fixes, &records).await?;
        Ok(records)
    }

    /// Writes what differs.
    async fn renew(
        &self,
        image: &str,
        platform: &str,
        asked: &[SourceFix],
        records: &[FixRecord],
    ) -> Result<(), StoreError> {
        let asked: BTreeSet<(&str, &str)> = asked.iter().map(|fix| (fix.source.as_str(), fix.id.as_str())).collect();
        let mut transaction = self.begin(DERIVE).await?;
        let query = "SELECT record_json FROM fixes WHERE image = $1 AND platform = $2";
        let query = sqlx::query_scalar(query).bind(image).bind(platform);
        let rows: Vec<String> = query.fetch_all(&mut *transaction).await.map_err(self.failed(DERIVE))?;
        let mut there: BTreeMap<Key, FixRecord> = BTreeMap::new();
        for row in rows {
            let record: FixRecord = of_json("row of the ledger", &row)?;
            if asked.contains(&(record.source.as_str(), record.id.as_str())) {
                there.insert(key(&record), record);
            }
        }
        let mut differs = false;
        for record in records {
            let before = there.remove(&key(record));
            if before.as_ref() != Some(record) {
                differs = true;
                if let Some(before) = before {
                    self.forget_one(&mut transaction, &before).await?;
                }
                self.write_fix(&mut transaction, record).await?;
            }
        }
        for gone in there.values() {
            self.forget_one(&mut transaction, gone).await?;
        }
        if differs || !there.is_empty() { self.commit(transaction, DERIVE).await } else { Ok(()) }
    }
}

fn key(record: &FixRecord) -> Key {
    (record.source.clone(), record.id.clone(), record.occurrence)
}

fn known(fix: &SourceFix) -> KnownFix<'_> {
    KnownFix {
        id: &fix.id,
        fixed: fix.fixed.as_ref().map(|(version, evidence)| (version, *evidence)),
        sid_fixed: fix.sid_fixed.as_ref(),
        notice: fix.notice.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixFilter;
    use crate::fixtures::{at, ledger, published, seen, sources};

    fn fix(id: &str, fixed: &str) -> SourceFix {
        let fixed = fixed.parse().ok().map(|version| (version, FixEvidence::Tracker));
        SourceFix { source: "a".into(), id: id.into(), fixed, sid_fixed: None, notice: None }
    }

    #[tokio::test]
    async fn rows_follow_the_archive_the_tags_and_what_debian_says() {
        let (_folder, ledger) = ledger().await;
        let suites = FixSuites { release: &["trixie-security"], sid: &["sid"] };
        for (day, list) in [(1, ["a=1-1"]), (3, ["a=1-2"])] {
            ledger.observed(&seen("trixie-security", day), &sources(&list)).await.unwrap();
        }
        ledger.published(&published("base", 2, &["a=1-1"])).await.unwrap();
        let asked = [fix("CVE-1", "1-2"), fix("CVE-2", "1-3"), fix("CVE-3", "0"), fix("CVE-4", "1-1")];
        let open = ledger.derive_fixes("base", "linux/amd64", suites, &asked).await.unwrap();
        let told: Vec<_> = open.iter().map(|it| (it.id.as_str(), it.archive_at, it.archive_after)).collect();
        assert_eq!(told, [("CVE-1", Some(at(3, 12)), Some(at(1, 12))), ("CVE-2", None, None)]);
        ledger.published(&published("base", 4, &["a=1-2"])).await.unwrap();
        let asked = [fix("CVE-1", "1-2"), fix("CVE-2", "0")];
        for _ in 0..2 {
            let fixed = ledger.derive_fixes("base", "linux/amd64", suites, &asked).await.unwrap();
            assert_eq!(ledger.fixes(&FixFilter::default()).await.unwrap(), fixed);
            assert_eq!((fixed.len(), fixed[0].lag_seconds, fixed[0].observed_at), (1, Some(86_400), Some(at(3, 13))));
        }
        ledger.derive_fixes("base", "linux/amd64", suites, &[]).await.unwrap();
        assert_eq!(ledger.fixes(&FixFilter::default()).await.unwrap().len(), 1);
    }
}
