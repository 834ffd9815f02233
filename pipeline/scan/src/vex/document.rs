//! An OpenVEX document as it is written.
//!
//! Keys and their meaning: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

/// The context of version 0.2.0.
pub(crate) const CONTEXT: &str = "https://openvex.dev/ns/v0.2.0";

/// A document.
#[derive(Serialize)]
pub(crate) struct Document {
    #[serde(rename = "@context")]
    pub(crate) context: &'static str,
    #[serde(rename = "@id")]
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) timestamp: Timestamp,
    pub(crate) version: u64,
    pub(crate) tooling: &'static str,
    pub(crate) statements: Vec<Entry>,
}

/// A statement on one vulnerability.
#[derive(Serialize)]
pub(crate) struct Entry {
    pub(crate) vulnerability: Vulnerability,
    pub(crate) timestamp: Timestamp,
    pub(crate) products: Vec<Product>,
    pub(crate) status: VexStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) justification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) impact_statement: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) action_statement: Option<String>,
}

/// A vulnerability.
#[derive(Serialize)]
pub(crate) struct Vulnerability {
    pub(crate) name: String,
}

/// A product, and the parts of it that are meant.
#[derive(Serialize)]
pub(crate) struct Product {
    #[serde(rename = "@id")]
    pub(crate) id: String,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) subcomponents: BTreeSet<Subcomponent>,
}

/// A part of a product.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord, Clone)]
pub(crate) struct Subcomponent {
    #[serde(rename = "@id")]
    pub(crate) id: String,
}

/// What is stated. The order is that of the harm: of two statements on one thing, the greater holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VexStatus {
    NotAffected,
    Fixed,
    UnderInvestigation,
    Affected,
}

impl VexStatus {
    /// The word, as OpenVEX writes it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
            Self::Affected => "affected",
        }
    }

    /// The status of a word; none where OpenVEX has no such word.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::NotAffected, Self::Fixed, Self::UnderInvestigation, Self::Affected]
            .into_iter()
            .find(|it| it.word() == word)
    }
}
