//! When a statement was made, by what it says itself.
//!
//! In: the payload of a verified statement. Out: its time. The time stands under the signature: the annotation of a referrer does not, and is
//! never asked.

use jiff::Timestamp;
use serde::Deserialize;

use crate::encoding::from_json;
use crate::envelope::LARGEST_ENVELOPE;

#[derive(Deserialize)]
struct Timed {
    predicate: Times,
}

/// Where the kinds of statement keep their time; no kind has two of these.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Times {
    /// SLSA provenance.
    run_details: RunDetails,
    /// Scan reports and `CycloneDX`.
    metadata: Metadata,
    /// SPDX.
    creation_info: CreationInfo,
    /// `OpenVEX`.
    timestamp: Option<Timestamp>,
    /// `OpenVEX`, where it was changed since.
    #[serde(rename = "last_updated")]
    last_updated: Option<Timestamp>,
    /// Rebuild.
    finished_on: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RunDetails {
    metadata: Metadata,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    finished_on: Option<Timestamp>,
    scan_finished_on: Option<Timestamp>,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CreationInfo {
    created: Option<Timestamp>,
}

/// The time that a statement gives for itself; none where its kind has none, or it is no time.
pub(crate) fn statement_time(payload: &[u8]) -> Option<Timestamp> {
    let Timed { predicate } = from_json(payload, LARGEST_ENVELOPE).ok()?;
    let Metadata { finished_on, scan_finished_on, timestamp } = predicate.metadata;
    let document = predicate.last_updated.or(predicate.timestamp).or(predicate.creation_info.created);
    predicate
        .run_details
        .metadata
        .finished_on
        .or(scan_finished_on)
        .or(predicate.finished_on)
        .or(document)
        .or(timestamp)
        .or(finished_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_statement_has_its_place_for_the_time() {
        let expected: Timestamp = "2026-11-23T04:27:16Z".parse().unwrap();
        for predicate in [
            r#"{"runDetails":{"builder":{"id":"b"},"metadata":{"startedOn":"2020-01-01T00:00:00Z","finishedOn":T}}}"#,
            r#"{"metadata":{"scanStartedOn":"2020-01-01T00:00:00Z","scanFinishedOn":T},"scanner":{}}"#,
            r#"{"creationInfo":{"created":T,"creators":[]},"spdxVersion":"SPDX-2.3"}"#,
            r#"{"metadata":{"timestamp":T,"component":{}},"bomFormat":"CycloneDX"}"#,
            r#"{"timestamp":"2020-01-01T00:00:00Z","last_updated":T,"statements":[]}"#,
            r#"{"timestamp":T}"#,
            r#"{"startedOn":"2020-01-01T00:00:00Z","finishedOn":T}"#,
        ] {
            let predicate = predicate.replace(":T", ":\"2026-11-23T04:27:16Z\"");
            let payload = format!(r#"{{"predicate":{predicate}}}"#);
            assert_eq!(statement_time(payload.as_bytes()), Some(expected), "{payload}");
        }
        assert_eq!(statement_time(br#"{"predicate":{}}"#), None);
        assert_eq!(statement_time(br#"{"predicate":[]}"#), None);
    }
}
