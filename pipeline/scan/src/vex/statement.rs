//! What a finding states: its status, justification and words.
//!
//! In: a [`Finding`]. Out: [`Stated`]. Not affected needs evidence; Debian's decisions not to fix are *affected*, with its reason; what
//! nobody looked at is under investigation.

use crate::finding::{Evidence, Finding, FindingStatus};
use crate::vex::document::VexStatus;
use crate::words;

/// The justifications of OpenVEX.
pub(crate) const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

/// What is stated of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stated {
    /// The status.
    pub(crate) status: VexStatus,
    /// OpenVEX's justification, for what is not affected.
    pub(crate) justification: Option<String>,
    /// Why, or what to do.
    pub(crate) words: String,
}

/// What a finding states.
pub(crate) fn stated(finding: &Finding) -> Stated {
    let said = words::in_words(finding);
    match finding.status {
        FindingStatus::NotAffected => not_affected(finding, said),
        FindingStatus::UnderInvestigation => Stated::of(VexStatus::UnderInvestigation, said),
        FindingStatus::Fixable => Stated::of(VexStatus::Affected, format!("Update {}: {said}", finding.source)),
        _ => Stated::of(VexStatus::Affected, format!("{}: {said}", finding.source)),
    }
}

/// The first piece of evidence that carries a statement decides; without one nothing is proven.
fn not_affected(finding: &Finding, words: String) -> Stated {
    let found = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::NeverAffected => Some((VexStatus::NotAffected, Some("vulnerable_code_not_present".to_owned()))),
        Evidence::ComponentNotPresent { .. } => {
            Some((VexStatus::NotAffected, Some("component_not_present".to_owned())))
        }
        Evidence::Changelog { .. } => Some((VexStatus::Fixed, None)),
        Evidence::Statement { status, justification, .. } => {
            let status = VexStatus::of_word(status).filter(|it| *it <= VexStatus::Fixed)?;
            let known = justification.clone().filter(|it| JUSTIFICATIONS.contains(&it.as_str()));
            Some((status, known.filter(|_| status == VexStatus::NotAffected)))
        }
    });
    match found {
        Some((status, justification)) => Stated { status, justification, words },
        None => Stated::of(VexStatus::UnderInvestigation, words),
    }
}

impl Stated {
    fn of(status: VexStatus, words: String) -> Self {
        Self { status, justification: None, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable};

    fn with(evidence: Evidence) -> Stated {
        stated(&Finding { evidence: vec![evidence], ..finding("CVE-2026-1", "zlib", FindingStatus::NotAffected) })
    }

    fn statement(status: &str, justification: Option<&str>) -> Evidence {
        let justification = justification.map(str::to_owned);
        Evidence::Statement {
            author: "Ann".into(),
            reason: "b".into(),
            status: status.into(),
            justification,
            expires: None,
        }
    }

    #[test]
    fn not_affected_stands_on_evidence() {
        let said = with(Evidence::NeverAffected);
        assert_eq!(
            (said.status, said.justification.as_deref()),
            (VexStatus::NotAffected, Some("vulnerable_code_not_present"))
        );
        let said = with(Evidence::ComponentNotPresent { component: "minizip".into(), reason: "not built".into() });
        assert_eq!(said.justification.as_deref(), Some("component_not_present"));
        assert_eq!(with(Evidence::Changelog { version: "1".into(), line: "x".into() }).status, VexStatus::Fixed);
        let bare = stated(&finding("CVE-2026-1", "zlib", FindingStatus::NotAffected));
        assert_eq!(bare.status, VexStatus::UnderInvestigation);
    }

    #[test]
    fn an_operators_statement_is_passed_on() {
        let said = with(statement("not_affected", Some(JUSTIFICATIONS[2])));
        assert_eq!(said.justification.as_deref(), Some("vulnerable_code_not_in_execute_path"));
        assert_eq!(said.words, "Ann states not affected: b");
        assert_eq!(with(statement("not_affected", Some("because"))).justification, None);
        assert_eq!(
            with(statement("fixed", Some(JUSTIFICATIONS[2]))),
            Stated::of(VexStatus::Fixed, "Ann states fixed: b".into())
        );
        assert_eq!(with(statement("affected", None)).status, VexStatus::UnderInvestigation, "it proves nothing");
    }

    #[test]
    fn debians_decisions_are_affected_with_its_reason() {
        use FindingStatus::{Affected, EndOfLife, FixPending, Ignored, Negligible, NoDsa, Postponed, Unknown};
        for status in [Affected, NoDsa, Postponed, Ignored, EndOfLife, Negligible, Unknown, FixPending] {
            assert_eq!(stated(&finding("CVE-2026-1", "zlib", status)).status, VexStatus::Affected, "{status:?}");
        }
        let mut minor = finding("CVE-2026-1", "zlib", NoDsa);
        minor.debian.reason = Some("Minor issue".into());
        assert_eq!(stated(&minor).words, "zlib: no advisory planned: Minor issue");
        let update = stated(&fixable("CVE-2026-1", "openssl", "2026-11-20T00:00:00Z")).words;
        assert!(update.starts_with("Update openssl: fixed in 3.5.7-1~deb13u4 (trixie-security"), "{update}");
        let open = stated(&finding("CVE-2026-1", "zlib", FindingStatus::UnderInvestigation));
        assert_eq!((open.status, open.words.as_str()), (VexStatus::UnderInvestigation, "Debian has not looked yet"));
    }
}
