//! Everything beside an image that may prove something about it: bundles among its referrers, and classic signatures under their tag.
//!
//! In: a place and a digest. Out: [`Evidence`], of which nothing has been believed yet. It is bounded, and what is left out is said.
//!
//! Lists of referrers may be wrong about types, so every manifest is read. A referrer that is damaged, missing or foreign is named with its
//! reason and hides nothing else.

mod classic;

use blob::Digest;
use futures_util::{StreamExt, stream};
use oci::{Descriptor, ImageManifest};
use plan::Whose;
use registry::{CopyError, Named, Reader};
use signing::{Evidence, FoundBundle, LARGEST_BUNDLE, MEDIA_TYPE_BUNDLE, Overlooked, read_referrer};

use crate::Failure;

/// So many referrers of one digest are read. A publisher of ours makes ten.
const MOST_REFERRERS: usize = 100;
/// The bundles of one digest have at most so many bytes together, by what their descriptors say.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Looks for everything that may prove something about a digest. Fails only where the list of referrers cannot be had.
pub async fn gather_evidence(reader: &Reader, digest: &Digest) -> Result<Evidence, Failure> {
    let (bundles, classic) =
        tokio::join!(Box::pin(bundles(reader, digest)), Box::pin(classic::signatures(reader, digest)));
    let (bundles, mut overlooked) = bundles.map_err(|error| Failure::new(Whose::Upstream, error))?;
    let (classic, more) = classic;
    overlooked.extend(more);
    Ok(Evidence { bundles, classic, overlooked })
}

type Found<T> = (Vec<T>, Vec<Overlooked>);

async fn bundles(reader: &Reader, digest: &Digest) -> Result<Found<FoundBundle>, CopyError> {
    let (entries, mut overlooked) = chosen(reader.referrers(digest).await?);
    let located = together(reader, entries.iter().map(|entry| locate(reader, digest, entry))).await;
    let (located, unlocated) = sorted(located);
    overlooked.extend(unlocated);
    let (located, beyond) = bounded(located);
    overlooked.extend(beyond);
    let (bundles, unread) = sorted(together(reader, located.iter().map(|found| fetch(reader, found))).await);
    overlooked.extend(unread);
    Ok((bundles, overlooked))
}

/// The referrers to be read: those first that are said to be bundles, then those of which the list says nothing.
fn chosen(mut entries: Vec<Descriptor>) -> Found<Descriptor> {
    let said = |entry: &Descriptor| match entry.artifact_type.as_deref() {
        Some(MEDIA_TYPE_BUNDLE) => 0,
        None | Some("" | oci::MEDIA_TYPE_EMPTY) => 1,
        Some(_) => 2,
    };
    entries.sort_by_key(said);
    let all = entries.len();
    entries.truncate(MOST_REFERRERS);
    let text =
        format!("of {all} referrers {MOST_REFERRERS} were read, no more: somebody floods this image with referrers");
    let beyond = Overlooked { code: "too-many-referrers", text, may_pass: false };
    (entries, (all > MOST_REFERRERS).then_some(beyond).into_iter().collect())
}

/// A referrer, and where its bundle is.
type Located = (Digest, Descriptor);

async fn locate(reader: &Reader, subject: &Digest, entry: &Descriptor) -> Result<Located, Overlooked> {
    let name = format!("the referrer {}", entry.digest.short());
    let overlooked = |code, reason: String| Overlooked {
        code,
        text: format!("{name} was not looked at: {reason}"),
        may_pass: false,
    };
    let found = reader.manifest(&Named::Digest(entry.digest.clone())).await;
    let found = found.map_err(|error| unread("referrer-unread", &name, &error))?;
    let missing = || overlooked("referrer-missing", "it is listed and not there".to_owned());
    let bytes = found.ok_or_else(missing)?.bytes;
    let bundle = read_referrer(&bytes).map_err(|reason| overlooked("referrer-foreign", reason.to_string()))?;
    match ImageManifest::parse(&bytes).ok().and_then(|manifest| manifest.subject) {
        Some(said) if said.digest == *subject => Ok((entry.digest.clone(), bundle)),
        Some(said) => Err(overlooked("referrer-other-subject", format!("it speaks about {}", said.digest))),
        None => Err(overlooked("referrer-other-subject", "it is listed here and names no subject".to_owned())),
    }
}

/// The first ones whose bytes memory should hold together.
fn bounded(located: Vec<Located>) -> Found<Located> {
    let mut bytes = 0;
    let (taken, beyond): (Vec<_>, Vec<_>) = located.into_iter().partition(|(_, bundle)| {
        bytes += bundle.size;
        bytes <= MOST_BYTES
    });
    let text = format!(
        "{} bundles were not read: more than {} MB of them are attached to this image",
        beyond.len(),
        MOST_BYTES / 1024 / 1024
    );
    let beyond = (!beyond.is_empty()).then_some(Overlooked { code: "too-much-evidence", text, may_pass: false });
    (taken, beyond.into_iter().collect())
}

async fn fetch(reader: &Reader, (referrer, bundle): &Located) -> Result<FoundBundle, Overlooked> {
    let bytes = reader.blob(bundle, LARGEST_BUNDLE as u64).await;
    let bytes = bytes.map_err(|error| unread("bundle-unread", &format!("the bundle of {}", referrer.short()), &error));
    Ok(FoundBundle { referrer: referrer.clone(), bytes: bytes? })
}

fn unread(code: &'static str, name: &str, error: &CopyError) -> Overlooked {
    Overlooked { code, text: format!("{name} could not be read: {error}"), may_pass: error.is_transient() }
}

/// Several at a time; the results in the order of the work.
async fn together<T>(reader: &Reader, work: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let pieces: Vec<_> = work.collect();
    stream::iter(pieces).buffered(reader.parallel()).collect().await
}

fn sorted<T>(results: Vec<Result<T, Overlooked>>) -> Found<T> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(found) => good.push(found),
            Err(overlooked) => bad.push(overlooked),
        }
    }
    (good, bad)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use oci::{ImageIndex, MEDIA_TYPE_INDEX, Tag};
    use registry::{Place, Store};
    use signing::{FoundClassic, KeyPair, sign_classic, sign_image, write_classic, write_referrer};

    use super::*;

    struct Images {
        _folder: tempfile::TempDir,
        store: Arc<Store>,
        image: Descriptor,
    }

    const NAME: &str = "images.example/a";

    impl Images {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(Store::open(folder.path().to_owned()).unwrap());
            let bytes = ImageIndex::new(Vec::new()).to_bytes();
            let image = Descriptor::of(MEDIA_TYPE_INDEX, &bytes);
            store.put_manifest(&repository(), &bytes, MEDIA_TYPE_INDEX).unwrap();
            store.put_bytes(&repository(), oci::EMPTY_JSON).unwrap();
            Self { _folder: folder, store, image }
        }

        fn refer(&self, bundle: &[u8], change: impl FnOnce(&mut ImageManifest)) -> Digest {
            let _ = self.store.put_bytes(&repository(), bundle).unwrap();
            let mut manifest =
                write_referrer(bundle, signing::COSIGN_SIGNATURE, self.image.clone(), jiff::Timestamp::UNIX_EPOCH);
            change(&mut manifest);
            let bytes = manifest.to_bytes();
            self.store.put_manifest(&repository(), &bytes, oci::MEDIA_TYPE_MANIFEST).unwrap();
            Digest::of(&bytes)
        }

        async fn gather(&self) -> Evidence {
            let place = Place::Store(Arc::clone(&self.store), repository());
            gather_evidence(&Reader::open(&place).await.unwrap(), &self.image.digest).await.unwrap()
        }

        fn blob(&self, digest: &Digest) -> std::path::PathBuf {
            Path::new(&self.store.layout_path(&repository())).join(oci::blob_path(digest))
        }
    }

    fn repository() -> oci::Repository {
        "a".parse().unwrap()
    }

    fn codes(evidence: &Evidence) -> Vec<&'static str> {
        evidence.overlooked.iter().map(|it| it.code).collect()
    }

    fn bundle(image: &Descriptor) -> Vec<u8> {
        let key = KeyPair::from_seed(&[1; 32]).unwrap();
        sign_image(&key, &image.digest, NAME).unwrap().to_bytes()
    }

    #[tokio::test]
    async fn bundles_are_found_whatever_the_list_says_about_their_type() {
        let images = Images::new();
        let bytes = bundle(&images.image);
        images.refer(&bytes, |manifest| {
            manifest.artifact_type = Some("text/plain".to_owned());
            manifest.annotations.clear();
        });
        let evidence = images.gather().await;
        assert_eq!(evidence.bundles.len(), 1);
        assert_eq!(evidence.bundles[0].bytes, bytes);
        assert!(evidence.overlooked.is_empty());
    }

    #[tokio::test]
    async fn damaged_missing_and_foreign_referrers_are_named_and_hide_nothing() {
        let images = Images::new();
        images.refer(&bundle(&images.image), |_| ());
        images.refer(b"foreign", |manifest| manifest.layers[0].media_type = "text/plain".to_owned());
        images.refer(b"changed", |_| ());
        std::fs::write(images.blob(&Digest::of("changed")), "changeD").unwrap();
        images.refer(b"gone", |_| ());
        std::fs::remove_file(images.blob(&Digest::of("gone"))).unwrap();
        let evidence = images.gather().await;
        assert_eq!(evidence.bundles.len(), 1);
        let mut found = codes(&evidence);
        found.sort_unstable();
        assert_eq!(found, ["bundle-unread", "bundle-unread", "referrer-foreign"]);
        assert!(evidence.overlooked.iter().any(|it| it.text.contains("damaged")), "{:?}", evidence.overlooked);
    }

    #[tokio::test]
    async fn classic_signatures_are_read_with_their_payloads() {
        let images = Images::new();
        let key = KeyPair::from_seed(&[1; 32]).unwrap();
        let (signature, payload) = sign_classic(&key, &images.image.digest, NAME).unwrap();
        let artifact = write_classic(&[signature.clone(), signature.clone()]);
        let tag = Tag::attached(&images.image.digest, "sig").unwrap();
        for bytes in [&payload, &artifact.config] {
            images.store.put_bytes(&repository(), bytes).unwrap();
        }
        let (bytes, media_type) = (artifact.manifest.to_bytes(), oci::MEDIA_TYPE_MANIFEST);
        let descriptor = images.store.put_manifest(&repository(), &bytes, media_type).unwrap();
        images.store.tag(&repository(), &tag, &descriptor).unwrap();
        let evidence = images.gather().await;
        assert_eq!(evidence.classic, vec![FoundClassic { signature, payload }; 2]);
    }

    #[test]
    fn no_more_is_read_than_memory_and_patience_allow_and_it_is_said() {
        let entry = |number: usize| Descriptor::of("x", number.to_string().as_bytes());
        let mut entries: Vec<_> = (0..10_000).map(entry).collect();
        entries[9_999].artifact_type = Some(MEDIA_TYPE_BUNDLE.to_owned());
        let (taken, beyond) = chosen(entries.clone());
        assert_eq!(taken.len(), 100);
        assert_eq!(taken[0], entries[9_999], "what is said to be a bundle comes first");
        assert!(beyond[0].text.starts_with("of 10000 referrers 100 were read"), "{beyond:?}");
        let large = |number| (Digest::of("x"), Descriptor { size: LARGEST_BUNDLE as u64, ..entry(number) });
        let (taken, beyond) = bounded((0..10).map(large).collect());
        assert_eq!((taken.len(), beyond[0].code), (6, "too-much-evidence"));
    }
}
