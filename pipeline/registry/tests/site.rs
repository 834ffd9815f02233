//! A site on disk: it is brought up to date without touching what is right, and takes nothing that is not its own.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use blob::Digest;
use oci::{
    Descriptor, EMPTY_JSON, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER_GZIP,
    MEDIA_TYPE_MANIFEST, Repository, Tag,
};
use registry::{SiteError, SitePart, Store, export_site};
use tempfile::TempDir;

struct Place {
    folder: TempDir,
    store: Store,
    repository: Repository,
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("registry")).unwrap();
        Self { folder, store, repository: "team/python".parse().unwrap() }
    }

    fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// An image for one platform with a layer of this text.
    fn image(&self, text: &str) -> Descriptor {
        let [config, layer] =
            [(MEDIA_TYPE_CONFIG, format!("{{\"{text}\":1}}")), (MEDIA_TYPE_LAYER_GZIP, text.to_owned())].map(
                |(media_type, text)| {
                    self.store.put_bytes(&self.repository, text.as_bytes()).unwrap();
                    Descriptor::of(media_type, text.as_bytes())
                },
            );
        let manifest = ImageManifest::new(config, vec![layer]).to_bytes();
        let manifest = self.store.put_manifest(&self.repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
        let index = ImageIndex::new(vec![manifest]).to_bytes();
        self.store.put_manifest(&self.repository, &index, MEDIA_TYPE_INDEX).unwrap()
    }

    fn tagged(&self, name: &str, text: &str) -> Descriptor {
        let index = self.image(text);
        self.store.tag(&self.repository, &tag(name), &index).unwrap();
        index
    }

    fn statement(&self, subject: &Descriptor) -> Descriptor {
        self.store.put_bytes(&self.repository, EMPTY_JSON).unwrap();
        let mut manifest = ImageManifest::new(Descriptor::empty(), Vec::new());
        (manifest.artifact_type, manifest.subject) = (Some("a/b".to_owned()), Some(subject.clone()));
        self.store.put_manifest(&self.repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap()
    }

    fn export(&self, tags: Option<&[&str]>) -> Result<registry::SiteReport, SiteError> {
        let tags = tags.map(|tags| tags.iter().map(|name| tag(name)).collect());
        export_site(&self.store, &[SitePart { repository: self.repository.clone(), tags }], &[], &self.site())
    }

    fn manifest(&self, reference: &str) -> PathBuf {
        self.site().join(format!("v2/team/python/manifests/{reference}"))
    }
}

/// Every file below a folder, with what tells whether it was touched.
fn files(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::metadata(&path).unwrap();
        if metadata.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path, (metadata.ino(), metadata.modified().unwrap()));
        }
    }
    found
}

#[test]
fn a_second_export_touches_nothing_and_another_folder_gets_the_same_bytes() {
    let place = Place::new();
    place.tagged("3.13", "one");
    let first = place.export(None).unwrap();
    assert_eq!((first.unchanged, first.removed), (0, 0));
    let before = files(&place.site());
    let second = place.export(None).unwrap();
    assert_eq!((second.written, second.unchanged, second.removed), (0, first.written, 0));
    assert_eq!(files(&place.site()), before);
    let other = place.folder.path().join("other");
    let part = SitePart { repository: place.repository.clone(), tags: None };
    export_site(&place.store, &[part], &[], &other).unwrap();
    for path in before.keys() {
        let same = other.join(path.strip_prefix(place.site()).unwrap());
        assert_eq!(fs::read(path).unwrap(), fs::read(&same).unwrap(), "{}", same.display());
    }
}

#[test]
fn a_blob_is_no_second_copy() {
    let place = Place::new();
    place.tagged("3.13", "one");
    place.export(None).unwrap();
    let digest = Digest::of("one");
    let site = place.site().join(format!("v2/team/python/blobs/{digest}"));
    let stored = place.store.blob_path(&place.repository, &digest);
    assert_eq!(fs::metadata(site).unwrap().ino(), fs::metadata(stored).unwrap().ino());
}

#[test]
fn a_moved_tag_leads_elsewhere_and_the_digest_that_it_left_stays() {
    let place = Place::new();
    let old = place.tagged("3.13", "one");
    place.export(None).unwrap();
    let new = place.tagged("3.13", "two");
    assert_eq!(place.export(None).unwrap().removed, 0);
    assert_eq!(Digest::of(fs::read(place.manifest("3.13")).unwrap()), new.digest);
    assert_eq!(Digest::of(fs::read(place.manifest(&old.digest.to_string())).unwrap()), old.digest);
}

#[test]
fn tags_that_are_named_come_with_what_speaks_about_them_and_all_else_goes() {
    let place = Place::new();
    let (one, two) = (place.tagged("1", "one"), place.tagged("2", "two"));
    let (about_one, about_two) = (place.statement(&one), place.statement(&two));
    let signature = place.image("signature");
    let name = format!("sha256-{}.sig", two.digest.hex());
    place.store.tag(&place.repository, &tag(&name), &signature).unwrap();
    place.export(None).unwrap();
    let report = place.export(Some(&["2"])).unwrap();
    assert!(report.removed > 0 && report.repositories[0].tags == 2, "{report:?}");
    for (digest, is_there) in [(&one, false), (&about_one, false), (&two, true), (&about_two, true), (&signature, true)]
    {
        assert_eq!(place.manifest(&digest.digest.to_string()).exists(), is_there, "{digest:?}");
    }
    assert!(!place.manifest("1").exists() && place.manifest(&name).exists());
    assert!(!place.site().join(format!("v2/team/python/blobs/{}", Digest::of("one"))).exists());
    let names = fs::read_to_string(place.site().join("v2/team/python/tags/list")).unwrap();
    assert!(!names.contains("\"1\""), "{names}");
}

#[test]
fn what_is_not_there_or_damaged_is_named_and_no_tag_moves() {
    let place = Place::new();
    let error = place.export(Some(&["3.13"])).unwrap_err().to_string();
    assert!(error.starts_with("`team/python:3.13` is not in the registry: expected"), "{error}");
    place.tagged("3.13", "one");
    place.export(None).unwrap();
    let before = fs::read(place.manifest("3.13")).unwrap();
    place.tagged("3.13", "two");
    let layer = place.store.blob_path(&place.repository, &Digest::of("two"));
    fs::write(&layer, "twO").unwrap();
    let error = place.export(None).unwrap_err().to_string();
    assert!(error.contains(&Digest::of("two").to_string()), "{error}");
    fs::remove_file(&layer).unwrap();
    let error = place.export(None).unwrap_err().to_string();
    assert!(error.starts_with("`team/python` lacks `sha256:"), "{error}");
    assert_eq!(fs::read(place.manifest("3.13")).unwrap(), before);
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let place = Place::new();
    place.tagged("3.13", "one");
    fs::create_dir_all(place.site().join("v2")).unwrap();
    fs::write(place.site().join("v2/mine"), "x").unwrap();
    let error = place.export(None).unwrap_err();
    assert!(matches!(error, SiteError::Foreign(_)), "{error}");
    assert_eq!(files(&place.site()).len(), 1);
}

#[test]
fn one_export_at_a_time_and_what_a_crash_left_is_cleaned_up() {
    let place = Place::new();
    place.tagged("3.13", "one");
    fs::create_dir_all(place.site().join("v2")).unwrap();
    fs::remove_dir(place.site().join("v2")).unwrap();
    fs::write(place.site().join(".bedplate-half"), "x").unwrap();
    let held = fs::File::open(place.site()).unwrap();
    held.lock().unwrap();
    assert!(matches!(place.export(None), Err(SiteError::InUse(_))));
    drop(held);
    place.export(None).unwrap();
    let leftover = place.site().join("v2/team/python/blobs/.bedplate-half");
    fs::write(&leftover, "x").unwrap();
    place.export(None).unwrap();
    assert!(!leftover.exists() && !place.site().join(".bedplate-half").exists());
}
