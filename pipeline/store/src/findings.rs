//! Which vulnerabilities were in what is under an image's tags, from when to when.
//!
//! In: a report. Out: what appeared, what went, what has another status. Findings follow the tags: a report of something that is not published
//! is kept, and counts once the tags move to it. What is not affected is no finding here; a report without data says nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use scan::{Finding, FindingStatus, Report};
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, Transaction};

use crate::events::{Event, EventKind};
use crate::value::{json, millis, of_json, time};
use crate::{Ledger, StoreError};

const RECORD: &str = "record findings";

/// How the findings of images differ from before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FindingChanges {
    /// New ones.
    pub appeared: Vec<FindingChange>,
    /// Those that are there no more, with the status that they had.
    pub gone: Vec<FindingChange>,
    /// Those that have another status, with the new one.
    pub changed: Vec<FindingChange>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FindingChange {
    /// The image.
    pub image: String,
    /// Its platform.
    pub platform: String,
    /// Source package.
    pub source: String,
    /// `CVE-…`, `TEMP-…`, `DSA-…`.
    pub id: String,
    /// Its status.
    pub status: FindingStatus,
}

/// A finding that is open in the table.
struct Open {
    first_seen: i64,
    status: String,
    source_version: String,
    fixed_version: Option<String>,
}

type OpenRow = (String, String, i64, String, String, Option<String>);

impl Open {
    fn is_same(&self, finding: &Finding, status: &str) -> bool {
        self.status == status
            && self.source_version == finding.source_version
            && self.fixed_version == finding.fixed_version
    }
}

impl FindingChanges {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.appeared.is_empty() && self.gone.is_empty() && self.changed.is_empty()
    }

    /// Adds others.
    pub fn extend(&mut self, other: Self) {
        self.appeared.extend(other.appeared);
        self.gone.extend(other.gone);
        self.changed.extend(other.changed);
    }
}

/// A status as its column has it.
fn word(status: FindingStatus) -> Result<String, StoreError> {
    Ok(json(&status)?.trim_matches('"').to_owned())
}

fn status_of(word: &str) -> Result<FindingStatus, StoreError> {
    of_json("status of a finding", &format!("\"{word}\""))
}

impl Ledger {
    /// The tags moved to a manifest: what was reported of it, if anything, is what the image has.
    pub(crate) async fn findings_move(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        image: (&str, &str),
        manifest: i64,
        at: Timestamp,
    ) -> Result<FindingChanges, StoreError> {
        let query = "SELECT report_json FROM scans WHERE manifest = $1 AND report_json IS NOT NULL";
        let report: Option<String> = sqlx::query_scalar(query)
            .bind(manifest)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(self.failed(RECORD))?;
        match report {
            Some(report) => self.findings_are(transaction, image, &of_json("report", &report)?, at).await,
            None => Ok(FindingChanges::default()),
        }
    }

    /// What an image has is what this report says.
    pub(crate) async fn findings_are(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        image: (&str, &str),
        report: &Report,
        at: Timestamp,
    ) -> Result<FindingChanges, StoreError> {
        // A report without data finds nothing: that is unknown, not clean.
        if matches!(report.standing, scan::Standing::Absent) {
            return Ok(FindingChanges::default());
        }
        let mut open = self.open_findings(transaction, image).await?;
        let mut changes = FindingChanges::default();
        let mut told = BTreeSet::new();
        for finding in report.findings.iter().filter(|it| it.status != FindingStatus::NotAffected) {
            if !told.insert((&finding.source, &finding.id)) {
                continue;
            }
            let before = open.remove(&(finding.source.clone(), finding.id.clone()));
            let change = self.found(transaction, image, finding, before, at).await?;
            match change {
                Some(true) => changes.appeared.push(change_of(image, &finding.source, &finding.id, finding.status)),
                Some(false) => changes.changed.push(change_of(image, &finding.source, &finding.id, finding.status)),
                None => {}
            }
        }
        for ((source, id), before) in open {
            self.gone(transaction, image, (&source, &id), &before, at).await?;
            changes.gone.push(change_of(image, &source, &id, status_of(&before.status)?));
        }
        self.tell(transaction, &changes, at).await?;
        Ok(changes)
    }

    async fn open_findings(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        (image, platform): (&str, &str),
    ) -> Result<BTreeMap<(String, String), Open>, StoreError> {
        let query = "SELECT source, vulnerability, first_seen, status, source_version, fixed_version FROM findings \
                     WHERE image = $1 AND platform = $2 AND gone_at IS NULL";
        let query = sqlx::query_as(query).bind(image).bind(platform);
        let rows: Vec<OpenRow> = query.fetch_all(&mut **transaction).await.map_err(self.failed(RECORD))?;
        let open = |(source, id, first_seen, status, source_version, fixed_version): OpenRow| {
            ((source, id), Open { first_seen, status, source_version, fixed_version })
        };
        Ok(rows.into_iter().map(open).collect())
    }

    /// Writes one finding: whether it is new (true), has another status (false), or neither.
    async fn found(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        (image, platform): (&str, &str),
        finding: &Finding,
        before: Option<Open>,
        at: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let status = word(finding.status)?;
        let result = match &before {
            None => Some(true),
            Some(before) if before.status != status => Some(false),
            Some(_) => None,
        };
        if let Some(before) = before.as_ref().filter(|it| it.is_same(finding, &status)) {
            let query = "UPDATE findings SET last_seen = $1 WHERE image = $2 AND platform = $3 AND source = $4 AND vulnerability = $5 AND first_seen = $6";
            let query = sqlx::query(query).bind(millis(at)).bind(image).bind(platform).bind(&finding.source);
            let query = query.bind(&finding.id).bind(before.first_seen);
            query.execute(&mut **transaction).await.map_err(self.failed(RECORD))?;
            return Ok(result);
        }
        let query = "INSERT INTO findings (image, platform, source, vulnerability, first_seen, status, source_version, fixed_version, last_seen) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (image, platform, source, vulnerability, first_seen) \
                     DO UPDATE SET status = excluded.status, source_version = excluded.source_version, \
                     fixed_version = excluded.fixed_version, last_seen = excluded.last_seen, gone_at = NULL";
        let query = sqlx::query(query).bind(image).bind(platform).bind(&finding.source).bind(&finding.id);
        let query = query.bind(before.map_or(millis(at), |before| before.first_seen));
        let query = query.bind(&status).bind(&finding.source_version).bind(&finding.fixed_version).bind(millis(at));
        query.execute(&mut **transaction).await.map_err(self.failed(RECORD))?;
        Ok(result)
    }

    async fn gone(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        (image, platform): (&str, &str),
        (source, id): (&str, &str),
        before: &Open,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let query = "UPDATE findings SET gone_at = $1 WHERE image = $2 AND platform = $3 AND source = $4 AND vulnerability = $5 AND first_seen = $6";
        let query = sqlx::query(query).bind(millis(at)).bind(image).bind(platform).bind(source).bind(id);
        query.bind(before.first_seen).execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    async fn tell(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        changes: &FindingChanges,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let kinds = [
            (EventKind::FindingAppeared, "appeared in", &changes.appeared),
            (EventKind::FindingGone, "is gone from", &changes.gone),
            (EventKind::FindingChanged, "has another status in", &changes.changed),
        ];
        for (kind, verb, changes) in kinds {
            for change in changes {
                let FindingChange { image, platform, source, id, status } = change;
                let line = format!("{id} in {source} {verb} {image} {platform} ({})", word(*status)?);
                let detail = Some(serde_json::to_value(change).unwrap_or_default());
                let (image, platform) = (Some(image.clone()), Some(platform.clone()));
                self.write_event(transaction, &Event { at, image, platform, kind: kind.clone(), line, detail }).await?;
            }
        }
        Ok(())
    }

    /// Since when each vulnerability, by (source, id), has been in what is under an image's tags.
    pub async fn first_seen(
        &self,
        image: &str,
        platform: &str,
    ) -> Result<BTreeMap<(String, String), Timestamp>, StoreError> {
        let query = "SELECT source, vulnerability, first_seen FROM findings WHERE image = $1 AND platform = $2 AND gone_at IS NULL";
        let query = sqlx::query_as(query).bind(image).bind(platform);
        let rows: Vec<(String, String, i64)> =
            query.fetch_all(self.readers()).await.map_err(self.failed("read the findings"))?;
        rows.into_iter().map(|(source, id, at)| Ok(((source, id), time(at)?))).collect()
    }
}

fn change_of((image, platform): (&str, &str), source: &str, id: &str, status: FindingStatus) -> FindingChange {
    FindingChange {
        image: image.to_owned(),
        platform: platform.to_owned(),
        source: source.to_owned(),
        id: id.to_owned(),
        status,
    }
}
