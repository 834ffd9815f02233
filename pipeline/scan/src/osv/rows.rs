//! OSV records one after another, and the rows and vectors that come of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::fixes::{Ranges, higher};
use super::record::{Affected, Package, Record, Severity};
use super::{OsvCounts, OsvImport};
use crate::advisory::{AdvisoriesBuilder, AdvisoriesError};
use crate::knowledge::CvssVectors;
use crate::row::{AdvisoryRow, RowKey, RowStatus};
use crate::tracker::Text;

/// Debian's releases by number. Later ones are added when Debian names them.
const RELEASES: [(&str, &str); 5] =
    [("11", "bullseye"), ("12", "bookworm"), ("13", "trixie"), ("14", "forky"), ("15", "duke")];
const UNRATED: &str = "not yet assigned";

/// What came so far.
#[derive(Default)]
pub(super) struct Rows {
    held: BTreeMap<RowKey, Held>,
    cvss: CvssVectors,
    pub(super) counts: OsvCounts,
    modified: Option<Timestamp>,
}

struct Held {
    /// None is open.
    fixed: Option<String>,
    urgency: String,
    description: Option<Arc<str>>,
}

impl Rows {
    /// Takes a record.
    pub(super) fn take(&mut self, record: &Record<'_>) {
        self.counts.records += 1;
        self.modified = self.modified.max(record.modified);
        if record.withdrawn.is_some() {
            self.counts.withdrawn += 1;
            return;
        }
        let id = record.id.as_str();
        let id = id.strip_prefix("DEBIAN-").unwrap_or(id);
        self.take_vectors(id, record);
        let covered = !is_own(id) && named(record).any(is_cve);
        self.counts.covered += usize::from(covered);
        if covered {
            return;
        }
        let description = record.details.as_ref().or(record.summary.as_ref()).map(|text| Arc::from(text.0.as_ref()));
        for affected in record.affected.iter().flatten() {
            self.take_affected(id, affected, description.as_ref());
        }
    }

    /// The rows and vectors.
    pub(super) fn finish(self) -> Result<OsvImport, AdvisoriesError> {
        let mut builder = AdvisoriesBuilder::default();
        for (RowKey { source, release, id }, held) in &self.held {
            builder.add(&AdvisoryRow {
                source,
                id,
                release,
                status: held.fixed.as_ref().map_or(RowStatus::Open, |_| RowStatus::Resolved),
                urgency: &held.urgency,
                fixed_version: held.fixed.as_deref(),
                no_dsa: None,
                next_point_update: false,
                repositories: Vec::new(),
                description: held.description.as_deref(),
                scope: None,
                debian_bug: None,
            })?;
        }
        let Self { cvss, counts, modified, .. } = self;
        Ok(OsvImport { advisories: builder.finish()?, cvss, counts, modified })
    }

    /// A record's vectors hold for its id, and where that is no CVE for those that it is an alias of.
    fn take_vectors(&mut self, id: &str, record: &Record<'_>) {
        let of_packages = record.affected.iter().flatten().flat_map(|it| it.severity.iter().flatten());
        let aliases = record.aliases.iter().chain(&record.upstream).flatten().map(Text::as_str);
        let aliases: Vec<&str> = if is_cve(id) { Vec::new() } else { aliases.filter(|it| is_cve(it)).collect() };
        for Severity { score } in record.severity.iter().flatten().chain(of_packages) {
            let is_vector = self.cvss.add(id, score.as_str());
            self.counts.without_vector += usize::from(!is_vector);
            for alias in &aliases {
                self.cvss.add(alias, score.as_str());
            }
        }
    }

    fn take_affected(&mut self, id: &str, affected: &Affected<'_>, description: Option<&Arc<str>>) {
        let debian = affected.package.as_ref().and_then(|package| Some((package, codename(package)?)));
        let Some((Package { name, .. }, release)) = debian else {
            self.counts.foreign += 1;
            return;
        };
        let Some(ranges) = affected.ranges.as_ref().filter(|ranges| ranges.open || ranges.fixed.is_some()) else {
            self.counts.without_range += 1;
            return;
        };
        let urgency =
            affected.ecosystem_specific.as_ref().and_then(|it| it.urgency.as_ref()).map_or(UNRATED, Text::as_str);
        let key = RowKey { source: name.as_str().to_owned(), release: release.to_owned(), id: id.to_owned() };
        let new = Held { fixed: fixed(ranges), urgency: urgency.to_owned(), description: description.cloned() };
        self.held.entry(key).and_modify(|it| it.join(&new)).or_insert(new);
    }
}

impl Held {
    /// Of two records about the same the one stands that has more open.
    fn join(&mut self, new: &Self) {
        self.fixed = self.fixed.take().zip(new.fixed.as_ref()).map(|(one, other)| higher(&one, other).to_owned());
    }
}

fn fixed(ranges: &Ranges<'_>) -> Option<String> {
    ranges.fixed.as_ref().filter(|_| !ranges.open).map(|version| version.as_str().to_owned())
}

fn codename(package: &Package<'_>) -> Option<&'static str> {
    let version = package.ecosystem.as_str().strip_prefix("Debian:")?;
    RELEASES.iter().find(|(number, _)| *number == version).map(|(_, codename)| *codename)
}

fn named<'r>(record: &'r Record<'_>) -> impl Iterator<Item = &'r str> {
    [&record.aliases, &record.upstream, &record.related].into_iter().flatten().flatten().map(Text::as_str)
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

/// Whether Debian's tracker has rows under such an id.
fn is_own(id: &str) -> bool {
    is_cve(id) || id.starts_with("TEMP-")
}
