//! One OSV record, as far as it is read (OSV schema 1.6).

use jiff::Timestamp;
use serde::Deserialize;

use super::fixes::Ranges;
use crate::tracker::{Description, Text};

/// A record. Exporters write null for what is empty.
#[derive(Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) id: Text<'a>,
    pub(super) modified: Option<Timestamp>,
    pub(super) withdrawn: Option<Timestamp>,
    #[serde(borrow, default)]
    pub(super) aliases: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    pub(super) upstream: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    pub(super) related: Option<Vec<Text<'a>>>,
    #[serde(borrow, default)]
    pub(super) summary: Option<Description<'a>>,
    #[serde(borrow, default)]
    pub(super) details: Option<Description<'a>>,
    #[serde(borrow, default)]
    pub(super) severity: Option<Vec<Severity<'a>>>,
    #[serde(borrow, default)]
    pub(super) affected: Option<Vec<Affected<'a>>>,
}

/// A severity: a CVSS vector, or another word.
#[derive(Deserialize)]
pub(super) struct Severity<'a> {
    #[serde(borrow)]
    pub(super) score: Text<'a>,
}

/// A package, and where it is fixed.
#[derive(Deserialize)]
pub(super) struct Affected<'a> {
    #[serde(borrow, default)]
    pub(super) package: Option<Package<'a>>,
    #[serde(borrow, default)]
    pub(super) ranges: Option<Ranges<'a>>,
    #[serde(borrow, default)]
    pub(super) severity: Option<Vec<Severity<'a>>>,
    #[serde(borrow, default)]
    pub(super) ecosystem_specific: Option<Specific<'a>>,
}

/// A package.
#[derive(Deserialize)]
pub(super) struct Package<'a> {
    #[serde(borrow)]
    pub(super) ecosystem: Text<'a>,
    #[serde(borrow)]
    pub(super) name: Text<'a>,
}

/// What Debian's converter adds.
#[derive(Deserialize)]
pub(super) struct Specific<'a> {
    #[serde(borrow, default)]
    pub(super) urgency: Option<Text<'a>>,
}
