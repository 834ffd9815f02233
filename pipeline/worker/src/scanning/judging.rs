//! What the catalogue says about findings: what may be published, which parts images lack, and what its owner states.
//!
//! In: the catalogue's files as (path, text). Out: a [`Judging`], or the first thing that is wrong with its place. Which file holds what:
//! `gate.yaml` the policy, `components.yaml` rules about parts, `statements/*.yaml` statements of the owner.

use assemble::{YamlError, read_yaml};
use scan::{EvidenceRules, Gate, RulesError};

/// The catalogue's words about findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judging {
    /// What blocks publication.
    pub gate: Gate,
    /// What makes a finding `not affected`.
    pub rules: EvidenceRules,
}

/// Why they are unusable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JudgingError {
    /// A file that is no valid YAML of its kind.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A rule or a statement that lacks what it needs.
    #[error("{file}: {problem}")]
    Rules {
        /// The file.
        file: String,
        /// What it lacks.
        problem: RulesError,
    },
}

impl Judging {
    /// Reads those of a catalogue's files that speak of findings.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, JudgingError> {
        let mut judging = Self::default();
        for (path, text) in files {
            let mut rules = EvidenceRules::default();
            match path {
                "gate.yaml" => judging.gate = read_yaml(path, text)?,
                "components.yaml" => rules.components = read_yaml(path, text)?,
                _ if path.starts_with("statements/") => rules.statements = read_yaml(path, text)?,
                _ => continue,
            }
            rules.check().map_err(|problem| JudgingError::Rules { file: path.to_owned(), problem })?;
            judging.rules.components.extend(rules.components);
            judging.rules.statements.extend(rules.statements);
        }
        Ok(judging)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATEMENT: &str = "- {ids: [CVE-2026-1], sources: [a], status: not_affected, justification: component_not_present, \
                             author: Ann Example, reason: a part that is not there, expires: 2027-01-01}\n";

    #[test]
    fn the_built_in_catalogue_says_what_blocks_and_which_parts_images_lack() {
        let judging = Judging::read(catalog::files()).unwrap();
        assert_eq!(judging.gate, Gate::default(), "the file says the defaults, for people to read");
        assert!(judging.rules.components.iter().any(|rule| rule.component == "nscd"), "{:?}", judging.rules);
    }

    #[test]
    fn statements_of_several_files_are_put_together_and_each_is_checked() {
        let read = |text: &str| Judging::read([("statements/a.yaml", STATEMENT), ("statements/b.yaml", text)]);
        assert_eq!(read(STATEMENT).unwrap().rules.statements.len(), 2);
        let nobody = STATEMENT.replace("Ann Example", "''");
        let error = read(&nobody).unwrap_err().to_string();
        assert!(error.starts_with("statements/b.yaml: "), "{error}");
        assert!(read("- {id: x}").unwrap_err().to_string().starts_with("statements/b.yaml:1:"));
    }
}
