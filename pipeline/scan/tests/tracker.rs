//! Real records of the tracker in, every field of every row compared with what an independent reader sees.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

use scan::{Advisories, AdvisoryRow, NoDsa, NoDsaKind, Notices, RowStatus};
use serde_json::Value;

const EXPECTED: &str = include_str!("tracker-sample/expected.json");

#[test]
fn every_field_of_every_real_row_is_what_the_tracker_wrote() {
    let advisories = Advisories::read_tracker(EXPECTED.as_bytes()).unwrap();
    let json: Value = serde_json::from_str(EXPECTED).unwrap();
    let mut expected = 0;
    for (source, ids) in json.as_object().unwrap() {
        for (id, issue) in ids.as_object().unwrap() {
            for (release, row) in issue["releases"].as_object().unwrap() {
                let found: Vec<_> = advisories.rows(source, release).filter(|row| row.id == id).collect();
                let [found] = found.as_slice() else { panic!("{source} {id} {release}: {} rows", found.len()) };
                assert_eq!((found.source, found.release), (source.as_str(), release.as_str()));
                equal(found, issue, row);
                assert_eq!(advisories.by_id(id).filter(|other| other == found).count(), 1);
                expected += 1;
            }
        }
    }
    assert_eq!((advisories.len(), advisories.all().count()), (expected, expected));
    assert_eq!(advisories.releases().collect::<Vec<_>>(), ["bookworm", "sid", "trixie"]);
    assert_eq!(advisories.rows("no-such-source", "trixie").count() + advisories.by_id("CVE-0000-0000").count(), 0);
}

fn equal(found: &AdvisoryRow<'_>, issue: &Value, row: &Value) {
    let status = match row["status"].as_str().unwrap() {
        "resolved" => RowStatus::Resolved,
        "open" => RowStatus::Open,
        "undetermined" => RowStatus::Undetermined,
        other => panic!("{other}"),
    };
    let kind = match row.get("nodsa_reason").map(|reason| reason.as_str().unwrap()) {
        Some("") | None => NoDsaKind::Plain,
        Some("postponed") => NoDsaKind::Postponed,
        Some("ignored") => NoDsaKind::Ignored,
        other => panic!("{other:?}"),
    };
    let suites = row["repositories"].as_object().unwrap();
    let suites: Vec<_> = suites.iter().map(|(suite, version)| (suite.as_str(), version.as_str().unwrap())).collect();
    let expected = AdvisoryRow {
        source: found.source,
        id: found.id,
        release: found.release,
        status,
        urgency: row["urgency"].as_str().unwrap(),
        fixed_version: row.get("fixed_version").map(|it| it.as_str().unwrap()),
        no_dsa: row.get("nodsa").map(|text| NoDsa { kind, text: text.as_str().unwrap() }),
        next_point_update: row.get("next_point_update").is_some_and(|it| it.as_bool().unwrap()),
        repositories: suites,
        description: issue.get("description").map(|it| it.as_str().unwrap()),
        scope: issue.get("scope").map(|it| it.as_str().unwrap()),
        debian_bug: issue.get("debianbug").map(|it| it.as_u64().unwrap()),
    };
    assert_eq!(*found, expected);
}

#[test]
fn a_real_advisory_names_its_ids_and_its_version() {
    let notices = Notices::read(include_str!("tracker-sample/DSA-list.sample")).unwrap();
    let [record] = notices.of_id("CVE-2026-84782").collect::<Vec<_>>()[..] else { panic!("one advisory") };
    assert_eq!((record.notice.id.as_str(), record.notice.date.to_string()), ("DSA-6531-1", "2026-09-30".into()));
    assert_eq!((record.title.as_str(), record.ids.len()), ("openssl - security update", 13));
    let fix = &record.fixed[0];
    assert_eq!((&*fix.release, &*fix.source, &*fix.version), ("trixie", "openssl", "3.5.7-1~deb13u3"));
    assert_eq!((notices.passed_over(), notices.without_ids("openssl", "trixie").count()), (0, 0));
}
