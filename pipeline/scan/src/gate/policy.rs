//! A gate's policy as its file says it. The keys are explained in [`crate::gate`].

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, FindingStatus};
use crate::gate::policy_values::{Answer, Consequence, Tolerance, UnknownData};

/// What may be published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Gate {
    /// The first that matches a finding decides.
    pub rules: Vec<GateRule>,
    /// What stale and absent data do.
    pub unknown_data: UnknownData,
    /// What a build with more fixable findings than the image under the tag does.
    pub more_fixable_than_published: Answer,
    /// Emergencies.
    pub overrides: Vec<Override>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GateRule {
    /// Its name, which the reason says.
    pub name: String,
    /// Which findings it is about.
    #[serde(default)]
    pub when: Condition,
    /// What follows.
    pub then: Consequence,
}

/// Which findings a rule is about: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Condition {
    /// Its status is one of these. None: whatever is vulnerable.
    pub status: Vec<FindingStatus>,
    /// It is so severe.
    pub severity: Option<SeverityAtLeast>,
    /// It is, or is not, in the catalogue of exploited vulnerabilities.
    pub kev: Option<bool>,
    /// Its probability of exploitation is at least this, 0 to 1.
    pub epss_at_least: Option<f64>,
    /// The archive has, or has not, a fix.
    pub fixable: Option<bool>,
    /// It is one of these. None: all.
    pub ids: Vec<String>,
    /// It is in one of these source packages. None: all.
    pub sources: Vec<String>,
}

/// How severe a finding is; one of the two is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SeverityAtLeast {
    /// Its CVSS base score is at least this, 0 to 10.
    pub cvss_at_least: Option<f64>,
    /// Debian's urgency is one of these.
    pub urgency: Vec<String>,
}

/// An emergency: what would block does not, until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "OverrideFile")]
pub struct Override {
    /// Who answers for it.
    pub name: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
    /// Reasons about these vulnerabilities. None: all reasons.
    pub ids: Vec<String>,
    /// These images; `*` is every one. None: every one.
    pub images: Vec<String>,
}

/// An [`Override`] before it is checked.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct OverrideFile {
    name: String,
    reason: String,
    expires: Date,
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
}

/// Why an override is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// Nobody answers for it.
    #[error("an override's `name` is empty: name the person who answers for it")]
    Nameless,
    /// Nobody says why.
    #[error("the override of {0} has an empty `reason`: say why")]
    Unexplained(String),
    /// It is about everything, unsaid.
    #[error("the override of {0} is about nothing: give `ids`, or `images`, or `images: ['*']` for every image")]
    Aimless(String),
}

impl TryFrom<OverrideFile> for Override {
    type Error = OverrideError;

    fn try_from(file: OverrideFile) -> Result<Self, OverrideError> {
        let OverrideFile { name, reason, expires, ids, images } = file;
        if name.trim().is_empty() {
            return Err(OverrideError::Nameless);
        }
        if reason.trim().is_empty() {
            return Err(OverrideError::Unexplained(name));
        }
        if ids.is_empty() && images.is_empty() {
            return Err(OverrideError::Aimless(name));
        }
        Ok(Self { name, reason, expires, ids, images })
    }
}

impl Default for Gate {
    fn default() -> Self {
        let fixable = |kev| Condition { fixable: Some(true), kev, ..Condition::default() };
        let rule = |name: &str, when, then| GateRule { name: name.to_owned(), when, then };
        Self {
            rules: vec![
                rule("exploited and fixable", fixable(Some(true)), Consequence::Block),
                rule("fixable", fixable(None), Consequence::TolerateFor(Tolerance::days(30))),
            ],
            unknown_data: UnknownData::default(),
            more_fixable_than_published: Answer::default(),
            overrides: Vec::new(),
        }
    }
}

impl Condition {
    /// Whether a finding is meant.
    pub fn matches(&self, finding: &Finding) -> bool {
        let status =
            if self.status.is_empty() { finding.status.is_vulnerable() } else { self.status.contains(&finding.status) };
        let among = |list: &[String], one: &str| list.is_empty() || list.iter().any(|it| it == one);
        let severity = &finding.severity;
        status
            && among(&self.ids, &finding.id)
            && among(&self.sources, &finding.source)
            && self.kev.is_none_or(|wanted| wanted == severity.kev.is_some())
            && self.fixable.is_none_or(|wanted| wanted == (finding.status == FindingStatus::Fixable))
            && self.epss_at_least.is_none_or(|least| severity.epss.is_some_and(|epss| epss.probability >= least))
            && self.severity.as_ref().is_none_or(|least| least.matches(finding))
    }
}

impl SeverityAtLeast {
    fn matches(&self, finding: &Finding) -> bool {
        let score = finding.severity.cvss.as_ref().map(|cvss| cvss.score);
        let urgency = finding.severity.urgency.as_deref().unwrap_or_default();
        self.cvss_at_least.zip(score).is_some_and(|(least, score)| score >= least)
            || self.urgency.iter().any(|it| it == urgency)
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
