//! Image layouts as source and target, as other tools read and write them.

use std::path::Path;
use std::sync::Arc;

use blob::Digest;
use oci::{Descriptor, LayoutIndex, blob_path, validate};
use registry::{CopyOptions, Place, copy};

use super::gallery::{Gallery, client, copy_all, wanted};
use crate::fixture::{Registry, name, tag};

/// Every file in the layout is what its name says, and nothing else is there.
fn assert_clean(folder: &Path) {
    for algorithm in std::fs::read_dir(folder.join("blobs")).unwrap() {
        let algorithm = algorithm.unwrap();
        for entry in std::fs::read_dir(algorithm.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert_eq!(Digest::of(std::fs::read(&path).unwrap()).hex(), name);
        }
    }
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["blobs", "index.json", "oci-layout"]);
}

#[tokio::test]
async fn a_layout_takes_everything_and_gives_it_back() {
    let (from, to) = (Registry::start().await, Registry::start().await);
    let gallery = Gallery::put(&from.store, &name("team/app"));
    let folder = from.folder.path().join("Some Layout");
    let layout = Place::Layout(folder.clone());
    let source = Place::Remote(client(&from).repository(&from.host, name("team/app")));
    let summary = copy_all(&source, &layout).await.0.unwrap();
    assert_eq!((summary.sent_blobs, summary.manifests, summary.tags), (11, gallery.manifests(), 4));
    assert_clean(&folder);
    let index = LayoutIndex::parse(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let top = index.resolve(&tag("1")).unwrap();
    assert_eq!(top.digest, gallery.index.digest);
    let path = |one: &Descriptor| folder.join(blob_path(&one.digest));
    let read = |one: &Descriptor| std::fs::read(path(one));
    let size = |one: &Descriptor| std::fs::metadata(path(one)).map(|metadata| metadata.len());
    let whole = validate(&top, read, size).unwrap();
    assert_eq!((whole.manifests.len(), whole.blobs.len()), (3, 5));
    let remote = client(&to).repository(&to.host, name("b"));
    copy_all(&layout, &Place::Remote(remote.clone())).await.0.unwrap();
    gallery.assert_in(&remote).await;
    let again = copy_all(&source, &layout).await.0.unwrap();
    assert_eq!((again.sent_blobs, again.manifests, again.tags), (0, 0, 0));
}

#[tokio::test]
async fn the_store_and_a_layout_share_files_where_they_can() {
    use std::os::unix::fs::MetadataExt;
    let (from, to) = (Registry::start().await, Registry::start().await);
    let gallery = Gallery::put(&from.store, &name("a"));
    let folder = from.folder.path().join("layout");
    copy_all(&Place::Store(Arc::clone(&from.store), name("a")), &Place::Layout(folder.clone())).await.0.unwrap();
    assert_clean(&folder);
    let layer = Digest::of("amd64");
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    assert_eq!(inode(&folder.join(blob_path(&layer))), inode(&from.store.blob_path(&name("a"), &layer)));
    let target = Place::Store(Arc::clone(&to.store), name("c"));
    copy_all(&Place::Layout(folder), &target).await.0.unwrap();
    gallery.assert_in(&to.remote("c")).await;
    let again = copy_all(&target, &Place::Store(Arc::clone(&to.store), name("d"))).await.0.unwrap();
    assert_eq!((again.sent_blobs, again.mounted_blobs), (0, 11), "one store keeps one file");
    gallery.assert_in(&to.remote("d")).await;
}

#[tokio::test]
async fn a_folder_that_is_no_layout_is_named_and_a_dry_run_makes_none() {
    let from = Registry::start().await;
    Gallery::put(&from.store, &name("a"));
    let folder = from.folder.path().join("layout");
    let store = Place::Store(Arc::clone(&from.store), name("a"));
    let error = copy_all(&Place::Layout(folder.clone()), &store).await.0.unwrap_err().to_string();
    assert!(
        error.ends_with("layout` is no image layout: expected a folder with `oci-layout` and `index.json`"),
        "{error}"
    );
    let options = CopyOptions { dry_run: true, ..CopyOptions::default() };
    let summary = copy(&store, &Place::Layout(folder.clone()), &wanted(), &options, &()).await.unwrap();
    assert_eq!((summary.sent_blobs, folder.exists()), (11, false));
}
