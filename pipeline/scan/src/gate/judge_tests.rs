//! The gate as a table: policies and reports, and what the verdict says.

use super::*;
use crate::Standing;
use crate::fixture::{finding, fixable, report};

const NOW: &str = "2026-11-23T12:00:00Z";

fn gate(text: &str) -> Gate {
    serde_saphyr::from_str(text).unwrap()
}

/// A fixable finding that nobody exploits.
fn quiet(id: &str, since: &str) -> Finding {
    let mut finding = fixable(id, "openssl", since);
    finding.severity = crate::Severities::default();
    finding
}

fn verdict(gate: &Gate, reports: &[Report], published: &[Report]) -> Verdict {
    let (first_seen, now) = (FirstSeen::new(), NOW.parse().unwrap());
    judge(gate, &GateInput { image: "python", reports, published, first_seen: &first_seen, now })
}

fn said(gate: &Gate, findings: Vec<Finding>) -> String {
    verdict(gate, &[report(findings)], &[]).to_string()
}

#[test]
fn the_policy_without_a_file() {
    let gate = Gate::default();
    let words = "fixed in 3.5.7-1~deb13u4 (trixie-security since";
    for (finding, expected) in [
        (finding("CVE-2026-1", "glibc", FindingStatus::NoDsa), "python may be published".to_owned()),
        (
            fixable("CVE-2026-1", "openssl", "2026-11-23T00:00:00Z"),
            format!(
                "python must not be published\nblocked: CVE-2026-1 in openssl 1.0-1 (CVSS 7.5, Debian: high, exploited \
                 since 2026-11-21, EPSS 12.3 %): {words} 2026-11-23, DSA-6531-1) [rule: exploited and fixable] (linux/amd64)"
            ),
        ),
        (
            quiet("CVE-2026-1", "2026-11-20T00:00:00Z"),
            format!(
                "python may be published\ntolerated until 2026-12-20T00:00:00Z: CVE-2026-1 in openssl 1.0-1: \
                 {words} 2026-11-20, DSA-6531-1) [rule: fixable] (linux/amd64)"
            ),
        ),
        (
            quiet("CVE-2026-1", "2026-10-24T12:00:00Z"),
            format!(
                "python must not be published\nblocked: CVE-2026-1 in openssl 1.0-1: \
                 {words} 2026-10-24, DSA-6531-1) [rule: fixable] (linux/amd64)"
            ),
        ),
    ] {
        assert_eq!(said(&gate, vec![finding]), expected);
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let gate = gate("rules: [{name: a, when: {ids: [CVE-2026-1]}, then: warn}, {name: b, then: block}]");
    let findings = ["CVE-2026-1", "CVE-2026-2"].map(|id| finding(id, "glibc", FindingStatus::Affected));
    let verdict = verdict(&gate, &[report(findings.into())], &[]);
    assert_eq!(verdict.warnings[0].ids, ["CVE-2026-1"]);
    assert_eq!(verdict.reasons[0].ids, ["CVE-2026-2"]);
    assert_eq!(verdict.reasons[0].rule.as_deref(), Some("b"));
}

#[test]
fn a_reason_on_two_platforms_is_one() {
    let one = report(vec![fixable("CVE-2026-1", "openssl", "2026-11-23T00:00:00Z")]);
    let mut other = one.clone();
    other.subject.platform = Some("linux/arm64".into());
    let verdict = verdict(&Gate::default(), &[other, one], &[]);
    assert_eq!(
        (verdict.reasons.len(), verdict.reasons[0].platforms.as_slice()),
        (1, &["linux/amd64", "linux/arm64"].map(String::from)[..])
    );
}

#[test]
fn tolerance_counts_from_the_archive_or_from_when_it_was_first_seen() {
    let gate = gate("rules: [{name: open, then: {tolerate-for: 14d}}]");
    let key = ("glibc".to_owned(), "CVE-2026-1".to_owned());
    let reports = [report(vec![finding("CVE-2026-1", "glibc", FindingStatus::Affected)])];
    for (seen, passed, until) in [
        (None, true, None),
        (Some("2026-11-09T12:00:01Z"), true, Some("2026-11-23T12:00:01Z")),
        (Some("2026-11-09T12:00:00Z"), false, None),
    ] {
        let first_seen: FirstSeen = seen.map(|seen: &str| (key.clone(), seen.parse().unwrap())).into_iter().collect();
        let now = NOW.parse().unwrap();
        let input = GateInput { image: "a", reports: &reports, published: &[], first_seen: &first_seen, now };
        let verdict = judge(&gate, &input);
        let tolerated = verdict.tolerated.first().and_then(|it| it.until).map(|it| it.to_string());
        assert_eq!((verdict.passed, tolerated.as_deref()), (passed, until), "{seen:?}");
    }
}

#[test]
fn more_fixable_than_published_is_blocked_with_what_would_come() {
    let old = report(vec![quiet("CVE-2026-1", NOW)]);
    let new = report(vec![quiet("CVE-2026-1", NOW), quiet("CVE-2026-3", NOW)]);
    let other = report(vec![quiet("CVE-2026-3", NOW)]);
    let sentence = "2 fixable, and the image under the tag has 1: CVE-2026-3 in openssl would come";
    let of = |answer: &str, new: &Report, old: &[Report]| {
        let gate = gate(&format!("{{rules: [], more-fixable-than-published: {answer}}}"));
        let verdict = verdict(&gate, std::slice::from_ref(new), old);
        let text = |list: &[GateReason]| list.first().map(|it| it.text.clone()).unwrap_or_default();
        (verdict.passed, text(&verdict.reasons), text(&verdict.warnings))
    };
    let old = [old];
    assert_eq!(of("block", &new, &old), (false, sentence.into(), String::new()));
    assert_eq!(of("warn", &new, &old), (true, String::new(), sentence.into()));
    let nothing = (true, String::new(), String::new());
    assert_eq!(of("allow", &new, &old), nothing);
    assert_eq!(of("block", &other, &old), nothing, "as many as before");
    assert_eq!(of("block", &new, &[]), nothing, "nothing is published");
    let mut blind = old.clone();
    blind[0].standing = Standing::Absent;
    assert_eq!(of("block", &new, &blind), nothing, "nothing to compare with");
    let mut arm = old;
    arm[0].subject.platform = Some("linux/arm64".into());
    assert_eq!(of("block", &new, &arm), nothing, "a new platform");
}

#[test]
fn unknown_data_are_shown_and_block_only_where_the_policy_says_so() {
    let mut blind = report(Vec::new());
    blind.standing = Standing::Absent;
    let blind = [blind];
    let allowed = verdict(&Gate::default(), &blind, &[]);
    assert_eq!(allowed.to_string(), "python may be published\nunknown: there are no vulnerability data");
    let blocked = verdict(&gate("unknown-data: block"), &blind, &[]);
    let expected = "python must not be published\nblocked: there are no vulnerability data\nunknown: there are no vulnerability data";
    assert_eq!(blocked.to_string(), expected);
    assert!(!verdict(&gate("unknown-data: block"), &[], &[]).passed, "without a report nothing is known");
    assert!(verdict(&gate("unknown-data: block"), &[report(Vec::new())], &[]).passed);
}

#[test]
fn an_override_is_shown_and_ends() {
    let reports = [report(vec![fixable("CVE-2026-1", "openssl", "2026-11-23T00:00:00Z")])];
    let old = [report(Vec::new())];
    for (what, reasons, overridden) in [
        ("expires: 2026-11-23, images: ['*']", 0, 2),
        ("expires: 2026-11-22, images: ['*']", 2, 0),
        ("expires: 2026-11-23, images: [python]", 0, 2),
        ("expires: 2026-11-23, images: [java]", 2, 0),
        ("expires: 2026-11-23, ids: [CVE-2026-1]", 0, 2),
        ("expires: 2026-11-23, ids: [CVE-2026-2]", 2, 0),
        ("expires: 2026-11-23, ids: [CVE-2026-1], images: [java]", 2, 0),
    ] {
        let gate = gate(&format!("overrides: [{{name: Ann, reason: 'TLS breaks', {what}}}]"));
        let verdict = verdict(&gate, &reports, &old);
        assert_eq!((verdict.reasons.len(), verdict.overridden.len()), (reasons, overridden), "{what}");
        assert_eq!(verdict.passed, reasons == 0);
        assert_eq!(
            verdict.to_string().matches("\noverridden by Ann until 2026-11-23 (TLS breaks): ").count(),
            overridden
        );
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
}

#[test]
fn an_override_of_ids_does_not_cover_unknown_data() {
    let mut blind = report(Vec::new());
    blind.standing = Standing::Absent;
    let text = "unknown-data: block\noverrides: [{name: Ann, reason: b, expires: 2026-12-24, ids: [CVE-2026-1]}]";
    assert!(!verdict(&gate(text), &[blind.clone()], &[]).passed);
    let text = "unknown-data: block\noverrides: [{name: Ann, reason: b, expires: 2026-12-24, images: [python]}]";
    assert!(verdict(&gate(text), &[blind], &[]).passed);
}
