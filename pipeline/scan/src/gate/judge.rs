//! Judging: a policy and an image's reports become a verdict.
//!
//! In: [`Gate`], [`GateInput`]. Out: [`Verdict`]. Pure: the time is in the input.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::finding::{Finding, FindingStatus};
use crate::first_seen::{FirstSeen, known_since};
use crate::gate::policy::{Gate, GateRule, Override};
use crate::gate::policy_values::{Answer, Consequence, UnknownData};
use crate::gate::verdict::{GateReason, Overridden, ReasonKind, Tolerated, Verdict};
use crate::report::Report;
use crate::words;

/// What is judged.
#[derive(Debug, Clone, Copy)]
pub struct GateInput<'a> {
    /// The image's name in the catalogue, which overrides name.
    pub image: &'a str,
    /// Reports of the new image, one a platform.
    pub reports: &'a [Report],
    /// Reports of the image under the tag, on the same data; empty where there is none.
    pub published: &'a [Report],
    /// When findings were first seen.
    pub first_seen: &'a FirstSeen,
    /// The time.
    pub now: Timestamp,
}

/// Judges an image.
pub fn judge(gate: &Gate, input: &GateInput<'_>) -> Verdict {
    let mut bench = Bench { verdict: empty(input), blocking: BTreeMap::new() };
    unknown_data(gate, input, &mut bench);
    for report in input.reports {
        for finding in &report.findings {
            if let Some(rule) = gate.rules.iter().find(|rule| rule.when.matches(finding)) {
                bench.apply(rule, finding, report, input);
            }
        }
        more_fixable(gate, input, report, &mut bench);
    }
    bench.finish(gate, input)
}

fn empty(input: &GateInput<'_>) -> Verdict {
    Verdict {
        image: input.image.to_owned(),
        at: input.now,
        passed: true,
        reasons: Vec::new(),
        warnings: Vec::new(),
        tolerated: Vec::new(),
        overridden: Vec::new(),
        unknown: None,
    }
}

/// A verdict in the making. Reasons that differ by the platform only are one.
struct Bench {
    verdict: Verdict,
    blocking: BTreeMap<(Weight, GateReason), BTreeSet<String>>,
}

/// What a reason weighs. Of two weights, the heavier is said first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Blocks,
    Warns,
    Tolerated(Option<Timestamp>),
}

impl Bench {
    fn add(&mut self, weight: Weight, reason: GateReason, report: Option<&Report>) {
        let platform = report.and_then(|report| report.subject.platform.clone());
        self.blocking.entry((weight, reason)).or_default().extend(platform);
    }

    fn apply(&mut self, rule: &GateRule, finding: &Finding, report: &Report, input: &GateInput<'_>) {
        let reason = GateReason {
            kind: ReasonKind::Rule,
            rule: Some(rule.name.clone()),
            source: Some(finding.source.clone()),
            ids: vec![finding.id.clone()],
            platforms: Vec::new(),
            text: said(finding),
        };
        let weight = match rule.then {
            Consequence::Block => Weight::Blocks,
            Consequence::Warn => Weight::Warns,
            Consequence::TolerateFor(span) => {
                // A span beyond the end of time never ends.
                let ends = |since: Timestamp| since.checked_add(span.span()).unwrap_or(Timestamp::MAX);
                let until = known_since(finding, input.first_seen).map(ends);
                if until.is_some_and(|until| until <= input.now) { Weight::Blocks } else { Weight::Tolerated(until) }
            }
        };
        self.add(weight, reason, Some(report));
    }

    fn finish(self, gate: &Gate, input: &GateInput<'_>) -> Verdict {
        let mut verdict = self.verdict;
        for ((weight, mut reason), platforms) in self.blocking {
            reason.platforms = platforms.into_iter().collect();
            match weight {
                Weight::Warns => verdict.warnings.push(reason),
                Weight::Tolerated(until) => verdict.tolerated.push(Tolerated { reason, until }),
                Weight::Blocks => match gate.overrides.iter().find(|it| holds(it, &reason, input)) {
                    Some(by) => verdict.overridden.push(Overridden { reason, by: by.clone() }),
                    None => verdict.reasons.push(reason),
                },
            }
        }
        verdict.passed = verdict.reasons.is_empty();
        verdict
    }
}

/// Whether an override is about this image and all ids of this reason, and has not expired.
fn holds(one: &Override, reason: &GateReason, input: &GateInput<'_>) -> bool {
    let image = one.images.is_empty() || one.images.iter().any(|it| it == "*" || it == input.image);
    let ids = one.ids.is_empty() || (!reason.ids.is_empty() && reason.ids.iter().all(|id| one.ids.contains(id)));
    image && ids && words::day(input.now) <= one.expires
}

fn said(finding: &Finding) -> String {
    let severity = words::severity(finding);
    let severity = if severity.is_empty() { severity } else { format!(" ({severity})") };
    format!("{} in {} {}{severity}: {}", finding.id, finding.source, finding.source_version, words::in_words(finding))
}

fn unknown_data(gate: &Gate, input: &GateInput<'_>, bench: &mut Bench) {
    let not_current = input.reports.iter().find(|report| !report.standing.is_current());
    let text = match not_current {
        Some(report) => report.standing.to_string(),
        None if input.reports.is_empty() => "the image was not scanned".to_owned(),
        None => return,
    };
    if gate.unknown_data == UnknownData::Block {
        bench.add(Weight::Blocks, without_finding(ReasonKind::UnknownData, text.clone(), Vec::new()), None);
    }
    bench.verdict.unknown = Some(text);
}

fn without_finding(kind: ReasonKind, text: String, ids: Vec<String>) -> GateReason {
    GateReason { kind, rule: None, source: None, ids, platforms: Vec::new(), text }
}

/// Compares with the image under the tag, platform by platform. Where one of the two stands on no current data, nothing can be compared.
fn more_fixable(gate: &Gate, input: &GateInput<'_>, report: &Report, bench: &mut Bench) {
    let weight = match gate.more_fixable_than_published {
        Answer::Block => Weight::Blocks,
        Answer::Warn => Weight::Warns,
        Answer::Allow => return,
    };
    let same = |it: &&Report| it.subject.platform == report.subject.platform;
    let Some(published) = input.published.iter().find(same) else { return };
    let (new, old) = (fixable(report), fixable(published));
    if !report.standing.is_current() || !published.standing.is_current() || new.len() <= old.len() {
        return;
    }
    let added: Vec<_> = new.difference(&old).collect();
    let names: Vec<String> = added.iter().map(|(source, id)| format!("{id} in {source}")).collect();
    let ids: BTreeSet<String> = added.iter().map(|(_, id)| (*id).to_owned()).collect();
    let (count, before) = (new.len(), old.len());
    let text = format!("{count} fixable, and the image under the tag has {before}: {} would come", names.join(", "));
    bench.add(weight, without_finding(ReasonKind::MoreFixable, text, ids.into_iter().collect()), Some(report));
}

fn fixable(report: &Report) -> BTreeSet<(&str, &str)> {
    let fixable = report.findings.iter().filter(|finding| finding.status == FindingStatus::Fixable);
    fixable.map(|finding| (finding.source.as_str(), finding.id.as_str())).collect()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
