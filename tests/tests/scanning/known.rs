//! What feeds say: Debian's tracker, its lists of advisories, and the catalogue of exploited vulnerabilities, as texts.
//!
//! In: rows in chained calls. Out: the bytes of a feed. Each has enough of what concerns no image, so that a few rows less are no absurd shrink.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// So much is in each feed whatever a test says.
const BALLAST: usize = 30;

/// The tracker's JSON in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracker(BTreeMap<String, BTreeMap<String, Value>>);

impl Tracker {
    /// A row of trixie: everything that stands under the release.
    pub(crate) fn row(mut self, source: &str, id: &str, release: &Value) -> Self {
        let issue =
            json!({"description": format!("{source} does what it should not"), "releases": {"trixie": release}});
        self.0.entry(source.to_owned()).or_default().insert(id.to_owned(), issue);
        self
    }

    /// Nobody has fixed it.
    pub(crate) fn open(self, source: &str, id: &str) -> Self {
        self.row(source, id, &json!({"status": "open", "urgency": "medium", "repositories": {"trixie": "1"}}))
    }

    /// Fixed in a version; `0` says that the release never had it.
    pub(crate) fn fixed(self, source: &str, id: &str, version: &str) -> Self {
        let urgency = if version == "0" { "unimportant" } else { "medium" };
        let repositories = json!({"trixie": "1"});
        let row =
            json!({"status": "resolved", "urgency": urgency, "fixed_version": version, "repositories": repositories});
        self.row(source, id, &row)
    }

    /// Without what it says of an id.
    pub(crate) fn without(mut self, source: &str, id: &str) -> Self {
        self.0.entry(source.to_owned()).or_default().remove(id).unwrap();
        self.0.retain(|_, ids| !ids.is_empty());
        self
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let ballast =
            (0..BALLAST).fold(Self::default(), |all, id| all.open("ballast", &format!("CVE-2020-{}", 1000 + id)));
        let all: BTreeMap<_, _> = self.0.iter().chain(&ballast.0).collect();
        serde_json::to_vec(&all).unwrap()
    }
}

/// The catalogue of exploited vulnerabilities with these, released on a day of November.
pub(crate) fn exploited(day: usize, ids: &[&str]) -> Vec<u8> {
    let ballast = (0..BALLAST).map(|id| format!("CVE-2020-{}", 2000 + id));
    let all: Vec<Value> = ids
        .iter()
        .map(ToString::to_string)
        .chain(ballast)
        .map(|id| json!({"cveID": id, "dateAdded": "2020-11-01"}))
        .collect();
    let released = format!("2020-11-{day:02}T00:00:00Z");
    serde_json::to_vec(&json!({"dateReleased": released, "count": all.len(), "vulnerabilities": all})).unwrap()
}

/// The list of advisories with one more: (its id, source, vulnerability, version).
pub(crate) fn advisories(more: &[(&str, &str, &str, &str)]) -> Vec<u8> {
    let entry = |(notice, source, id, version): (&str, &str, &str, &str)| {
        format!("[20 Nov 2020] {notice} {source} - security update\n\t{{{id}}}\n\t[trixie] - {source} {version}\n")
    };
    let ballast = (0..BALLAST).map(|at| format!("DSA-{}-1", 1000 + at));
    let ballast = ballast.map(|notice| entry((&notice, "ballast", "CVE-2020-3000", "1")));
    more.iter().copied().map(entry).chain(ballast).collect::<String>().into_bytes()
}
