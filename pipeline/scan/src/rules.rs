//! What a catalogue says about vulnerabilities: rules for parts that an image may lack, and statements of its operator.
//!
//! In: YAML or JSON through serde. Out: values; [`EvidenceRules::check`] says in words what is wrong with them.

mod component;
mod operator;
mod path_pattern;

use serde::Deserialize;

pub use component::{ComponentRule, FileList, PathList};
pub use operator::{OperatorStatement, StatementStatus};
pub use path_pattern::PathPattern;

/// All of a catalogue's rules and statements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EvidenceRules {
    /// Parts that vulnerabilities need.
    #[serde(default)]
    pub components: Vec<ComponentRule>,
    /// What the operator says.
    #[serde(default)]
    pub statements: Vec<OperatorStatement>,
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// No ids, or texts that are none.
    #[error("`{place}` names `{found}`: expected ids such as `CVE-2023-45853`, at least one")]
    Id {
        /// Which rule, such as `components[0]`.
        place: String,
        /// What it names.
        found: String,
    },
    /// A text that must be there is empty.
    #[error("`{place}` has an empty `{field}`: write {expected}")]
    Empty {
        /// Which rule.
        place: String,
        /// Which field.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A component that is neither.
    #[error(
        "`{place}` has the component `{found}`: expected the name of a binary package, or a path that starts with `/`"
    )]
    Component {
        /// Which rule.
        place: String,
        /// What it has.
        found: String,
    },
    /// A justification that OpenVEX does not have, or none where one is needed.
    #[error("`{place}` has the justification `{found}`: a statement of `not_affected` needs one of {}", operator::JUSTIFICATIONS.join(", "))]
    Justification {
        /// Which statement.
        place: String,
        /// What it has.
        found: String,
    },
}

impl EvidenceRules {
    /// The first thing that is wrong, in the order of the file.
    pub fn check(&self) -> Result<(), RulesError> {
        for (at, rule) in self.components.iter().enumerate() {
            rule.check(&format!("components[{at}]"))?;
        }
        for (at, statement) in self.statements.iter().enumerate() {
            statement.check(&format!("statements[{at}]"))?;
        }
        Ok(())
    }
}

/// `CVE-…`, `TEMP-…`, `DSA-…`: what the tracker names things by.
fn check_ids(ids: &[String], place: &str) -> Result<(), RulesError> {
    let good = |id: &str| {
        let known = ["CVE-", "TEMP-", "DSA-", "DLA-"].iter().any(|start| id.starts_with(start));
        known && id.len() > 6 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let wrong = ids.iter().find(|id| !good(id)).cloned().or_else(|| ids.is_empty().then(|| "nothing".to_owned()));
    wrong.map_or(Ok(()), |found| Err(RulesError::Id { place: place.to_owned(), found }))
}

fn check_text(text: &str, place: &str, field: &'static str, expected: &'static str) -> Result<(), RulesError> {
    if text.trim().is_empty() { Err(RulesError::Empty { place: place.to_owned(), field, expected }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> String {
        let rules: EvidenceRules = serde_json::from_str(text).unwrap();
        rules.check().map_or_else(|error| error.to_string(), |()| "good".to_owned())
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let rule = |ids: &str, component: &str, reason: &str| {
            format!(
                r#"{{"components": [{{"ids": [{ids}], "source": "zlib", "component": "{component}", "reason": "{reason}", "reference": "https://x.example"}}]}}"#
            )
        };
        assert_eq!(check(&rule("\"CVE-2023-45853\"", "libminizip1t64", "only minizip has it")), "good");
        assert!(check(&rule("", "minizip", "x")).starts_with("`components[0]` names `nothing`: expected ids such as"));
        assert!(check(&rule("\"zlib\"", "minizip", "x")).contains("names `zlib`"));
        assert!(check(&rule("\"CVE-2023-45853\"", "usr/bin/x", "x")).contains("has the component `usr/bin/x`"));
        assert!(check(&rule("\"CVE-2023-45853\"", "x", " ")).contains("an empty `reason`"));
        let statement = |extra: &str| {
            format!(
                r#"{{"statements": [{{"ids": ["CVE-2026-1000"], "status": "not_affected", "author": "A", "reason": "r"{extra}}}]}}"#
            )
        };
        assert!(check(&statement("")).starts_with("`statements[0]` has the justification `none`"));
        assert_eq!(check(&statement(r#", "justification": "vulnerable_code_not_in_execute_path""#)), "good");
        let unknown = serde_json::from_str::<EvidenceRules>(r#"{"statement": []}"#).unwrap_err().to_string();
        assert!(unknown.contains("unknown field `statement`"), "{unknown}");
    }
}
