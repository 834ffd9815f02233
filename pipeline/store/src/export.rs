//! The ledger for everybody: JSON, and CSV as RFC 4180 has it. The same rows give the same bytes.

use jiff::Timestamp;
use scan::{FixRecord, Turn};
use serde::{Deserialize, Serialize};

use crate::fixes::FixFilter;
use crate::{Ledger, StoreError};

/// The `schema` key of the JSON form.
pub const LEDGER_SCHEMA: &str = "bedplate.ledger/v1";

/// The ledger as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LedgerExport {
    /// [`LEDGER_SCHEMA`].
    pub schema: String,
    /// The rows, by image, platform, source, vulnerability and occurrence.
    pub fixes: Vec<FixRecord>,
}

/// The columns of the CSV form, in their order.
const COLUMNS: [&str; 26] = [
    "image",
    "platform",
    "id",
    "source",
    "occurrence",
    "state",
    "affected-version",
    "affected-at",
    "fixed-version",
    "evidence",
    "archive-version",
    "archive-suite",
    "archive-at",
    "archive-after",
    "sid-at",
    "notice",
    "notice-date",
    "observed-at",
    "decided-at",
    "built-at",
    "scanned-at",
    "signed-at",
    "tagged-at",
    "index",
    "lag-seconds",
    "turn",
];

impl Ledger {
    /// The rows that fit, as JSON with a newline at its end.
    pub async fn export_json(&self, filter: &FixFilter) -> Result<String, StoreError> {
        let export = LedgerExport { schema: LEDGER_SCHEMA.into(), fixes: self.fixes(filter).await? };
        let text =
            serde_json::to_string_pretty(&export).map_err(|error| StoreError::bad("row of the ledger", &error))?;
        Ok(text + "\n")
    }

    /// The rows that fit, as CSV with a line of names first; what is not known is empty.
    pub async fn export_csv(&self, filter: &FixFilter) -> Result<String, StoreError> {
        let mut text = line(&COLUMNS.map(str::to_owned));
        for record in self.fixes(filter).await? {
            text += &line(&cells(&record));
        }
        Ok(text)
    }
}

fn cells(record: &FixRecord) -> [String; COLUMNS.len()] {
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        record.image.clone(),
        record.platform.clone(),
        record.id.clone(),
        record.source.clone(),
        record.occurrence.to_string(),
        record.state.to_string(),
        record.affected_version.clone(),
        record.affected_at.to_string(),
        text(&record.fixed_version),
        record.evidence.map_or_else(String::new, |it| it.to_string()),
        text(&record.archive_version),
        text(&record.archive_suite),
        time(record.archive_at),
        time(record.archive_after),
        time(record.sid_at),
        text(&record.notice),
        record.notice_date.map_or_else(String::new, |it| it.to_string()),
        time(record.observed_at),
        time(record.decided_at),
        time(record.built_at),
        time(record.scanned_at),
        time(record.signed_at),
        time(record.tagged_at),
        record.index.as_ref().map_or_else(String::new, ToString::to_string),
        record.lag_seconds.map_or_else(String::new, |it| it.to_string()),
        record.turn.as_ref().map_or_else(String::new, Turn::to_string),
    ]
}

/// One record: fields that hold a comma, a quote or a line break are quoted, quotes doubled, the line ends in CRLF.
fn line(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, fix, ledger};

    #[tokio::test]
    async fn rows_are_handed_out_with_empty_cells_for_what_nobody_knows() {
        let (_folder, ledger) = ledger().await;
        let open = FixRecord { notice: None, notice_date: None, ..fix("base", "CVE-2", 3, None) };
        ledger.record_fixes(&[open, fix("base", "CVE-1", 1, Some(2))]).await.unwrap();
        let reason = "a \"quoted\", long\nreason".to_owned();
        ledger.set_turn("base", Some(&Turn::Blocked { reason }), at(4, 0)).await.unwrap();
        let csv = ledger.export_csv(&FixFilter::default()).await.unwrap();
        let index = blob::Digest::of("index");
        let wanted = format!(
            "{}\r\nbase,linux/amd64,CVE-1,a,1,fixed,1,2026-11-01T00:00:00Z,2,tracker,2,trixie-security,2026-11-01T00:00:00Z,,,\
             DSA-1-1,2026-11-01,2026-11-01T00:00:00Z,,,,,2026-11-02T00:00:00Z,{index},86400,\r\n\
             base,linux/amd64,CVE-2,a,1,open,1,2026-11-01T00:00:00Z,2,tracker,2,trixie-security,2026-11-03T00:00:00Z,,,\
             ,,2026-11-03T00:00:00Z,,,,,,,,\"blocked: a \"\"quoted\"\", long\nreason\"\r\n",
            COLUMNS.join(",")
        );
        assert_eq!(csv, wanted);
        let json = ledger.export_json(&FixFilter::default()).await.unwrap();
        let export: LedgerExport = serde_json::from_str(&json).unwrap();
        assert_eq!((export.schema.as_str(), export.fixes.len(), export.fixes[1].lag_seconds), (LEDGER_SCHEMA, 2, None));
        assert_eq!(json, ledger.export_json(&FixFilter::default()).await.unwrap());
    }
}
