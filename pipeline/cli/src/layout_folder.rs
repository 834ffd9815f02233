//! Reads the documents of one image out of an OCI image layout, whoever wrote it, and checks their digests.
//!
//! In: a layout's folder, and a tag or digest. Out: an [`ImageDocuments`]: configuration and layers by platform.
//! Specification: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use blob::{Digest, Verdict};
use oci::{
    ANNOTATION_REF_NAME, Descriptor, INDEX_FILE, ImageConfig, ImageIndex, ImageManifest, LAYOUT_FILE, LayoutIndex,
    MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST, ManifestDocument, Platform, Tag, blob_path, is_manifest,
};
use registry::Named;

/// No manifest or configuration is larger.
const LARGEST_DOCUMENT: u64 = 4 << 20;
/// A layout lists the manifests of years.
const LARGEST_INDEX: u64 = 64 << 20;

/// A folder with an image layout.
#[derive(Debug, Clone)]
pub(crate) struct LayoutFolder {
    root: PathBuf,
}

/// One image of a layout, without its layers' content.
#[derive(Debug, Clone)]
pub(crate) struct ImageDocuments {
    /// The digest of its index or manifest.
    pub(crate) digest: Digest,
    /// What each platform's image is.
    pub(crate) platforms: BTreeMap<String, PlatformDocuments>,
}

/// One platform's image.
#[derive(Debug, Clone)]
pub(crate) struct PlatformDocuments {
    /// How it starts.
    pub(crate) config: ImageConfig,
    /// Its layers, the lowest first.
    pub(crate) layers: Vec<Descriptor>,
}

impl LayoutFolder {
    /// Opens a folder; it must say that it is a layout.
    pub(crate) fn open(root: &Path) -> anyhow::Result<Self> {
        let marked = root.join(LAYOUT_FILE).is_file() && root.join(INDEX_FILE).is_file();
        ensure!(
            marked,
            "`{}` is no OCI image layout: expected a folder with the files `{LAYOUT_FILE}` and `{INDEX_FILE}`",
            root.display()
        );
        Ok(Self { root: root.to_owned() })
    }

    /// Where a blob is.
    pub(crate) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join(blob_path(digest))
    }

    /// The image under a tag; without one the only image of the layout.
    pub(crate) fn tagged(&self, tag: Option<&str>) -> anyhow::Result<ImageDocuments> {
        let list = self.list()?;
        let name = |entry: &Descriptor| entry.annotations.get(ANNOTATION_REF_NAME).cloned();
        let matching = list.entries().iter().filter(|entry| tag.is_none() || name(entry).as_deref() == tag);
        let found: BTreeMap<&Digest, &Descriptor> = matching.map(|entry| (&entry.digest, entry)).collect();
        match found.first_key_value() {
            Some((_, entry)) if found.len() == 1 => self.image(entry),
            _ => {
                let tags: BTreeSet<String> = list.entries().iter().filter_map(name).collect();
                let tags: Vec<String> = tags.into_iter().take(40).collect();
                let wanted = tag.map_or("more than one image, or none".into(), |tag| format!("no image `{tag}`"));
                bail!("`{}` has {wanted}: it has these: {}", self.root.display(), tags.join(", "))
            }
        }
    }

    /// The image of a digest, which may be an index or one platform's manifest.
    pub(crate) fn by_digest(&self, digest: &Digest) -> anyhow::Result<ImageDocuments> {
        let path = self.blob_path(digest);
        let size =
            std::fs::metadata(&path).with_context(|| format!("`{}` has no `{digest}`", self.root.display()))?.len();
        let bytes = self.document(&Descriptor::new("", digest.clone(), size))?;
        let is_index = ImageIndex::parse(&bytes).is_ok();
        let media_type = if is_index { MEDIA_TYPE_INDEX } else { MEDIA_TYPE_MANIFEST };
        self.image(&Descriptor::new(media_type, digest.clone(), size))
    }

    /// All tags.
    pub(crate) fn tags(&self) -> anyhow::Result<Vec<Tag>> {
        Ok(self.list()?.tags().into_keys().collect())
    }

    /// The only image: by its tag, or by its digest where it has none.
    pub(crate) fn only(&self) -> anyhow::Result<Named> {
        let list = self.list()?;
        let tags: Vec<Tag> = list.tags().into_keys().collect();
        match (tags.as_slice(), list.entries()) {
            ([tag], _) => Ok(Named::Tag(tag.clone())),
            ([], [entry]) => Ok(Named::Digest(entry.digest.clone())),
            _ => {
                let names: Vec<&str> = tags.iter().map(Tag::as_str).take(40).collect();
                let names = if names.is_empty() { "no tags".to_owned() } else { names.join(", ") };
                bail!("`{}` has not exactly one image: name one by tag or digest; it has {names}", self.root.display())
            }
        }
    }

    fn list(&self) -> anyhow::Result<LayoutIndex> {
        let path = self.root.join(INDEX_FILE);
        let bytes = read_bounded(&path, LARGEST_INDEX)?;
        LayoutIndex::parse(&bytes).with_context(|| format!("in `{}`", path.display()))
    }

    fn image(&self, descriptor: &Descriptor) -> anyhow::Result<ImageDocuments> {
        let bytes = self.document(descriptor)?;
        let document = ManifestDocument::parse(&descriptor.media_type, &bytes)
            .with_context(|| format!("`{}` in `{}`", descriptor.digest, self.root.display()))?;
        let platforms = match document {
            ManifestDocument::Image(manifest) => {
                let platform = self.platform(&manifest)?;
                BTreeMap::from([(name_of(&platform.config.platform), platform)])
            }
            ManifestDocument::Index(index) => self.platforms(&index)?,
        };
        Ok(ImageDocuments { digest: descriptor.digest.clone(), platforms })
    }

    /// Manifests without a platform, or for none (as attestations are), are no images.
    fn platforms(&self, index: &ImageIndex) -> anyhow::Result<BTreeMap<String, PlatformDocuments>> {
        let mut platforms = BTreeMap::new();
        for entry in index.manifests.iter().filter(|entry| is_manifest(&entry.media_type)) {
            let Some(platform) = entry.platform.as_ref().filter(|platform| platform.os != "unknown") else { continue };
            let bytes = self.document(entry)?;
            let manifest = ImageManifest::parse(&bytes).with_context(|| format!("in `{}`", entry.digest))?;
            platforms.insert(name_of(platform), self.platform(&manifest)?);
        }
        Ok(platforms)
    }

    fn platform(&self, manifest: &ImageManifest) -> anyhow::Result<PlatformDocuments> {
        let bytes = self.document(&manifest.config)?;
        let config = ImageConfig::parse(&bytes).with_context(|| format!("in `{}`", manifest.config.digest))?;
        Ok(PlatformDocuments { config, layers: manifest.layers.clone() })
    }

    /// A small blob, checked.
    pub(crate) fn document(&self, descriptor: &Descriptor) -> anyhow::Result<Vec<u8>> {
        let path = self.blob_path(&descriptor.digest);
        let bytes = read_bounded(&path, LARGEST_DOCUMENT)?;
        let mut verdict = Verdict::new(descriptor.digest.clone(), descriptor.size);
        let checked = verdict.update(&bytes).and_then(|()| verdict.finish());
        checked.with_context(|| format!("`{}` is damaged: fetch or build it again", path.display()))?;
        Ok(bytes)
    }
}

fn read_bounded(path: &Path, largest: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    ensure!(bytes.len() as u64 <= largest, "`{}` has more than the {largest} bytes that it may have", path.display());
    Ok(bytes)
}

/// Every arm64 is a v8, whether an index says so or not.
fn name_of(platform: &Platform) -> String {
    let name = platform.to_string();
    name.strip_suffix("arm64/v8").map_or(name.clone(), |os| format!("{os}arm64"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_fixtures::{Layer, write_layout};

    #[test]
    fn finds_the_only_image_a_tag_and_a_digest() {
        let folder = tempfile::tempdir().unwrap();
        let layer = Layer::default().file("a", b"x").bytes();
        let index = write_layout(folder.path(), &["linux/amd64", "linux/arm64/v8"], &[layer], |_| {});
        let layout = LayoutFolder::open(folder.path()).unwrap();
        for image in [layout.tagged(None), layout.tagged(Some("one")), layout.by_digest(&index.digest)] {
            let image = image.unwrap();
            assert_eq!(image.digest, index.digest);
            assert_eq!(image.platforms.keys().collect::<Vec<_>>(), ["linux/amd64", "linux/arm64"]);
        }
        let error = layout.tagged(Some("two")).unwrap_err().to_string();
        assert!(error.contains("no image `two`") && error.ends_with("these: one"), "{error}");
    }

    #[test]
    fn finds_one_platform_by_its_digest_and_names_damage() {
        let folder = tempfile::tempdir().unwrap();
        let index = write_layout(folder.path(), &["linux/amd64"], &[], |_| {});
        let layout = LayoutFolder::open(folder.path()).unwrap();
        let bytes = std::fs::read(layout.blob_path(&index.digest)).unwrap();
        let manifest = ImageIndex::parse(&bytes).unwrap().manifests[0].digest.clone();
        assert_eq!(layout.by_digest(&manifest).unwrap().platforms.len(), 1);
        std::fs::write(layout.blob_path(&manifest), b"{}").unwrap();
        let error = layout.tagged(None).unwrap_err().to_string();
        assert!(error.contains("is damaged"), "{error}");
        let nothing = LayoutFolder::open(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(nothing.contains("is no OCI image layout: expected"), "{nothing}");
    }
}
