//! What every client does: asks for a tag, follows the digests, takes the blobs.

use blob::Digest;
use oci::{Descriptor, ImageIndex, LayoutIndex, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};
use registry::Store;

use crate::fixture::{Registry, layer, sha512, tag};

#[tokio::test]
async fn the_base_says_which_protocol_this_is() {
    let registry = Registry::start().await;
    for (method, path) in [("GET", "/v2/"), ("HEAD", "/v2/"), ("GET", "/v2")] {
        let response = registry.ask(method, path, &[]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["docker-distribution-api-version"], "registry/2.0");
    }
}

#[tokio::test]
async fn a_manifest_comes_by_tag_and_by_digest_with_all_its_headers() {
    let registry = Registry::start().await;
    let (index, manifest) = (&registry.index, &registry.manifest);
    for (reference, expected, media_type, cache) in [
        ("3.13".to_owned(), index, MEDIA_TYPE_INDEX, "no-cache"),
        (index.digest.to_string(), index, MEDIA_TYPE_INDEX, "public, max-age=31536000, immutable"),
        (manifest.digest.to_string(), manifest, MEDIA_TYPE_MANIFEST, "public, max-age=31536000, immutable"),
    ] {
        for method in ["GET", "HEAD"] {
            let response = registry.ask(method, &format!("/v2/team/python/manifests/{reference}"), &[]).await;
            assert_eq!(response.status(), 200);
            let header = |name| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), media_type);
            assert_eq!(header("docker-content-digest"), expected.digest.to_string());
            assert_eq!(header("etag"), format!("\"{}\"", expected.digest));
            assert_eq!(header("content-length"), expected.size.to_string());
            assert_eq!(header("cache-control"), cache);
            let bytes = response.bytes().await.unwrap();
            let digest = if method == "GET" { expected.digest.clone() } else { Digest::of("") };
            assert_eq!(Digest::of(&bytes), digest, "{method} {reference}");
        }
    }
}

#[tokio::test]
async fn who_has_the_bytes_gets_304_without_them() {
    let registry = Registry::start().await;
    let index = format!("\"{}\"", registry.index.digest);
    let layer = format!("\"{}\"", registry.layer.digest);
    for (path, known) in [("/v2/team/python/manifests/3.13", &index), (&registry.blob(), &layer)] {
        let response = registry.ask("GET", path, &[("if-none-match", known)]).await;
        assert_eq!(response.status(), 304);
        assert_eq!(response.headers()["etag"], known.as_str());
        assert_eq!(response.bytes().await.unwrap(), "");
        assert_eq!(registry.ask("GET", path, &[("if-none-match", "\"other\"")]).await.status(), 200);
    }
}

#[tokio::test]
async fn a_blob_comes_whole() {
    let registry = Registry::start().await;
    for method in ["HEAD", "GET"] {
        let response = registry.ask(method, &registry.blob(), &[]).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-length"], registry.layer.size.to_string().as_str());
        assert_eq!(response.headers()["docker-content-digest"], registry.layer.digest.to_string().as_str());
        assert_eq!(response.headers()["accept-ranges"], "bytes");
        let bytes = response.bytes().await.unwrap();
        assert_eq!(bytes, if method == "GET" { layer() } else { Vec::new() });
    }
}

#[tokio::test]
async fn a_tag_that_moves_is_seen_at_once_also_when_another_store_moved_it() {
    let registry = Registry::start().await;
    let other = Store::open(registry.folder.path().join("registry")).unwrap();
    for turn in 0..20 {
        let mut index = ImageIndex::new(vec![registry.manifest.clone()]);
        index.annotations.insert("turn".to_owned(), format!("{turn:02}"));
        let index = other.put_manifest(&registry.repository, &index.to_bytes(), MEDIA_TYPE_INDEX).unwrap();
        other.tag(&registry.repository, &tag("3.13"), &index).unwrap();
        let response = registry.ask("HEAD", "/v2/team/python/manifests/3.13", &[]).await;
        assert_eq!(response.headers()["docker-content-digest"], index.digest.to_string().as_str());
    }
}

#[tokio::test]
async fn sha512_serves_as_well_as_sha256() {
    let registry = Registry::start().await;
    let bytes = ImageIndex::new(vec![registry.manifest.clone()]).to_bytes();
    let digest = sha512(&bytes);
    let path = registry.folder.path().join("sha512");
    std::fs::write(&path, &bytes).unwrap();
    registry.store.put_blob_from_path(&registry.repository, &digest, &path).unwrap();
    let descriptor = Descriptor::new(MEDIA_TYPE_INDEX, digest.clone(), bytes.len() as u64);
    registry.store.tag(&registry.repository, &tag("long"), &descriptor).unwrap();
    for path in ["manifests/long".to_owned(), format!("manifests/{digest}"), format!("blobs/{digest}")] {
        let response = registry.get(&format!("/v2/team/python/{path}")).await;
        assert_eq!(response.headers()["docker-content-digest"], digest.to_string().as_str());
        assert_eq!(response.bytes().await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_layout_that_another_tool_wrote_is_served() {
    let registry = Registry::start().await;
    let from = registry.store.layout_path(&registry.repository);
    let to = registry.store.layout_path(&"copy".parse().unwrap());
    std::fs::create_dir_all(to.join("blobs/sha256")).unwrap();
    for entry in std::fs::read_dir(from.join("blobs/sha256")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join("blobs/sha256").join(entry.file_name())).unwrap();
    }
    std::fs::write(to.join("oci-layout"), "{\n \"imageLayoutVersion\": \"1.0.0\" }\n").unwrap();
    let mut index = LayoutIndex::default();
    index.set(&tag("v1"), &registry.index);
    let text = String::from_utf8(index.to_bytes())
        .unwrap()
        .replace(r#""mediaType":"application/vnd.oci.image.index.v1+json","manifests""#, r#""manifests""#);
    std::fs::write(to.join("index.json"), text).unwrap();
    for reference in ["v1", &registry.manifest.digest.to_string()] {
        assert_eq!(registry.get(&format!("/v2/copy/manifests/{reference}")).await.status(), 200, "{reference}");
    }
}
