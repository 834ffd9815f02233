//! Tests of the metrics.

use super::*;
use crate::findings::Known;
use crate::findings::fixtures::{NOW, finding, fixable, known};
use crate::status_fixtures::view;

#[test]
fn says_what_is_known() {
    let text = metrics(&view(known(NOW)));
    for expected in [
        "# TYPE bedplate_image_grade gauge\nbedplate_image_grade{image=\"python\",grade=\"A\"} 0\nbedplate_image_grade{image=\"python\",grade=\"B\"} 1\n",
        "bedplate_image_oldest_unapplied_fix_timestamp_seconds{image=\"python\",vuln_severity=\"high\"} 1795414080\n",
        "bedplate_image_oldest_unapplied_fix_timestamp_seconds{image=\"python\",vuln_severity=\"critical\"} 0\n",
        "bedplate_image_vulnerabilities{image=\"python\",vuln_severity=\"high\",fixable=\"true\",status=\"affected\"} 1\n",
        "bedplate_image_vulnerabilities{image=\"python\",vuln_severity=\"unknown\",fixable=\"false\",status=\"not_affected\"} 1\n",
        "bedplate_image_compressed_bytes{image=\"python\",arch=\"arm64\"} 19900000\n",
        "bedplate_image_last_published_timestamp_seconds{image=\"python\"} 1795442589\n",
        "bedplate_feed_last_success_timestamp_seconds{feed=\"tracker\"} 1795442100\n",
        "bedplate_fix_lag_seconds_bucket{le=\"3600\"} 0\nbedplate_fix_lag_seconds_bucket{le=\"14400\"} 1\n",
        "bedplate_fix_lag_seconds_bucket{le=\"+Inf\"} 2\nbedplate_fix_lag_seconds_sum 212000\nbedplate_fix_lag_seconds_count 2\n",
        "bedplate_open_fixes{turn=\"ours\"} 1\n",
    ] {
        assert!(text.contains(expected), "{expected} is missing: {text}");
    }
}

#[test]
fn every_sample_has_help_and_type_and_no_label_is_a_vulnerability() {
    let text = metrics(&view(known(NOW)));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        for word in ["HELP", "TYPE"] {
            assert_eq!(text.matches(&format!("# {word} {name} ")).count(), 1, "{word} of {line}");
        }
    }
    assert!(!text.contains("CVE-") && !text.contains("sha256:") && !text.contains(" severity="), "{text}");
}

#[test]
fn what_is_unknown_has_no_count_and_an_unknown_grade() {
    for known in [known("2026-11-25T00:00:00Z"), Known { unreadable: Some("gone".into()), ..Known::default() }] {
        let text = metrics(&view(known));
        assert!(text.contains("bedplate_image_grade{image=\"python\",grade=\"unknown\"} 1\n"), "{text}");
        assert!(
            !text.contains("bedplate_image_vulnerabilities{") && !text.contains("unapplied_fix_timestamp_seconds{"),
            "{text}"
        );
    }
}

#[test]
fn severities_are_six_words_and_labels_are_escaped() {
    let rated = |score| {
        let mut finding = fixable("CVE-1", "a");
        finding.severity.cvss.as_mut().unwrap().score = score;
        severity(&finding)
    };
    assert_eq!([0.0, 3.9, 4.0, 7.0, 9.0].map(rated), ["low", "low", "medium", "high", "critical"]);
    assert_eq!(severity(&finding("CVE-1", "a", FindingStatus::Affected)), "unknown");
    assert_eq!(escaped("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
}
