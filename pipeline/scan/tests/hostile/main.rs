//! Bytes of each format, cut, flipped, doubled and spliced: the answer is a value or an error, never a panic.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

mod documents;
mod harm;
mod large;

use proptest::prelude::*;
use scan::{Advisories, FeedKind, check_shape, read_osv};

use harm::{harm, harmed};

const TRACKER: &[u8] = include_bytes!("../tracker-sample/expected.json");
const DSA: &[u8] = include_bytes!("../tracker-sample/DSA-list.sample");
const SUPPORT: &[u8] =
    b"# columns\ngolang.*  limited  See the notes\nconsul\tnon-supported 1.10 2023-09-20 x\n\xc3\xa9 supported\n";
const ENDED: &[u8] = b"lxd 5.0.2-5+deb12u6 2026-06-12\nphp-horde.* 0 2025-03-22 x\n";
const KEV: &[u8] = br#"{"dateReleased":"2025-08-25T17:04:19Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-48384","dateAdded":"2025-08-25"}]}"#;
const EPSS: &[u8] =
    b"#model_version:v1,score_date:2026-11-20T12:55:00Z\ncve,epss,percentile\nCVE-2024-3094,0.85,0.99312\n";
const EPSS_JSON: &[u8] =
    br#"{"score_date":"2021-08-31T00:00:00+0000","data":[{"id":"CVE-2019-19609","epss":0.05885,"percentile":1e0}]}"#;
const OSV: &[u8] = br#"{"id":"CVE-2002-1","modified":"2025-01-16T18:15:18Z","related":["DSA-142"],"details":"\u00e9","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}],"affected":[{"package":{"ecosystem":"Debian:12","name":"acm"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5.0-10"},{"fixed":"1:5~x"}]}],"ecosystem_specific":{"urgency":"low"}}]}"#;

fn ask(advisories: &Advisories) {
    let mut count = 0;
    for row in advisories.all() {
        count += usize::from(advisories.rows(row.source, row.release).any(|other| other == row));
        count += usize::from(advisories.by_id(row.id).any(|other| other == row));
    }
    assert_eq!(count, 2 * advisories.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn harmed_feeds_are_read_or_refused(harms in prop::collection::vec(harm(), 1..4)) {
        let feeds = [
            (FeedKind::Dsa, DSA), (FeedKind::Dla, DSA), (FeedKind::Support, SUPPORT), (FeedKind::Support, ENDED), (FeedKind::Kev, KEV),
            (FeedKind::Epss, EPSS), (FeedKind::Epss, EPSS_JSON), (FeedKind::Osv, OSV),
        ];
        for (kind, bytes) in feeds {
            let _ = check_shape(kind, &harmed(bytes, &harms), None);
        }
        if let Ok(import) = read_osv(&harmed(OSV, &harms)) {
            ask(&import.advisories);
        }
    }

    #[test]
    fn a_harmed_tracker_file_is_read_or_refused(harms in prop::collection::vec(harm(), 1..4)) {
        if let Ok(advisories) = Advisories::read_tracker(&harmed(&TRACKER[..6_000], &harms)) {
            ask(&advisories);
        }
        if let Ok(advisories) = Advisories::read_tracker(&harmed(TRACKER, &harms[..1])) {
            ask(&advisories);
        }
    }

    #[test]
    fn a_harmed_index_is_refused(harms in prop::collection::vec(harm(), 1..4)) {
        let whole = Advisories::read_tracker(TRACKER).unwrap().to_index();
        let bytes = harmed(&whole, &harms);
        prop_assert!(bytes == whole || Advisories::from_index(bytes).is_err());
    }
}
