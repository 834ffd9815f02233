//! Debian's security tracker: the bytes of its `data/json` in, [`Advisories`] out.
//!
//! The shape is the tracker's own (`bin/tracker_service.py`): source → id → `releases` → codename → a row. Types are held to strictly;
//! keys that we do not know are passed over; words that we do not know are kept.

mod record;
mod text;
mod visitor;

use serde::de::DeserializeSeed;
use visitor::Sources;

pub(crate) use text::{Description, Text};

use crate::advisory::{Advisories, AdvisoriesBuilder, AdvisoriesError};

/// A tracker file of more bytes is refused; Debian's has some 70 MB.
pub const TRACKER_LIMIT: usize = 512 << 20;

/// Why a tracker file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// It is too large.
    #[error(
        "reading the tracker's JSON: it has {0} bytes, and at most {TRACKER_LIMIT} are expected; check the feed's address"
    )]
    TooLarge(usize),
    /// It is a web page.
    #[error("reading the tracker's JSON: this is HTML; check the feed's address, and what stands between")]
    Html,
    /// It is no JSON, or not of this shape. The text names the source, the id and the release as far as they were read, then line and column.
    #[error("reading the tracker's JSON: {0}; fetch it again, or check the feed's address")]
    Malformed(String),
    /// Its rows cannot be kept.
    #[error(transparent)]
    Rows(#[from] AdvisoriesError),
}

impl Advisories {
    /// Reads the tracker's JSON. The first thing that is wrong is the error, with its place.
    pub fn read_tracker(bytes: &[u8]) -> Result<Self, TrackerError> {
        if bytes.len() > TRACKER_LIMIT {
            return Err(TrackerError::TooLarge(bytes.len()));
        }
        if is_html(bytes) {
            return Err(TrackerError::Html);
        }
        let mut builder = AdvisoriesBuilder::default();
        let text = str::from_utf8(bytes).map_err(|error| encoding(bytes, error.valid_up_to()))?;
        let mut json = serde_json::Deserializer::from_str(text);
        let read = Sources(&mut builder).deserialize(&mut json).and_then(|()| json.end());
        read.map_err(|error| TrackerError::Malformed(error.to_string()))?;
        Ok(builder.finish()?)
    }
}

/// Checked for the whole file at once: JSON's reader would do it for each string.
fn encoding(bytes: &[u8], at: usize) -> TrackerError {
    let before = bytes.get(..at).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
    TrackerError::Malformed(format!("a byte that is not UTF-8 at line {line} column {column}"))
}

/// Whether this begins as a web page does.
pub(crate) fn is_html(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{NoDsaKind, RowStatus};

    const ROW: &str =
        r#"{"status":"open","urgency":"low","repositories":{"trixie":"1"},"nodsa":"Minor","nodsa_reason":""}"#;

    fn file(row: &str) -> String {
        format!(r#"{{"curl":{{"CVE-2026-1":{{"description":"a","releases":{{"trixie":{row}}}}}}}}}"#)
    }

    fn error(text: &str) -> String {
        Advisories::read_tracker(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_type_in_any_field_is_an_error_with_its_place() {
        for (right, wrong) in [
            (r#""open""#, "1"),
            (r#""low""#, "null"),
            (r#"{"trixie":"1"}"#, r#"["trixie"]"#),
            (r#":"1""#, ":1"),
            (r#""Minor""#, "true"),
            (r#""nodsa_reason":"""#, r#""nodsa_reason":null"#),
            (r#""nodsa_reason":"""#, r#""fixed_version":0"#),
            (r#""nodsa_reason":"""#, r#""next_point_update":"true""#),
        ] {
            let error = error(&file(&ROW.replace(right, wrong)));
            let place = "reading the tracker's JSON: curl: CVE-2026-1: trixie: ";
            assert!(error.starts_with(place) && error.contains("at line 1 column "), "{wrong}: {error}");
        }
        for (right, wrong, place) in [
            (
                r#""description":"a""#,
                r#""description":null"#,
                "curl: CVE-2026-1: invalid type: null, expected a string",
            ),
            (r#""description":"a""#, r#""debianbug":"12""#, "curl: CVE-2026-1: invalid type: string"),
            (r#""description":"a""#, r#""debianbug":-1"#, "curl: CVE-2026-1: invalid value"),
            (
                r#""description":"a""#,
                r#""debianbug":5000000000"#,
                "curl: CVE-2026-1: trixie: keeping advisories: 5000000000",
            ),
            (r#""description":"a""#, r#""scope":[]"#, "curl: CVE-2026-1: invalid type: sequence"),
            ("releases", "release", "curl: CVE-2026-1: missing field `releases`"),
            ("status", "state", "curl: CVE-2026-1: trixie: missing field `status`"),
        ] {
            let error = error(&file(ROW).replace(right, wrong));
            assert!(error.contains(place) && error.contains("at line 1 column "), "{wrong}: {error}");
        }
        assert!(
            error(r#"{"curl":[]}"#).contains("curl: invalid type: sequence, expected an object whose keys are ids")
        );
        assert!(error("[]").contains("expected an object whose keys are source packages"));
    }

    #[test]
    fn a_key_that_comes_twice_is_an_error_with_its_place() {
        let issue = format!(r#""CVE-2026-1":{{"releases":{{"trixie":{ROW}}}}}"#);
        for (text, place) in [
            (format!(r#"{{"curl":{{{issue}}},"curl":{{}}}}"#), "curl: this key is there twice at line 1"),
            (format!(r#"{{"curl":{{{issue},{issue}}}}}"#), "curl: CVE-2026-1: this key is there twice at line 1"),
            (file(&format!(r#"{ROW},"trixie":{ROW}"#)), "CVE-2026-1: trixie: this key is there twice at line 1"),
            (file(&ROW.replacen('{', r#"{"status":"open","#, 1)), "trixie: duplicate field `status` at line 1"),
            (
                file(&ROW.replace(r#":"1""#, r#":"1","trixie":"2""#)),
                "trixie: trixie: this key is there twice at line 1",
            ),
        ] {
            let error = error(&text);
            assert!(error.contains(place), "{place}: {error}");
        }
    }

    #[test]
    fn what_is_cut_off_or_no_json_is_an_error() {
        let whole = file(ROW);
        for length in 0..whole.len() {
            assert!(Advisories::read_tracker(&whole.as_bytes()[..length]).is_err(), "{length}");
        }
        assert!(error(&whole[..40]).contains("curl: CVE-2026-1: EOF while parsing"));
        assert!(error(&format!("{whole}{{")).contains("trailing characters at line 1"));
        let foreign = Advisories::read_tracker(b"{\n \"\xff\"").unwrap_err().to_string();
        assert!(foreign.contains("not UTF-8 at line 2 column 3"), "{foreign}");
        assert!(error("\n <!DOCTYPE html>").contains("this is HTML"));
        let many = (0..65).map(|at| format!(r#""s{at}":"1""#)).collect::<Vec<_>>().join(",");
        assert!(error(&file(&ROW.replace(r#""trixie":"1""#, &many))).contains("s64: more than 64 releases or suites"));
    }

    #[test]
    fn unknown_keys_are_passed_over_and_unknown_words_kept() {
        let row =
            ROW.replace(r#""open""#, r#""embargoed","_from":{"x":[1,null]}"#).replace(r#"n":"""#, r#"n":"later""#);
        let advisories = Advisories::read_tracker(file(&row).as_bytes()).unwrap();
        let row = advisories.rows("curl", "trixie").next().unwrap();
        assert_eq!((row.status, row.no_dsa.unwrap().kind), (RowStatus::Other("embargoed"), NoDsaKind::Other("later")));
        assert!(Advisories::read_tracker(b"{}").unwrap().is_empty());
    }
}
