//! Reads what is installed from dpkg's records, as scanners do.
//!
//! In: the bytes of a file in `/var/lib/dpkg/status.d`, or of `/var/lib/dpkg/status`. Out: packages with versions.
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html>.

use debian::{Paragraph, ParagraphError};

/// A package as its record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its source package.
    pub(crate) source: String,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// The bytes are no text.
    #[error("the dpkg record `{0}` is not UTF-8")]
    NotText(String),
    /// The text is no control file.
    #[error("the dpkg record `{0}` is none: {1}")]
    Paragraph(String, ParagraphError),
    /// A field that every record has is missing.
    #[error("the dpkg record `{0}` has no field `{1}`")]
    Missing(String, &'static str),
}

/// The packages of a file; those that dpkg knows but has removed are left out.
pub(crate) fn parse(path: &str, bytes: &[u8]) -> Result<Vec<Installed>, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotText(path.into()))?;
    let paragraphs = Paragraph::parse_all(text).map_err(|error| RecordError::Paragraph(path.into(), error))?;
    paragraphs.iter().filter(|paragraph| is_installed(paragraph)).map(|it| installed(path, it)).collect()
}

fn is_installed(paragraph: &Paragraph<'_>) -> bool {
    paragraph.get("Status").is_none_or(|status| status.ends_with(" installed"))
}

fn installed(path: &str, paragraph: &Paragraph<'_>) -> Result<Installed, RecordError> {
    let field = |name| paragraph.get(name).ok_or_else(|| RecordError::Missing(path.into(), name));
    let name = field("Package")?;
    let source = paragraph.get("Source").and_then(|source| source.split_whitespace().next());
    Ok(Installed { name: name.into(), version: field("Version")?.into(), source: source.unwrap_or(name).into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_single_records_and_whole_lists() {
        let text =
            "Package: a\nVersion: 1\nSource: src (2)\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\n";
        let found = parse("status", text.as_bytes()).unwrap();
        assert_eq!(found, [Installed { name: "a".into(), version: "1".into(), source: "src".into() }]);
    }

    #[test]
    fn names_the_record_that_is_none() {
        let error = |bytes: &[u8]| parse("/x", bytes).unwrap_err().to_string();
        assert_eq!(error(b"Package: a\n"), "the dpkg record `/x` has no field `Version`");
        assert!(error(b"\xff").contains("not UTF-8"));
        assert!(error(b"nonsense").contains("expected `Name: value`"));
    }
}
