//! The table of contents of a suite: when it was made, until when it holds, and the digest of every index.
//!
//! In: the signed text of an `InRelease` file, after its signature was verified. Out: `Release`, and the index to fetch.
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Release.22_files>.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;

use crate::{Architecture, Component, Compression, NameError, Paragraph, ParagraphError};

/// A parsed Release file. Only SHA-256 sums are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who made it: `Debian`.
    pub origin: Option<String>,
    /// Its role, which moves: `stable`, `stable-security`.
    pub suite: Option<String>,
    /// Its name, which stays: `trixie`, `trixie-security`.
    pub codename: Option<String>,
    /// When it was made.
    pub date: Timestamp,
    /// When it stops being valid.
    pub valid_until: Option<Timestamp>,
    /// The names of its architectures, also those that are not known here.
    pub architectures: Vec<String>,
    /// Its components, as directories below the suite are called: `main`, also where the security archive writes `updates/main`.
    pub components: Vec<Component>,
    /// Whether indexes can be fetched by their digest, which never races with an update of the mirror.
    pub acquire_by_hash: bool,
    /// Path below the suite's directory → digest and size.
    pub files: BTreeMap<String, (Digest, u64)>,
}

/// An index file of a suite, as the Release file vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// Below the suite's directory: `main/binary-amd64/Packages.xz`.
    pub path: String,
    /// The digest of the compressed file.
    pub digest: Digest,
    /// The size of the compressed file.
    pub size: u64,
    /// How it is compressed.
    pub compression: Compression,
}

/// Why a text is no Release file, or lacks what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// Not a control paragraph.
    #[error("the Release file is no control paragraph")]
    Syntax(#[from] ParagraphError),
    /// A field that must be there.
    #[error("the Release file has no field `{0}`")]
    MissingField(&'static str),
    /// A date that is none.
    #[error(
        "line {line} of the Release file: `{field}` is `{value}`, expected a date such as `Sat, 15 Nov 2025 10:25:36 UTC`"
    )]
    BadDate {
        /// The line of the field.
        line: usize,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A component that is none.
    #[error("the field `Components` of the Release file is wrong")]
    BadComponent(#[from] NameError),
    /// A line of `SHA256` that is none.
    #[error("line {line} of the Release file is `{text}`: expected a SHA-256 digest, a size and a relative path")]
    BadFile {
        /// Its number.
        line: usize,
        /// Its text, cut short.
        text: String,
    },
    /// No index of packages for this component and architecture.
    #[error(
        "`{release}` has no package index for component `{component}` and architecture `{architecture}`; it has components {components} and architectures {architectures}"
    )]
    NoIndex {
        /// The suite.
        release: String,
        /// What was asked for.
        component: Component,
        /// What was asked for.
        architecture: Architecture,
        /// What there is.
        components: String,
        /// What there is.
        architectures: String,
    },
}

impl Release {
    /// Reads the text. It says nothing about who wrote it: pass only text that was verified.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let paragraph = Paragraph::parse(text)?;
        let owned = |name: &str| paragraph.get(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let words = |name: &str| paragraph.get(name).unwrap_or_default().split_ascii_whitespace();
        Ok(Self {
            origin: owned("Origin"),
            suite: owned("Suite"),
            codename: owned("Codename"),
            date: date(&paragraph, "Date")?.ok_or(ReleaseError::MissingField("Date"))?,
            valid_until: date(&paragraph, "Valid-Until")?,
            architectures: words("Architectures").map(str::to_owned).collect(),
            components: words("Components").map(component).collect::<Result<_, _>>()?,
            acquire_by_hash: paragraph.get("Acquire-By-Hash").is_some_and(|value| value.eq_ignore_ascii_case("yes")),
            files: files(&paragraph)?,
        })
    }

    /// Codename, else suite, else a placeholder: for messages.
    pub fn name(&self) -> &str {
        self.codename.as_deref().or(self.suite.as_deref()).unwrap_or("unnamed")
    }

    /// Whether `Valid-Until` has passed. A file without one never expires.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|valid_until| now > valid_until)
    }

    /// The package index to fetch: xz if there is one, then gzip, then plain.
    pub fn package_index(&self, component: &Component, architecture: Architecture) -> Result<IndexFile, ReleaseError> {
        let base = format!("{component}/binary-{architecture}/Packages");
        let candidates = [Compression::Xz, Compression::Gzip, Compression::None];
        let found = candidates.into_iter().find_map(|compression| self.index_file(&base, compression));
        found.ok_or_else(|| self.no_index(component, architecture))
    }

    fn index_file(&self, base: &str, compression: Compression) -> Option<IndexFile> {
        let dot = if compression == Compression::None { "" } else { "." };
        let path = format!("{base}{dot}{}", compression.extension());
        let (digest, size) = self.files.get(&path)?;
        Some(IndexFile { digest: digest.clone(), size: *size, compression, path })
    }

    fn no_index(&self, component: &Component, architecture: Architecture) -> ReleaseError {
        let components: Vec<_> = self.components.iter().map(Component::as_str).collect();
        ReleaseError::NoIndex {
            release: self.name().to_owned(),
            component: component.clone(),
            architecture,
            components: components.join(" "),
            architectures: self.architectures.join(" "),
        }
    }
}

impl IndexFile {
    /// The path by digest, which serves this very file even while the mirror is updated.
    pub fn by_hash_path(&self) -> String {
        let directory = self.path.rsplit_once('/').map_or("", |(directory, _)| directory);
        format!("{directory}/by-hash/SHA256/{}", self.digest.hex())
    }
}

/// The security archive names its components by a prefix that its paths do not have; APT leaves it out as well.
fn component(word: &str) -> Result<Component, NameError> {
    word.strip_prefix("updates/").unwrap_or(word).parse()
}

fn date(paragraph: &Paragraph<'_>, field: &'static str) -> Result<Option<Timestamp>, ReleaseError> {
    let Some(found) = paragraph.field(field) else { return Ok(None) };
    let bad = || ReleaseError::BadDate { line: found.line, field, value: found.value.chars().take(80).collect() };
    // The archive writes UTC, a name that RFC 2822 does not know.
    let text = found.value.strip_suffix("UTC").map_or_else(|| found.value.to_owned(), |start| format!("{start}+0000"));
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&text);
    parsed.map(Some).map_err(|_| bad())
}

fn files(paragraph: &Paragraph<'_>) -> Result<BTreeMap<String, (Digest, u64)>, ReleaseError> {
    let field = paragraph.field("SHA256").ok_or(ReleaseError::MissingField("SHA256"))?;
    let lines = field.value.lines().zip(field.line..).filter(|(text, _)| !text.trim_ascii().is_empty());
    let parse = |(text, line): (&str, usize)| {
        let bad = || ReleaseError::BadFile { line, text: text.trim_ascii().chars().take(120).collect() };
        file(text).ok_or_else(bad)
    };
    lines.map(parse).collect()
}

fn file(text: &str) -> Option<(String, (Digest, u64))> {
    let mut words = text.split_ascii_whitespace();
    let digest = Digest::from_sha256_hex(words.next()?).ok()?;
    let size = words.next()?.parse().ok()?;
    let path = words.next().filter(|path| is_relative(path))?;
    words.next().is_none().then(|| (path.to_owned(), (digest, size)))
}

/// Whether a path from the archive stays below where it starts.
pub(crate) fn is_relative(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| part != ".." && !part.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[&str]) -> String {
        let start = "Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 15 Nov 2025 10:25:36 UTC\n\
                     Acquire-By-Hash: yes\nArchitectures: all amd64 armel\nComponents: main non-free-firmware\nSHA256:\n";
        start.to_owned() + &lines.concat()
    }

    fn line(path: &str) -> String {
        format!(" {} 1234 {path}\n", Digest::of(path).hex())
    }

    fn main() -> Component {
        "main".parse().unwrap()
    }

    #[test]
    fn reads_the_fields() {
        let release = Release::parse(&text(&[&line("main/binary-amd64/Packages.xz")])).unwrap();
        assert_eq!(release.date.to_string(), "2025-11-15T10:25:36Z");
        assert_eq!((release.name(), release.acquire_by_hash, release.valid_until), ("trixie", true, None));
        assert_eq!(release.architectures, ["all", "amd64", "armel"]);
        assert_eq!(release.files.len(), 1);
    }

    #[test]
    fn prefers_xz_then_gzip_then_plain() {
        let paths = ["main/binary-amd64/Packages", "main/binary-amd64/Packages.gz", "main/binary-amd64/Packages.xz"];
        let lines = paths.map(line);
        for (count, expected) in [(1, Compression::None), (2, Compression::Gzip), (3, Compression::Xz)] {
            let lines: Vec<&str> = lines[..count].iter().map(String::as_str).collect();
            let index = Release::parse(&text(&lines)).unwrap().package_index(&main(), Architecture::Amd64).unwrap();
            assert_eq!((index.compression, index.path.as_str(), index.size), (expected, paths[count - 1], 1234));
            assert_eq!(
                index.by_hash_path(),
                format!("main/binary-amd64/by-hash/SHA256/{}", Digest::of(&index.path).hex())
            );
        }
    }

    #[test]
    fn reads_the_components_of_the_security_archive() {
        let text = text(&[]).replace("main non-free-firmware", "updates/main updates/contrib");
        let components = Release::parse(&text).unwrap().components;
        assert_eq!(components.iter().map(Component::as_str).collect::<Vec<_>>(), ["main", "contrib"]);
        assert!(Release::parse(&text.replace("updates/main", "other/main")).is_err());
    }

    #[test]
    fn says_what_there_is_when_an_index_is_missing() {
        let error = Release::parse(&text(&[])).unwrap().package_index(&main(), Architecture::Arm64).unwrap_err();
        let expected = "`trixie` has no package index for component `main` and architecture `arm64`; \
                        it has components main non-free-firmware and architectures all amd64 armel";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn names_the_line_that_is_wrong() {
        let good = line("main/a");
        let sum = Digest::of("x");
        for bad in [
            "beef 1 a".to_owned(),
            format!("{} x a", sum.hex()),
            format!("{} 1 ../a", sum.hex()),
            format!("{} 1 /a", sum.hex()),
        ] {
            let error = Release::parse(&text(&[&good, &format!(" {bad}\n")])).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("line 10 of the Release file is `{bad}`: expected a SHA-256")),
                "{error}"
            );
        }
    }

    #[test]
    fn names_a_field_that_is_missing_or_wrong() {
        assert_eq!(Release::parse("Suite: x\nSHA256:\n"), Err(ReleaseError::MissingField("Date")));
        assert_eq!(Release::parse("Date: Sat, 15 Nov 2025 10:25:36 UTC\n"), Err(ReleaseError::MissingField("SHA256")));
        let error = Release::parse("Suite: x\nDate: yesterday\nSHA256:\n").unwrap_err().to_string();
        assert!(
            error.starts_with("line 2 of the Release file: `Date` is `yesterday`, expected a date such as"),
            "{error}"
        );
    }
}
