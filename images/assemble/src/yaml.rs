//! YAML of the catalogue, with errors that name file, line, column and the nearest known key.
//!
//! In: a file's name and text. Out: any of the catalogue's values, or a [`YamlError`] that a person can act on.

use serde::de::DeserializeOwned;
use serde_saphyr::Error;

/// Why a file of the catalogue cannot be read: place and reason in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {reason}")]
pub struct YamlError {
    /// The file, by its path below the catalogue.
    pub file: String,
    /// Line, from 1; 0 where it is not known.
    pub line: u64,
    /// Column, from 1; 0 where it is not known.
    pub column: u64,
    /// What is wrong, and what was expected.
    pub reason: String,
}

/// Reads one YAML document.
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, YamlError> {
    serde_saphyr::from_str(text).map_err(|error| explain(file, &error))
}

fn explain(file: &str, error: &Error) -> YamlError {
    let (line, column) = error.location().map_or((0, 0), |place| (place.line(), place.column()));
    YamlError { file: file.to_owned(), line, column, reason: reason(error.without_snippet()) }
}

fn reason(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown("key", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("effect", variant, expected),
        Error::SerdeMissingField { field, .. } => format!("key `{field}` is missing"),
        other => {
            let text = other.to_string();
            text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        }
    }
}

fn unknown(what: &str, found: &str, known: &[&'static str]) -> String {
    match nearest(found, known.iter().copied()) {
        Some(name) => format!("unknown {what} `{found}`: did you mean `{name}`?"),
        None => format!("unknown {what} `{found}`: expected one of {}", known.join(", ")),
    }
}

/// The known name that is most like `found`, if any is like it at all.
pub fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.map(|name| (strsim::jaro_winkler(found, name), name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
    (best.0 > 0.75).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;

    const SMALL: &str = "name: x\nsummary: s\nrelease: trixie\ntags: [latest]\nend-of-life: 2030-01-01\neffects:\n  - link: {path: /a, target: b}\n";

    fn message(text: &str) -> String {
        read::<Definition>("definitions/x.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_small_definition() {
        assert_eq!(read::<Definition>("x", SMALL).unwrap().name, "x");
    }

    #[test]
    fn names_place_and_nearest_key() {
        let text = SMALL.replace("summary", "sumary");
        assert_eq!(message(&text), "definitions/x.yaml:2:1: unknown key `sumary`: did you mean `summary`?");
        let text = SMALL.replace("link:", "linc:");
        assert_eq!(message(&text), "definitions/x.yaml:7:5: unknown effect `linc`: did you mean `link`?");
        let text = SMALL.replace("target", "targt");
        assert!(message(&text).ends_with("unknown key `targt`: did you mean `target`?"), "{}", message(&text));
    }

    #[test]
    fn names_what_is_missing_or_outside_the_root() {
        assert!(message("name: x\n").contains("key `summary` is missing"), "{}", message("name: x\n"));
        let text = SMALL.replace("/a", "/../etc/a");
        assert!(message(&text).contains("leaves the root"), "{}", message(&text));
        assert!(message(&text).starts_with("definitions/x.yaml:7:"), "{}", message(&text));
    }
}
