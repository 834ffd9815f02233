//! What a policy's file may say, and which findings a condition means.

use super::*;
use crate::fixture::{finding, fixable};

const FULL: &str = "
rules:
  - name: exploited
    when:
      status: [fixable, no-dsa]
      severity: { cvss-at-least: 9.0, urgency: [high] }
      kev: true
      epss-at-least: 0.5
      fixable: true
      ids: [CVE-2026-1]
      sources: [openssl]
    then: block
  - name: minor
    then: { tolerate-for: 14d }
  - name: rest
    then: warn
unknown-data: block
more-fixable-than-published: warn
overrides:
  - name: Ann Example
    reason: the fix breaks TLS
    expires: 2026-12-24
    ids: [CVE-2026-1]
";

fn read(text: &str) -> Result<Gate, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn all_keys_are_read() {
    let gate = read(FULL).unwrap();
    assert_eq!(gate.rules[1].then, Consequence::TolerateFor(Tolerance::days(14)));
    assert_eq!((gate.rules[0].then, gate.rules[2].then), (Consequence::Block, Consequence::Warn));
    assert_eq!(gate.rules[0].when.status, [FindingStatus::Fixable, FindingStatus::NoDsa]);
    assert_eq!((gate.unknown_data, gate.more_fixable_than_published), (UnknownData::Block, Answer::Warn));
    assert_eq!(gate.overrides[0].expires.to_string(), "2026-12-24");
    let json = serde_json::to_string(&gate).unwrap();
    assert_eq!(serde_json::from_str::<Gate>(&json).unwrap(), gate);
}

#[test]
fn what_a_file_leaves_out_has_its_default() {
    let gate = read("unknown-data: block").unwrap();
    assert_eq!(gate.rules, Gate::default().rules);
    assert_eq!(read("rules: []").unwrap().rules, []);
}

#[test]
fn mistakes_are_refused_with_their_names() {
    for (text, said) in [
        ("rule: []", "rule"),
        ("rules: [{name: a, then: stop}]", "stop"),
        ("rules: [{name: a, then: {tolerate-for: long}}]", "`long` is no span"),
        ("rules: [{name: a, when: {cvss: 9}, then: block}]", "cvss"),
        ("rules: [{name: a, when: {status: [fixed]}, then: block}]", "fixed"),
        ("overrides: [{name: a, reason: b, ids: [c]}]", "expires"),
        ("overrides: [{name: ' ', reason: b, expires: 2026-12-24, ids: [c]}]", "name the person"),
        ("overrides: [{name: a, reason: '', expires: 2026-12-24, ids: [c]}]", "say why"),
        ("overrides: [{name: a, reason: b, expires: 2026-12-24}]", "is about nothing"),
        ("overrides: [{name: a, reason: b, expires: soon, ids: [c]}]", "soon"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}

/// A condition as YAML, and whether it means the fixable finding and the one without an advisory.
#[test]
fn a_condition_means_what_it_says() {
    let fixable = fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z");
    let mut minor = finding("CVE-2026-8", "glibc", FindingStatus::NoDsa);
    minor.severity.urgency = Some("unimportant".into());
    for (text, expected) in [
        ("{}", (true, true)),
        ("status: [fixable]", (true, false)),
        ("status: [no-dsa, not-affected]", (false, true)),
        ("fixable: true", (true, false)),
        ("fixable: false", (false, true)),
        ("kev: true", (true, false)),
        ("kev: false", (false, true)),
        ("severity: {cvss-at-least: 7.5}", (true, false)),
        ("severity: {cvss-at-least: 7.6}", (false, false)),
        ("severity: {cvss-at-least: 7.6, urgency: [high]}", (true, false)),
        ("severity: {urgency: [unimportant]}", (false, true)),
        ("severity: {}", (false, false)),
        ("epss-at-least: 0.123", (true, false)),
        ("epss-at-least: 0.2", (false, false)),
        ("ids: [CVE-2026-8]", (false, true)),
        ("sources: [openssl]", (true, false)),
        ("{sources: [openssl], ids: [CVE-2026-8]}", (false, false)),
    ] {
        let condition: Condition = serde_saphyr::from_str(text).unwrap();
        assert_eq!((condition.matches(&fixable), condition.matches(&minor)), expected, "{text}");
    }
}

#[test]
fn what_is_not_vulnerable_is_meant_only_by_its_status() {
    for status in [FindingStatus::Negligible, FindingStatus::UnderInvestigation, FindingStatus::NotAffected] {
        let finding = finding("CVE-2026-1", "zlib", status);
        assert!(!Condition::default().matches(&finding));
        assert!(Condition { status: vec![status], ..Condition::default() }.matches(&finding));
    }
}
