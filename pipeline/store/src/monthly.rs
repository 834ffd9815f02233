//! What a month was like: a summary that can be signed. The same rows give the same bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scan::{FixRecord, FixState};
use serde::{Deserialize, Serialize};

use crate::fixes::FixFilter;
use crate::percentiles::{Month, Percentiles};
use crate::{Ledger, StoreError};

/// The `schema` key of the JSON form.
pub const SUMMARY_SCHEMA: &str = "bedplate.lag-summary/v1";

/// One month of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MonthlySummary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: String,
    /// The month, such as `2026-11`, in UTC.
    pub month: String,
    /// All images together: one fix counts once for each image and platform that got it.
    pub all: MonthlyFigures,
    /// Each image that had anything, by name.
    pub images: BTreeMap<String, MonthlyFigures>,
}

/// Figures of a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MonthlyFigures {
    /// Vulnerabilities that left the tags by a fix in this month, per platform.
    pub fixed: usize,
    /// Those that left with their source.
    pub removed: usize,
    /// Seconds from the archive to the tag.
    pub lag: Percentiles,
    /// Vulnerabilities under the tags at the end of the month whose fix the archive had.
    pub open: usize,
    /// Since when the oldest of them had its fix in the archive; null where there is none, or nobody knows.
    pub oldest_open: Option<Timestamp>,
}

impl Ledger {
    /// What a month was like, as far as is known now.
    pub async fn monthly_summary(&self, month: Month) -> Result<MonthlySummary, StoreError> {
        let records = self.fixes(&FixFilter::default()).await?;
        let mut images: BTreeMap<String, Vec<&FixRecord>> = BTreeMap::new();
        for record in &records {
            images.entry(record.image.clone()).or_default().push(record);
        }
        let each = images.into_iter().map(|(image, records)| (image, figures(&records, month)));
        Ok(MonthlySummary {
            schema: SUMMARY_SCHEMA.into(),
            month: month.to_string(),
            all: figures(&records.iter().collect::<Vec<_>>(), month),
            images: each.filter(|(_, figures)| *figures != MonthlyFigures::default()).collect(),
        })
    }
}

fn figures(records: &[&FixRecord], month: Month) -> MonthlyFigures {
    let (start, end) = month.bounds();
    let ended = |state| {
        let in_month = move |it: &&FixRecord| it.tagged_at.is_some_and(|at| at >= start && at < end);
        records.iter().copied().filter(in_month).filter(move |it| it.state == state)
    };
    // A fix whose time in the archive is not known counts from the day when it was affected.
    let is_open = |it: &&FixRecord| {
        let known = it.archive_version.is_some() && it.archive_at.is_none_or(|at| at < end) && it.affected_at < end;
        known && it.tagged_at.is_none_or(|at| at >= end)
    };
    let open: Vec<&FixRecord> = records.iter().copied().filter(is_open).collect();
    MonthlyFigures {
        fixed: ended(FixState::Fixed).count(),
        removed: ended(FixState::Removed).count(),
        lag: Percentiles::of(ended(FixState::Fixed).map(|it| it.lag_seconds)),
        open: open.len(),
        oldest_open: open.iter().filter_map(|it| it.archive_at).min(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, fix, ledger};

    #[tokio::test]
    async fn a_month_is_told_as_it_ended() {
        let (_folder, ledger) = ledger().await;
        let december =
            |it: FixRecord| FixRecord { tagged_at: "2026-12-02T00:00:00Z".parse().ok(), lag_seconds: Some(9), ..it };
        let records = [
            fix("base", "CVE-1", 1, Some(2)),
            fix("base", "CVE-2", 1, Some(4)),
            december(fix("base", "CVE-3", 20, Some(21))),
            FixRecord { lag_seconds: None, archive_at: None, ..fix("cc", "CVE-4", 1, Some(5)) },
            fix("cc", "CVE-5", 7, None),
        ];
        ledger.record_fixes(&records).await.unwrap();
        let summary = ledger.monthly_summary("2026-11".parse().unwrap()).await.unwrap();
        let lag = Percentiles { count: 2, unknown: 1, p50: Some(86_400), p95: Some(259_200), p99: Some(259_200) };
        assert_eq!(summary.all, MonthlyFigures { fixed: 3, removed: 0, lag, open: 2, oldest_open: Some(at(7, 0)) });
        assert_eq!((summary.images["base"].open, summary.images["cc"].lag.unknown), (1, 1));
        assert_eq!(ledger.percentiles("2026-11".parse().unwrap()).await.unwrap(), lag);
        let december = ledger.monthly_summary("2026-12".parse().unwrap()).await.unwrap();
        assert_eq!((december.all.fixed, december.all.lag.p50, december.all.open), (1, Some(9), 1));
    }
}
