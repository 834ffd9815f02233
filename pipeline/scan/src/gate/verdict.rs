//! A verdict: whether an image may be published, and every reason. It is stored, attested and shown.
//!
//! In: what the gate found. Out: JSON through serde; text of one sentence a reason.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::policy::Override;

/// Whether an image may be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Verdict {
    /// The image.
    pub image: String,
    /// When it was judged.
    pub at: Timestamp,
    /// It may be published.
    pub passed: bool,
    /// Why it may not.
    pub reasons: Vec<GateReason>,
    /// What somebody should look at; it blocks nothing.
    pub warnings: Vec<GateReason>,
    /// What would block later.
    pub tolerated: Vec<Tolerated>,
    /// What would block, were it not for somebody's override.
    pub overridden: Vec<Overridden>,
    /// Why nobody can say whether the image is clean: the data are stale or absent.
    pub unknown: Option<String>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GateReason {
    /// What it comes from.
    pub kind: ReasonKind,
    /// The rule's name, where a rule is the cause.
    pub rule: Option<String>,
    /// Source package, where a finding is the cause.
    pub source: Option<String>,
    /// The vulnerabilities that it is about.
    pub ids: Vec<String>,
    /// The platforms that it is about; empty where the reports name none.
    pub platforms: Vec<String>,
    /// The reason in words.
    pub text: String,
}

/// What a reason comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKind {
    /// A rule of the policy.
    Rule,
    /// There would be more fixable findings than under the tag.
    MoreFixable,
    /// The data are stale or absent.
    UnknownData,
}

/// What would block later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tolerated {
    /// The reason that it would be.
    pub reason: GateReason,
    /// When it begins to block; none where nobody knows since when it is there.
    pub until: Option<Timestamp>,
}

/// What would block, were it not for an override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Overridden {
    /// The reason.
    pub reason: GateReason,
    /// Who overrides it, why, and until when.
    pub by: Override,
}

impl fmt::Display for GateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if let Some(rule) = &self.rule {
            write!(f, " [rule: {rule}]")?;
        }
        if self.platforms.is_empty() { Ok(()) } else { write!(f, " ({})", self.platforms.join(", ")) }
    }
}

/// Lines without a newline at the end; the first says whether it passed.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed { "may be published" } else { "must not be published" };
        write!(f, "{} {word}", self.image)?;
        self.reasons.iter().try_for_each(|reason| write!(f, "\nblocked: {reason}"))?;
        for Overridden { reason, by } in &self.overridden {
            write!(f, "\noverridden by {} until {} ({}): {reason}", by.name, by.expires, by.reason)?;
        }
        self.warnings.iter().try_for_each(|reason| write!(f, "\nwarning: {reason}"))?;
        for Tolerated { reason, until } in &self.tolerated {
            match until {
                Some(until) => write!(f, "\ntolerated until {until}: {reason}")?,
                None => write!(f, "\ntolerated, since nobody knows since when it is there: {reason}")?,
            }
        }
        self.unknown.iter().try_for_each(|unknown| write!(f, "\nunknown: {unknown}"))
    }
}
