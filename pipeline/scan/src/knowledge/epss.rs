//! FIRST's scores of how likely exploitation is: CSV (plain or gzip) or JSON in, scores by id out.

use std::fmt::Write as _;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::Deserialize;

use super::cve::cve_number;
use crate::finding::EpssScore;
use crate::tracker::Text;

/// A file that unpacks to more bytes is refused; FIRST's has some 15 MB.
const UNPACKED_LIMIT: u64 = 256 << 20;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Scores by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EpssScores {
    /// Sorted by the number of the id.
    scores: Vec<(u64, EpssScore)>,
    date: Option<Timestamp>,
}

/// Why scores could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EpssError {
    /// It cannot be unpacked.
    #[error("unpacking the EPSS scores: {0}; fetch them again")]
    Gzip(#[from] std::io::Error),
    /// It unpacks to too much.
    #[error("unpacking the EPSS scores: more than {UNPACKED_LIMIT} bytes; check the feed's address")]
    TooLarge,
    /// It is no text.
    #[error("reading the EPSS scores: byte {0} is not UTF-8; fetch them again")]
    Encoding(usize),
    /// A line says something else than an id and scores.
    #[error("reading the EPSS scores, line {line}: {expected} expected, `{found}` found; check the feed's address")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What would be right.
        expected: &'static str,
        /// The beginning of what is there.
        found: String,
    },
    /// The JSON form has another shape.
    #[error("reading the EPSS scores: {0}; fetch them again")]
    Json(#[from] serde_json::Error),
    /// An id of the JSON form is none, or its score is not from 0 to 1.
    #[error("reading the EPSS scores: {id} has the score {score}; a CVE id and a score from 0 to 1 are expected")]
    Entry {
        /// The id.
        id: String,
        /// Its score.
        score: f64,
    },
    /// An id has two scores.
    #[error("reading the EPSS scores: {0} has two scores; one is expected")]
    Twice(String),
}

#[derive(Deserialize)]
struct JsonForm<'a> {
    #[serde(borrow, default)]
    score_date: Option<Text<'a>>,
    #[serde(borrow)]
    data: Vec<JsonEntry<'a>>,
}

#[derive(Deserialize)]
struct JsonEntry<'a> {
    #[serde(borrow, alias = "cve")]
    id: Text<'a>,
    epss: f64,
    percentile: Option<f64>,
}

impl EpssScores {
    /// Reads `epss_scores-….csv`, with or without gzip: a line `#model_version:…,score_date:…`, the header `cve,epss,percentile`, one id a
    /// line. Or JSON: `score_date`, and `data` with `id`, `epss` and `percentile`.
    pub fn read(bytes: &[u8]) -> Result<Self, EpssError> {
        let mut unpacked = Vec::new();
        let bytes = if bytes.starts_with(&GZIP) {
            MultiGzDecoder::new(bytes).take(UNPACKED_LIMIT + 1).read_to_end(&mut unpacked)?;
            unpacked.as_slice()
        } else {
            bytes
        };
        if bytes.len() as u64 > UNPACKED_LIMIT {
            return Err(EpssError::TooLarge);
        }
        let text = str::from_utf8(bytes).map_err(|error| EpssError::Encoding(error.valid_up_to()))?;
        let mut read = if text.trim_start().starts_with('{') { from_json(text)? } else { from_csv(text)? };
        read.scores.sort_unstable_by_key(|(number, _)| *number);
        match read.scores.array_windows().find(|[one, other]| one.0 == other.0) {
            Some([(number, _), _]) => Err(EpssError::Twice(id(*number))),
            None => Ok(read),
        }
    }

    /// The score of an id.
    pub fn of(&self, id: &str) -> Option<EpssScore> {
        let number = cve_number(id)?;
        let at = self.scores.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.scores.get(at).map(|(_, score)| *score)
    }

    /// The day that the scores are of, as the file says.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// How many ids have a score.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether none has one.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }
}

fn from_json(text: &str) -> Result<EpssScores, EpssError> {
    let read: JsonForm<'_> = serde_json::from_str(text)?;
    let date = read.score_date.and_then(|text| timestamp(text.as_str()));
    let entry = |JsonEntry { id, epss, percentile }: JsonEntry<'_>| {
        let score = score(epss, percentile);
        let wrong = || EpssError::Entry { id: id.as_str().to_owned(), score: epss };
        cve_number(id.as_str()).zip(score).ok_or_else(wrong)
    };
    let scores = read.data.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(EpssScores { scores, date })
}

fn from_csv(text: &str) -> Result<EpssScores, EpssError> {
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let mut date = None;
    while let Some((_, comment)) = lines.next_if(|(_, line)| line.starts_with('#')) {
        let said = comment.split_once("score_date:").and_then(|(_, rest)| rest.split(',').next());
        date = date.or_else(|| said.and_then(timestamp));
    }
    let (line, header) = lines.next().unwrap_or((1, ""));
    if !matches!(header.trim_end(), "cve,epss,percentile" | "cve,epss") {
        return Err(wrong(line, "the header `cve,epss,percentile`", header));
    }
    let entry = |(line, text)| csv_line(text).ok_or_else(|| wrong(line, "an id and scores from 0 to 1", text));
    let scores = lines.map(entry).collect::<Result<_, _>>()?;
    Ok(EpssScores { scores, date })
}

fn csv_line(line: &str) -> Option<(u64, EpssScore)> {
    let mut fields = line.trim_end().split(',');
    let (id, epss) = (cve_number(fields.next()?)?, fields.next()?.parse().ok()?);
    let percentile = fields.next().map(str::parse).transpose().ok()?;
    fields.next().is_none().then_some(())?;
    Some((id, score(epss, percentile)?))
}

fn score(probability: f64, percentile: Option<f64>) -> Option<EpssScore> {
    let is_share = |number: &f64| (0.0..=1.0).contains(number);
    (is_share(&probability) && percentile.iter().all(is_share)).then_some(EpssScore { probability, percentile })
}

/// The feed writes `+0000`; a day alone stands for its beginning.
fn timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed = text.parse().or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", text));
    parsed.or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}

fn wrong(line: usize, expected: &'static str, found: &str) -> EpssError {
    EpssError::Line { line, expected, found: found.chars().take(80).collect() }
}

fn id(number: u64) -> String {
    let mut text = String::new();
    let _ = write!(text, "CVE-{}-{:04}", number >> 40, number & ((1 << 40) - 1));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    const CSV: &str = "#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z\ncve,epss,percentile\n\
                       CVE-2024-3094,0.85,0.99312\nCVE-1999-0001,0.0112,0.7788\n";

    #[test]
    fn scores_come_out_of_csv_gzip_and_json() {
        let plain = EpssScores::read(CSV.as_bytes()).unwrap();
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(CSV.as_bytes()).unwrap();
        assert_eq!(EpssScores::read(&gzip.finish().unwrap()).unwrap(), plain);
        assert_eq!(plain.of("CVE-2024-3094"), Some(EpssScore { probability: 0.85, percentile: Some(0.99312) }));
        assert_eq!((plain.of("CVE-2024-3095"), plain.len()), (None, 2));
        assert_eq!(plain.date().unwrap().to_string(), "2026-11-20T12:55:00Z");
        let json = r#"{"score_date":"2021-08-31T00:00:00+0000","data":[{"id":"CVE-2019-19609","epss":0.05885}]}"#;
        let json = EpssScores::read(json.as_bytes()).unwrap();
        assert_eq!(json.of("CVE-2019-19609"), Some(EpssScore { probability: 0.05885, percentile: None }));
        assert_eq!(json.date().unwrap().to_string(), "2021-08-31T00:00:00Z");
    }

    #[test]
    fn what_is_no_score_is_named_with_its_line() {
        let error = |text: &str| EpssScores::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error(&CSV.replace("0.0112", "1.0112")).contains("line 4: an id and scores from 0 to 1 expected"));
        assert!(error(&CSV.replace("0.0112", "NaN")).contains("line 4"));
        assert!(error(&CSV.replace("CVE-1999-0001", "CVE-2024-3094")).contains("CVE-2024-3094 has two scores"));
        assert!(error("<html>").contains("line 1: the header"));
        assert!(error("").contains("line 1: the header"));
        assert!(error(r#"{"data":[{"id":"CVE-2019-19609","epss":2}]}"#).contains("has the score 2"));
        assert!(EpssScores::read(&[0x1f, 0x8b, 8, 0, 0]).is_err());
    }
}
