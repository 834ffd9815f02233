//! CISA's catalogue of exploited vulnerabilities: its JSON in, since when an id is in it out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::tracker::Text;

/// Vulnerabilities that are known to be exploited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KevCatalogue {
    since: BTreeMap<String, Date>,
    released: Option<Timestamp>,
}

/// Why the catalogue could not be read.
#[derive(Debug, thiserror::Error)]
pub enum KevError {
    /// It is no JSON or has another shape.
    #[error("reading CISA's catalogue of exploited vulnerabilities: {0}; fetch it again, or check the feed's address")]
    Malformed(#[from] serde_json::Error),
    /// Its own count says that something is missing.
    #[error(
        "reading CISA's catalogue of exploited vulnerabilities: it counts {counted} and has {found}; fetch it again"
    )]
    Count {
        /// What its `count` says.
        counted: u64,
        /// How many there are.
        found: usize,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue<'a> {
    date_released: Option<Timestamp>,
    count: Option<u64>,
    #[serde(borrow)]
    vulnerabilities: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, rename = "cveID")]
    id: Text<'a>,
    date_added: Date,
}

impl KevCatalogue {
    /// Reads the catalogue's JSON. An id that is there twice counts since its first date.
    pub fn read(bytes: &[u8]) -> Result<Self, KevError> {
        let read: Catalogue<'_> = serde_json::from_slice(bytes)?;
        let found = read.vulnerabilities.len();
        if let Some(counted) = read.count.filter(|counted| usize::try_from(*counted) != Ok(found)) {
            return Err(KevError::Count { counted, found });
        }
        let mut since = BTreeMap::new();
        for Entry { id: Text(id), date_added } in read.vulnerabilities {
            let date = since.entry(Cow::into_owned(id)).or_insert(date_added);
            *date = date_added.min(*date);
        }
        Ok(Self { since, released: read.date_released })
    }

    /// Since when an id is in the catalogue.
    pub fn since(&self, id: &str) -> Option<Date> {
        self.since.get(id).copied()
    }

    /// When the catalogue says that it was released.
    pub fn released(&self) -> Option<Timestamp> {
        self.released
    }

    /// How many ids it has.
    pub fn len(&self) -> usize {
        self.since.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.since.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str =
        r#"{"cveID":"CVE-2025-48384","vendorProject":"Git","dateAdded":"2025-08-25","cwes":["CWE-59"]}"#;

    #[test]
    fn an_exploited_vulnerability_is_known_since_its_day() {
        let text = format!(r#"{{"dateReleased":"2025-08-25T17:04:19.9796Z","count":1,"vulnerabilities":[{ENTRY}]}}"#);
        let kev = KevCatalogue::read(text.as_bytes()).unwrap();
        assert_eq!(kev.since("CVE-2025-48384"), Some(jiff::civil::date(2025, 8, 25)));
        assert_eq!(kev.since("CVE-2025-48385"), None);
        assert_eq!(kev.released().unwrap().to_string(), "2025-08-25T17:04:19.9796Z");
    }

    #[test]
    fn a_catalogue_with_another_count_or_shape_is_refused() {
        let read = |text: &str| KevCatalogue::read(text.as_bytes()).unwrap_err().to_string();
        let error = read(&format!(r#"{{"count":2,"vulnerabilities":[{ENTRY}]}}"#));
        assert!(error.contains("it counts 2 and has 1"), "{error}");
        let error = read(r#"{"count":1,"vulnerabilities":[{"cveID":"CVE-2025-48384","dateAdded":20250825}]}"#);
        assert!(error.contains("line 1 column"), "{error}");
        assert!(read("<html>").contains("line 1 column 1"));
        assert!(read(r#"{"count":0}"#).contains("missing field `vulnerabilities`"));
    }
}
