//! One id of the tracker's JSON, as it stands there.

use serde::Deserialize;

use super::text::{Description, Text, given};
use super::visitor::Named;
use crate::row::{AdvisoryRow, NoDsa, NoDsaKind, RowStatus};

/// What stands under an id.
#[derive(Deserialize)]
pub(super) struct Issue<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    description: Option<Description<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    scope: Option<Text<'a>>,
    #[serde(default, deserialize_with = "given")]
    debianbug: Option<u64>,
    #[serde(borrow)]
    pub(super) releases: Named<'a, Release<'a>>,
}

/// What stands under a release.
#[derive(Deserialize)]
pub(super) struct Release<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    urgency: Text<'a>,
    #[serde(borrow, default, deserialize_with = "given")]
    repositories: Option<Named<'a, Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "given")]
    fixed_version: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    nodsa: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "given")]
    nodsa_reason: Option<Text<'a>>,
    #[serde(default)]
    next_point_update: bool,
}

impl Issue<'_> {
    /// The row of one of its releases.
    pub(super) fn row<'a>(
        &'a self,
        source: &'a str,
        id: &'a str,
        release: &'a Text<'_>,
        it: &'a Release<'_>,
    ) -> AdvisoryRow<'a> {
        let repositories = it.repositories.iter().flat_map(|suites| &suites.0);
        AdvisoryRow {
            source,
            id,
            release: release.as_str(),
            status: RowStatus::of(it.status.as_str()),
            urgency: it.urgency.as_str(),
            fixed_version: it.fixed_version.as_ref().map(Text::as_str),
            no_dsa: it.no_dsa(),
            next_point_update: it.next_point_update,
            repositories: repositories.map(|(suite, version)| (suite.as_str(), version.as_str())).collect(),
            description: self.description.as_ref().map(|text| text.0.as_ref()),
            scope: self.scope.as_ref().map(Text::as_str),
            debian_bug: self.debianbug,
        }
    }
}

impl Release<'_> {
    fn no_dsa(&self) -> Option<NoDsa<'_>> {
        let word = |text: &'_ Option<Text<'_>>| text.is_some();
        (word(&self.nodsa) || word(&self.nodsa_reason)).then(|| NoDsa {
            kind: NoDsaKind::of(self.nodsa_reason.as_ref().map_or("", Text::as_str)),
            text: self.nodsa.as_ref().map_or("", Text::as_str),
        })
    }
}
