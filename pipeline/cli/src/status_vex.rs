//! `/vex/`: what is stated about vulnerabilities in published images, as plain files and as a VEX repository.
//!
//! In: [`Known`], publications, the address. Out: files by name: one OpenVEX document an image, for `grype --vex` and `trivy --vex`; a manifest and
//! an archive for `trivy --vex repo`. Images without data have no document: nothing is stated about them.

use std::collections::BTreeMap;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use plan::Publication;
use scan::{FeedKind, VexParts, VexRepositoryParts, openvex, vex_repository};

use crate::findings::{ImageFindings, Known};

/// The name of the repository's archive.
pub(crate) const ARCHIVE: &str = "vex-repository.tar.gz";

/// One file: its name below `/vex/`, and its bytes.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The document about one image; none where there is nothing to state, or nobody can.
fn document(published: &Publication, image: &ImageFindings) -> Option<(String, String)> {
    let timestamp = date(image)?;
    let name = &published.attested.name;
    let author = name.split('/').next().unwrap_or(name);
    let parts = VexParts { name, digest: &published.index, reports: &image.reports, author, timestamp, version: 1 };
    Some((format!("{}.openvex.json", published.image), openvex(&parts)?))
}

/// The date of the data that reports stand on; none where there are none.
fn date(image: &ImageFindings) -> Option<Timestamp> {
    let feeds = image.reports.iter().flat_map(|report| &report.feeds);
    feeds.filter(|feed| feed.kind == FeedKind::Tracker).map(|feed| feed.date).max()
}

/// All files; `url` is where `/vex/` is reached, without a slash at its end.
pub(crate) fn files(known: &Known, publications: &[&Publication], url: &str) -> Result<Files, String> {
    let with_findings = || publications.iter().filter_map(|it| Some((*it, known.images.get(&it.image)?)));
    let documents: Vec<(String, String)> = with_findings().filter_map(|(it, image)| document(it, image)).collect();
    let updated = with_findings().filter_map(|(_, image)| date(image)).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let host = url.split("://").last().and_then(|rest| rest.split('/').next()).unwrap_or(url);
    let parts = VexRepositoryParts {
        name: host,
        description: "What is stated about vulnerabilities in images made of Debian packages.",
        location: &format!("{url}/{ARCHIVE}"),
        author: publications.first().and_then(|it| it.attested.name.split('/').next()).unwrap_or(host),
        updated,
        documents: &documents,
    };
    let files = vex_repository(&parts).map_err(|error| error.to_string())?;
    let archive = archive(&files, updated).map_err(|error| format!("packing the VEX repository: {error}"))?;
    Ok(files.into_iter().map(|(path, text)| (path, text.into_bytes())).chain([(ARCHIVE.to_owned(), archive)]).collect())
}

/// What the manifest leads to: `index.json` and the documents of the packages. The same files give the same bytes.
fn archive(files: &[(String, String)], updated: Timestamp) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in files.iter().filter(|(path, _)| path == "index.json" || path.starts_with("pkg/")) {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(updated.as_second()).unwrap_or(0));
        archive.append_data(&mut header, path, text.as_bytes())?;
    }
    archive.into_inner()?.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, known};
    use crate::status_fixtures::publication;

    const URL: &str = "https://images.example/vex";

    #[test]
    fn has_a_document_an_image_and_a_repository_that_leads_to_its_archive() {
        let files = files(&known(NOW), &[&publication("python")], URL).unwrap();
        let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text("python.openvex.json")).unwrap();
        assert_eq!(document["timestamp"], "2026-11-23T12:00:00Z");
        assert!(text("python.openvex.json").contains("component_not_present"), "{document}");
        assert!(text(".well-known/vex-repository.json").contains("https://images.example/vex/vex-repository.tar.gz"));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(files[ARCHIVE].as_slice()));
        let paths: Vec<String> =
            archive.entries().unwrap().map(|it| it.unwrap().path().unwrap().display().to_string()).collect();
        assert_eq!(
            paths,
            [
                "index.json",
                "pkg/deb/debian/glibc/vex.json",
                "pkg/deb/debian/openssl/vex.json",
                "pkg/deb/debian/zlib/vex.json"
            ]
        );
    }

    #[test]
    fn nothing_is_stated_about_what_was_not_scanned() {
        let files = files(&Known::default(), &[&publication("python")], URL).unwrap();
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, [".well-known/vex-repository.json", "index.json", ARCHIVE]);
    }

    #[test]
    fn the_same_knowledge_gives_the_same_bytes() {
        let bytes = || files(&known(NOW), &[&publication("python")], URL).unwrap();
        assert_eq!(bytes(), bytes());
    }
}
