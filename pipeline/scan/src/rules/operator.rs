//! Statements of an operator: what a person says about a vulnerability, with name, reason and an end.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{RulesError, check_ids, check_text};
use crate::finding::{Evidence, Finding, FindingStatus};

/// OpenVEX's justifications (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>, "Status Justifications").
pub(super) const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// What an operator says about vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OperatorStatement {
    /// The vulnerabilities.
    pub ids: Vec<String>,
    /// The sources that it is about; none means all.
    #[serde(default)]
    pub sources: Vec<String>,
    /// The binary packages that it is about; none means all. A finding that concerns others too is left as it is.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The images that it is about, by name or by the end of it (`python`, `team/python`); none means all.
    #[serde(default)]
    pub images: Vec<String>,
    /// What it says.
    pub status: StatementStatus,
    /// OpenVEX justification; needed for `not_affected`.
    #[serde(default)]
    pub justification: Option<String>,
    /// Who says it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(default)]
    pub expires: Option<Date>,
}

/// OpenVEX status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementStatus {
    /// The image is not affected.
    NotAffected,
    /// It is, whatever Debian says.
    Affected,
    /// The image has a fix of another origin.
    Fixed,
    /// Somebody looks at it; that changes nothing.
    UnderInvestigation,
}

impl StatementStatus {
    /// OpenVEX's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }
}

impl OperatorStatement {
    /// Whether it is about a finding of an image.
    pub(crate) fn is_about(&self, finding: &Finding, image: &str) -> bool {
        let all_or = |list: &[String], has: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(has);
        let packages = self.packages.is_empty() || finding.packages.iter().all(|it| self.packages.contains(&it.name));
        self.ids.contains(&finding.id)
            && packages
            && all_or(&self.sources, &|source| *source == finding.source)
            && all_or(&self.images, &|name| {
                image.strip_suffix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
    }

    /// Whether its last day is over.
    pub(crate) fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|expires| expires < today)
    }

    /// Applies it: evidence always, the status where it says so. `affected` only ever raises.
    pub(crate) fn apply(&self, finding: &mut Finding) {
        finding.status = match self.status {
            StatementStatus::NotAffected | StatementStatus::Fixed => FindingStatus::NotAffected,
            StatementStatus::Affected if !finding.status.is_vulnerable() => FindingStatus::Affected,
            StatementStatus::Affected | StatementStatus::UnderInvestigation => finding.status,
        };
        finding.evidence.push(Evidence::Statement {
            author: self.author.clone(),
            reason: self.reason.clone(),
            status: self.status.as_str().to_owned(),
            justification: self.justification.clone(),
            expires: self.expires,
        });
    }

    /// Whether author, reason and justification are there.
    pub(crate) fn check(&self, place: &str) -> Result<(), RulesError> {
        check_ids(&self.ids, place)?;
        check_text(&self.author, place, "author", "who says it")?;
        check_text(&self.reason, place, "reason", "why it is so")?;
        let justification = self.justification.as_deref();
        let known = justification.is_some_and(|it| JUSTIFICATIONS.contains(&it));
        let needed = self.status == StatementStatus::NotAffected;
        if known || (justification.is_none() && !needed) {
            return Ok(());
        }
        Err(RulesError::Justification { place: place.to_owned(), found: justification.unwrap_or("none").to_owned() })
    }
}
