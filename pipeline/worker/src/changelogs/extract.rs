//! Finds the Debian changelog in a package.
//!
//! In: a reader of the .deb, and whose changelog it must be. Out: its text, or nothing where the package has none. The package is read to its
//! end, so that its digest is checked. `changelog.Debian.gz` counts before `changelog.gz`, which a native package has and which is upstream's
//! in any other; `changelog.Debian.ARCH.gz` tells of a rebuild only.
//!
//! Format: <https://www.debian.org/doc/debian-policy/ch-docs.html#changelog-files-and-release-notes>.

use std::io::{self, Read};

use debian::{Compression, DataEntry, Deb, DebError, EntryKind};

/// The largest changelogs of the archive have some 3 MiB.
const LIMIT: u64 = 16 << 20;
const FOLDER: &[u8] = b"usr/share/doc/";
/// The names, the best first.
const NAMES: [&str; 4] = ["changelog.Debian.gz", "changelog.Debian", "changelog.gz", "changelog"];

/// Why a changelog cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExtractError {
    #[error(transparent)]
    Deb(#[from] DebError),
    #[error("it cannot be inflated")]
    Damaged(#[from] io::Error),
    #[error("it has more than {LIMIT} bytes: expected less of a changelog")]
    TooLarge,
}

/// The changelog of `source` in `version`.
pub(crate) fn extract(deb: impl Read + Send, source: &str, version: &str) -> Result<Option<String>, ExtractError> {
    let (_, data) = Deb::open(deb)?.into_parts()?;
    let mut found = Vec::new();
    data.for_each(|mut entry| {
        if let Some(rank) = rank(&entry) {
            found.push((rank, read(&mut entry)?));
        }
        Ok::<(), ExtractError>(())
    })?;
    found.sort_by_key(|(rank, _)| *rank);
    for (_, bytes) in found {
        let text = inflate(&bytes)?;
        if is_of(&text, source, version) {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// How good a place for a changelog an entry is.
fn rank(entry: &DataEntry<'_>) -> Option<usize> {
    let (_, name) = std::str::from_utf8(entry.path.strip_prefix(FOLDER)?).ok()?.split_once('/')?;
    let is_file = entry.kind == EntryKind::File;
    is_file.then(|| NAMES.iter().position(|known| *known == name)).flatten()
}

fn read(entry: &mut DataEntry<'_>) -> Result<Vec<u8>, ExtractError> {
    if entry.size > LIMIT {
        return Err(ExtractError::TooLarge);
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn inflate(bytes: &[u8]) -> Result<String, ExtractError> {
    let compression = if bytes.starts_with(&[0x1f, 0x8b]) { Compression::Gzip } else { Compression::None };
    let mut plain = Vec::new();
    compression.reader(bytes)?.take(LIMIT + 1).read_to_end(&mut plain)?;
    // Old entries are not always in UTF-8.
    if plain.len() as u64 > LIMIT {
        Err(ExtractError::TooLarge)
    } else {
        Ok(String::from_utf8_lossy(&plain).into_owned())
    }
}

/// Whether the first entry is that version's: `SOURCE (VERSION) SUITES; urgency=…`.
fn is_of(text: &str, source: &str, version: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let rest = first.strip_prefix(source).and_then(|rest| rest.trim_start().strip_prefix('('));
    rest.and_then(|rest| rest.strip_prefix(version)).is_some_and(|rest| rest.starts_with(')'))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::*;

    const TEXT: &str = "tool (1.0-2) trixie; urgency=low\n\n  * x\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// One tar entry, padded.
    fn tar_entry(path: &str, bytes: &[u8]) -> Vec<u8> {
        let mut header = [0_u8; 512];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, path);
        put(100, "0000644\0");
        put(108, "0000000\0");
        put(116, "0000000\0");
        put(124, &format!("{:011o}\0", bytes.len()));
        put(136, "00000000000\0");
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\u{0}00");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let padding = vec![0; bytes.len().next_multiple_of(512) - bytes.len()];
        [&header[..], bytes, &padding].concat()
    }

    fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, bytes.len());
        [header.as_bytes(), bytes, &b"\n"[..bytes.len() % 2]].concat()
    }

    fn deb_of(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let control = "Package: x\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@debian.org>\nDescription: x\n";
        let end = [0; 1024];
        let control = gzip(&[&tar_entry("./control", control.as_bytes())[..], &end].concat());
        let data: Vec<u8> = entries.iter().flat_map(|(path, bytes)| tar_entry(path, bytes)).collect();
        let data = gzip(&[&data[..], &end].concat());
        let members =
            [member("debian-binary", b"2.0\n"), member("control.tar.gz", &control), member("data.tar.gz", &data)];
        [b"!<arch>\n".to_vec(), members.concat()].concat()
    }

    /// A package with one file; its bytes are in gzip where its name says so.
    pub(in crate::changelogs) fn deb(path: &str, text: &str) -> Vec<u8> {
        let bytes = if path.strip_suffix(".gz").is_some() { gzip(text.as_bytes()) } else { text.into() };
        deb_of(&[(path, bytes)])
    }

    fn found(entries: &[(&str, Vec<u8>)]) -> Option<String> {
        extract(&deb_of(entries)[..], "tool", "1.0-2").unwrap()
    }

    #[test]
    fn debians_changelog_counts_before_upstreams_and_one_of_a_rebuild_never() {
        let upstream = ("usr/share/doc/tool/changelog.gz", gzip(b"Version 1.0 (2026-01-01)\n"));
        let rebuild = ("usr/share/doc/tool/changelog.Debian.amd64.gz", gzip(TEXT.as_bytes()));
        let native = ("usr/share/doc/tool/changelog.gz", gzip(TEXT.as_bytes()));
        let own = ("usr/share/doc/tool/changelog.Debian.gz", gzip(TEXT.as_bytes()));
        assert_eq!(found(&[upstream.clone(), own]).as_deref(), Some(TEXT));
        assert_eq!(found(&[native]).as_deref(), Some(TEXT));
        assert_eq!(found(&[upstream, rebuild]), None);
        assert_eq!(found(&[("usr/share/tool/changelog.gz", gzip(TEXT.as_bytes()))]), None);
    }

    #[test]
    fn only_the_changelog_of_that_source_and_version_is_believed() {
        let package = deb("usr/share/doc/tool/changelog.Debian.gz", TEXT);
        for (source, version) in [("too", "1.0-2"), ("tool", "1.0"), ("tool", "1.0-2+b1"), ("toolbox", "1.0-2")] {
            assert_eq!(extract(&package[..], source, version).unwrap(), None, "{source} {version}");
        }
    }

    #[test]
    fn a_bomb_and_damage_are_told() {
        let path = "usr/share/doc/tool/changelog.Debian.gz";
        let bomb = deb_of(&[(path, gzip(&vec![b' '; (16 << 20) + 1]))]);
        let error = extract(&bomb[..], "tool", "1.0-2").unwrap_err();
        assert!(matches!(error, ExtractError::TooLarge), "{error}");
        let cut = gzip(TEXT.as_bytes());
        let error = extract(&deb_of(&[(path, cut[..cut.len() - 9].to_vec())])[..], "tool", "1.0-2").unwrap_err();
        assert!(matches!(error, ExtractError::Damaged(_)), "{error}");
        assert!(matches!(extract(&b"no deb"[..], "tool", "1"), Err(ExtractError::Deb(_))));
    }
}
