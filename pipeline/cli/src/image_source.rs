//! Finds what `diff` is to compare: a lock file, an image layout, or a published image of the state folder.
//!
//! In: a word of the command line. Out: a [`Side`] with packages, and of an image files, configuration and layers too.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, bail};
use assemble::{ImageLock, LockedPackage};
use blob::Digest;
use oci::{Descriptor, LAYOUT_FILE, Reference};
use registry::Store;
use worker::Publications;

use crate::comparison::{ImageFacts, LayerFact, Package, PlatformSide, Side};
use crate::config_values::config_values;
use crate::file_tree::FileTree;
use crate::layer_budget::Budget;
use crate::layer_files::{LayerContent, read_layer};
use crate::layout_folder::{ImageDocuments, LayoutFolder, PlatformDocuments};

/// Something to compare, found but not read.
pub(crate) enum Source {
    /// A lock.
    Lock(Box<ImageLock>),
    /// An image, with the layout that has its blobs.
    Image(LayoutFolder, ImageDocuments),
}

/// Layers by digest, each read once however many images have it.
type Contents = BTreeMap<Digest, LayerContent>;

/// Finds what a word of the command line means; `state` is where published images are.
pub(crate) fn find(text: &str, state: &Path) -> anyhow::Result<Source> {
    if Path::new(text).is_file() {
        return read_lock(text);
    }
    if let Some((folder, name)) = split_layout(text) {
        let layout = LayoutFolder::open(folder)?;
        let image = match name.and_then(|name| name.strip_prefix('@')) {
            Some(digest) => layout.by_digest(&digest.parse()?)?,
            None => layout.tagged(name.and_then(|name| name.strip_prefix(':')))?,
        };
        return Ok(Source::Image(layout, image));
    }
    if text.starts_with(['.', '/']) {
        bail!("`{text}` does not exist: expected a lock file or the folder of an OCI image layout");
    }
    published(text, state)
}

fn read_lock(path: &str) -> anyhow::Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{path}`"))?;
    let lock = ImageLock::parse(&text);
    Ok(Source::Lock(Box::new(lock.with_context(|| format!("`{path}` is no lock, as `bedplate lock` writes it"))?)))
}

/// The folder, and what stands behind it: `:TAG`, `@DIGEST` or nothing. A folder that only happens to have the name of an
/// image, without being a layout, is none of ours.
fn split_layout(text: &str) -> Option<(&Path, Option<&str>)> {
    let is_meant = |folder: &Path| folder.join(LAYOUT_FILE).is_file() || (text.contains('/') && folder.is_dir());
    if is_meant(Path::new(text)) {
        return Some((Path::new(text), None));
    }
    let ends = text.match_indices([':', '@']).map(|(at, _)| text.split_at(at));
    ends.map(|(folder, name)| (Path::new(folder), Some(name))).find(|(folder, _)| is_meant(folder))
}

fn published(text: &str, state: &Path) -> anyhow::Result<Source> {
    let reference: Reference = text
        .parse()
        .with_context(|| format!("`{text}` is no file, no folder and no image: expected one such as `python:3.13`"))?;
    if let Some(registry) = &reference.registry {
        bail!(
            "`{text}` is in the registry `{registry}`: copy it into an OCI image layout first, or leave out the host"
        );
    }
    let registry = state.join("registry");
    if !registry.is_dir() {
        bail!("`{text}` is no file, and nothing is published in `{}`: run `bedplate up`", state.display());
    }
    let store = Store::open(registry)?;
    let folder = store.layout_path(&reference.repository);
    if !folder.is_dir() {
        return published_by_name(text, state, &store);
    }
    let layout = LayoutFolder::open(&folder)?;
    let image = match (&reference.digest, &reference.tag) {
        (Some(digest), _) => layout.by_digest(digest)?,
        (None, tag) => layout.tagged(Some(tag.as_ref().map_or("latest", oci::Tag::as_str)))?,
    };
    Ok(Source::Image(layout, image))
}

/// An image such as `python-debug`, whose tags stand in the repository of another.
fn published_by_name(name: &str, state: &Path, store: &Store) -> anyhow::Result<Source> {
    let publications = Publications::of_state(state)?.all()?;
    let Some(found) = publications.iter().find(|publication| publication.image == name) else {
        let names: Vec<&str> = publications.iter().map(|publication| publication.image.as_str()).collect();
        bail!("`{name}` is neither a file nor published in `{}`: there are {}", state.display(), names.join(", "));
    };
    let layout = LayoutFolder::open(&store.layout_path(&found.repository.parse()?))?;
    let image = layout.by_digest(&found.index)?;
    Ok(Source::Image(layout, image))
}

/// Reads both sides; a layer that is in both is read once.
pub(crate) fn read(sources: [(&str, Source); 2]) -> anyhow::Result<[Side; 2]> {
    let mut layers = BTreeMap::new();
    for (_, source) in &sources {
        let Source::Image(layout, image) = source else { continue };
        for layer in image.platforms.values().flat_map(|platform| &platform.layers) {
            layers.entry(layer.digest.clone()).or_insert_with(|| (layout.clone(), layer.clone()));
        }
    }
    let contents = read_layers(&layers.into_values().collect::<Vec<_>>())?;
    Ok(sources.map(|(name, source)| side(name, source, &contents)))
}

/// Reads layers on all processors.
fn read_layers(layers: &[(LayoutFolder, Descriptor)]) -> anyhow::Result<Contents> {
    let (next, budget) = (AtomicUsize::new(0), Budget::default());
    let results = Mutex::new(Vec::new());
    let work = || {
        while let Some((layout, layer)) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
            let content = read_layer(&layout.blob_path(&layer.digest), layer, &budget);
            results.lock().unwrap_or_else(PoisonError::into_inner).push((layer.digest.clone(), content));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(layers.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().map(|(digest, content)| Ok((digest, content?))).collect()
}

fn side(name: &str, source: Source, contents: &Contents) -> Side {
    match source {
        Source::Lock(lock) => lock_side(name, &lock),
        Source::Image(_, image) => Side {
            name: name.to_owned(),
            digest: Some(image.digest),
            definition: None,
            platforms: image.platforms.into_iter().map(|(name, it)| (name, image_side(&it, contents))).collect(),
        },
    }
}

fn lock_side(name: &str, lock: &ImageLock) -> Side {
    let package = |package: &LockedPackage| {
        let (version, source) = (package.version.to_string(), package.source.clone());
        (package.name.clone(), Package { version, source, sha256: Some(package.sha256.clone()) })
    };
    let platforms = lock.platforms.iter().map(|(platform, layers)| {
        (platform.clone(), PlatformSide { packages: layers.packages().map(package).collect(), image: None })
    });
    Side {
        name: name.to_owned(),
        digest: None,
        definition: Some(lock.definition.clone()),
        platforms: platforms.collect(),
    }
}

fn image_side(documents: &PlatformDocuments, contents: &Contents) -> PlatformSide {
    let found: Vec<(&Descriptor, &LayerContent)> =
        documents.layers.iter().filter_map(|layer| Some((layer, contents.get(&layer.digest)?))).collect();
    let fact = |(layer, content): &(&Descriptor, &LayerContent)| LayerFact {
        digest: layer.digest.clone(),
        compressed: layer.size,
        uncompressed: content.plain,
    };
    let layers = found.iter().map(fact).collect();
    let tree = FileTree::of(found.iter().map(|(_, content)| *content));
    let packages = tree.packages().into_iter().map(|(name, installed)| {
        (name, Package { version: installed.version, source: installed.source, sha256: None })
    });
    let packages = packages.collect();
    let config = config_values(&documents.config);
    PlatformSide { packages, image: Some(ImageFacts { files: tree.into_files(), config, layers }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_fixtures::{Layer, record, write_layout};

    fn error(text: &str, state: &Path) -> String {
        find(text, state).err().map(|error| format!("{error:#}")).unwrap_or_default()
    }

    #[test]
    fn finds_layouts_with_and_without_a_name_behind() {
        let folder = tempfile::tempdir().unwrap();
        let index = write_layout(folder.path(), &["linux/amd64"], &[], |_| {});
        let path = folder.path().display();
        for text in [format!("{path}"), format!("{path}:one"), format!("{path}@{}", index.digest)] {
            assert!(matches!(find(&text, Path::new("/nowhere")), Ok(Source::Image(..))), "{text}");
        }
        assert!(error(&format!("{path}:two"), Path::new("/nowhere")).contains("no image `two`"));
    }

    #[test]
    fn finds_a_published_image_by_repository_tag_and_digest() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("registry/python");
        let index = write_layout(&folder, &["linux/amd64"], &[], |_| {});
        for text in ["python:one".to_owned(), format!("python@{}", index.digest)] {
            assert!(matches!(find(&text, state.path()), Ok(Source::Image(..))), "{text}");
        }
        assert!(error("python", state.path()).contains("no image `latest`: it has these: one"));
        assert!(error("ruby", state.path()).contains("neither a file nor published"));
    }

    #[test]
    fn says_what_it_expected() {
        let state = tempfile::tempdir().unwrap();
        assert!(error("./gone.json", state.path()).contains("does not exist: expected a lock file"));
        assert!(error("python", state.path()).contains("nothing is published in"));
        assert!(error("Not A Name", state.path()).contains("no file, no folder and no image"));
        assert!(error("registry.example/python", state.path()).contains("leave out the host"));
        let file = state.path().join("x.json");
        std::fs::write(&file, "{}").unwrap();
        assert!(error(&file.display().to_string(), state.path()).contains("is no lock, as `bedplate lock` writes it"));
    }

    #[test]
    fn reads_packages_files_and_layers_of_every_platform() {
        let folder = tempfile::tempdir().unwrap();
        let layer = Layer::default().file("var/lib/dpkg/status.d/libc6", &record("libc6", "2.41-12")).bytes();
        write_layout(folder.path(), &["linux/amd64", "linux/arm64"], std::slice::from_ref(&layer), |_| {});
        let name = folder.path().display().to_string();
        let source = || (name.as_str(), find(&name, Path::new("/nowhere")).unwrap());
        let [side, _] = read([source(), source()]).unwrap();
        assert_eq!(side.platforms.keys().collect::<Vec<_>>(), ["linux/amd64", "linux/arm64"]);
        let platform = &side.platforms["linux/amd64"];
        assert_eq!(platform.packages["libc6"].version, "2.41-12");
        let image = platform.image.as_ref().unwrap();
        assert_eq!((image.files.len(), image.layers[0].uncompressed), (1, layer.len() as u64));
    }
}
