//! What is collected, and what is not.

use std::fs::File;

use oci::{ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, Tag};
use tempfile::TempDir;

use super::*;

const HOUR: Duration = Duration::from_hours(1);
/// Everything that is an hour old and not needed goes.
const STRICT: Retention = Retention { untagged: HOUR, unnamed: HOUR, uploads: HOUR };

struct Fixture {
    _folder: TempDir,
    store: Store,
    repository: Repository,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("registry")).unwrap();
        Self { _folder: folder, store, repository: "team/python".parse().unwrap() }
    }

    /// An index with one image with one configuration; and something that speaks about the image.
    fn image(&self, text: &str) -> [Descriptor; 4] {
        self.store.put_bytes(&self.repository, text.as_bytes()).unwrap();
        let config = Descriptor::of(MEDIA_TYPE_CONFIG, text.as_bytes());
        let child = self.manifest(&ImageManifest::new(config.clone(), Vec::new()));
        let index = ImageIndex::new(vec![child.clone()]).to_bytes();
        let index = self.store.put_manifest(&self.repository, &index, MEDIA_TYPE_INDEX).unwrap();
        let mut speaker = ImageManifest::new(Descriptor::empty(), Vec::new());
        speaker.subject = Some(child.clone());
        [index, child, config, self.manifest(&speaker)]
    }

    fn manifest(&self, manifest: &ImageManifest) -> Descriptor {
        self.store.put_manifest(&self.repository, &manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap()
    }

    fn tag(&self, tag: &str, descriptor: &Descriptor) {
        self.store.tag(&self.repository, &tag.parse::<Tag>().unwrap(), descriptor).unwrap();
    }

    /// Lets all files become three hours old.
    fn age(&self) {
        for (digest, _) in self.store.files(&self.repository).unwrap() {
            self.set_time(&digest, SystemTime::now() - 3 * HOUR);
        }
    }

    fn set_time(&self, digest: &Digest, time: SystemTime) {
        File::open(self.store.blob_path(&self.repository, digest)).unwrap().set_modified(time).unwrap();
    }

    fn set_times(&self, descriptors: &[Descriptor], time: SystemTime) {
        for descriptor in descriptors {
            self.set_time(&descriptor.digest, time);
        }
    }

    fn collect(&self) -> Collected {
        let planned = self.store.collect(&self.repository, &STRICT, Collecting::DryRun).unwrap();
        let done = self.store.collect(&self.repository, &STRICT, Collecting::Remove).unwrap();
        assert_eq!(done, planned, "what was announced is what is done");
        done
    }

    fn is_here(&self, descriptor: &Descriptor) -> bool {
        self.store.has_blob(&self.repository, &descriptor.digest)
    }
}

#[test]
fn what_a_tag_needs_stays_and_so_does_what_speaks_about_it() {
    let fixture = Fixture::new();
    let image = fixture.image("a");
    fixture.tag("1", &image[0]);
    fixture.age();
    assert_eq!(fixture.collect().blobs, []);
    assert!(image.iter().all(|descriptor| fixture.is_here(descriptor)));
}

#[test]
fn what_has_no_tag_goes_with_all_that_only_it_needs() {
    let fixture = Fixture::new();
    let [kept, gone] = ["a", "b"].map(|text| fixture.image(text));
    fixture.tag("1", &kept[0]);
    fixture.age();
    let collected = fixture.collect();
    assert_eq!((collected.manifests.len(), collected.blobs.len()), (3, 4));
    assert!(collected.bytes > 0);
    assert!(gone.iter().all(|descriptor| !fixture.is_here(descriptor)));
    assert!(kept.iter().all(|descriptor| fixture.is_here(descriptor)), "the empty configuration is shared");
    assert_eq!(fixture.collect().blobs, [], "a second time there is nothing left");
}

#[test]
fn a_signature_under_a_tag_goes_with_the_image_that_it_speaks_about() {
    let fixture = Fixture::new();
    let [kept, gone] = ["a", "b"].map(|text| fixture.image(text));
    fixture.tag("1", &kept[0]);
    let sign = |text: &str, digest: &Digest| {
        let blob = fixture.store.put_bytes(&fixture.repository, text.as_bytes()).unwrap();
        let config = Descriptor { digest: blob, ..Descriptor::of(MEDIA_TYPE_CONFIG, text.as_bytes()) };
        let signature = fixture.manifest(&ImageManifest::new(config, Vec::new()));
        fixture.tag(Tag::attached(digest, "sig").unwrap().as_str(), &signature);
        signature
    };
    let elsewhere = Digest::of("elsewhere");
    let [first, second, third] =
        [("x", &kept[0].digest), ("y", &gone[0].digest), ("z", &elsewhere)].map(|(text, of)| sign(text, of));
    fixture.age();
    fixture.collect();
    assert!(fixture.is_here(&first) && fixture.is_here(&third));
    assert!(!fixture.is_here(&second) && !fixture.is_here(&gone[0]));
}

#[test]
fn a_digest_that_was_pulled_or_untagged_lately_stays() {
    let fixture = Fixture::new();
    let [pulled, untagged, newer] = ["a", "b", "c"].map(|text| fixture.image(text));
    fixture.tag("1", &untagged[0]);
    fixture.age();
    fixture.store.refresh(&fixture.store.blob_path(&fixture.repository, &pulled[0].digest));
    fixture.tag("1", &newer[0]);
    fixture.set_times(&untagged[1..], SystemTime::now() - 3 * HOUR);
    assert_eq!(fixture.collect().manifests, []);
    assert!(pulled.iter().chain(&untagged).all(|descriptor| fixture.is_here(descriptor)));
}

#[test]
fn a_blob_whose_manifest_is_on_its_way_stays_and_asking_for_it_keeps_it() {
    let fixture = Fixture::new();
    let [asked, forgotten] =
        ["asked", "forgotten"].map(|text| fixture.store.put_bytes(&fixture.repository, text.as_bytes()).unwrap());
    assert_eq!(fixture.collect().blobs, [], "both are young");
    fixture.age();
    assert!(fixture.store.promise(&fixture.repository, &asked).unwrap());
    assert_eq!(fixture.collect().blobs, [forgotten]);
}

#[test]
fn a_manifest_that_cannot_be_read_stops_the_collection_of_its_repository() {
    let fixture = Fixture::new();
    let image = fixture.image("a");
    fixture.age();
    let store = Store::open(&fixture.store.root).unwrap();
    std::fs::write(store.blob_path(&fixture.repository, &image[1].digest), "{").unwrap();
    let collected = store.collect(&fixture.repository, &STRICT, Collecting::Remove).unwrap();
    assert_eq!((collected.unreadable, collected.blobs), (vec![image[1].digest.clone()], Vec::new()));
    assert!(fixture.is_here(&image[2]));
}

#[test]
fn clocks_that_jump_take_nothing_that_is_needed() {
    let fixture = Fixture::new();
    let [tagged, future] = ["a", "b"].map(|text| fixture.image(text));
    fixture.tag("1", &tagged[0]);
    let future_time = SystemTime::now() + 1000 * HOUR;
    for (image, time) in [(&tagged, SystemTime::UNIX_EPOCH), (&future, future_time)] {
        fixture.set_times(image, time);
    }
    assert_eq!(fixture.collect().blobs, []);
}

#[test]
fn bytes_that_another_repository_has_are_not_counted() {
    let fixture = Fixture::new();
    let digest = fixture.store.put_bytes(&fixture.repository, b"shared").unwrap();
    assert!(fixture.store.mount(&"other".parse().unwrap(), &digest, &fixture.repository).unwrap());
    fixture.age();
    let collected = fixture.collect();
    assert_eq!((collected.blobs, collected.bytes), (vec![digest.clone()], 0));
    assert!(fixture.store.has_blob(&"other".parse().unwrap(), &digest));
}

#[test]
fn uploads_that_nobody_goes_on_with_are_swept() {
    let fixture = Fixture::new();
    let [_young, old] = [(), ()].map(|()| fixture.store.start_upload(&fixture.repository, Algorithm::Sha256).unwrap());
    let path = fixture.store.root.join(uploads::FOLDER);
    let old = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains(&old.id.to_string()));
    File::open(old.unwrap()).unwrap().set_modified(SystemTime::now() - 3 * HOUR).unwrap();
    for (collecting, expected) in [(Collecting::DryRun, 1), (Collecting::Remove, 1), (Collecting::Remove, 0)] {
        assert_eq!(fixture.store.sweep_uploads(&STRICT, collecting).unwrap(), expected);
    }
}
