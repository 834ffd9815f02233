//! A batch with one statement beside an image, in each kind of place: put there, found, taken away.

use blob::Digest;
use oci::{Descriptor, EMPTY_JSON, ImageManifest, MEDIA_TYPE_EMPTY};
use registry::{Batch, BatchManifest, CopyOptions, Named, Place, Reader, copy};

use crate::fixture::{Registry, answer, name, put_image, tag};

/// A manifest with a blob that speaks about `subject`.
fn statement(subject: &Descriptor) -> Vec<u8> {
    let layers = vec![Descriptor::of("application/x-test", b"said")];
    let mut manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_EMPTY, EMPTY_JSON), layers);
    manifest.artifact_type = Some("application/x-test".to_owned());
    manifest.subject = Some(subject.clone());
    manifest.to_bytes()
}

/// Whether it was really removed, and not only taken out of the list.
async fn goes_in_and_out(place: &Place, subject: &Descriptor) -> bool {
    let manifest = statement(subject);
    let (attached, blobs) = (Digest::of(&manifest), [b"said".to_vec(), EMPTY_JSON.to_vec()].into());
    let manifests = vec![BatchManifest { bytes: manifest.clone(), tag: None }];
    let batch = Batch { blobs, manifests, removed: Vec::new() };
    batch.clone().write(place).await.unwrap();
    batch.write(place).await.unwrap();
    let reader = Reader::open(place).await.unwrap();
    let found = reader.referrers(&subject.digest).await.unwrap();
    assert_eq!(found.iter().map(|found| &found.digest).collect::<Vec<_>>(), [&attached], "{place:?}");
    let stored = reader.manifest(&Named::Digest(attached.clone())).await.unwrap().unwrap();
    assert_eq!(stored.bytes, manifest);
    let removal = Batch { removed: vec![attached.clone()], ..Batch::default() };
    removal.clone().write(place).await.unwrap();
    removal.write(place).await.unwrap();
    let reader = Reader::open(place).await.unwrap();
    assert_eq!(reader.referrers(&subject.digest).await.unwrap(), [], "{place:?}");
    assert!(reader.manifest(&Named::Digest(subject.digest.clone())).await.unwrap().is_some());
    reader.manifest(&Named::Digest(attached)).await.unwrap().is_none()
}

#[tokio::test]
async fn a_statement_goes_in_and_out_of_registries_stores_and_layouts() {
    let registry = Registry::start().await;
    let (subject, _) = put_image(&registry.store, &name("a"), "layer");
    assert!(goes_in_and_out(&Place::Remote(registry.remote("a")), &subject).await);
    let store = Place::Store(registry.store.clone(), name("a"));
    assert!(goes_in_and_out(&store, &subject).await);
    let folder = tempfile::tempdir().unwrap();
    let layout = Place::Layout(folder.path().join("layout"));
    let images = [(Named::Digest(subject.digest.clone()), vec![tag("one")])];
    copy(&store, &layout, &images, &CopyOptions::default(), &()).await.unwrap();
    assert!(goes_in_and_out(&layout, &subject).await);
}

#[tokio::test]
async fn a_registry_that_lists_nothing_itself_gets_the_fallback_tag() {
    let registry = Registry::with(
        |seen| seen.path.contains("/referrers/").then(|| answer(404, &[], "404 page not found")),
        |_, response| drop(response.headers_mut().remove("oci-subject")),
    )
    .await;
    let (subject, _) = put_image(&registry.store, &name("a"), "layer");
    // Our server keeps what former versions of the list name; the list is right by then.
    assert!(!goes_in_and_out(&Place::Remote(registry.remote("a")), &subject).await);
}
