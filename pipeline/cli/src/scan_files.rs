//! Data in single files of the command line: `--tracker`, `--dsa`, `--kev`, `--epss`, `--osv`.
//!
//! In: paths of files, plain or compressed. Out: [`Knowledge`], in which each file has its digest and the date that it bears, or else that of its
//! last change. A file that cannot be read is an error: somebody named it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, ensure};
use blob::Digest;
use jiff::Timestamp;
use scan::{Advisories, EpssScores, FeedKind, FeedUse, KevCatalogue, Knowledge, Notices, read_osv};

use crate::scan_arguments::Data;
use crate::scan_input::compression;

/// Larger than any of these files: Debian's tracker has about 70 MB.
const LARGEST: u64 = 512 << 20;

/// One file.
struct Bytes {
    plain: Vec<u8>,
    digest: Digest,
    changed: Timestamp,
}

/// Reads all of them.
pub(crate) fn read(tracker: &Path, data: &Data) -> anyhow::Result<Knowledge> {
    let mut knowledge = Knowledge::default();
    let bytes = bytes(tracker)?;
    knowledge.advisories =
        Advisories::read_tracker(&bytes.plain).with_context(|| unusable(tracker, "security tracker"))?;
    used(&mut knowledge, FeedKind::Tracker, &bytes, None);
    for path in &data.dsa {
        dsa(&mut knowledge, path)?;
    }
    if let Some(path) = &data.kev {
        let bytes = self::bytes(path)?;
        knowledge.kev = KevCatalogue::read(&bytes.plain)
            .with_context(|| unusable(path, "catalogue of exploited vulnerabilities"))?;
        let released = knowledge.kev.released();
        used(&mut knowledge, FeedKind::Kev, &bytes, released);
    }
    if let Some(path) = &data.epss {
        let bytes = self::bytes(path)?;
        knowledge.epss = EpssScores::read(&bytes.plain).with_context(|| unusable(path, "list of EPSS scores"))?;
        let scored = knowledge.epss.date();
        used(&mut knowledge, FeedKind::Epss, &bytes, scored);
    }
    if let Some(path) = &data.osv {
        let bytes = self::bytes(path)?;
        let import = read_osv(&bytes.plain).with_context(|| unusable(path, "file of OSV records"))?;
        knowledge.cvss = import.cvss;
        used(&mut knowledge, FeedKind::Osv, &bytes, import.modified);
    }
    Ok(knowledge)
}

fn dsa(knowledge: &mut Knowledge, path: &Path) -> anyhow::Result<()> {
    let bytes = bytes(path)?;
    let notices =
        Notices::read(&String::from_utf8_lossy(&bytes.plain)).with_context(|| unusable(path, "list of advisories"))?;
    let is_lts = notices.all().next().is_some_and(|it| it.notice.id.starts_with("DLA"));
    knowledge.notices.extend(notices);
    used(knowledge, if is_lts { FeedKind::Dla } else { FeedKind::Dsa }, &bytes, None);
    Ok(())
}

fn used(knowledge: &mut Knowledge, kind: FeedKind, bytes: &Bytes, date: Option<Timestamp>) {
    let date = date.unwrap_or(bytes.changed);
    knowledge.feeds.push(FeedUse { kind, name: kind.to_string(), digest: bytes.digest.clone(), date });
}

fn unusable(path: &Path, what: &str) -> String {
    format!("`{}` cannot be used as a {what}", path.display())
}

fn bytes(path: &Path) -> anyhow::Result<Bytes> {
    let name = path.display();
    let read = || -> anyhow::Result<(Vec<u8>, Timestamp)> {
        let file = File::open(path)?;
        let changed = Timestamp::try_from(file.metadata()?.modified()?)?;
        Ok((bounded(file)?, changed))
    };
    let (raw, changed) = read().with_context(|| format!("cannot read `{name}`"))?;
    let digest = Digest::of(&raw);
    let reader = compression(&raw).reader(raw.as_slice());
    let plain =
        reader.map_err(anyhow::Error::from).and_then(bounded).with_context(|| format!("cannot unpack `{name}`"))?;
    Ok(Bytes { plain, digest, changed })
}

fn bounded(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() as u64 <= LARGEST, "it has more than the {LARGEST} bytes that it may have");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_fixtures::gzip;

    const TRACKER: &str = r#"{"a": {"CVE-2026-1": {"releases": {"trixie": {"status": "open", "repositories": {"trixie": "1"}, "urgency": "low"}}}}}"#;

    #[test]
    fn files_are_unpacked_and_named_by_the_digest_of_their_bytes_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tracker.json.gz");
        let packed = gzip(TRACKER.as_bytes());
        std::fs::write(&path, &packed).unwrap();
        let knowledge = read(&path, &Data::default()).unwrap();
        assert_eq!((knowledge.advisories.len(), knowledge.feeds.len()), (1, 1));
        assert_eq!((knowledge.feeds[0].kind, &knowledge.feeds[0].digest), (FeedKind::Tracker, &Digest::of(&packed)));
    }

    #[test]
    fn a_file_that_is_something_else_is_named_with_what_it_should_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let error = |text: &str, data: &Data| {
            std::fs::write(&path, text).unwrap();
            format!("{:#}", read(&path, data).unwrap_err())
        };
        for nonsense in ["", "[]", "<html>", "{\"a\": 1}"] {
            let said = error(nonsense, &Data::default());
            assert!(said.contains("/x` cannot be used as a security tracker"), "{nonsense}: {said}");
        }
        let kev = Data { kev: Some(path.clone()), ..Data::default() };
        assert!(error(TRACKER, &kev).contains("cannot be used as"), "a tracker is no catalogue");
        let gone = format!("{:#}", read(Path::new("/nowhere/x"), &Data::default()).unwrap_err());
        assert!(gone.starts_with("cannot read `/nowhere/x`"), "{gone}");
    }
}
