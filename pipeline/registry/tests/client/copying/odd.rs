//! Images that are not as they should be, and sources that are not whole.

use std::sync::Arc;

use blob::Digest;
use oci::{Descriptor, ImageIndex, ImageManifest, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};
use registry::{CopyEvent, CopyOptions, Named, Place, copy};

use super::gallery::{Gallery, Heard, artifact, client, copy_all};
use crate::fixture::{Registry, answer, name, tag};

#[tokio::test]
async fn a_tag_that_is_not_there_is_named_with_the_place() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let source = Place::Remote(client(&from).repository(&from.host, name("a")));
    let error = copy_all(&source, &Place::Store(Arc::clone(&to.store), name("b"))).await.0.unwrap_err().to_string();
    assert!(error.contains("/a` has no `1`: expected a tag or digest that it has"), "{error}");
}

#[tokio::test]
async fn an_index_with_platforms_that_are_not_there_is_copied_and_that_is_told() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let there = artifact(&from.store, &name("a"), None, "there");
    let absent = Descriptor::of(MEDIA_TYPE_MANIFEST, b"absent");
    let index = ImageIndex::new(vec![there, absent.clone()]).to_bytes();
    let index = from.store.put_manifest(&name("a"), &index, MEDIA_TYPE_INDEX).unwrap();
    let source = Place::Remote(client(&from).repository(&from.host, name("a")));
    let remote = client(&to).repository(&to.host, name("b"));
    let heard = Heard::default();
    let wanted = vec![(Named::Digest(index.digest.clone()), vec![tag("1")])];
    let target = Place::Remote(remote.clone());
    let summary = copy(&source, &target, &wanted, &CopyOptions::default(), &heard).await.unwrap();
    assert_eq!(summary.missing, std::slice::from_ref(&absent.digest));
    let heard = heard.0.into_inner().unwrap();
    assert_eq!(heard[0], CopyEvent::Missing { digest: absent.digest, named_by: index.digest.clone() });
    assert_eq!(remote.head(&Named::Tag(tag("1"))).await.unwrap(), Some(index));
}

#[tokio::test]
async fn a_manifest_of_a_kind_that_nobody_knows_is_copied_with_what_it_names() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let (blob, none) = (from.store.put_bytes(&name("a"), b"blob").unwrap(), Digest::of("none"));
    let text = format!(r#"{{"things":[{{"digest":"{blob}","size":4}},{{"digest":"{none}","size":4}}]}}"#);
    let manifest = from.store.put_manifest(&name("a"), text.as_bytes(), "application/vnd.x+json").unwrap();
    from.store.tag(&name("a"), &tag("1"), &manifest).unwrap();
    for source in [
        Place::Remote(client(&from).repository(&from.host, name("a"))),
        Place::Store(Arc::clone(&from.store), name("a")),
    ] {
        let remote = client(&to).repository(&to.host, name("b"));
        copy_all(&source, &Place::Remote(remote.clone())).await.0.unwrap();
        assert_eq!(remote.head(&Named::Tag(tag("1"))).await.unwrap(), Some(manifest.clone()));
        assert_eq!(remote.blob_size(&blob).await.unwrap(), Some(4));
        let folder = from.folder.path().join("layout");
        copy_all(&source, &Place::Layout(folder.clone())).await.0.unwrap();
        assert!(folder.join(oci::blob_path(&blob)).is_file());
    }
}

#[tokio::test]
async fn an_image_without_one_of_its_blobs_is_named_and_no_tag_moves() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    Gallery::put(&from.store, &name("a"));
    std::fs::remove_file(from.store.blob_path(&name("a"), &Digest::of("arm64"))).unwrap();
    let target = Place::Store(Arc::clone(&to.store), name("b"));
    let store = Place::Store(Arc::clone(&from.store), name("a"));
    let error = copy_all(&store, &target).await.0.unwrap_err().to_string();
    assert!(
        error.contains(&format!("but not its blob `{}`: the image there is damaged", Digest::of("arm64"))),
        "{error}"
    );
    let remote = Place::Remote(client(&from).repository(&from.host, name("a")));
    let error = copy_all(&remote, &target).await.0.unwrap_err().to_string();
    assert!(error.contains("cannot read the blob") && error.contains("404 Not Found"), "{error}");
    assert_eq!(to.store.tags(&name("b")).unwrap(), []);
}

#[tokio::test]
async fn a_blob_that_changed_on_the_way_or_on_disk_arrives_nowhere() {
    let (layer, bytes) = (Digest::of("amd64"), "AMD64");
    let lying = {
        let path = format!("/blobs/{layer}");
        Registry::before(move |seen| seen.is("GET", &path).then(|| answer(200, &[], bytes))).await
    };
    let to = Registry::start().await;
    Gallery::put(&lying.store, &name("a"));
    let target = Place::Store(Arc::clone(&to.store), name("b"));
    let remote = Place::Remote(client(&lying).repository(&lying.host, name("a")));
    let error = copy_all(&remote, &target).await.0.unwrap_err().to_string();
    assert!(error.contains("the registry's copy is damaged, or it lies"), "{error}");
    std::fs::write(lying.store.blob_path(&name("a"), &layer), bytes).unwrap();
    let store = Place::Store(Arc::clone(&lying.store), name("a"));
    let error = copy_all(&store, &target).await.0.unwrap_err().to_string();
    assert!(error.contains(&format!("`{layer}` is not stored: expected {layer}")), "{error}");
    let registry = Place::Remote(client(&to).repository(&to.host, name("c")));
    let error = copy_all(&store, &registry).await.0.unwrap_err().to_string();
    assert!(error.contains("DIGEST_INVALID") && error.contains("may be damaged, or have changed"), "{error}");
    for repository in ["b", "c"] {
        assert!(!to.store.has_blob(&name(repository), &layer));
        assert_eq!(to.store.tags(&name(repository)).unwrap(), []);
    }
}

#[tokio::test]
async fn a_referrer_that_a_list_names_in_vain_is_told_and_does_not_stop_the_copy() {
    let from = Registry::before(|seen| {
        let gone = Descriptor::of(MEDIA_TYPE_MANIFEST, b"gone");
        let index = String::from_utf8(ImageIndex::new(vec![gone]).to_bytes()).unwrap();
        seen.path.contains("/referrers/").then(|| answer(200, &[("content-type", MEDIA_TYPE_INDEX)], &index))
    })
    .await;
    let to = Registry::start().await;
    let image = ImageManifest::new(Descriptor::empty(), Vec::new());
    from.store.put_bytes(&name("a"), oci::EMPTY_JSON).unwrap();
    let image = from.store.put_manifest(&name("a"), &image.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
    from.store.tag(&name("a"), &tag("1"), &image).unwrap();
    let source = Place::Remote(client(&from).repository(&from.host, name("a")));
    let summary = copy_all(&source, &Place::Store(Arc::clone(&to.store), name("b"))).await.0.unwrap();
    assert_eq!((summary.missing, summary.tags), (vec![Digest::of("gone")], 2));
}
