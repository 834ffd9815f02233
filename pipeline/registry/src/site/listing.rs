//! Which files a site has, in the order in which they are written.
//!
//! In: what is shown of each repository. Out: a list of [`SiteFile`]s, the same for the same store. Reads and writes nothing.
//! Paths: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints>.

use std::collections::BTreeSet;

use blob::Digest;
use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX};
use serde_json::json;

use super::files::{Content, Headers, SiteFile, Stage};
use super::gather::Holding;
use super::headers::{for_hosts, for_uploads};
use super::nginx;
use super::{SiteError, SitePage};
use crate::server::{CACHE_DIGEST, CACHE_TAG};

/// The file that answers `/v2/`.
pub(crate) const BASE: &str = "v2/index.json";
/// The file for nginx; it tells a site's folder from any other.
pub(crate) const NGINX: &str = "nginx.conf";
/// What lies in these folders belongs to the site.
pub(crate) const FOLDERS: [&str; 3] = ["v2", nginx::FOLDER, PAGES];
/// Where the pages lie.
pub(crate) const PAGES: &str = "keys";

const JSON: &str = "application/json";

/// All files of a site.
pub(crate) fn list(holdings: &[Holding], pages: &[SitePage]) -> Vec<SiteFile> {
    let mut files = vec![served(Stage::Frame, BASE, Content::Bytes(b"{}".to_vec()), headers(JSON, None, CACHE_TAG))];
    let types: BTreeSet<&str> =
        holdings.iter().flat_map(|one| &one.manifests).map(|manifest| manifest.media_type.as_str()).collect();
    files.push(plain(Stage::Frame, NGINX, nginx::configuration(&types).into_bytes()));
    for page in pages {
        let content = Content::Bytes(page.bytes.clone());
        files.push(served(
            Stage::Frame,
            format!("{PAGES}/{}", page.name),
            content,
            headers(page.content_type, None, CACHE_TAG),
        ));
    }
    for holding in holdings {
        of_repository(holding, &mut files);
    }
    let names: Vec<&str> = holdings.iter().map(|holding| holding.repository.as_str()).collect();
    files.push(document("v2/_catalog", &json!({ "repositories": names })));
    files.sort_by_key(|file| file.stage);
    let notes = [("_headers", for_hosts(&files)), ("headers.json", for_uploads(&files))];
    files.extend(notes.map(|(path, text)| plain(Stage::Lists, path, text.into_bytes())));
    files
}

fn of_repository(holding: &Holding, files: &mut Vec<SiteFile>) {
    let repository = &holding.repository;
    for (digest, size) in &holding.blobs {
        let path = format!("v2/{repository}/blobs/{digest}");
        let content = Content::Blob(repository.clone(), digest.clone(), *size);
        files.push(served(
            Stage::Blobs,
            path,
            content,
            headers("application/octet-stream", Some(digest), CACHE_DIGEST),
        ));
    }
    for manifest in &holding.manifests {
        files.extend(of_manifest(holding, manifest, Stage::Manifests, &manifest.digest.to_string()));
    }
    for (digest, referrers) in &holding.referrers {
        let path = format!("v2/{repository}/referrers/{digest}");
        let content = Content::Bytes(ImageIndex::new(referrers.clone()).to_bytes());
        files.push(served(Stage::Referrers, path, content, headers(MEDIA_TYPE_INDEX, None, CACHE_TAG)));
    }
    for (tag, manifest) in &holding.tags {
        files.extend(of_manifest(holding, manifest, Stage::Tags, tag.as_str()));
    }
    let tags: Vec<&str> = holding.tags.keys().map(oci::Tag::as_str).collect();
    let list = json!({ "name": repository.as_str(), "tags": tags });
    files.push(document(&format!("v2/{repository}/tags/list"), &list));
}

/// A manifest under its digest or a tag: once as everybody serves it, and once with its type in its name, as nginx wants it.
fn of_manifest(holding: &Holding, manifest: &Descriptor, stage: Stage, reference: &str) -> [SiteFile; 2] {
    let path = format!("v2/{}/manifests/{reference}", holding.repository);
    let content = Content::Manifest(holding.repository.clone(), manifest.digest.clone());
    let cache = if stage == Stage::Tags { CACHE_TAG } else { CACHE_DIGEST };
    let typed = nginx::typed_path(&path, &manifest.media_type);
    let headers = headers(&manifest.media_type, Some(&manifest.digest), cache);
    [SiteFile { stage, path: typed, content: content.clone(), headers: None }, served(stage, path, content, headers)]
}

fn document(path: &str, value: &serde_json::Value) -> SiteFile {
    served(Stage::Lists, path, Content::Bytes(value.to_string().into_bytes()), headers(JSON, None, CACHE_TAG))
}

fn headers(content_type: &str, digest: Option<&Digest>, cache: &'static str) -> Headers {
    Headers { content_type: content_type.to_owned(), digest: digest.cloned(), cache }
}

fn served(stage: Stage, path: impl Into<String>, content: Content, headers: Headers) -> SiteFile {
    SiteFile { stage, path: path.into(), content, headers: Some(headers) }
}

fn plain(stage: Stage, path: &str, bytes: Vec<u8>) -> SiteFile {
    SiteFile { stage, path: path.to_owned(), content: Content::Bytes(bytes), headers: None }
}

/// Refuses names that need one path to be a file and a folder, such as the repositories `a` and `a/tags/list`.
pub(crate) fn check(files: &[SiteFile]) -> Result<(), SiteError> {
    let mut paths = BTreeSet::new();
    for file in files {
        if !paths.insert(file.path.as_str()) {
            return Err(SiteError::Clash(file.path.clone()));
        }
    }
    let mut folders = paths.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at]));
    folders.find(|folder| paths.contains(folder)).map_or(Ok(()), |folder| Err(SiteError::Clash(folder.to_owned())))
}

#[cfg(test)]
mod tests {
    use oci::{ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_MANIFEST};

    use super::*;

    /// A repository with one image for one platform, tagged `1`, and a statement about it.
    fn holding(name: &str) -> Holding {
        let config = Descriptor::of(MEDIA_TYPE_CONFIG, b"config");
        let image = Descriptor::of(MEDIA_TYPE_MANIFEST, &ImageManifest::new(config.clone(), Vec::new()).to_bytes());
        let index = Descriptor::of(MEDIA_TYPE_INDEX, &ImageIndex::new(vec![image.clone()]).to_bytes());
        let about = Descriptor { artifact_type: Some("a/b".to_owned()), ..image.clone() };
        Holding {
            repository: name.parse().unwrap(),
            tags: [("1".parse().unwrap(), index.clone())].into(),
            blobs: [(config.digest, config.size)].into(),
            referrers: [(image.digest.clone(), Vec::new()), (index.digest.clone(), vec![about])].into(),
            manifests: vec![image, index],
        }
    }

    fn position(files: &[SiteFile], path: &str) -> usize {
        files.iter().position(|file| file.path == path).unwrap_or_else(|| panic!("{path} is not listed"))
    }

    #[test]
    fn everything_comes_after_what_it_leads_to() {
        let holding = holding("team/x");
        let files = list(std::slice::from_ref(&holding), &[]);
        let [image, index] = [0, 1].map(|number| &holding.manifests[number].digest);
        let config = holding.blobs.keys().next().unwrap();
        let order = [
            "v2/index.json".to_owned(),
            format!("v2/team/x/blobs/{config}"),
            format!("nginx/v2/team/x/manifests/{image}.oci-manifest"),
            format!("v2/team/x/manifests/{image}"),
            format!("nginx/v2/team/x/manifests/{index}.oci-index"),
            format!("v2/team/x/manifests/{index}"),
            format!("v2/team/x/referrers/{index}"),
            "v2/team/x/manifests/1".to_owned(),
            "v2/team/x/tags/list".to_owned(),
            "v2/_catalog".to_owned(),
            "headers.json".to_owned(),
        ];
        let positions: Vec<usize> = order.iter().map(|path| position(&files, path)).collect();
        assert!(positions.is_sorted(), "{positions:?}");
        check(&files).unwrap();
    }

    #[test]
    fn a_manifest_has_its_type_and_digest_and_only_a_tag_may_move() {
        let holding = holding("x");
        let files = list(std::slice::from_ref(&holding), &[]);
        let index = &holding.manifests[1].digest;
        for (path, cache) in
            [("v2/x/manifests/1".to_owned(), CACHE_TAG), (format!("v2/x/manifests/{index}"), CACHE_DIGEST)]
        {
            let expected = headers(MEDIA_TYPE_INDEX, Some(index), cache);
            assert_eq!(files[position(&files, &path)].headers.as_ref(), Some(&expected), "{path}");
        }
    }

    #[test]
    fn lists_are_those_of_the_specification() {
        let files = list(&[holding("x"), holding("y/z")], &[]);
        let text = |path: &str| match &files[position(&files, path)].content {
            Content::Bytes(bytes) => String::from_utf8(bytes.clone()).unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(text("v2/_catalog"), r#"{"repositories":["x","y/z"]}"#);
        assert_eq!(text("v2/y/z/tags/list"), r#"{"name":"y/z","tags":["1"]}"#);
        let referrers = text(&format!("v2/x/referrers/{}", holding("x").manifests[1].digest));
        assert!(referrers.contains(r#""artifactType":"a/b""#) && referrers.contains(MEDIA_TYPE_INDEX), "{referrers}");
    }

    #[test]
    fn pages_are_served_with_their_type_and_belong_to_the_site() {
        let page = SitePage { name: "cosign.pub", content_type: "a/b", bytes: b"key".to_vec() };
        let files = list(&[], &[page]);
        let file = &files[position(&files, "keys/cosign.pub")];
        assert_eq!(
            (&file.headers, &file.content),
            (&Some(headers("a/b", None, CACHE_TAG)), &Content::Bytes(b"key".to_vec()))
        );
        assert!(FOLDERS.contains(&"keys"));
    }

    #[test]
    fn names_that_need_a_file_to_be_a_folder_are_refused() {
        check(&list(&[holding("x"), holding("x/tags"), holding("x/blobs/y")], &[])).unwrap();
        let clash = check(&list(&[holding("x"), holding("x/tags/list")], &[])).unwrap_err().to_string();
        assert!(clash.starts_with("`v2/x/tags/list` would have to be a file and a folder"), "{clash}");
        assert!(check(&list(&[holding("x"), holding("x/manifests/1")], &[])).is_err());
    }
}
