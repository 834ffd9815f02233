//! The outcome of a wave: what became of every image that one look at the archive set off.

use std::fmt;

use blob::Digest;
use serde::{Deserialize, Serialize};

/// What became of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageOutcome {
    /// The image's name.
    pub image: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Nothing to do.
    UpToDate {
        /// What is under the tags.
        index: Digest,
    },
    /// Built and published.
    Published {
        /// What is under the tags now.
        index: Digest,
        /// Why it was built, as people read it.
        reasons: Vec<String>,
        /// Milliseconds from the decision to the tag.
        milliseconds: u64,
    },
    /// It stays as it was.
    Failed {
        /// Who has to act.
        whose: Whose,
        /// What went wrong, and what to do.
        message: String,
    },
}

/// Whose a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The archive's, a mirror's or the network's: wait and try again.
    Upstream,
    /// Blocked until a person decides: a setting, a key, a full disk, a rule.
    Policy,
    /// Ours: bedplate is wrong.
    Defect,
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upstream => "upstream",
            Self::Policy => "policy",
            Self::Defect => "defect",
        })
    }
}

/// All outcomes of a wave, by image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveSummary {
    /// By image.
    pub images: Vec<ImageOutcome>,
}

impl WaveSummary {
    /// How many were published, left alone, failed.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: fn(&Outcome) -> bool| self.images.iter().filter(|one| wanted(&one.outcome)).count();
        (
            count(|outcome| matches!(outcome, Outcome::Published { .. })),
            count(|outcome| matches!(outcome, Outcome::UpToDate { .. })),
            count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        )
    }

    /// The exit code: 0 all well, 3 some failed, 2 all failed, 4 all failures are a policy's and nothing else worked.
    pub fn exit_code(&self) -> u8 {
        let (published, up_to_date, failed) = self.counts();
        let refused = |one: &ImageOutcome| matches!(one.outcome, Outcome::Failed { whose: Whose::Policy, .. });
        match (published + up_to_date, failed) {
            (_, 0) => 0,
            (0, _) if self.images.iter().all(refused) => 4,
            (0, _) => 2,
            _ => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(whose: Whose) -> ImageOutcome {
        ImageOutcome { image: "x".into(), outcome: Outcome::Failed { whose, message: "m".into() } }
    }

    fn good() -> ImageOutcome {
        ImageOutcome { image: "y".into(), outcome: Outcome::UpToDate { index: Digest::of("") } }
    }

    #[test]
    fn exit_codes_tell_part_from_all() {
        let code = |images: Vec<ImageOutcome>| WaveSummary { images }.exit_code();
        assert_eq!(code(vec![good()]), 0);
        assert_eq!(code(vec![good(), failed(Whose::Upstream)]), 3);
        assert_eq!(code(vec![failed(Whose::Defect)]), 2);
        assert_eq!(code(vec![failed(Whose::Policy)]), 4);
    }
}
