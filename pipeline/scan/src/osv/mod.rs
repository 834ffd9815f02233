//! Records in the OSV format in, advisories and CVSS vectors out: an import for those who cannot have the tracker's own data.

mod fixes;
mod record;
mod rows;

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, SeqAccess, Visitor};

use record::Record;
use rows::Rows;

use crate::advisory::{Advisories, AdvisoriesError};
use crate::knowledge::CvssVectors;
use crate::tracker::is_html;

/// A file of more bytes is refused.
const OSV_LIMIT: usize = 512 << 20;

/// What came out of OSV records.
#[derive(Debug, Clone, Default)]
pub struct OsvImport {
    /// Rows of Debian's releases: fixed in a version, or open.
    pub advisories: Advisories,
    /// CVSS vectors of all records.
    pub cvss: CvssVectors,
    /// What was read and what was passed over.
    pub counts: OsvCounts,
    /// When the newest record was modified.
    pub modified: Option<Timestamp>,
}

/// What was read and what was passed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OsvCounts {
    /// Records.
    pub records: usize,
    /// Records that were withdrawn: not taken.
    pub withdrawn: usize,
    /// Debian's advisories that name their CVEs, which have records of their own: not taken.
    pub covered: usize,
    /// Packages of other ecosystems than `Debian:11` and later: not taken.
    pub foreign: usize,
    /// Debian packages that name versions without a range: not taken.
    pub without_range: usize,
    /// Severities that are no vector of CVSS 3 or 4: not taken.
    pub without_vector: usize,
}

/// Why OSV records could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OsvError {
    /// It is too large.
    #[error("reading OSV records: {0} bytes; at most {OSV_LIMIT} are expected; give them in parts")]
    TooLarge(usize),
    /// It is a web page.
    #[error("reading OSV records: this is HTML; check the feed's address, and what stands between")]
    Html,
    /// A record is no JSON or has another shape.
    #[error(
        "reading OSV records, number {number}: {error}; expected are JSON lines, one record, or an array of records"
    )]
    Malformed {
        /// Which record, from 1.
        number: usize,
        /// What is wrong, and where.
        error: serde_json::Error,
    },
    /// Their rows cannot be kept.
    #[error(transparent)]
    Rows(#[from] AdvisoriesError),
}

/// Reads OSV records: JSON lines, one record, or an array.
pub fn read_osv(bytes: &[u8]) -> Result<OsvImport, OsvError> {
    if bytes.len() > OSV_LIMIT {
        return Err(OsvError::TooLarge(bytes.len()));
    }
    if is_html(bytes) {
        return Err(OsvError::Html);
    }
    let mut rows = Rows::default();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = if bytes.trim_ascii_start().first() == Some(&b'[') {
        json.deserialize_seq(Array(&mut rows)).and_then(|()| json.end())
    } else {
        json.into_iter().try_for_each(|record| record.map(|record| rows.take(&record)))
    };
    read.map_err(|error| OsvError::Malformed { number: rows.counts.records + 1, error })?;
    Ok(rows.finish()?)
}

/// An array of records, one of which is held at a time.
struct Array<'r>(&'r mut Rows);

impl<'de> Visitor<'de> for Array<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of OSV records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element::<Record<'de>>()? {
            self.0.take(&record);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{AdvisoryRow, RowStatus};

    const V31: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

    fn package(release: &str, name: &str, events: &str) -> String {
        format!(
            r#"{{"package":{{"ecosystem":"Debian:{release}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{events}]}}],
            "ecosystem_specific":{{"urgency":"low"}}}}"#
        )
        .replace('\n', " ")
    }

    fn record(id: &str, more: &str, affected: &[String]) -> String {
        let affected = affected.join(",");
        format!(
            r#"{{"id":"{id}","modified":"2025-01-16T18:15:18Z","details":"words","versions":["1"]{more},"affected":[{affected}]}}"#
        )
    }

    fn read(text: &str) -> OsvImport {
        read_osv(text.as_bytes()).unwrap()
    }

    fn said<'a>(row: &AdvisoryRow<'a>) -> (&'a str, &'a str, RowStatus<'a>, Option<&'a str>) {
        (row.source, row.release, row.status, row.fixed_version)
    }

    #[test]
    fn lines_one_record_and_arrays_say_the_same() {
        let severity = format!(r#","severity":[{{"type":"CVSS_V3","score":"{V31}"}}],"aliases":null"#);
        let fixed = package("12", "a", r#"{"introduced":"0"},{"fixed":"1:2"}"#);
        let open = package("13", "a", r#"{"introduced":"0"}"#);
        let one = record("CVE-2024-1", &severity, &[fixed, open, package("7", "a", ""), package("13", "b", "")]);
        let two = record("DEBIAN-CVE-2024-2", "", &[]);
        for text in [format!("{one}\n{two}\n"), format!("[{one},{two}]"), format!(" {one}")] {
            let import = read(&text);
            let expected =
                [("a", "bookworm", RowStatus::Resolved, Some("1:2")), ("a", "trixie", RowStatus::Open, None)];
            assert!(import.advisories.all().map(|row| said(&row)).eq(expected));
            let row = import.advisories.rows("a", "trixie").next().unwrap();
            assert_eq!((row.urgency, row.description, row.no_dsa), ("low", Some("words"), None));
            assert_eq!(import.cvss.of("CVE-2024-1").unwrap().vector, V31);
            assert_eq!((import.counts.foreign, import.counts.without_range), (1, 1));
            assert_eq!(import.modified.unwrap().to_string(), "2025-01-16T18:15:18Z");
        }
    }

    #[test]
    fn of_several_ranges_and_records_the_one_with_more_open_stands() {
        let fixed = |version: &str| format!(r#"{{"introduced":"0"}},{{"fixed":"{version}"}}"#);
        let twice = format!("{},{}", fixed("1.10"), fixed("1.9"));
        let again = format!(r#"{twice},{{"introduced":"2"}}"#);
        let last = r#"{"introduced":"0"},{"last_affected":"3"}"#;
        let of = |name: &str, events: &str| record("CVE-2024-1", "", &[package("13", name, events)]);
        let lines = [of("a", &twice), of("b", &again), of("c", last), of("a", &fixed("1.11")), of("b", &fixed("9"))];
        let import = read(&lines.join("\n"));
        let found: Vec<_> = import.advisories.all().map(|row| (row.source, row.fixed_version)).collect();
        assert_eq!(found, [("a", Some("1.11")), ("b", None), ("c", None)]);
    }

    #[test]
    fn withdrawn_records_and_advisories_whose_cves_have_records_are_passed_over() {
        let affected = [package("13", "a", r#"{"introduced":"0"},{"fixed":"1"}"#)];
        let lines = [
            record("CVE-2024-1", r#","withdrawn":"2025-01-16T18:15:18Z""#, &affected),
            record("DSA-1-1", r#","related":["CVE-2024-2"]"#, &affected),
            record("DSA-2-1", "", &affected),
            record(
                "GHSA-1",
                &format!(r#","aliases":["CVE-2024-3"],"severity":[{{"type":"x","score":"{V31}"}},{{"score":"high"}}]"#),
                &[],
            ),
        ];
        let import = read(&lines.join("\n"));
        assert!(import.advisories.all().map(|row| row.id.to_owned()).eq(["DSA-2-1"]));
        let counts =
            OsvCounts { records: 4, withdrawn: 1, covered: 2, foreign: 0, without_range: 0, without_vector: 1 };
        assert_eq!(import.counts, counts);
        assert!(import.cvss.of("CVE-2024-3").is_some());
    }

    #[test]
    fn a_record_of_another_shape_is_an_error_with_its_number_and_line() {
        let error = |text: &str| read_osv(text.as_bytes()).unwrap_err().to_string();
        let good = record("CVE-2024-1", "", &[]);
        for wrong in
            [r#"{"id":1}"#, r#"{"id":"x","affected":{}}"#, r#"{"modified":"2025-01-16T18:15:18Z"}"#, r#"{"id":"x""#]
        {
            let error = error(&format!("{good}\n{wrong}"));
            assert!(
                error.starts_with("reading OSV records, number 2: ") && error.contains("at line 2 column"),
                "{error}"
            );
        }
        assert!(error(&format!("[{good}")).contains("number 2"));
        assert!(error("<html>").contains("this is HTML"));
    }
}
