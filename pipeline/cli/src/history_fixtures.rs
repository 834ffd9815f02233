//! For tests: rows of the ledger.

use blob::Digest;
use scan::{FixEvidence, FixRecord, FixState, Moments, Turn};
use store::{PublicationRecord, RecordedReason};

/// A publication that was tagged at that time, for these reasons.
pub(crate) fn publication(at: &str, reasons: &[&str]) -> PublicationRecord {
    let reason = |line: &&str| RecordedReason { line: (*line).to_owned(), value: serde_json::Value::Null };
    PublicationRecord {
        image: "base".into(),
        index: Digest::of("index"),
        codename: "trixie".into(),
        tags: vec!["3".into(), "latest".into()],
        reasons: reasons.iter().map(reason).collect(),
        moments: Moments { decided: None, built: None, scanned: None, signed: None, tagged: at.parse().unwrap() },
        platforms: vec![("linux/amd64".into(), Digest::of("manifest"))],
    }
}

/// A fix that was published.
pub(crate) fn fixed() -> FixRecord {
    let at = |text: &str| format!("2026-09-{text}:00Z").parse().ok();
    FixRecord {
        occurrence: 1,
        state: FixState::Fixed,
        fixed_version: Some("3.5-1+deb13u1".into()),
        evidence: Some(FixEvidence::Tracker),
        archive_version: Some("3.5-1+deb13u1".into()),
        archive_suite: Some("trixie-security".into()),
        archive_at: at("12T06:00"),
        archive_after: at("12T00:00"),
        notice: Some("DSA-6531-1".into()),
        notice_date: "2026-09-11".parse().ok(),
        observed_at: at("12T06:20"),
        decided_at: at("12T12:00"),
        built_at: at("12T12:10"),
        signed_at: at("12T12:20"),
        tagged_at: at("12T12:30"),
        index: Some(Digest::of("index")),
        published_version: Some("3.5-1+deb13u1".into()),
        lag_seconds: Some(6 * 3_600 + 1_800),
        turn: None,
        ..open()
    }
}

/// One that Debian has not fixed.
pub(crate) fn open() -> FixRecord {
    FixRecord {
        image: "base".into(),
        platform: "linux/amd64".into(),
        id: "CVE-2026-1".into(),
        source: "openssl".into(),
        occurrence: 2,
        state: FixState::Open,
        affected_version: "3.5-1".into(),
        affected_at: "2026-09-01T12:00:00Z".parse().unwrap(),
        fixed_version: None,
        evidence: None,
        archive_version: None,
        archive_suite: None,
        archive_at: None,
        archive_after: None,
        sid_at: None,
        notice: None,
        notice_date: None,
        observed_at: None,
        decided_at: None,
        built_at: None,
        scanned_at: None,
        signed_at: None,
        tagged_at: None,
        index: None,
        published_version: None,
        lag_seconds: None,
        turn: Some(Turn::Debian),
    }
}
