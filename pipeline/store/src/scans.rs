//! Scans: the newest report of each manifest, with what it stands on and what the gate made of it.

use blob::Digest;
use jiff::Timestamp;
use scan::{FeedUse, Report, Standing};
use sqlx::{Sqlite, Transaction};

use crate::findings::FindingChanges;
use crate::value::{json, millis, of_json, parsed, time};
use crate::{Ledger, StoreError};

const RECORD: &str = "record a scan";
const READ: &str = "read a scan";

/// One image that was scanned.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedImage {
    /// The image.
    pub image: String,
    /// Its platform.
    pub platform: String,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub report: Report,
    /// What the gate made of it, as JSON.
    pub verdict: Option<serde_json::Value>,
}

/// A scan as the ledger remembers it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanRecord {
    /// Digest of the manifest.
    pub manifest: Digest,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub report: Report,
    /// What the gate made of it, as JSON.
    pub verdict: Option<serde_json::Value>,
}

type Row = (String, i64, String, Option<String>);

impl Ledger {
    /// Remembers scans, all or none. For each manifest that is under its image's tags its findings become the image's: what appeared, what went
    /// and what changed by that is returned, and told as events. The reports of other manifests wait until tags move to them.
    pub async fn scanned(&self, scans: &[ScannedImage]) -> Result<FindingChanges, StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        let mut changes = FindingChanges::default();
        for scanned in scans {
            changes.extend(self.write_scan(&mut transaction, scanned).await?);
        }
        self.commit(transaction, RECORD).await?;
        Ok(changes)
    }

    async fn write_scan(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        scanned: &ScannedImage,
    ) -> Result<FindingChanges, StoreError> {
        let ScannedImage { image, platform, manifest, at, report, verdict } = scanned;
        let manifest = self.manifest(transaction, manifest).await?;
        let query = "INSERT INTO scans (manifest, image, platform, scanned_at, standing, feeds_json, verdict_json, report_json) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (manifest) DO UPDATE SET image = excluded.image, \
                     platform = excluded.platform, scanned_at = excluded.scanned_at, standing = excluded.standing, \
                     feeds_json = excluded.feeds_json, verdict_json = excluded.verdict_json, report_json = excluded.report_json \
                     WHERE excluded.scanned_at >= scans.scanned_at";
        let query = sqlx::query(query).bind(manifest).bind(image).bind(platform).bind(millis(*at));
        let query = query.bind(standing(report.standing)).bind(json(&report.feeds)?);
        let query = query.bind(verdict.as_ref().map(json).transpose()?).bind(json(report)?);
        let result = query.execute(&mut **transaction).await.map_err(self.failed(RECORD))?;
        let is_newest = result.rows_affected() > 0;
        if is_newest && self.is_tagged(transaction, image, platform, manifest).await? {
            return self.findings_are(transaction, (image, platform), report, *at).await;
        }
        Ok(FindingChanges::default())
    }

    async fn is_tagged(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        image: &str,
        platform: &str,
        manifest: i64,
    ) -> Result<bool, StoreError> {
        let query = "SELECT COUNT(*) FROM tagged_images WHERE image = $1 AND platform = $2 AND manifest = $3";
        let query = sqlx::query_scalar(query).bind(image).bind(platform).bind(manifest);
        let number: i64 = query.fetch_one(&mut **transaction).await.map_err(self.failed(RECORD))?;
        Ok(number > 0)
    }

    /// The newest report of what is under an image's tags; none where it was not scanned.
    pub async fn latest_report(&self, image: &str, platform: &str) -> Result<Option<ScanRecord>, StoreError> {
        let query = "SELECT m.digest, s.scanned_at, s.report_json, s.verdict_json FROM tagged_images t \
                     JOIN scans s ON s.manifest = t.manifest JOIN manifests m ON m.id = t.manifest \
                     WHERE t.image = $1 AND t.platform = $2 AND s.report_json IS NOT NULL";
        let query = sqlx::query_as(query).bind(image).bind(platform);
        let row: Option<Row> = query.fetch_optional(self.readers()).await.map_err(self.failed(READ))?;
        row.map(record).transpose()
    }

    /// The newest report of a manifest, published or not; none where it was not scanned, or the tags have left it.
    pub async fn report_of(&self, manifest: &Digest) -> Result<Option<ScanRecord>, StoreError> {
        let query = "SELECT m.digest, s.scanned_at, s.report_json, s.verdict_json FROM manifests m \
                     JOIN scans s ON s.manifest = m.id WHERE m.digest = $1 AND s.report_json IS NOT NULL";
        let query = sqlx::query_as(query).bind(manifest.to_string());
        let row: Option<Row> = query.fetch_optional(self.readers()).await.map_err(self.failed(READ))?;
        row.map(record).transpose()
    }

    /// The feeds that the newest of all scans stands on; none where nothing was scanned.
    pub async fn latest_feeds(&self) -> Result<Vec<FeedUse>, StoreError> {
        let query = sqlx::query_scalar("SELECT feeds_json FROM scans ORDER BY scanned_at DESC, manifest DESC LIMIT 1");
        let feeds: Option<String> = query.fetch_optional(self.readers()).await.map_err(self.failed(READ))?;
        feeds.map_or(Ok(Vec::new()), |feeds| of_json("list of feeds", &feeds))
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Current { .. } => "current",
        Standing::Stale { .. } => "stale",
        Standing::Absent => "absent",
    }
}

fn record((digest, at, report, verdict): Row) -> Result<ScanRecord, StoreError> {
    Ok(ScanRecord {
        manifest: parsed("digest", &digest)?,
        at: time(at)?,
        report: of_json("report", &report)?,
        verdict: verdict.map(|text| of_json("verdict", &text)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use scan::FindingStatus::{Affected, Fixable, NotAffected};

    use super::*;
    use crate::FindingChange;
    use crate::fixtures::{at, ledger, published, scanned};

    fn ids(changes: &[FindingChange]) -> Vec<&str> {
        changes.iter().map(|change| change.id.as_str()).collect()
    }

    #[tokio::test]
    async fn findings_appear_change_and_go_and_what_comes_back_is_new() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 1, &["a=1"])).await.unwrap();
        let scan = |day, found: &'static [_]| scanned("base", &["a=1"], at(day, 0), found);
        let first = ledger.scanned(&[scan(2, &[("a", "CVE-1", Affected), ("a", "CVE-2", Affected)])]).await.unwrap();
        assert_eq!(ids(&first.appeared), ["CVE-1", "CVE-2"]);
        let same = ledger.scanned(&[scan(3, &[("a", "CVE-1", Affected), ("a", "CVE-2", Affected)])]).await.unwrap();
        assert!(same.is_empty());
        let second = ledger.scanned(&[scan(4, &[("a", "CVE-1", Fixable), ("a", "CVE-3", NotAffected)])]).await.unwrap();
        assert_eq!((ids(&second.changed), ids(&second.gone), second.appeared.len()), (vec!["CVE-1"], vec!["CVE-2"], 0));
        let third = ledger.scanned(&[scan(5, &[("a", "CVE-1", Fixable), ("a", "CVE-2", Affected)])]).await.unwrap();
        assert_eq!(ids(&third.appeared), ["CVE-2"]);
        let seen = ledger.first_seen("base", "linux/amd64").await.unwrap();
        let wanted = [(("a".into(), "CVE-1".into()), at(2, 0)), (("a".into(), "CVE-2".into()), at(5, 0))];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), wanted);
        let lines: Vec<String> =
            ledger.events(Some(at(4, 0)), 9).await.unwrap().into_iter().map(|it| it.line).collect();
        let wanted = [
            "CVE-2 in a appeared in base linux/amd64 (affected)",
            "CVE-1 in a has another status in base linux/amd64 (fixable)",
            "CVE-2 in a is gone from base linux/amd64 (affected)",
        ];
        assert_eq!(lines, wanted);
    }

    #[tokio::test]
    async fn a_report_waits_until_the_tags_move_to_its_image() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 1, &["a=1"])).await.unwrap();
        ledger.scanned(&[scanned("base", &["a=1"], at(1, 13), &[("a", "CVE-1", Fixable)])]).await.unwrap();
        let candidate = scanned("base", &["a=2"], at(2, 1), &[("a", "CVE-9", Affected)]);
        assert!(ledger.scanned(std::slice::from_ref(&candidate)).await.unwrap().is_empty());
        assert_eq!(ledger.latest_report("base", "linux/amd64").await.unwrap().unwrap().at, at(1, 13));
        assert_eq!(ledger.report_of(&candidate.manifest).await.unwrap().unwrap().report, candidate.report);
        let changes = ledger.published(&published("base", 2, &["a=2"])).await.unwrap();
        assert_eq!((ids(&changes.appeared), ids(&changes.gone)), (vec!["CVE-9"], vec!["CVE-1"]));
        assert_eq!(ledger.latest_report("base", "linux/amd64").await.unwrap().unwrap().report, candidate.report);
    }

    #[tokio::test]
    async fn a_report_without_data_or_older_than_the_last_says_nothing() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 1, &["a=1"])).await.unwrap();
        ledger.scanned(&[scanned("base", &["a=1"], at(3, 0), &[("a", "CVE-1", Affected)])]).await.unwrap();
        let mut blind = scanned("base", &["a=1"], at(4, 0), &[]);
        blind.report.standing = Standing::Absent;
        assert!(ledger.scanned(&[blind, scanned("base", &["a=1"], at(2, 0), &[])]).await.unwrap().is_empty());
        assert_eq!(ledger.first_seen("base", "linux/amd64").await.unwrap().len(), 1);
        assert_eq!(ledger.latest_feeds().await.unwrap()[0].date, at(4, 0));
    }
}
