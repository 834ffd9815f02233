//! What the catalogue says about findings: what may be published, which parts images lack, and what its owner states.
//!
//! In: the catalogue's files as (path, text). Out: a [`Judging`], or the first thing that is wrong with its place. Which file holds what:
//! `gate.yaml` the policy, `components.yaml` rules about parts, `statements/*.yaml` statements of the owner.

use assemble::{YamlError, read_yaml};
use scan::{EvidenceRules, Gate};

/// The catalogue's words about findings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judging {
    /// What blocks publication.
    pub gate: Gate,
    /// What makes a finding `not affected`.
    pub rules: EvidenceRules,
}

impl Judging {
    /// Reads those of a catalogue's files that speak of findings.
    pub fn read<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, YamlError> {
        let mut judging = Self::default();
        for (path, text) in files {
            match path {
                "gate.yaml" => judging.gate = read_yaml(path, text)?,
                "components.yaml" => judging.rules.components = read_yaml(path, text)?,
                _ if path.starts_with("statements/") => {
                    let statements: Vec<_> = read_yaml(path, text)?;
                    judging.rules.statements.extend(statements);
                }
                _ => {}
            }
        }
        Ok(judging)
    }
}
